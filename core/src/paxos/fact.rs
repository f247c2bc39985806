//! What a node believes, for checkers to cross-check; no node ever reads it back.

use super::message::Ballot;
use crate::consensus::LogSlot;
use crate::{Fingerprint, Fold, LocalTime};

/// A belief.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Fact {
    /// A majority promised this ballot: the node proposes in it from now on.
    Led {
        /// The ballot.
        ballot: Ballot,
    },
    /// The node proposes no more, and reads nothing more, in this ballot.
    SteppedDown {
        /// The ballot.
        ballot: Ballot,
        /// Why.
        why: Why,
    },
    /// The node holds the lease until its own clock shows `until`.
    LeaseHeld {
        /// The ballot granted to.
        ballot: Ballot,
        /// The first reading at which it no longer holds.
        until: LocalTime,
    },
    /// The node gave up a lease that may still have had time to run.
    LeaseLost {
        /// The ballot granted to.
        ballot: Ballot,
    },
    /// The state after a slot, told when a snapshot of it is taken or installed.
    State {
        /// The last slot applied.
        applied: LogSlot,
        /// The fingerprint of application and sessions.
        state: Fingerprint,
    },
    /// The node's disk lost what would allow it to vote: it only learns.
    Quarantined {
        /// What is lost.
        damage: Damage,
    },
}

/// Why a ballot was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Why {
    /// The own acceptor took part in a higher ballot, or what is chosen shows that others did.
    Superseded,
    /// So many acceptors refuse the ballot that the others are no majority.
    Refused,
    /// No majority has answered for the abdication time.
    Unheard,
    /// The election no longer holds this ballot to be elected, or is not content with it.
    Unelected,
}

/// What a booting node found lost on its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Damage {
    /// No format record, or another node's: this may be a replaced disk.
    Format,
    /// No intact copy of the promise.
    Promise,
    /// The snapshot that the log builds on, or the pointer to it.
    Snapshot,
}
