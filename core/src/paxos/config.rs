//! What a node is deployed with, checked once.

use super::message::ClusterId;
use crate::{Fingerprint, Fold, NodeId, NodeSet, Ppm, ProcessId, Span, Window};
use core::fmt;

/// Terms of the leader's lease, the same on every node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Lease {
    /// How long a grant lasts, on the grantor's clock.
    pub grant: Span,
    /// What the holder subtracts so that an answer started in time also ends in time.
    pub guard: Span,
    /// How far every clock's rate is from real time at most.
    pub rate: Ppm,
}

impl Lease {
    /// For how long a holder may act: `grant * (1 - rate) / (1 + rate) - guard`.
    #[must_use]
    pub fn usable(&self) -> Span {
        self.rate.usable_of(self.grant) - self.guard
    }
}

/// What may be chosen for a deployment; [`Config::new`] checks it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Settings {
    /// The cluster's name, so that two clusters do not mix.
    pub cluster: u64,
    /// The number of nodes; they are numbered from 0.
    pub members: u8,
    /// The length of a heartbeat round is drawn from this window.
    pub heartbeat: Window,
    /// A leader that no majority answered for so many rounds gives up.
    pub abdication_rounds: u32,
    /// Terms of the lease for local reads; `None` means no leases and no clock.
    pub lease: Option<Lease>,
    /// A disk that completed no sync for more rounds than this hangs: its node does not count itself any
    /// more, and leads only if it need not.
    pub stall_rounds: u32,
    /// A snapshot is taken after this many applied slots.
    pub snapshot_interval: u64,
    /// This many slots below a snapshot stay in the log for nodes that lag a little.
    pub retained: u64,
    /// At most this many entries are sent in one catch-up message, or sent again in one round.
    pub batch: u64,
    /// At most this many slots are proposed and not yet chosen.
    pub in_flight: u64,
    /// Whether every acceptance is written twice, which tells damage from a torn write.
    pub mirror: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cluster: 1,
            members: 3,
            heartbeat: Window { min: Span::millis(80), max: Span::millis(120) },
            abdication_rounds: 3,
            stall_rounds: 3,
            lease: None,
            snapshot_interval: 1_000,
            retained: 500,
            batch: 64,
            in_flight: 256,
            mirror: false,
        }
    }
}

/// A checked configuration of one node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Config<R> {
    /// The rules the machine asks.
    pub rules: R,
    me: NodeId,
    cluster: ClusterId,
    settings: Settings,
}

/// Why settings were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum ConfigError {
    /// There must be 1 to 128 nodes, and this must be one of them.
    Members,
    /// A round must take time.
    Heartbeat,
    /// A leader must be heard in one round before it may give up in the next: at least 2.
    Abdication,
    /// Clock rates must be within 500,000 parts per million, and the lease longer than its guard.
    Lease,
    /// The snapshot interval must be at least 1.
    Snapshot,
    /// Batches and the window of slots in flight must hold at least 1.
    Window,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Members => "a cluster has 1 to 128 nodes, and this node must be one of them",
            Self::Heartbeat => "a heartbeat round must take time",
            Self::Abdication => "abdication takes at least 2 heartbeat rounds",
            Self::Lease => {
                "a lease needs grant * (1 - rate) / (1 + rate) > guard, and a rate of at most 500000 ppm"
            }
            Self::Snapshot => "a snapshot interval must be at least 1 slot",
            Self::Window => "batch and in-flight window must be at least 1 slot",
        })
    }
}

impl core::error::Error for ConfigError {}

impl<R> Config<R> {
    /// Checks `settings` for node `me`.
    ///
    /// # Errors
    /// When they contradict what the protocol's arguments need.
    pub fn new(rules: R, me: NodeId, settings: Settings) -> Result<Self, ConfigError> {
        let members = settings.members;
        if members == 0 || members > NodeSet::CAPACITY || me.0 >= members {
            return Err(ConfigError::Members);
        }
        if settings.heartbeat.min == Span::ZERO || settings.heartbeat.min > settings.heartbeat.max {
            return Err(ConfigError::Heartbeat);
        }
        if settings.abdication_rounds < 2 {
            return Err(ConfigError::Abdication);
        }
        if settings.lease.is_some_and(|l| l.rate > Ppm(500_000) || l.usable() == Span::ZERO) {
            return Err(ConfigError::Lease);
        }
        if settings.snapshot_interval == 0 {
            return Err(ConfigError::Snapshot);
        }
        if settings.batch == 0 || settings.in_flight == 0 {
            return Err(ConfigError::Window);
        }
        // Nodes that disagree on the terms of a lease must not take part in one.
        let terms = Fingerprint::of(&(settings.cluster, members, settings.lease)).0;
        let cluster = ClusterId(u64::try_from(terms >> 64).unwrap_or(settings.cluster));
        Ok(Self { rules, me, cluster, settings })
    }

    /// This node.
    #[must_use]
    pub const fn me(&self) -> NodeId {
        self.me
    }

    /// The tag of every message and of the format record.
    #[must_use]
    pub const fn cluster(&self) -> ClusterId {
        self.cluster
    }

    /// The settings, as checked.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Every other node.
    pub fn others(&self) -> impl Iterator<Item = NodeId> + use<R> {
        let me = self.me;
        NodeId::first(self.settings.members).filter(move |node| *node != me)
    }

    /// Whether `process` is a consensus process of this cluster, seen from `me`.
    #[must_use]
    pub fn is_peer(&self, me: ProcessId, process: ProcessId) -> bool {
        process.node.0 < self.settings.members && process.part == me.part && process != me
    }

    /// How far above its log start a node takes entries; more is caught up on in batches or snapshots.
    #[must_use]
    pub const fn reach(&self) -> u64 {
        let log = self.settings.snapshot_interval.saturating_add(self.settings.retained);
        log.saturating_mul(2).saturating_add(self.settings.in_flight.saturating_mul(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paxos::rules::Sound;

    fn check(change: impl FnOnce(&mut Settings)) -> Result<Config<Sound>, ConfigError> {
        let mut settings = Settings::default();
        change(&mut settings);
        Config::new(Sound, NodeId(0), settings)
    }

    #[test]
    fn settings_that_break_an_argument_are_refused() {
        let lease = |grant, guard, rate| {
            Some(Lease { grant: Span::millis(grant), guard: Span::millis(guard), rate: Ppm(rate) })
        };
        assert!(check(|_| ()).is_ok());
        assert_eq!(check(|s| s.members = 0), Err(ConfigError::Members));
        assert_eq!(check(|s| s.members = 129), Err(ConfigError::Members));
        assert_eq!(check(|s| s.heartbeat.min = Span::ZERO), Err(ConfigError::Heartbeat));
        assert_eq!(check(|s| s.abdication_rounds = 1), Err(ConfigError::Abdication));
        assert_eq!(check(|s| s.lease = lease(100, 100, 0)), Err(ConfigError::Lease));
        assert_eq!(check(|s| s.lease = lease(100, 1, 500_001)), Err(ConfigError::Lease));
        assert!(check(|s| s.lease = lease(100, 1, 500_000)).is_ok());
        assert_eq!(check(|s| s.snapshot_interval = 0), Err(ConfigError::Snapshot));
        assert_eq!(check(|s| s.in_flight = 0), Err(ConfigError::Window));
        assert_eq!(check(|s| s.batch = 0), Err(ConfigError::Window));
    }

    #[test]
    fn nodes_with_other_lease_terms_are_of_another_cluster() {
        let plain = check(|_| ()).map(|c| c.cluster());
        let leased = check(|s| {
            s.lease = Some(Lease { grant: Span::secs(1), guard: Span::ZERO, rate: Ppm(0) });
        });
        assert_ne!(plain, leased.map(|c| c.cluster()));
        assert_ne!(plain, check(|s| s.members = 5).map(|c| c.cluster()));
        assert_eq!(plain, check(|s| s.batch = 5).map(|c| c.cluster()));
    }
}
