//! Tests of the system in the simulator, and of its checks on hand-written streams.

mod agreement;
mod liveness;
mod memory;
mod replay;
mod runs;
mod story;
