//! Tests of the system in the simulator, and of its checks on hand-written streams.

mod agreement;
mod audit;
mod claims;
mod damage;
mod explore;
mod leases;
mod linear;
mod liveness;
mod memory;
mod recording;
mod reduce;
mod replay;
mod runs;
mod story;
