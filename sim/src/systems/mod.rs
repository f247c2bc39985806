//! The built-in systems: for each protocol of the core, its settings, workload, checks and planted bugs.
//!
//! Nothing else in the simulator names a protocol. Deliberately absent: any way in for a built-in system
//! that a system of another crate would not have.

pub mod leases;
pub mod paxos;
pub mod paxos_lease;

use crate::subject::Registry;

/// The built-in systems, one row each.
#[must_use]
pub fn registry() -> Registry {
    Registry::new().with(paxos::register()).with(paxos_lease::register())
}
