//! What a node believes, for checkers to cross-check; no node ever reads it back.

use super::message::Ballot;
use crate::{Deadline, Fold};

/// A belief.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Fact {
    /// The node holds the lease until its own clock reaches the deadline.
    Held {
        /// The ballot granted.
        ballot: Ballot,
        /// When its own clock says it no longer holds.
        until: Deadline,
    },
    /// The node no longer holds the lease.
    Lost {
        /// The ballot that was granted last.
        ballot: Ballot,
        /// Why.
        why: Why,
    },
    /// The node's disk lost the count of its starts: it takes part as an acceptor only.
    Amnesiac,
}

/// Why a lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Why {
    /// It ran out before it was renewed.
    Expired,
    /// A client asked for that.
    Released,
}
