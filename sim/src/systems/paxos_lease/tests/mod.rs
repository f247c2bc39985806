//! PaxosLease under the simulator.

mod audit;
mod explore;
mod judge;
mod runs;
