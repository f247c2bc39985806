//! Broken rules that random schedules find too rarely, each on the smallest schedule that exposes it. The
//! sound rules pass the same schedule.

use crate::disk::Fate;
use crate::lab::{Flight, Lab};
use crate::oracle::Oracle;
use interregnum_core::consensus::{ClientId, Entry, LogSlot, Operation, Replica, RequestId};
use interregnum_core::kv::{Kv, KvCommand, KvQuery};
use interregnum_core::paxos::{
    AcceptorRules, Ballot, Batch, Body, Call, LearnerRules, Lease, Message, ProposerRules,
    ReadMode, ReaderRules, Rules, Settings, Snapshot, Sound,
};
use interregnum_core::{CallId, LocalTime, NodeId, Ppm, Span, Window};
use std::sync::Arc;

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const C: NodeId = NodeId(2);

fn lab<R: Rules>(rules: &R, lease: Option<Lease>) -> Lab<R> {
    let heartbeat = Window::exactly(Span::millis(100));
    let mut lab = Lab::new(rules, &Settings { lease, heartbeat, ..Settings::default() });
    for id in lab.ids() {
        lab.boot(id);
    }
    lab.settle();
    lab
}

fn elect<R: Rules>(lab: &mut Lab<R>, node: NodeId) {
    for _ in 0..3 {
        lab.fire(node);
        lab.settle();
    }
}

fn put<R: Rules>(lab: &mut Lab<R>, node: NodeId, value: u64) {
    let call = Call::Submit {
        client: ClientId(u32::from(node.0)),
        request: RequestId(value),
        command: KvCommand::Put { key: 1, value },
    };
    lab.call(node, CallId(value), call);
}

/// Takes everything under way, and gives back what goes to `to`.
fn only<R: Rules>(lab: &mut Lab<R>, to: NodeId) -> Vec<Flight> {
    lab.wire.drain(..).filter(|flight| flight.to == to).collect()
}

fn deliver<R: Rules>(lab: &mut Lab<R>, flights: Vec<Flight>) {
    for flight in flights {
        lab.deliver(flight);
    }
}

fn flush<R: Rules>(lab: &mut Lab<R>, node: NodeId) {
    while lab.flush(node) {}
}

/// A's entry is on its way to B; C takes over with B's promise, which B then forgets.
fn a_promise_is_forgotten<R: Rules>(rules: &R) -> Option<String> {
    let mut lab = lab(rules, None);
    elect(&mut lab, A);
    put(&mut lab, A, 1);
    flush(&mut lab, A);
    let late = only(&mut lab, B);
    lab.cut.extend([(A, C), (C, A)]);
    lab.fire(C);
    flush(&mut lab, C);
    let asked = only(&mut lab, B);
    deliver(&mut lab, asked);
    if lab.wire.iter().all(|flight| !format!("{flight:?}").contains("Promise")) {
        flush(&mut lab, B);
    }
    let told = only(&mut lab, C);
    deliver(&mut lab, told);
    put(&mut lab, C, 2);
    flush(&mut lab, C);
    lab.power_loss(B, || Fate::Lost);
    lab.boot(B);
    flush(&mut lab, B);
    let later = only(&mut lab, B);
    deliver(&mut lab, late);
    flush(&mut lab, B);
    deliver(&mut lab, later);
    flush(&mut lab, B);
    lab.oracle.violation
}

/// A's lease has ended and B leads; A is asked for what B has changed.
fn a_lease_has_ended<R: Rules>(rules: &R) -> Oracle {
    let lease = Lease { grant: Span::millis(400), guard: Span::millis(10), rate: Ppm(0) };
    let mut lab = lab(rules, Some(lease));
    elect(&mut lab, A);
    lab.cut.extend([(A, B), (B, A), (A, C), (C, A)]);
    for node in &mut lab.nodes {
        node.clock = LocalTime(0).after(Span::millis(400));
    }
    elect(&mut lab, B);
    elect(&mut lab, B);
    put(&mut lab, B, 7);
    lab.settle();
    assert!(lab.replies.iter().any(|(id, _)| *id == CallId(7)), "B serves");
    let (client, request) = (ClientId(9), RequestId(1));
    let (query, mode) = (KvQuery::Get { key: 1 }, ReadMode::Lease);
    lab.call(A, CallId(8), Call::Read { client, request, query, mode });
    lab.oracle
}

/// A and C accept different entries in slot 1 that nobody chose; B finds both.
fn two_partial_acceptances<R: Rules>(rules: &R) -> Option<String> {
    let mut lab = lab(rules, None);
    elect(&mut lab, A);
    put(&mut lab, A, 1);
    flush(&mut lab, A);
    let late = only(&mut lab, B);
    lab.cut.extend([(A, B), (B, A), (A, C), (C, A)]);
    elect(&mut lab, B);
    elect(&mut lab, B);
    put(&mut lab, B, 2);
    lab.settle();
    lab.cut.clear();
    deliver(&mut lab, late);
    lab.settle();
    lab.oracle.violation
}

/// A's entry reached B alone. C leads the others and has another one chosen in that slot; A, which never
/// hears C, is told of it, by its entry or by the state that it led to.
fn a_leader_is_overtaken<R: Rules>(rules: &R, by_state: bool) -> Option<String> {
    let settings = Settings { members: 5, ..Settings::default() };
    let mut lab = Lab::new(rules, &settings);
    for id in lab.ids() {
        lab.boot(id);
    }
    lab.settle();
    elect(&mut lab, A);
    let rest = [C, NodeId(3), NodeId(4)];
    for (ours, theirs) in [A, B].into_iter().flat_map(|ours| rest.map(|theirs| (ours, theirs))) {
        lab.cut.extend([(ours, theirs), (theirs, ours)]);
    }
    put(&mut lab, A, 1);
    lab.settle();
    elect(&mut lab, C);
    put(&mut lab, C, 2);
    lab.settle();
    assert!(lab.replies.iter().any(|(id, _)| *id == CallId(2)), "C serves");
    let entry = Entry::Request {
        client: ClientId(2),
        request: RequestId(2),
        operation: Operation::Command(KvCommand::Put { key: 1, value: 2 }),
    };
    let (slot, mut replica) = (LogSlot::FIRST, Replica::default());
    replica.apply(slot, &entry);
    let body = if by_state {
        Body::Snapshot(Arc::new(Snapshot { applied: slot, replica }))
    } else {
        Body::Chosen(Arc::new(Batch { first: slot, entries: vec![entry], chosen_upto: slot }))
    };
    let cluster = lab.nodes[A.index()].config.cluster();
    lab.cut.clear();
    lab.deliver(Flight { from: NodeId(3), to: A, message: Message { cluster, body } });
    put(&mut lab, A, 3);
    let told = only(&mut lab, B);
    deliver(&mut lab, told);
    lab.oracle.violation
}

macro_rules! broken {
    ($name:ident, $($role:ident { $($body:tt)* })*) => {
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        struct $name;
        $(impl $role for $name { $($body)* })*
        impl Rules for $name {}
    };
}

broken!(PromiseNotFlushed,
    AcceptorRules { fn may_reveal_promise(&self, _: u8) -> bool { true } }
    ProposerRules {} LearnerRules {} ReaderRules {});
broken!(PromiseHalfFlushed,
    AcceptorRules { fn may_reveal_promise(&self, copies: u8) -> bool { copies >= 1 } }
    ProposerRules {} LearnerRules {} ReaderRules {});
broken!(ReadsExpired,
    AcceptorRules {} ProposerRules {} LearnerRules {}
    ReaderRules { fn is_lease_live(&self, _: LocalTime, _: LocalTime) -> bool { true } });
broken!(AcceptsAnything,
    AcceptorRules {
        fn may_accept(&self, _: Ballot, _: Ballot) -> bool { true }
        fn may_displace(&self, _: bool, _: bool) -> bool { true }
    }
    ProposerRules {} LearnerRules {} ReaderRules {});

broken!(LeadsOnOvertaken,
    AcceptorRules {}
    ProposerRules { fn may_lead_on(&self, _: bool) -> bool { true } }
    LearnerRules {} ReaderRules {});

#[test]
fn leading_on_after_being_overtaken_is_caught() {
    for by_state in [false, true] {
        assert_eq!(a_leader_is_overtaken(&Sound, by_state), None);
        let violation = a_leader_is_overtaken(&LeadsOnOvertaken, by_state).expect("a violation");
        assert!(violation.contains("another state"), "{violation}");
    }
}

/// No timer fires between the two reads.
#[test]
fn a_lease_ends_by_the_clock_alone() {
    let lease = Lease { grant: Span::millis(400), guard: Span::millis(10), rate: Ppm(0) };
    let mut lab = lab(&Sound, Some(lease));
    elect(&mut lab, A);
    let (client, query, mode) = (ClientId(9), KvQuery::Get { key: 1 }, ReadMode::Lease);
    for (id, wait, answered) in [(1, 0, true), (2, 389, true), (3, 1, false)] {
        let clock = &mut lab.nodes[A.index()].clock;
        *clock = clock.after(Span::millis(wait));
        let call = Call::Read { client, request: RequestId(id), query, mode };
        lab.call(A, CallId(id), call);
        assert_eq!(lab.replies.iter().any(|(reply, _)| *reply == CallId(id)), answered, "{id}");
    }
}

#[test]
fn a_promise_told_before_it_is_durable_is_caught() {
    assert_eq!(a_promise_is_forgotten(&Sound), None);
    // One durable copy survives this schedule: it takes rot, too, to lose it.
    assert_eq!(a_promise_is_forgotten(&PromiseHalfFlushed), None);
    let violation = a_promise_is_forgotten(&PromiseNotFlushed).expect("a violation");
    assert!(violation.contains("chosen twice"), "{violation}");
}

#[test]
fn reading_after_the_lease_is_caught() {
    let sound = a_lease_has_ended(&Sound);
    assert_eq!((sound.violation, sound.behind), (None, None));
    let broken = a_lease_has_ended(&ReadsExpired);
    let violation = broken.violation.expect("a violation");
    assert!(violation.contains("after something later"), "{violation}");
    assert!(broken.behind.is_some(), "and a holder that is behind");
}

#[test]
fn accepting_below_the_promise_is_caught() {
    assert_eq!(two_partial_acceptances(&Sound), None);
    let violation = two_partial_acceptances(&AcceptsAnything).expect("a violation");
    assert!(violation.contains("chosen twice"), "{violation}");
}

/// A round of A in which it hears C, and B is out of reach: what A asks B to promise in it.
fn prepares_in_a_round(lab: &mut Lab<Sound>) -> Option<Message<Kv>> {
    lab.fire(A);
    flush(lab, A);
    let (to_b, rest): (Vec<_>, Vec<_>) = lab.wire.drain(..).partition(|flight| flight.to == B);
    let asks = rest.into_iter().filter(|flight| matches!(flight.message.body, Body::Ask { .. }));
    deliver(lab, asks.collect());
    let tells = only(lab, A);
    deliver(lab, tells);
    let prepares = |message: &Message<Kv>| matches!(message.body, Body::Prepare { .. });
    to_b.into_iter().map(|flight| flight.message).find(prepares)
}

/// A refusal tells of a promise that may never become durable: the next life of who refused may give the one
/// that was asked for, and nobody else may be left.
#[test]
fn whoever_refused_is_asked_again() {
    let mut lab = lab(&Sound, None);
    let asked = (0..5).find_map(|_| prepares_in_a_round(&mut lab)).expect("A prepares");
    let Body::Prepare { ballot, .. } = asked.body else { panic!("{asked:?}") };
    let promised = Ballot { round: ballot.round + 1, node: B };
    let refusal = Message { cluster: asked.cluster, body: Body::Nack { ballot, promised } };
    lab.deliver(Flight { from: B, to: A, message: refusal });
    assert_eq!(prepares_in_a_round(&mut lab), Some(asked));
}
