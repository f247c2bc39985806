//! Deterministic simulation of clusters of [`interregnum_core::Machine`]s.

#![forbid(unsafe_code)]

pub mod campaign;
#[cfg(test)]
mod fake;
pub mod outcome;
pub mod scenario;
pub mod subject;
pub mod verdict;
