//! Scenario files: what they may say, and how a mistake in one is explained.

mod quantity;
mod spec;
mod target;

pub use quantity::{Duration, Ratio};
pub use spec::{
    Calm, Chaos, ChaosKind, Clocks, Cluster, Crash, Delay, Disks, Expect, Fault, Limits, Lossy,
    Network, Observed, Partition, Pause, PowerLoss, Scenario, Slow,
};
pub use target::Target;
