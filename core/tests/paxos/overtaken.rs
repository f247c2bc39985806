//! A candidate learns, above a gap, that another entry is chosen than the one it is about to propose. Whoever
//! accepted its proposal would later take its word for how far everything is chosen, and apply the wrong one.

use crate::disk::Fate;
use crate::lab::{Flight, Lab};
use interregnum_core::consensus::{ClientId, LogSlot, RequestId};
use interregnum_core::kv::KvCommand;
use interregnum_core::paxos::{Body, Call, Settings, Sound};
use interregnum_core::{CallId, NodeId, Span, Window};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const C: NodeId = NodeId(2);
const D: NodeId = NodeId(3);
const E: NodeId = NodeId(4);

fn pull(lab: &mut Lab<Sound>, want: impl Fn(&Flight) -> bool) -> Vec<Flight> {
    let (a, b) = lab.wire.drain(..).partition(|f| want(f));
    lab.wire = b;
    a
}
fn deliver(lab: &mut Lab<Sound>, flights: Vec<Flight>) {
    for f in flights {
        lab.deliver(f);
    }
}
fn flush(lab: &mut Lab<Sound>, n: NodeId) {
    while lab.flush(n) {}
}
/// Everything among `set` arrives.
fn among(lab: &mut Lab<Sound>, set: &[NodeId]) {
    for _ in 0..50 {
        let f = pull(lab, |f| set.contains(&f.from) && set.contains(&f.to));
        let busy = !f.is_empty();
        deliver(lab, f);
        for n in set {
            flush(lab, *n);
        }
        if !busy {
            return;
        }
    }
    panic!("no rest");
}
fn put(lab: &mut Lab<Sound>, node: NodeId, value: u64) {
    let call = Call::Submit {
        client: ClientId(u32::from(node.0)),
        request: RequestId(value),
        command: KvCommand::Put { key: 1, value },
    };
    lab.call(node, CallId(value), call);
}

/// B leads.
fn lab() -> Lab<Sound> {
    let heartbeat = Window::exactly(Span::millis(100));
    let mut lab = Lab::new(&Sound, &Settings { members: 5, heartbeat, ..Settings::default() });
    for id in lab.ids() {
        lab.boot(id);
    }
    lab.settle();
    for _ in 0..3 {
        lab.fire(B);
        lab.settle();
    }
    assert!(lab.nodes[1].machine.as_ref().unwrap().leads().is_some());
    lab
}

/// A misses slot 2, asks for it, and alone accepts slot 3: its question, on its way.
fn a_misses_a_slot(lab: &mut Lab<Sound>) -> Vec<Flight> {
    put(lab, B, 1);
    lab.settle();
    // Slot 2: A misses it.
    put(lab, B, 2);
    pull(lab, |f| f.to == A);
    among(lab, &[B, C, D, E]);
    // A heartbeat tells A; its fetch is held up for long.
    lab.fire(B);
    let beat = pull(lab, |f| f.to == A && matches!(f.message.body, Body::Heartbeat { .. }));
    deliver(lab, beat);
    let late_fetch = pull(lab, |f| f.from == A && matches!(f.message.body, Body::Fetch { .. }));
    assert_eq!(late_fetch.len(), 1);
    among(lab, &[B, C, D, E]);
    lab.wire.clear();
    // Slot 3: only A accepts; B's own copy is lost with its power.
    put(lab, B, 3);
    let acc = pull(lab, |f| f.to == A && matches!(f.message.body, Body::Accept { .. }));
    deliver(lab, acc);
    flush(lab, A);
    lab.wire.clear();
    lab.power_loss(B, || Fate::Lost);
    lab.boot(B);
    flush(lab, B);
    lab.wire.clear();
    late_fetch
}

/// A restarts and prepares with B and E: their promises, on their way.
fn a_prepares(lab: &mut Lab<Sound>) -> Vec<Flight> {
    // A falls, and starts again.
    lab.crash(A);
    lab.boot(A);
    flush(lab, A);
    lab.wire.clear();
    // E hears nobody for a round.
    for _ in 0..2 {
        lab.fire(E);
        lab.wire.clear();
    }
    for _ in 0..2 {
        lab.fire(A);
        let asks = pull(lab, |f| {
            f.from == A && (f.to == B || f.to == E) && matches!(f.message.body, Body::Ask { .. })
        });
        deliver(lab, asks);
        let tells = pull(lab, |f| f.to == A && matches!(f.message.body, Body::Tell { .. }));
        deliver(lab, tells);
        lab.wire.retain(|f| matches!(f.message.body, Body::Prepare { .. }));
    }
    flush(lab, A);
    let prep =
        pull(lab, |f| (f.to == B || f.to == E) && matches!(f.message.body, Body::Prepare { .. }));
    assert_eq!(prep.len(), 2);
    deliver(lab, prep);
    flush(lab, B);
    flush(lab, E);
    let held = pull(lab, |f| f.to == A && matches!(f.message.body, Body::Promise(_)));
    assert_eq!(held.len(), 2);
    lab.wire.clear();
    held
}

fn the_others_go_on(lab: &mut Lab<Sound>) {
    // C, B and D go on with a higher ballot, and choose something else in slot 3.
    for _ in 0..2 {
        lab.fire(D);
        lab.wire.clear();
        lab.fire(C);
        lab.wire.clear();
    }
    for _ in 0..4 {
        lab.fire(C);
        among(lab, &[B, C, D]);
        lab.wire.clear();
    }
    put(lab, C, 7);
    among(lab, &[B, C, D]);
    lab.wire.clear();
    lab.fire(C);
    among(lab, &[B, C, D]);
    lab.wire.clear();
}

#[test]
fn a_candidate_that_was_overtaken_proposes_nothing_against_what_is_chosen() {
    let mut lab = lab();
    let late_fetch = a_misses_a_slot(&mut lab);
    let held = a_prepares(&mut lab);
    the_others_go_on(&mut lab);
    // The late question arrives at B, which answers it.
    deliver(&mut lab, late_fetch);
    let batch = pull(&mut lab, |f| f.to == A && matches!(f.message.body, Body::Chosen(_)));
    deliver(&mut lab, batch);
    lab.wire.clear();
    // Now the promises arrive. They tell of another entry for slot 3 than the one that A has just learned.
    deliver(&mut lab, held);
    flush(&mut lab, A);
    let third =
        |f: &Flight| matches!(f.message.body, Body::Accept { slot, .. } if slot == LogSlot(3));
    assert!(lab.wire.iter().all(|flight| !third(flight)), "{:?}", lab.wire);
    assert_eq!(lab.nodes[0].machine.as_ref().unwrap().leads(), None);
    assert!(lab.probes.contains_key("paxos/ballot-overtaken"), "{:?}", lab.probes);
    assert_eq!(lab.oracle.violation, None);
}
