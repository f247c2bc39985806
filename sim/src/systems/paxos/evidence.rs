//! What happened, in the terms of Paxos.
//!
//! The checks judge [`Term`]s, not the messages and records of one machine. A [`Layer`] says where in a
//! machine's alphabets the Paxos layer's own are, so that the same checks judge the Paxos inside a stack;
//! [`Whole`] is the layer of a machine that is Paxos and nothing else. Decoding copies nothing but small
//! integers: terms borrow from what was seen.
//!
//! Deliberately absent: terms that no check reads yet, and anything a machine merely believes, except
//! three facts that are counted, drawn or cross-checked.

use super::losses::Part;
use crate::seen::{Client, Harm, Kind, Kinds, Seen};
use interregnum_core::consensus::{App, Entry, LogSlot};
use interregnum_core::paxos::record::{self, Lane, Purpose};
use interregnum_core::paxos::{
    Ballot, Batch, Body, Call, Fact, Message, Promise, Record, Reply, Snapshot,
};
use interregnum_core::{CallId, Fingerprint, Machine, NodeId, NodeSet, Place, Slot, Volume};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::ops::Range;

/// Where the Paxos layer is in the alphabets of machine `M`.
pub trait Layer<M: Machine>: Debug + 'static {
    /// What the layer replicates.
    type App: App;

    /// The layer's message, if this is one.
    fn message(message: &M::Message) -> Option<&Message<Self::App>>;
    /// The layer's record, if this is one.
    fn record(record: &M::Record) -> Option<&Record<Self::App>>;
    /// The call, if it is handed to the layer as it is.
    fn call(call: &M::Call) -> Option<&Call<Self::App>>;
    /// The reply, if the layer gave it.
    fn reply(reply: &M::Reply) -> Option<&Reply<Self::App>>;
    /// The layer's fact, if this is one.
    fn fact(fact: &M::Fact) -> Option<&Fact>;
}

/// The layer of a machine that is Paxos and nothing else.
#[derive(Debug)]
pub struct Whole<A>(PhantomData<fn() -> A>);

impl<A, M> Layer<M> for Whole<A>
where
    A: App,
    M: Machine<
            Message = Message<A>,
            Record = Record<A>,
            Call = Call<A>,
            Reply = Reply<A>,
            Fact = Fact,
        >,
{
    type App = A;

    fn message(message: &M::Message) -> Option<&Message<A>> {
        Some(message)
    }

    fn record(record: &M::Record) -> Option<&Record<A>> {
        Some(record)
    }

    fn call(call: &M::Call) -> Option<&Call<A>> {
        Some(call)
    }

    fn reply(reply: &M::Reply) -> Option<&Reply<A>> {
        Some(reply)
    }

    fn fact(fact: &M::Fact) -> Option<&Fact> {
        Some(fact)
    }
}

/// One thing that happened, in the terms of the protocol.
#[derive(Debug)]
#[expect(missing_docs, reason = "the fields say what the variant's line says")]
pub enum Term<'a, A: App> {
    /// Phase 2a was sent, with the claim that every slot up to `chosen_upto` is chosen.
    Accept {
        from: NodeId,
        ballot: Ballot,
        slot: LogSlot,
        entry: &'a Entry<A>,
        chosen_upto: LogSlot,
    },
    /// Phase 2b was sent.
    Acknowledged { from: NodeId, ballot: Ballot, slot: LogSlot },
    /// A heartbeat was answered.
    Granted { from: NodeId, ballot: Ballot },
    /// A heartbeat was sent, with the claim that every slot up to `chosen_upto` is chosen.
    Beaten { from: NodeId, ballot: Ballot, chosen_upto: LogSlot },
    /// Phase 1a was sent.
    Prepared { from: NodeId, ballot: Ballot },
    /// Phase 1b was sent.
    Promised { from: NodeId, promise: &'a Promise<A> },
    /// It was claimed on the wire that every slot up to `upto` is chosen.
    ClaimedUpto { from: NodeId, upto: LogSlot },
    /// Consecutive entries were sent as chosen.
    ClaimedEntries { from: NodeId, batch: &'a Batch<A> },
    /// A state was sent as that of chosen entries.
    ClaimedState { from: NodeId, to: NodeId, snapshot: &'a Snapshot<A> },
    /// An acceptance became durable.
    DurableAccepted { node: NodeId, ballot: Ballot, slot: LogSlot, entry: &'a Entry<A>, lane: Lane },
    /// An entry became durable as chosen.
    DurableChosen { node: NodeId, slot: LogSlot, entry: &'a Entry<A>, lane: Lane },
    /// An acceptance is on the medium that does not count yet: its node has not been told.
    Stored { node: NodeId, ballot: Ballot, slot: LogSlot, entry: &'a Entry<A>, lane: Lane },
    /// The node was told of an acceptance that was stored: it counts.
    Counted { node: NodeId, ballot: Ballot, slot: LogSlot, entry: &'a Entry<A> },
    /// A copy of the promise became durable.
    DurablePromised { node: NodeId, copy: usize, ballot: Ballot },
    /// A snapshot became durable at one of the two places.
    DurableSnapshot { node: NodeId, place: usize, snapshot: &'a Snapshot<A> },
    /// The pointer to a snapshot became durable: the log below `log_start` may be gone.
    Truncated { node: NodeId, place: usize, applied: LogSlot, log_start: LogSlot },
    /// The records of all slots from `first` to before `end` are gone.
    Erased { node: NodeId, first: LogSlot, end: LogSlot },
    /// A fault took a part of a node's disk; `torn` by a write of its own that was under way.
    Damaged { node: NodeId, part: Part, torn: bool },
    /// A node's disk was replaced by a blank one.
    Replaced { node: NodeId },
    /// A node started that can read neither copy of its promise, or not whose disk it has.
    Forgot { node: NodeId },
    /// A node started.
    Booted { node: NodeId, incarnation: u32 },
    /// A client called.
    Asked { client: Client, id: CallId, call: &'a Call<A> },
    /// A node answered.
    Replied { node: NodeId, id: CallId, reply: &'a Reply<A> },
    /// The answer reached the client.
    Answered { client: Client, id: CallId, reply: &'a Reply<A> },
    /// A node began to propose in a ballot; a belief.
    Led { node: NodeId, ballot: Ballot },
    /// A node gave a ballot up; a belief.
    SteppedDown { node: NodeId, ballot: Ballot },
    /// A node reported the fingerprint of its state after a slot; a belief.
    StateTold { node: NodeId, applied: LogSlot, state: Fingerprint },
    /// The faults are over.
    Calm { core: NodeSet },
}

/// The kinds of things that hold terms.
pub const KINDS: Kinds = Kinds::of(&[
    Kind::Sent,
    Kind::Durable,
    Kind::Erased,
    Kind::Booted,
    Kind::Fact,
    Kind::Asked,
    Kind::Replied,
    Kind::Answered,
    Kind::Calm,
]);

/// The kinds that matter besides where disks may fail.
pub(super) const DISK_KINDS: Kinds =
    Kinds::of(&[Kind::Damaged, Kind::Misread, Kind::Replaced, Kind::DiskDone, Kind::Written]);

/// What was seen, as a term; `None` if it is of no interest here.
#[inline(always)]
pub fn decode<'a, M: Machine, L: Layer<M>>(seen: &Seen<'a, M>) -> Option<Term<'a, L::App>> {
    match *seen {
        Seen::Sent { from, to, message, .. } => {
            said(from.node, to.node, &L::message(message)?.body)
        }
        Seen::Durable { node, at, record, .. } => durable(node, at, L::record(record)?),
        Seen::Erased { node, volume, slots, .. } => erased(node, volume, slots),
        Seen::Damaged { node, at, harm } => {
            Some(Term::Damaged { node, part: Part::at(at)?, torn: harm == Harm::Torn })
        }
        Seen::Replaced { node } => Some(Term::Replaced { node }),
        Seen::Booted { process, incarnation } => {
            Some(Term::Booted { node: process.node, incarnation })
        }
        Seen::Asked { client, id, call, .. } => {
            Some(Term::Asked { client, id, call: L::call(call)? })
        }
        Seen::Replied { process, id, reply } => {
            Some(Term::Replied { node: process.node, id, reply: L::reply(reply)? })
        }
        Seen::Answered { client, id, reply } => {
            Some(Term::Answered { client, id, reply: L::reply(reply)? })
        }
        Seen::Fact { process, fact } => told(process.node, L::fact(fact)?),
        Seen::Calm { core } => Some(Term::Calm { core }),
        _ => None,
    }
}

#[inline(always)]
fn said<A: App>(from: NodeId, to: NodeId, body: &Body<A>) -> Option<Term<'_, A>> {
    Some(match body {
        Body::Accept { ballot, slot, entry, chosen_upto } => {
            Term::Accept { from, ballot: *ballot, slot: *slot, entry, chosen_upto: *chosen_upto }
        }
        Body::Accepted { ballot, slot } => {
            Term::Acknowledged { from, ballot: *ballot, slot: *slot }
        }
        Body::Grant { ballot, .. } => Term::Granted { from, ballot: *ballot },
        Body::Heartbeat { ballot, chosen_upto, .. } => {
            Term::Beaten { from, ballot: *ballot, chosen_upto: *chosen_upto }
        }
        Body::Tell { chosen_upto, .. } => Term::ClaimedUpto { from, upto: *chosen_upto },
        Body::AlreadyChosen { log_start, .. } => {
            Term::ClaimedUpto { from, upto: log_start.before() }
        }
        Body::Promise(promise) => Term::Promised { from, promise },
        Body::Chosen(batch) => Term::ClaimedEntries { from, batch },
        Body::Snapshot(snapshot) => Term::ClaimedState { from, to, snapshot },
        Body::Prepare { ballot, .. } => Term::Prepared { from, ballot: *ballot },
        Body::Nack { .. } | Body::Release { .. } | Body::Ask { .. } | Body::Fetch { .. } => {
            return None;
        }
    })
}

#[inline(always)]
fn durable<A: App>(node: NodeId, at: Place, record: &Record<A>) -> Option<Term<'_, A>> {
    Some(match record {
        Record::Accepted { slot, ballot, entry } => {
            let lane = lane_of(at.slot, *slot)?;
            Term::DurableAccepted { node, ballot: *ballot, slot: *slot, entry, lane }
        }
        Record::Chosen { slot, entry } => {
            let lane = lane_of(at.slot, *slot)?;
            Term::DurableChosen { node, slot: *slot, entry, lane }
        }
        Record::Promised { ballot } => {
            let copy = record::PROMISED.iter().position(|place| *place == at)?;
            Term::DurablePromised { node, copy, ballot: *ballot }
        }
        Record::Snapshot(snapshot) => {
            let place = record::SNAPSHOTS.iter().position(|place| *place == at)?;
            Term::DurableSnapshot { node, place, snapshot }
        }
        Record::Pointer { place, applied, log_start } => {
            let (place, applied) = (usize::from(*place), *applied);
            Term::Truncated { node, place, applied, log_start: *log_start }
        }
        Record::Format { .. } => return None,
    })
}

/// In which of its two lanes the record of `slot` is; `None` if it is not where it belongs.
#[inline(always)]
pub(super) fn lane_of(at: Slot, slot: LogSlot) -> Option<Lane> {
    match record::purpose(at.0) {
        Purpose::Entry(of, lane) | Purpose::Mirror(of, lane) if of == slot => Some(lane),
        _ => None,
    }
}

/// The log slots of which every record is gone.
fn erased<'a, A: App>(node: NodeId, volume: Volume, slots: &Range<Slot>) -> Option<Term<'a, A>> {
    if volume != record::VOLUME {
        return None;
    }
    let first = match record::purpose(slots.start.0) {
        Purpose::Entry(slot, Lane::Zero) => slot,
        Purpose::Entry(slot, _) | Purpose::Mirror(slot, _) => slot.next(),
        _ => LogSlot::ZERO,
    };
    let end = match record::purpose(slots.end.0) {
        Purpose::Entry(slot, _) | Purpose::Mirror(slot, _) => slot,
        _ => return None,
    };
    Some(Term::Erased { node, first, end })
}

#[inline]
const fn told<'a, A: App>(node: NodeId, fact: &Fact) -> Option<Term<'a, A>> {
    Some(match *fact {
        Fact::Led { ballot } => Term::Led { node, ballot },
        Fact::SteppedDown { ballot, .. } => Term::SteppedDown { node, ballot },
        Fact::State { applied, state } => Term::StateTold { node, applied, state },
        Fact::LeaseHeld { .. } | Fact::LeaseLost { .. } | Fact::Quarantined { .. } => return None,
    })
}
