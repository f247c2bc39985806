//! Scenario files: what they may say, and how a mistake in one is explained.
//!
//! ```text
//! bytes -> document (JSON with positions) -> decode (types, every mistake) -> check (whole
//! document) -> the system's own prepare -> Loaded
//! ```
//!
//! What is deliberately absent: reading files, drawing diagnostics, any notation besides JSON.

mod check;
mod decode;
mod document;
mod fault;
mod identity;
mod load;
mod oops;
mod problem;
mod quantity;
mod schema;
mod spec;
mod target;
#[cfg(test)]
mod tests;

pub(crate) use fault::What;
pub use fault::{
    Chaos, ChaosKind, ClockRate, ClockStep, Clog, Crash, Disk, DiskErrors, DiskOperation, Fault,
    Hold, Limits, Links, Lossy, Only, Partition, Pause, PowerLoss, Records, SYNC, Shape, Side,
    Slow, SlowDisk, Sluggish, TornWrite, Unavailable, Unfaithful, When,
};
pub use identity::identity;
pub use load::{Loaded, MOST_BYTES, MOST_FAULTS, decode_settings, load};
pub use problem::{Problem, nearest};
pub use quantity::{Duration, Ratio, Seed};
pub use schema::schema;
pub use spec::{Calm, Clocks, Cluster, Delay, Disks, Expect, Network, Observed, Scenario};
pub use target::Target;

/// `name` as a step of a JSON path.
fn key(name: &str) -> String {
    let mut path = String::new();
    document::push_key(&mut path, name);
    if path.starts_with('[') { path } else { format!(".{path}") }
}
