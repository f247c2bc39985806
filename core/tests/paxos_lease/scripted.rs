//! Single behaviours, each on the smallest schedule that shows it.

use crate::lab::{Fate, Flight, Lab};
use interregnum_core::paxos_lease::{
    Ballot, Call, Fact, Message, Reply, Restart, Rules, Sound, Timer, Why, record,
};
use interregnum_core::{Cell, Deadline, NodeId, Place, Span};

pub(crate) const A: NodeId = NodeId(0);
pub(crate) const B: NodeId = NodeId(1);
pub(crate) const C: NodeId = NodeId(2);

/// Everybody runs, for the first time, and has said nothing yet.
pub(crate) fn running<R: Rules>(rules: &R, members: u8) -> Lab<R> {
    let mut lab = Lab::new(rules, members);
    for id in lab.ids() {
        lab.boot(id);
        lab.sync(id, false);
    }
    lab
}

/// Takes what is under way from one node to another.
pub(crate) fn take<R: Rules>(lab: &mut Lab<R>, from: NodeId, to: NodeId) -> Vec<Flight> {
    lab.wire.extract_if(.., |flight| flight.from == from && flight.to == to).collect()
}

/// Delivers what goes on between two nodes until they have nothing more to say.
pub(crate) fn talk<R: Rules>(lab: &mut Lab<R>, a: NodeId, b: NodeId) {
    loop {
        let mut flights = take(lab, a, b);
        flights.extend(take(lab, b, a));
        if flights.is_empty() {
            return;
        }
        flights.into_iter().for_each(|flight| lab.deliver(flight));
    }
}

fn settle<R: Rules>(lab: &mut Lab<R>) {
    while !lab.wire.is_empty() {
        for flight in std::mem::take(&mut lab.wire) {
            lab.deliver(flight);
        }
    }
}

fn ballot(counter: u32, node: NodeId) -> Ballot {
    Ballot { counter, restart: Restart(1), node }
}

fn held<R: Rules>(lab: &Lab<R>, id: NodeId) -> Option<Ballot> {
    let node = &lab.nodes[id.index()];
    node.machine.as_ref().and_then(|machine| machine.holds(&node.config, node.clock))
}

fn recorded<R: Rules>(lab: &Lab<R>, id: NodeId) -> Option<Ballot> {
    let node = &lab.nodes[id.index()];
    node.machine.as_ref().and_then(|machine| machine.records(node.clock))
}

/// A holds the lease in its first ballot.
fn held_by_a() -> Lab<Sound> {
    let mut lab = running(&Sound, 3);
    lab.fire(A, Timer::Attempt);
    settle(&mut lab);
    assert_eq!(held(&lab, A), Some(ballot(1, A)));
    lab
}

#[test]
fn the_time_counts_from_the_question_and_not_from_the_answer() {
    let mut lab = running(&Sound, 3);
    let asked = lab.node(A).clock;
    lab.fire(A, Timer::Attempt);
    lab.pass(5);
    settle(&mut lab);
    let until = Deadline::after(asked, Span::nanos(180));
    assert_eq!(lab.facts, [(A, Fact::Held { ballot: ballot(1, A), until })]);
    let armed = &lab.nodes[0].armed;
    let expiry = armed.iter().find(|(timer, ..)| *timer == Timer::Expiry);
    assert_eq!(expiry.map(|(_, min, _)| min.since(asked)), Some(Span::nanos(180)));
    lab.pass(12);
    assert_eq!(lab.call(A, Call::Act), Some(Reply::Acted { ballot: ballot(1, A) }));
    // The timer is late; the deadline is not.
    lab.pass(1);
    assert_eq!(lab.call(A, Call::Act), Some(Reply::NotHolder { owner: Some(A) }));
    let lost = Fact::Lost { ballot: ballot(1, A), why: Why::Expired };
    assert_eq!(lab.facts.last(), Some(&(A, lost)));
}

#[test]
fn a_majority_that_answers_too_late_makes_no_holder() {
    let mut lab = running(&Sound, 3);
    lab.fire(A, Timer::Attempt);
    talk_once(&mut lab, A, B);
    lab.pass(18);
    settle(&mut lab);
    assert!(lab.facts.is_empty());
    assert_eq!(lab.probes.get("paxos-lease/promised-too-late"), Some(&1));
}

/// One message each way.
fn talk_once<R: Rules>(lab: &mut Lab<R>, from: NodeId, to: NodeId) {
    take(lab, from, to).into_iter().for_each(|flight| lab.deliver(flight));
}

#[test]
fn the_holder_renews_in_a_fresh_ballot_and_others_do_not_disturb() {
    let mut lab = held_by_a();
    lab.pass(7);
    lab.fire(B, Timer::Attempt);
    assert!(lab.wire.is_empty(), "B knows that A holds it");
    lab.fire(A, Timer::Attempt);
    settle(&mut lab);
    lab.pass(17);
    assert_eq!(held(&lab, A), Some(ballot(2, A)));
    lab.fire(A, Timer::Expiry);
    assert_eq!(held(&lab, A), Some(ballot(2, A)), "an early timer does no harm");
    assert_eq!(lab.probes.get("paxos-lease/expiry-too-early"), Some(&1));
}

#[test]
fn who_is_refused_learns_the_counter_and_asks_above_it() {
    let mut lab = running(&Sound, 3);
    for _ in 0..3 {
        lab.fire(B, Timer::Attempt);
    }
    talk_once(&mut lab, B, C);
    lab.fire(A, Timer::Attempt);
    talk(&mut lab, A, C);
    assert!(lab.facts.is_empty());
    lab.fire(A, Timer::Attempt);
    talk(&mut lab, A, C);
    assert_eq!(held(&lab, A), Some(ballot(4, A)));
}

#[test]
fn a_release_ends_the_ballot_it_names_and_no_later_one() {
    let mut lab = held_by_a();
    assert_eq!(lab.call(A, Call::Release), Some(Reply::Released { ballot: ballot(1, A) }));
    let late = std::mem::take(&mut lab.wire);
    assert_eq!(
        (held(&lab, A), recorded(&lab, A), recorded(&lab, B)),
        (None, None, Some(ballot(1, A)))
    );
    // B's record has run out, and A is granted the lease anew.
    lab.pass(22);
    lab.fire(A, Timer::Attempt);
    settle(&mut lab);
    late.into_iter().for_each(|flight| lab.deliver(flight));
    assert_eq!([A, B, C].map(|id| recorded(&lab, id)), [Some(ballot(2, A)); 3]);
    lab.call(A, Call::Release);
    settle(&mut lab);
    assert_eq!([A, B, C].map(|id| recorded(&lab, id)), [None; 3]);
}

#[test]
fn a_release_during_a_renewal_ends_both_ballots_for_ever() {
    let mut lab = held_by_a();
    lab.pass(7);
    lab.fire(A, Timer::Attempt);
    for (from, to) in [(A, B), (B, A), (A, B)] {
        talk_once(&mut lab, from, to);
    }
    assert_eq!([B, C].map(|id| recorded(&lab, id)), [Some(ballot(2, A)), Some(ballot(1, A))]);
    let accepted = take(&mut lab, B, A);
    take(&mut lab, A, C);
    lab.call(A, Call::Release);
    settle(&mut lab);
    assert_eq!([A, B, C].map(|id| recorded(&lab, id)), [None; 3]);
    accepted.into_iter().for_each(|flight| lab.deliver(flight));
    assert_eq!(held(&lab, A), None);
    lab.fire(B, Timer::Attempt);
    settle(&mut lab);
    assert!(held(&lab, B).is_some());
}

#[test]
fn a_node_is_counted_once() {
    let mut lab = running(&Sound, 5);
    lab.fire(A, Timer::Attempt);
    talk_once(&mut lab, A, B);
    let promise = take(&mut lab, B, A)[0];
    lab.wire.clear();
    for _ in 0..3 {
        lab.deliver(promise);
    }
    assert!(lab.wire.is_empty(), "A and B are two of five");
}

#[test]
fn a_reply_to_an_abandoned_attempt_counts_for_nothing() {
    let mut lab = running(&Sound, 3);
    lab.fire(A, Timer::Attempt);
    talk_once(&mut lab, A, B);
    let promise = take(&mut lab, B, A)[0];
    lab.fire(A, Timer::Attempt);
    lab.wire.clear();
    lab.deliver(promise);
    assert_eq!(lab.wire, []);
    lab.fire(A, Timer::Attempt);
    talk(&mut lab, A, B);
    assert_eq!(held(&lab, A), Some(ballot(3, A)));
}

#[test]
fn a_failed_renewal_leaves_the_lease_until_its_time() {
    let mut lab = held_by_a();
    lab.pass(7);
    lab.fire(A, Timer::Attempt);
    lab.wire.clear();
    lab.pass(10);
    assert_eq!(held(&lab, A), Some(ballot(1, A)));
    lab.pass(1);
    assert_eq!(held(&lab, A), None);
}

#[test]
fn a_started_acceptor_is_silent_until_all_that_it_forgot_has_ended() {
    let mut lab = held_by_a();
    lab.crash(B);
    lab.boot(B);
    lab.sync(B, false);
    lab.pass(21);
    lab.fire(A, Timer::Attempt);
    talk_once(&mut lab, A, B);
    assert_eq!(take(&mut lab, B, A), []);
    lab.pass(1);
    lab.fire(A, Timer::Attempt);
    talk(&mut lab, A, B);
    assert_eq!(held(&lab, A), Some(ballot(3, A)));
}

#[test]
fn a_torn_count_is_skipped_and_written_again() {
    let mut lab = running(&Sound, 3);
    let start = |lab: &Lab<Sound>| lab.nodes[0].machine.as_ref().map(|m| m.restart());
    lab.crash(A);
    lab.boot(A);
    assert_eq!(start(&lab), Some(Restart(2)));
    lab.power_loss(A, Fate::Torn);
    lab.boot(A);
    assert_eq!(start(&lab), Some(Restart(2)));
    lab.sync(A, false);
    lab.crash(A);
    lab.boot(A);
    assert_eq!((start(&lab), lab.facts.len()), (Some(Restart(3)), 0));
}

#[test]
fn without_a_count_a_node_answers_after_a_silence_and_never_asks() {
    for cell in [Cell::Damaged, Cell::Unreadable] {
        let mut lab = running(&Sound, 3);
        lab.crash(A);
        lab.node(A).durable.values_mut().for_each(|at| *at = cell);
        lab.boot(A);
        assert_eq!(lab.facts, [(A, Fact::Amnesiac)]);
        assert!(lab.node(A).armed.is_empty());
        lab.fire(A, Timer::Attempt);
        assert_eq!(lab.wire, []);
        lab.pass(22);
        assert!(
            lab.nodes[0]
                .machine
                .as_ref()
                .is_some_and(|m| m.is_silent(&lab.nodes[0].config, lab.nodes[0].clock))
        );
        assert!(lab.sync(A, false), "it leaves a mark");
        lab.fire(B, Timer::Attempt);
        talk(&mut lab, A, B);
        assert_eq!((held(&lab, B), recorded(&lab, A)), (Some(ballot(1, B)), Some(ballot(1, B))));
    }
}

/// A's very first start does not find what the deployment wrote, and takes part as an acceptor; the second one finds it.
#[test]
fn a_start_after_one_without_a_count_is_not_the_first() {
    for power_fails in [false, true] {
        let mut lab = running(&Sound, 3);
        lab.crash(A);
        let (place, record) = record::format();
        lab.node(A).durable = [(place, Cell::Unreadable)].into();
        lab.boot(A);
        lab.sync(A, false);
        lab.pass(22);
        lab.fire(B, Timer::Attempt);
        talk(&mut lab, A, B);
        assert_eq!(held(&lab, B), Some(ballot(1, B)));
        lab.wire.clear();
        match power_fails {
            true => lab.power_loss(A, Fate::Lost),
            false => lab.crash(A),
        }
        lab.node(A).durable.insert(place, Cell::Intact { home: place, record });
        lab.boot(A);
        lab.sync(A, false);
        lab.fire(C, Timer::Attempt);
        talk(&mut lab, A, C);
        assert_eq!((held(&lab, C), &lab.violation), (None, &None));
        lab.pass(22);
        for _ in 0..2 {
            lab.fire(A, Timer::Attempt);
            settle(&mut lab);
        }
        assert_eq!(held(&lab, A), Some(ballot(2, A)), "it counts its starts again");
    }
}

/// The mark that a start without a count left cannot be read by the next one, which writes it anew; that write is torn.
#[test]
fn a_mark_that_is_harmed_is_one() {
    let (place, record) = record::format();
    let mark = Place::local(0, 2);
    let intact = Cell::Intact { home: place, record };
    for cell in [Cell::Unreadable, Cell::Damaged, Cell::Intact { home: mark, record }] {
        let mut lab = running(&Sound, 3);
        lab.crash(A);
        lab.node(A).durable = [(place, intact), (mark, cell)].into();
        lab.boot(A);
        lab.sync(A, false);
        lab.fire(C, Timer::Attempt);
        talk(&mut lab, A, C);
        assert_eq!(held(&lab, C), None, "it is silent: {cell:?}");
        lab.pass(22);
        for _ in 0..2 {
            lab.fire(A, Timer::Attempt);
            settle(&mut lab);
        }
        assert_eq!(held(&lab, A), Some(ballot(2, A)), "it counts its starts: {cell:?}");
    }
}

/// One place that cannot be read may hold the last count.
#[test]
fn an_older_count_is_not_trusted_beside_an_unreadable_one() {
    let mut lab = running(&Sound, 3);
    lab.crash(A);
    lab.node(A).durable.insert(Place::local(0, 1), Cell::Unreadable);
    lab.boot(A);
    assert_eq!(lab.facts, [(A, Fact::Amnesiac)]);
}

#[test]
fn a_failed_sync_halts_and_nothing_was_done_before_it() {
    let mut lab = Lab::new(&Sound, 3);
    lab.boot(A);
    lab.fire(A, Timer::Attempt);
    let prepare = Message::Prepare { ballot: ballot(1, B) };
    lab.deliver(Flight { from: B, to: A, message: prepare });
    assert_eq!(lab.wire, []);
    lab.sync(A, true);
    assert_eq!((lab.halted, lab.nodes[0].machine.is_none()), (vec!["a sync failed"], true));
}

#[test]
fn nobody_asks_in_the_ballot_of_another() {
    let mut lab = running(&Sound, 3);
    for message in [
        Message::Prepare { ballot: ballot(9, C) },
        Message::Accept { ballot: Ballot::NONE },
        Message::Release { ballot: ballot(9, C) },
    ] {
        lab.deliver(Flight { from: B, to: A, message });
    }
    assert_eq!(lab.wire, []);
    assert_eq!(lab.probes.get("paxos-lease/foreign-message"), Some(&3));
}
