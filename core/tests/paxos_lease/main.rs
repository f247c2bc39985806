//! The PaxosLease machine in a small laboratory: scripted runs, random runs on clocks that run as fast and as slow
//! as they may, and rules broken one at a time.

#[path = "../paxos/chance.rs"]
mod chance;
mod lab;
mod moot;
mod mutants;
mod random;
mod scripted;
