//! Paxos as a consensus service: a replicated log under one stable leader.

pub mod config;
pub mod fact;
pub mod message;
pub mod record;
pub mod rules;
