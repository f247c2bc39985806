//! What nodes say to each other, what clients ask and are answered, and the names of continuations.
//!
//! Deliberately absent: an encoding. Bulk (promise reports, batches, snapshots) is behind a pointer, so
//! that the messages of the steady state stay small.

use crate::consensus::{App, ClientId, Entry, LogSlot, RequestId};
use crate::{Fold, NodeId};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::record::Snapshot;

/// A ballot: totally ordered, with its owner's name in it so that no two nodes share one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Ballot {
    /// Compared first; real ballots start at 1.
    pub round: u64,
    /// Who may lead in it.
    pub node: NodeId,
}

impl Ballot {
    /// Below every ballot; nobody leads in it.
    pub const NONE: Self = Self { round: 0, node: NodeId(0) };

    /// Whether this is no real ballot.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.round == 0
    }
}

impl fmt::Display for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() { f.write_str("b-") } else { write!(f, "b{}.{}", self.round, self.node) }
    }
}

impl fmt::Debug for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Cluster id and configuration in one word; a message with another one is not for us.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct ClusterId(pub u64);

impl fmt::Debug for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0 >> 32)
    }
}

/// A message between the consensus processes of two nodes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Message<A: App> {
    /// The sender's cluster.
    pub cluster: ClusterId,
    /// What it says.
    pub body: Body<A>,
}

/// What it says: the cluster is the same all along a trace.
impl<A: App> fmt::Debug for Message<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.body {
            Body::Promise(promise) => promise.fmt(f),
            Body::Chosen(batch) => batch.fmt(f),
            Body::Snapshot(snapshot) => snapshot.fmt(f),
            body => body.fmt(f),
        }
    }
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Body<A: App> {
    /// Phase 1a: asks for a promise, once for all slots from `first` on.
    Prepare {
        /// The proposer's ballot.
        ballot: Ballot,
        /// The proposer's first slot that it does not know to be chosen; fixed for a ballot.
        first: LogSlot,
    },
    /// Phase 1b.
    Promise(Box<Promise<A>>),
    /// Phase 2a: asks to accept an entry.
    Accept {
        /// The proposer's ballot.
        ballot: Ballot,
        /// For which slot.
        slot: LogSlot,
        /// The only entry this ballot ever proposes for this slot.
        entry: Entry<A>,
        /// Every slot up to this one is chosen.
        chosen_upto: LogSlot,
    },
    /// Phase 2b: the sender's acceptance is durable.
    Accepted {
        /// In which ballot.
        ballot: Ballot,
        /// Which slot.
        slot: LogSlot,
    },
    /// Answers an accept for a slot that the sender compacted away: it is chosen.
    AlreadyChosen {
        /// The ballot of the accept.
        ballot: Ballot,
        /// The sender's first slot still in its log.
        log_start: LogSlot,
    },
    /// The sender promised a higher ballot and is lost for this one.
    Nack {
        /// The ballot that was refused.
        ballot: Ballot,
        /// What the sender promised.
        promised: Ballot,
    },
    /// The leader of `ballot` is alive, and asks for a grant where leases are on.
    Heartbeat {
        /// The leader's ballot.
        ballot: Ballot,
        /// Which heartbeat of the ballot.
        sequence: u64,
        /// Every slot up to this one is chosen.
        chosen_upto: LogSlot,
    },
    /// Answers a heartbeat: the sender's promise is at least `ballot` and durable, and where leases are on
    /// it promises no other owner's ballot for the agreed span.
    Grant {
        /// The leader's ballot.
        ballot: Ballot,
        /// The heartbeat answered.
        sequence: u64,
    },
    /// The former leader of `ballot` will never again act in it: this very grant may end.
    Release {
        /// The ballot granted to.
        ballot: Ballot,
        /// The heartbeat that was granted.
        sequence: u64,
    },
    /// Election: what do you know?
    Ask {
        /// The asker's heartbeat round.
        round: u64,
    },
    /// Election: what the sender knew when it was asked.
    Tell {
        /// The round of the question.
        round: u64,
        /// The ballot the sender leads with or means to.
        candidacy: Ballot,
        /// The ballot the sender holds to be elected.
        elected: Ballot,
        /// Whether the sender is content with it.
        happy: bool,
        /// Every slot up to this one is chosen and applied at the sender.
        chosen_upto: LogSlot,
    },
    /// Catch-up: asks for what was chosen from `from` on.
    Fetch {
        /// The asker's first slot that it has not applied.
        from: LogSlot,
    },
    /// Catch-up: consecutive chosen entries.
    Chosen(Arc<Batch<A>>),
    /// Catch-up: a state, where the log no longer reaches back far enough.
    Snapshot(Arc<Snapshot<A>>),
}

/// Phase 1b: the promise, and everything the acceptor accepted from `first` on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Promise<A: App> {
    /// The ballot promised.
    pub ballot: Ballot,
    /// Echoes the request: the promise says nothing about slots below.
    pub first: LogSlot,
    /// Every slot below this one is chosen and compacted into the sender's snapshot.
    pub log_start: LogSlot,
    /// Every slot up to this one is chosen and applied at the sender.
    pub chosen_upto: LogSlot,
    /// The slots in which something was accepted, is chosen or is damaged, ascending.
    pub reports: Vec<SlotReport<A>>,
}

/// What an acceptor holds for one slot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct SlotReport<A: App> {
    /// Which slot.
    pub slot: LogSlot,
    /// What it holds.
    pub held: Held<A>,
}

/// What an acceptor says it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Held<A: App> {
    /// It accepted this entry in this ballot, its highest for the slot.
    Accepted {
        /// In which ballot.
        ballot: Ballot,
        /// What.
        entry: Entry<A>,
    },
    /// It knows this entry to be chosen: above any ballot.
    Chosen {
        /// What.
        entry: Entry<A>,
    },
    /// It may have accepted something that its disk lost: the promise does not count for this slot.
    Faulty,
}

/// Consecutive chosen entries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Batch<A: App> {
    /// The slot of the first entry.
    pub first: LogSlot,
    /// The entries.
    pub entries: Vec<Entry<A>>,
    /// Every slot up to this one is chosen and applied at the sender.
    pub chosen_upto: LogSlot,
}

/// The machine's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Timer {
    /// The end of a heartbeat round.
    Round,
}

/// What continues when a sync completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Ticket {
    /// What boot found is durable.
    Booted,
    /// One copy of the promise is durable.
    Promised {
        /// Which copy, 0 or 1.
        copy: u8,
        /// What was written.
        ballot: Ballot,
    },
    /// An acceptance is durable.
    Accepted {
        /// In which ballot.
        ballot: Ballot,
        /// Which slot.
        slot: LogSlot,
    },
    /// A snapshot is durable, but nothing points to it yet.
    Snapshot {
        /// Its last slot.
        applied: LogSlot,
    },
    /// The pointer to a snapshot is durable.
    Pointer {
        /// The snapshot's last slot.
        applied: LogSlot,
    },
}

/// How a read is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum ReadMode {
    /// As an entry of the log.
    Log,
    /// From the leader's state under its lease; through the log when there is none.
    Lease,
}

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Call<A: App> {
    /// A change.
    Submit {
        /// Who asks.
        client: ClientId,
        /// Which of the client's requests; the same in a retry.
        request: RequestId,
        /// What to do.
        command: A::Command,
    },
    /// A read.
    Read {
        /// Who asks.
        client: ClientId,
        /// Which of the client's requests; the same in a retry.
        request: RequestId,
        /// What to read.
        query: A::Query,
        /// How.
        mode: ReadMode,
    },
}

/// What a client is answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Reply<A: App> {
    /// The request took effect, once, in this slot.
    Applied {
        /// Which slot.
        slot: LogSlot,
        /// What the application answered.
        output: A::Output,
    },
    /// The read's answer.
    Read {
        /// The last slot applied to the state that was read; for a read through the log, its own slot.
        as_of: LogSlot,
        /// What the application answered.
        output: A::Output,
    },
    /// This node does not lead; it did nothing.
    NotLeader {
        /// Who may lead.
        hint: Option<NodeId>,
    },
    /// Too much is in flight; this node did nothing.
    Overloaded,
    /// The client has gone on to later requests; this one's outcome is forgotten.
    Forgotten,
    /// This node stopped leading with the request in flight: it may take effect or not.
    Unknown {
        /// Who may lead now.
        hint: Option<NodeId>,
    },
}
