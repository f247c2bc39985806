//! What a node is deployed with, checked once.

use crate::{Fold, NodeId, Ppm, ProcessId, Span, Window};
use core::fmt;

/// The terms of the lease, the same on every node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Terms {
    /// For how long an acceptor records a lease, on its own clock.
    pub grant: Span,
    /// How far every clock's rate is from real time at most.
    pub rate: Ppm,
}

impl Terms {
    /// For how long a holder may act: what may be used of a grant however far clocks drift, rounded down.
    #[must_use]
    pub fn hold(&self) -> Span {
        self.rate.usable_of(self.grant)
    }

    /// How long a restarted acceptor is silent, for it forgot what it recorded: whatever that was, its holder
    /// has stopped by then, rounded up.
    #[must_use]
    pub fn quarantine(&self) -> Span {
        self.rate.covering(self.hold())
    }
}

/// What may be chosen for a deployment; [`Config::new`] checks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Settings {
    /// The number of nodes; they are numbered from 0. Each is an acceptor and a proposer.
    pub members: u8,
    /// The terms of the lease.
    pub terms: Terms,
    /// A node that does not hold the lease asks for it after a time drawn from this window, and again after
    /// another one.
    pub attempt: Window,
    /// The holder asks for it anew after a time drawn from this window.
    pub renewal: Window,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            members: 3,
            terms: Terms { grant: Span::secs(2), rate: Ppm(1_000) },
            attempt: Window { min: Span::millis(100), max: Span::millis(500) },
            renewal: Window { min: Span::millis(600), max: Span::millis(700) },
        }
    }
}

/// A checked configuration of one node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Config<R> {
    /// The rules that the machine asks.
    pub rules: R,
    me: NodeId,
    settings: Settings,
}

/// Why settings were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum ConfigError {
    /// There must be 1 to 128 nodes, and this must be one of them.
    Members,
    /// The rate must be within 500,000 parts per million, and leave something of the grant to be used.
    Terms,
    /// Attempts must take time.
    Attempt,
    /// The holder must ask anew before its lease has run out.
    Renewal,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Members => "a cluster has 1 to 128 nodes, and this node must be one of them",
            Self::Terms => {
                "a lease needs grant * (1 - rate) / (1 + rate) > 0, and a rate of at most 500000 ppm"
            }
            Self::Attempt => "the time between two attempts must not be zero",
            Self::Renewal => {
                "the holder must ask anew sooner than grant * (1 - rate) / (1 + rate) after it asked"
            }
        })
    }
}

impl core::error::Error for ConfigError {}

impl<R> Config<R> {
    /// Checks `settings` for node `me`.
    ///
    /// # Errors
    /// When they contradict what the protocol's arguments need.
    pub fn new(me: NodeId, settings: Settings, rules: R) -> Result<Self, ConfigError> {
        let Settings { members, terms, attempt, renewal } = settings;
        if members == 0 || members > 128 || me.0 >= members {
            return Err(ConfigError::Members);
        }
        if terms.rate > Ppm(500_000) || terms.hold() == Span::ZERO {
            return Err(ConfigError::Terms);
        }
        if attempt.max == Span::ZERO || attempt.min > attempt.max {
            return Err(ConfigError::Attempt);
        }
        if renewal.min > renewal.max || renewal.max >= terms.hold() {
            return Err(ConfigError::Renewal);
        }
        Ok(Self { rules, me, settings })
    }

    /// This node.
    #[must_use]
    pub const fn me(&self) -> NodeId {
        self.me
    }

    /// The settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The terms of the lease.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.settings.terms
    }

    /// Every other node.
    pub fn others(&self) -> impl Iterator<Item = ProcessId> + use<R> {
        let me = self.me;
        NodeId::first(self.settings.members).filter(move |node| *node != me).map(ProcessId::main)
    }
}
