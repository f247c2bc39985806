//! PaxosLease under the simulator.

mod audit;
mod clocks;
mod explore;
mod judge;
mod runs;
