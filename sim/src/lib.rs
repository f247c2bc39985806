//! Deterministic simulation of clusters of [`interregnum_core::Machine`]s.

#![forbid(unsafe_code)]

mod agreement;
pub mod audit;
mod branching;
pub mod campaign;
pub mod check;
pub mod clock;
pub mod cluster;
pub mod dice;
pub mod explore;
pub mod face;
pub mod linear;
pub mod outcome;
pub mod prelude;
pub mod recording;
pub mod reduce;
pub mod scenario;
pub mod seen;
pub mod subject;
pub mod system;
pub mod systems;
pub mod verdict;
pub mod workload;

#[cfg(test)]
mod fake;
mod highlights;
pub mod latency;
mod plan;
pub mod planted;
mod run;
mod tally;
mod tap;
mod timeline;
pub mod trace;
