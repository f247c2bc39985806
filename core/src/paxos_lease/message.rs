//! What nodes say to each other, what clients ask and are answered.
//!
//! Deliberately absent: an encoding, and any time. A deadline means nothing on another node's clock; what is
//! said is only which ballot.

use crate::{Fold, NodeId};
use core::fmt;

/// How often a node has started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Restart(pub u32);

/// A ballot: totally ordered, and never used twice, since it names its owner and the owner's start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Ballot {
    /// Compared first; real ballots start at 1.
    pub counter: u32,
    /// Which start of its owner it belongs to.
    pub restart: Restart,
    /// Who asks for the lease in it.
    pub node: NodeId,
}

impl Ballot {
    /// Below every ballot; nobody's.
    pub const NONE: Self = Self { counter: 0, restart: Restart(0), node: NodeId(0) };

    /// Whether this is no real ballot.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.counter == 0
    }
}

impl fmt::Display for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("b-");
        }
        write!(f, "b{}.{}r{}", self.counter, self.node, self.restart.0)
    }
}

impl fmt::Debug for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A message between two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Message {
    /// Phase 1a: asks for a promise, and which lease there is.
    Prepare {
        /// The proposer's ballot.
        ballot: Ballot,
    },
    /// Phase 1b: no lower ballot is answered any more.
    Promise {
        /// The ballot promised.
        ballot: Ballot,
        /// The ballot of the lease that the sender recorded and that still runs on its clock.
        live: Option<Ballot>,
    },
    /// A higher ballot was promised.
    Refused {
        /// The ballot refused.
        ballot: Ballot,
        /// The one promised.
        promised: Ballot,
    },
    /// Phase 2a: asks to record that the ballot's owner holds the lease.
    Accept {
        /// The proposer's ballot.
        ballot: Ballot,
    },
    /// Phase 2b: recorded.
    Accepted {
        /// In which ballot.
        ballot: Ballot,
    },
    /// The owner of this ballot's lease gave it up.
    Release {
        /// The ballot whose lease ends.
        ballot: Ballot,
    },
}

/// What a client asks of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Call {
    /// To do what only the holder of the lease may do.
    Act,
    /// To give the lease up.
    Release,
}

/// What a client is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Reply {
    /// The node holds the lease, and acted.
    Acted {
        /// The ballot in which it holds it.
        ballot: Ballot,
    },
    /// The node held the lease, and gave it up.
    Released {
        /// The ballot in which it held it.
        ballot: Ballot,
    },
    /// The node does not hold the lease.
    NotHolder {
        /// Whose lease its acceptor recorded that still runs, if any.
        owner: Option<NodeId>,
    },
}

/// The names of timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Timer {
    /// Time to ask for the lease, be it for the first time or once more.
    Attempt,
    /// The lease that this node holds has run out.
    Expiry,
}

/// The one thing that a disk is asked for: to make the count of starts, or a mark, durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Started(pub Restart);
