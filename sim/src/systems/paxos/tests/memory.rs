//! A1, A3, A4 and A6 on hand-written streams: each clause fires, its twin that just misses it stays silent.

use super::super::evidence::Term;
use super::story::{Story, ballot, put, replay};
use interregnum_core::NodeId;
use interregnum_core::consensus::LogSlot;
use interregnum_core::kv::Kv;
use interregnum_core::paxos::record::Lane;
use interregnum_core::paxos::{Ballot, Held, Promise, SlotReport};

/// `node`'s copy of the promise becomes durable.
fn remembers(story: &mut Story, node: u8, ballot: Ballot) {
    story.tell(Term::DurablePromised { node: NodeId(node), copy: 0, ballot });
}

/// `node` promises `ballot`, reporting what it holds from `first` on.
fn promises(
    story: &mut Story,
    node: u8,
    ballot: Ballot,
    (first, log_start): (u64, u64),
    held: &[(u64, Held<Kv>)],
) {
    let report =
        |(slot, held): &(u64, Held<Kv>)| SlotReport { slot: LogSlot(*slot), held: held.clone() };
    let promise = Promise {
        ballot,
        first: LogSlot(first),
        log_start: LogSlot(log_start),
        chosen_upto: LogSlot::ZERO,
        reports: held.iter().map(report).collect(),
    };
    remembers(story, node, ballot);
    story.tell(Term::Promised { from: NodeId(node), promise: &promise });
}

fn acknowledges(story: &mut Story, node: u8, ballot: Ballot, slot: u64) {
    story.tell(Term::Acknowledged { from: NodeId(node), ballot, slot: LogSlot(slot) });
}

#[test]
fn a1_what_is_told_is_durable() {
    let told: [&dyn Fn(&mut Story); 2] = [&|s| acknowledges(s, 1, ballot(2, 0), 1), &|s| {
        s.tell(Term::Granted { from: NodeId(1), ballot: ballot(2, 0) });
    }];
    for tell in told {
        let mut story = Story::new();
        remembers(&mut story, 1, ballot(1, 0));
        tell(&mut story);
        story.violates("A1");
        let mut twin = Story::new();
        remembers(&mut twin, 1, ballot(2, 0));
        tell(&mut twin);
        twin.is_fine();
    }
    let mut forgets = Story::new();
    promises(&mut forgets, 1, ballot(2, 0), (1, 1), &[]);
    forgets.is_fine();
    remembers(&mut forgets, 1, ballot(1, 0));
    forgets.violates("A1");
}

/// What it tells, the first slot it is about and where its log starts, its reports, whether that is right.
type Told<'a> = (&'a str, (u64, u64), &'a [(u64, Held<Kv>)], bool);

#[test]
fn a1_a_promise_tells_everything_acknowledged_below_it() {
    let accepted = |round| Held::Accepted { ballot: ballot(round, 0), entry: put(1) };
    let rows: [Told<'_>; 8] = [
        ("nothing", (1, 1), &[], false),
        ("another slot", (1, 1), &[(2, accepted(1))], false),
        ("an older acceptance", (1, 1), &[(1, accepted(1))], false),
        ("the same", (1, 1), &[(1, accepted(2))], true),
        ("a newer one", (1, 1), &[(1, accepted(3))], true),
        ("chosen", (1, 1), &[(1, Held::Chosen { entry: put(1) })], true),
        ("damaged", (1, 1), &[(1, Held::Faulty)], true),
        ("below the log", (1, 2), &[], true),
    ];
    for (what, bounds, held, fine) in rows {
        // Both orders: acknowledged before the promise, and after.
        for before in [true, false] {
            let mut story = Story::new();
            story.chosen(1..=1);
            remembers(&mut story, 2, ballot(2, 0));
            if before {
                acknowledges(&mut story, 2, ballot(2, 0), 1);
            }
            promises(&mut story, 2, ballot(4, 1), bounds, held);
            if !before {
                acknowledges(&mut story, 2, ballot(2, 0), 1);
            }
            let found = story.found().map(|(property, _)| property);
            assert_eq!(found.is_none(), fine, "{what}, {before}: {found:?}");
            assert!(found.is_none_or(|property| property == "A1"), "{what}: {found:?}");
        }
    }
}

/// What was said stands beside what contradicts it, with its time, whichever came first.
#[test]
fn a1_names_both_facts() {
    let (old, new, node) = (ballot(2, 0), ballot(4, 1), Some(2));
    let accepts = |story: &mut Story| acknowledges(story, 2, old, 1);
    let omits = |story: &mut Story| promises(story, 2, new, (1, 1), &[]);
    let (accepted, omitted) =
        ("acknowledges s1 in b2.n0", "promises b4.n1 and says nothing of s1 from b2.n0 or above");
    let mut story = Story::new();
    remembers(&mut story, 2, old);
    accepts(&mut story);
    // Told once more later, it is as old as it was.
    accepts(&mut story);
    omits(&mut story);
    assert_eq!(story.facts(), [(2, node, accepted), (5, node, omitted)]);

    let mut story = Story::new();
    omits(&mut story);
    accepts(&mut story);
    assert_eq!(story.facts(), [(2, node, omitted), (3, node, accepted)]);

    let mut story = Story::new();
    omits(&mut story);
    remembers(&mut story, 2, old);
    let lower = "a copy of its promise of b2.n0 became durable";
    assert_eq!(story.facts(), [(2, node, "sent a promise in b4.n1"), (3, node, lower)]);

    let mut story = Story::new();
    remembers(&mut story, 2, old);
    story.tell(Term::Granted { from: NodeId(2), ballot: new });
    assert_eq!(story.facts(), [(1, node, lower), (2, node, "sent a grant in b4.n1")]);

    let mut story = Story::new();
    story.tell(Term::Forgot { node: NodeId(2) });
    accepts(&mut story);
    let forgot = "started without its memory";
    assert_eq!(story.facts(), [(1, node, forgot), (2, node, "sent an acceptance")]);
}

#[test]
fn a1_binds_only_below_the_promise_and_where_it_was_asked() {
    let mut story = Story::new();
    remembers(&mut story, 1, ballot(3, 0));
    acknowledges(&mut story, 1, ballot(3, 0), 1);
    promises(&mut story, 1, ballot(3, 0), (1, 1), &[]);
    promises(&mut story, 1, ballot(4, 0), (2, 1), &[]);
    acknowledges(&mut story, 1, ballot(4, 0), 2);
    story.is_fine();
}

#[test]
fn a4_a_ballot_has_one_life() {
    let used: [&dyn Fn(&mut Story); 3] = [
        &|s| {
            s.tell(Term::Prepared { from: NodeId(0), ballot: ballot(1, 0) });
        },
        &|s| {
            s.accept(ballot(1, 0), 1, &put(1));
        },
        &|s| {
            let (from, chosen_upto) = (NodeId(0), LogSlot::ZERO);
            s.tell(Term::Beaten { from, ballot: ballot(1, 0), chosen_upto });
        },
    ];
    let reboot = |story: &mut Story, incarnation| {
        story.tell(Term::Booted { node: NodeId(0), incarnation });
    };
    for (first, again) in [(0, 0), (0, 1), (1, 2), (2, 0)] {
        let mut story = Story::new();
        reboot(&mut story, 1);
        used[first](&mut story);
        used[again](&mut story);
        story.is_fine();
        reboot(&mut story, 2);
        story.tell(Term::Prepared { from: NodeId(0), ballot: ballot(2, 0) }).is_fine();
        used[again](&mut story);
        story.violates("A4");
    }
}

#[test]
fn a4_a_ballot_has_one_owner() {
    let mut story = Story::new();
    story.tell(Term::Prepared { from: NodeId(1), ballot: ballot(1, 0) }).violates("A4");
}

#[test]
fn a3_a_majority_lets_go_of_what_was_chosen() {
    let erase = |story: &mut Story, node: u8| {
        story.tell(Term::Erased { node: NodeId(node), first: LogSlot(1), end: LogSlot(2) });
    };
    let mut story = Story::new();
    story.chosen(1..=1);
    erase(&mut story, 1);
    story.violates("A3");

    // With a copy to spare, the same is harmless.
    let mut spare = Story::new();
    spare.chosen(1..=1).durable(&[2], ballot(1, 0), 1, &put(1));
    erase(&mut spare, 1);
    spare.is_fine();
    assert_eq!(spare.exercised("A3"), 2, "when chosen, and when erased");
    erase(&mut spare, 0);
    spare.violates("A3");

    let mut saved = Story::new();
    saved.chosen(1..=1).snapshot(1, 1, &replay(&[put(1)]));
    let mut unpointed = Story::new();
    unpointed.chosen(1..=1).snapshot(1, 1, &replay(&[put(1)]));
    erase(&mut unpointed, 1);
    unpointed.violates("A3");
    saved.pointer(1, 1, 2);
    erase(&mut saved, 1);
    saved.is_fine();

    let mut unchosen = Story::new();
    unchosen.durable(&[1], ballot(1, 0), 1, &put(1));
    erase(&mut unchosen, 1);
    unchosen.is_fine();
}

#[test]
fn a3_an_acceptance_overwrites_what_was_chosen() {
    let lower = |lane: Lane| {
        let mut story = Story::new();
        story.chosen(1..=1);
        let (node, ballot, slot, entry) = (NodeId(1), ballot(1, 2), LogSlot(1), &put(1));
        // In a ballot above it is as good; the chosen entry of another node only at the other lane.
        story.tell(Term::DurableAccepted { node, ballot, slot, entry, lane }).is_fine();
        let entry = &put(3);
        let ballot = super::story::ballot(0, 2);
        story.tell(Term::DurableAccepted { node, ballot, slot, entry, lane });
        story
    };
    lower(Lane::Zero).violates("A3");
    lower(Lane::One).is_fine();
}

#[test]
fn a3_a_chosen_record_holds() {
    let mut story = Story::new();
    story.chosen(1..=1);
    let (node, slot, entry) = (NodeId(2), LogSlot(1), &put(1));
    story.tell(Term::DurableChosen { node, slot, entry, lane: Lane::One });
    story.tell(Term::Erased { node: NodeId(1), first: LogSlot(1), end: LogSlot(9) }).is_fine();
    story.tell(Term::Erased { node, first: LogSlot(1), end: LogSlot(9) }).violates("A3");
}

#[test]
fn a6_what_is_cut_off_is_in_the_snapshot() {
    let state = |upto: u64| replay(&(1..=upto).map(put).collect::<Vec<_>>());
    let mut story = Story::new();
    story.chosen(1..=5).snapshot(1, 3, &state(3)).pointer(1, 3, 4).is_fine();
    assert_eq!(story.exercised("A6"), 2, "the snapshot and the pointer");
    let mut above = Story::new();
    above.chosen(1..=5).snapshot(1, 3, &state(3)).pointer(1, 3, 5).violates("A6");
    let mut never_stored = Story::new();
    never_stored.chosen(1..=5).pointer(1, 3, 4).violates("A6");
    let mut replaced = Story::new();
    replaced.chosen(1..=5).snapshot(1, 3, &state(3)).pointer(1, 3, 4);
    replaced.places[1] = 0;
    replaced.snapshot(1, 2, &state(2)).violates("A6");
}
