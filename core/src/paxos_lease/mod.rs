//! PaxosLease.

mod config;
mod fact;
mod message;
pub mod record;
pub mod rules;

pub use config::{Config, ConfigError, Settings, Terms};
pub use fact::{Fact, Why};
pub use message::{Ballot, Call, Message, Reply, Restart, Started, Timer};
pub use record::Record;
pub use rules::{AcceptorRules, ProposerRules, Rules, Sound};
