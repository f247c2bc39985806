//! A hand-written stream: says what happens, in the terms of the protocol, and tells what the judge found.

use super::super::bench::Bench;
use super::super::catch_up::Policy;
use super::super::evidence::Term;
use super::super::progress::Bounds;
use crate::check::{Failure, Report};
use crate::clock::TrueTime;
use crate::outcome::Finding;
use crate::seen::Client;
use interregnum_core::consensus::{ClientId, Entry, LogSlot, Operation, Replica, RequestId};
use interregnum_core::kv::{Kv, KvCommand, KvOutput, KvQuery};
use interregnum_core::paxos::record::Lane;
use interregnum_core::paxos::{Ballot, Batch, Call, Promise, ReadMode, Reply, Snapshot};
use interregnum_core::{CallId, NodeId, NodeSet, Span};

/// Three nodes, one millisecond between any two things that happen.
pub(super) struct Story {
    pub(super) bench: Bench<Kv>,
    pub(super) now: TrueTime,
    report: Report,
    calls: [u64; 2],
    /// Where each node's next snapshot goes: the place that its pointer does not name.
    pub(super) places: [usize; 3],
}

pub(super) const BOUNDS: Bounds = Bounds {
    leader: Span::millis(100),
    patience: Span::millis(100),
    clients: 2,
    catch_up: Policy { within: Span::millis(300), log: 10 },
};

pub(super) fn ballot(round: u64, node: u8) -> Ballot {
    Ballot { round, node: NodeId(node) }
}

/// The request `request` of client 0: a put of that number to key 1.
pub(super) fn put(request: u64) -> Entry<Kv> {
    Entry::Request {
        client: ClientId(0),
        request: RequestId(request),
        operation: Operation::Command(KvCommand::Put { key: 1, value: request }),
    }
}

/// The state after these entries, from slot 1 on.
pub(super) fn replay(entries: &[Entry<Kv>]) -> Replica<Kv> {
    let mut replica = Replica::default();
    for (slot, entry) in (1..).zip(entries) {
        replica.apply(LogSlot(slot), entry);
    }
    replica
}

pub(super) fn applied(slot: u64, output: Option<u64>) -> Reply<Kv> {
    Reply::Applied { slot: LogSlot(slot), output: KvOutput::Value(output) }
}

pub(super) fn read(as_of: u64, output: Option<u64>) -> Reply<Kv> {
    Reply::Read { as_of: LogSlot(as_of), output: KvOutput::Value(output) }
}

impl Story {
    pub(super) fn new() -> Self {
        let (bench, report) = (Bench::new(3, BOUNDS), Report::default());
        Self { bench, now: TrueTime::ZERO, report, calls: [0; 2], places: [0; 3] }
    }

    pub(super) fn tell(&mut self, term: Term<'_, Kv>) -> &mut Self {
        self.now = self.now.after(Span::millis(1));
        self.bench.take(self.now, &term, &mut self.report);
        self
    }

    pub(super) fn wait(&mut self, millis: u64) -> &mut Self {
        self.now = self.now.after(Span::millis(millis));
        self
    }

    /// `ballot`'s owner sends its accept.
    pub(super) fn accept(&mut self, ballot: Ballot, slot: u64, entry: &Entry<Kv>) -> &mut Self {
        let (slot, chosen_upto) = (LogSlot(slot), LogSlot::ZERO);
        self.tell(Term::Accept { from: ballot.node, ballot, slot, entry, chosen_upto })
    }

    /// Acceptances become durable at these nodes.
    pub(super) fn durable(
        &mut self,
        nodes: &[u8],
        ballot: Ballot,
        slot: u64,
        entry: &Entry<Kv>,
    ) -> &mut Self {
        for node in nodes {
            let (node, slot) = (NodeId(*node), LogSlot(slot));
            self.tell(Term::DurableAccepted { node, ballot, slot, entry, lane: Lane::Zero });
        }
        self
    }

    /// `puts` requests are chosen, one per slot, in ballot 1.
    pub(super) fn chosen(&mut self, puts: std::ops::RangeInclusive<u64>) -> &mut Self {
        for request in puts {
            self.durable(&[0, 1], ballot(1, 0), request, &put(request));
        }
        self
    }

    pub(super) fn upto(&mut self, node: u8, upto: u64) -> &mut Self {
        self.tell(Term::ClaimedUpto { from: NodeId(node), upto: LogSlot(upto) })
    }

    /// Node 2 sends a promise that is on its disk.
    pub(super) fn promise(&mut self, promise: &Promise<Kv>) {
        let (node, ballot) = (NodeId(2), promise.ballot);
        self.tell(Term::DurablePromised { node, copy: 0, ballot });
        self.tell(Term::Promised { from: node, promise });
    }

    pub(super) fn batch(&mut self, first: u64, entries: &[Entry<Kv>]) -> &mut Self {
        let batch =
            Batch { first: LogSlot(first), entries: entries.to_vec(), chosen_upto: LogSlot::ZERO };
        self.tell(Term::ClaimedEntries { from: NodeId(2), batch: &batch })
    }

    /// `node` reports the state and stores it at the place that its pointer does not name.
    pub(super) fn snapshot(&mut self, node: u8, applied: u64, replica: &Replica<Kv>) -> &mut Self {
        self.state(node, applied, replica).stored(node, applied, replica)
    }

    pub(super) fn stored(&mut self, node: u8, applied: u64, replica: &Replica<Kv>) -> &mut Self {
        let snapshot = Snapshot { applied: LogSlot(applied), replica: replica.clone() };
        let place = self.places[usize::from(node)];
        self.tell(Term::DurableSnapshot { node: NodeId(node), place, snapshot: &snapshot })
    }

    /// `node`'s pointer names the place of its last snapshot.
    pub(super) fn pointer(&mut self, node: u8, applied: u64, log_start: u64) -> &mut Self {
        let (applied, log_start) = (LogSlot(applied), LogSlot(log_start));
        let next = &mut self.places[usize::from(node)];
        let place = std::mem::replace(next, 1 - *next);
        self.tell(Term::Truncated { node: NodeId(node), place, applied, log_start })
    }

    pub(super) fn state(&mut self, node: u8, slot: u64, replica: &Replica<Kv>) -> &mut Self {
        let (node, applied) = (NodeId(node), LogSlot(slot));
        self.tell(Term::StateTold { node, applied, state: replica.fingerprint() })
    }

    /// Client `client` calls; the client's own id is its number.
    fn ask(&mut self, client: u32, call: &Call<Kv>) -> CallId {
        let calls = &mut self.calls[client as usize];
        *calls += 1;
        let id = CallId(u64::from(client) << 32 | *calls);
        self.tell(Term::Asked { client: Client(client), id, call });
        id
    }

    pub(super) fn ask_put(&mut self, request: u64) -> CallId {
        let command = KvCommand::Put { key: 1, value: request };
        self.ask(0, &Call::Submit { client: ClientId(0), request: RequestId(request), command })
    }

    pub(super) fn ask_read(&mut self, client: u32, request: u64) -> CallId {
        let (of, request) = (ClientId(client), RequestId(request));
        let (query, mode) = (KvQuery::Get { key: 1 }, ReadMode::Lease);
        self.ask(client, &Call::Read { client: of, request, query, mode })
    }

    pub(super) fn reply(&mut self, id: CallId, reply: &Reply<Kv>) -> &mut Self {
        self.tell(Term::Replied { node: NodeId(0), id, reply })
    }

    /// The reply is sent and arrives.
    pub(super) fn answer(&mut self, id: CallId, reply: &Reply<Kv>) -> &mut Self {
        self.reply(id, reply);
        let client = Client(u32::try_from(id.0 >> 32).expect("a client"));
        self.tell(Term::Answered { client, id, reply })
    }

    pub(super) fn calm(&mut self) -> &mut Self {
        self.tell(Term::Calm { core: NodeSet::first(2) })
    }

    pub(super) fn finish(&mut self) -> &mut Self {
        self.bench.finish(self.now, &mut self.report);
        self
    }

    fn failure(&self) -> Option<&Failure> {
        self.report.failure.as_ref()
    }

    /// What failed, if anything.
    pub(super) fn found(&self) -> Option<(&'static str, Finding)> {
        self.failure().map(|failure| (failure.property.id, failure.finding))
    }

    /// The facts that contradict each other: when, in milliseconds, where and what.
    pub(super) fn facts(&self) -> Vec<(u64, Option<u8>, &str)> {
        let evidence = self.failure().map_or(&[][..], |failure| &failure.evidence);
        evidence.iter().map(|fact| (fact.at_ns / 1_000_000, fact.node, &*fact.what)).collect()
    }

    #[track_caller]
    pub(super) fn violates(&self, property: &'static str) {
        assert_eq!(self.found(), Some((property, Finding::Violated)), "{:?}", self.failure());
    }

    #[track_caller]
    pub(super) fn contradicts_itself(&self, property: &'static str) {
        let expected = Some((property, Finding::InconsistentEvidence));
        assert_eq!(self.found(), expected, "{:?}", self.failure());
    }

    #[track_caller]
    pub(super) fn is_fine(&self) {
        assert_eq!(self.found(), None, "{:?}", self.failure());
    }

    /// How often the property could have been false.
    pub(super) fn exercised(&self, property: &str) -> u64 {
        let tallies = self.bench.tallies();
        tallies.iter().find(|t| t.property.id == property).map_or(0, |tally| tally.exercised)
    }
}
