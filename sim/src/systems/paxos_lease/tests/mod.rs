//! PaxosLease under the simulator.
