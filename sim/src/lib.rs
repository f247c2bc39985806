//! Deterministic simulation of clusters of [`interregnum_core::Machine`]s.

#![forbid(unsafe_code)]

pub mod campaign;
pub mod check;
pub mod clock;
pub mod cluster;
pub mod dice;
pub mod face;
#[cfg(test)]
mod fake;
pub mod outcome;
pub mod scenario;
pub mod seen;
pub mod subject;
pub mod system;
pub mod verdict;
pub mod workload;

mod plan;
mod run;
mod tap;
mod timeline;
mod trace;
