//! What a consensus service offers to the services above it, and what it asks of them.
//!
//! A replicated application is an [`App`]: a deterministic state that commands change. A consensus
//! service agrees on one sequence of [`Entry`]s and applies it, at every node, to a [`Replica`]: the
//! application plus one [`Session`] per client, so that a command that was agreed on twice takes effect
//! once. [`Consensus`] is what an upper service sees, whichever algorithm does the agreeing.
//!
//! Deliberately absent: encodings. A snapshot is a clone of the replica; an application that grows
//! large keeps its bulk behind an `Arc`.

use crate::{Context, Fingerprint, Fold, LocalTime, Machine, NodeId};
use alloc::collections::BTreeMap;
use core::cmp::Ordering;
use core::fmt;
use core::fmt::Debug;
use core::hash::Hash;

/// What commands, queries and outputs of an application must be able to do.
pub trait Datum: Clone + Debug + Ord + Hash + Fold + Send + Sync + 'static {}
impl<T: Clone + Debug + Ord + Hash + Fold + Send + Sync + 'static> Datum for T {}

/// A deterministic application that is replicated: the same commands in the same order give the same
/// state and the same outputs everywhere. Its default is the state before the first command.
pub trait App: Datum + Default {
    /// What changes it.
    type Command: Datum;
    /// What reads it.
    type Query: Datum;
    /// What either answers.
    type Output: Datum;

    /// Carries out one command.
    fn apply(&mut self, command: &Self::Command) -> Self::Output;

    /// Answers a query without a change.
    fn query(&self, query: &Self::Query) -> Self::Output;

    /// A fingerprint of the state, reported with snapshots. An application too large to be folded each
    /// time keeps one incrementally.
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self)
    }
}

/// A position in the agreed sequence; the first is 1, so that 0 means "before everything".
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct LogSlot(pub u64);

impl LogSlot {
    /// Before the first slot.
    pub const ZERO: Self = Self(0);
    /// The first slot.
    pub const FIRST: Self = Self(1);

    /// The slot after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The slot before this one; zero has none and stays.
    #[must_use]
    pub const fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The slot `by` further on.
    #[must_use]
    pub const fn plus(self, by: u64) -> Self {
        Self(self.0.saturating_add(by))
    }

    /// How far this slot is above `lower`; zero if it is not.
    #[must_use]
    pub const fn above(self, lower: Self) -> u64 {
        self.0.saturating_sub(lower.0)
    }
}

impl fmt::Display for LogSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

impl Debug for LogSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One client of the replicated application. Its requests are sequential.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct ClientId(pub u32);

impl Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

/// One request of one client; increasing, and the same in every retry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct RequestId(pub u64);

impl Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}

/// What a request asks of the application.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Operation<A: App> {
    /// A change.
    Command(A::Command),
    /// A read that takes its place in the sequence like a change.
    Query(A::Query),
}

impl<A: App> Debug for Operation<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => command.fmt(f),
            Self::Query(query) => query.fmt(f),
        }
    }
}

/// What one slot of the agreed sequence holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Entry<A: App> {
    /// Nothing: it fills a slot in which no request was chosen.
    Noop,
    /// A client's request.
    Request {
        /// Whose.
        client: ClientId,
        /// Which of the client's; a repetition has no effect.
        request: RequestId,
        /// What is asked.
        operation: Operation<A>,
    },
}

impl<A: App> Debug for Entry<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noop => f.write_str("Noop"),
            Self::Request { client, request, operation } => {
                write!(f, "{client:?}/{request:?} {operation:?}")
            }
        }
    }
}

/// What a replica remembers of one client: enough to answer a repeated request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Session<O> {
    /// The client's latest request that was applied.
    pub request: RequestId,
    /// In which slot it was applied first.
    pub slot: LogSlot,
    /// What it answered.
    pub output: O,
}

impl<O: Clone> Session<O> {
    /// What a request of this client already came to, if it or a later one was applied.
    fn outcome(&self, request: RequestId) -> Option<Applied<O>> {
        match self.request.cmp(&request) {
            Ordering::Less => None,
            Ordering::Equal => {
                Some(Applied::Outcome { slot: self.slot, output: self.output.clone() })
            }
            Ordering::Greater => Some(Applied::Forgotten),
        }
    }
}

/// What applying an entry, or asking for a request's outcome, comes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Applied<O> {
    /// The entry was no request.
    Nothing,
    /// The request's one outcome, from this slot; a repetition reports the first one's.
    Outcome {
        /// Where it took effect.
        slot: LogSlot,
        /// What it answered.
        output: O,
    },
    /// The client has gone on to later requests; this one's outcome is forgotten.
    Forgotten,
}

/// The application and its sessions: all that agreed entries change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Replica<A: App> {
    /// The application.
    pub app: A,
    /// One session per client that ever had a request applied.
    pub sessions: BTreeMap<ClientId, Session<A::Output>>,
}

impl<A: App> Default for Replica<A> {
    fn default() -> Self {
        Self { app: A::default(), sessions: BTreeMap::new() }
    }
}

impl<A: App> Replica<A> {
    /// Applies the entry agreed on for `slot`.
    pub fn apply(&mut self, slot: LogSlot, entry: &Entry<A>) -> Applied<A::Output> {
        let Entry::Request { client, request, operation } = entry else {
            return Applied::Nothing;
        };
        let known = self.sessions.get_mut(client);
        if let Some(outcome) = known.as_ref().and_then(|session| session.outcome(*request)) {
            return outcome;
        }
        let output = match operation {
            Operation::Command(command) => self.app.apply(command),
            Operation::Query(query) => self.app.query(query),
        };
        let session = Session { request: *request, slot, output: output.clone() };
        match known {
            Some(known) => *known = session,
            None => drop(self.sessions.insert(*client, session)),
        }
        Applied::Outcome { slot, output }
    }

    /// What a request already came to, if it or a later one of its client was applied.
    #[must_use]
    pub fn outcome(&self, client: ClientId, request: RequestId) -> Option<Applied<A::Output>> {
        self.sessions.get(&client)?.outcome(request)
    }

    /// A fingerprint of application and sessions.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&(self.app.fingerprint(), &self.sessions))
    }
}

/// Why a request was not taken up; nothing was proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Refused {
    /// This node does not lead; the hint names a node that may.
    NotLeader {
        /// Who leads, as far as this node knows.
        hint: Option<NodeId>,
    },
    /// Too many requests are in flight.
    Overloaded,
}

/// A consensus service as the layer above it sees it, within one process.
///
/// The upper layer drives the service through [`Machine::step`] like any machine and, after each
/// step, looks at [`Self::applied`] and [`Self::app`] for what became agreed.
pub trait Consensus<A: App>: Machine {
    /// Proposes a request of the upper layer's own; it may be lost, and is then proposed again under the
    /// same ids.
    ///
    /// # Errors
    /// When the request was not taken up.
    fn propose(
        &mut self,
        config: &Self::Config,
        client: ClientId,
        request: RequestId,
        operation: Operation<A>,
        cx: &mut Context<'_, Self>,
    ) -> Result<(), Refused>;

    /// Who leads, as far as this node knows.
    fn leader_hint(&self, config: &Self::Config) -> Option<NodeId>;

    /// Whether this node is, at `now`, the only one that may act as leader. Without leases nobody can
    /// know, and the answer is false.
    fn is_leader_at(&self, config: &Self::Config, now: LocalTime) -> bool;

    /// The last slot applied; every one before it was, too.
    fn applied(&self) -> LogSlot;

    /// The application, with everything up to [`Self::applied`].
    fn app(&self) -> &A;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::{Kv, KvCommand, KvOutput};

    fn put(request: u64, value: u64) -> Entry<Kv> {
        Entry::Request {
            client: ClientId(1),
            request: RequestId(request),
            operation: Operation::Command(KvCommand::Put { key: 7, value }),
        }
    }

    #[test]
    fn a_repeated_request_takes_effect_once() {
        let mut replica = Replica::<Kv>::default();
        let first = replica.apply(LogSlot(1), &put(1, 10));
        let before = replica.clone();
        assert_eq!(replica.apply(LogSlot(2), &put(1, 10)), first);
        assert_eq!(replica, before);
        replica.apply(LogSlot(3), &put(2, 20));
        assert_eq!(replica.apply(LogSlot(4), &put(1, 10)), Applied::Forgotten);
        assert_eq!(replica.app.get(7), KvOutput::Value(Some(20)));
        assert_eq!(replica.apply(LogSlot(5), &Entry::Noop), Applied::Nothing);
    }
}
