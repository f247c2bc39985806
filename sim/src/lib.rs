//! Deterministic simulation of clusters of [`interregnum_core::Machine`]s.

#![forbid(unsafe_code)]

pub mod check;
pub mod clock;
pub mod cluster;
pub mod dice;
pub mod outcome;
pub mod prelude;
pub mod scenario;
pub mod seen;
pub mod subject;
pub mod system;
pub mod verdict;
pub mod workload;

pub mod face;

mod plan;
mod run;
mod tap;
mod timeline;
mod trace;
