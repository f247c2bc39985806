//! What faults took is demanded of nobody, and everything else still is: A1, A2, A3 and A6 on hand-written
//! streams, each with a twin that just misses the excuse.

use super::super::evidence::Term;
use super::super::losses::Part;
use super::story::{Story, ballot, put, replay};
use interregnum_core::NodeId;
use interregnum_core::consensus::LogSlot;
use interregnum_core::paxos::record::Lane;

fn copy(story: &mut Story, copy: usize, round: u64) {
    story.tell(Term::DurablePromised { node: NodeId(1), copy, ballot: ballot(round, 0) });
}

fn loses(story: &mut Story, node: u8, part: Part) -> &mut Story {
    story.tell(Term::Damaged { node: NodeId(node), part, torn: false })
}

fn grants(story: &mut Story, round: u64) {
    story.tell(Term::Granted { from: NodeId(1), ballot: ballot(round, 0) });
}

/// What a write of the node's own, under way when the power failed, took with it.
fn tears(story: &mut Story, node: u8, part: Part) -> &mut Story {
    story.tell(Term::Damaged { node: NodeId(node), part, torn: true })
}

/// `node` lets go of what it holds in slot 1.
fn erases(story: &mut Story, node: u8) -> &mut Story {
    story.tell(Term::Erased { node: NodeId(node), first: LogSlot(1), end: LogSlot(2) })
}

#[test]
fn a1_one_copy_may_rot_if_both_knew_what_was_told() {
    for both in [true, false] {
        let mut story = Story::new();
        copy(&mut story, 0, 2);
        copy(&mut story, 1, if both { 2 } else { 1 });
        grants(&mut story, 2);
        story.is_fine();
        loses(&mut story, 1, Part::Promise(0));
        if both { story.is_fine() } else { story.violates("A1") }
    }
}

#[test]
fn a1_a_node_that_tears_both_copies_is_not_excused_and_one_copy_may_rot_besides() {
    for rotten in [true, false] {
        let mut story = Story::new();
        (0..2).for_each(|at| copy(&mut story, at, 2));
        grants(&mut story, 2);
        tears(&mut story, 1, Part::Promise(0)).is_fine();
        if rotten {
            loses(&mut story, 1, Part::Promise(1)).is_fine();
        } else {
            tears(&mut story, 1, Part::Promise(1)).violates("A1");
        }
    }
    // A copy that was torn and written again is as good as any.
    let mut healed = Story::new();
    (0..2).for_each(|at| copy(&mut healed, at, 2));
    grants(&mut healed, 2);
    tears(&mut healed, 1, Part::Promise(0)).is_fine();
    copy(&mut healed, 0, 2);
    tears(&mut healed, 1, Part::Promise(1)).is_fine();
}

#[test]
fn a1_who_forgot_is_asked_for_no_promise_until_it_has_one_again() {
    let forgetful = || {
        let mut story = Story::new();
        (0..2).for_each(|at| copy(&mut story, at, 2));
        grants(&mut story, 2);
        loses(&mut story, 1, Part::Promise(0));
        loses(&mut story, 1, Part::Promise(1)).is_fine();
        story
    };
    let mut remembered = forgetful();
    copy(&mut remembered, 0, 3);
    remembered.is_fine();
    let mut lower = forgetful();
    copy(&mut lower, 0, 1);
    lower.violates("A1");
    // Without a name on it, the disk is nobody's.
    let mut nameless = forgetful();
    loses(&mut nameless, 1, Part::Format);
    copy(&mut nameless, 0, 1);
    nameless.is_fine();
}

#[test]
fn a1_who_starts_without_its_memory_takes_no_part() {
    let (from, first) = (NodeId(1), ballot(1, 1));
    let parts: [&dyn Fn(&mut Story); 4] = [
        &|s| {
            s.tell(Term::Prepared { from, ballot: first });
        },
        &|s| {
            s.accept(first, 1, &put(1));
        },
        &|s| grants(s, 0),
        &|s| {
            s.tell(Term::Acknowledged { from, ballot: ballot(0, 0), slot: LogSlot(1) });
        },
    ];
    for part in parts {
        let mut story = Story::new();
        (0..2).for_each(|at| copy(&mut story, at, 1));
        story.tell(Term::Booted { node: from, incarnation: 1 });
        let mut well = Story::new();
        (0..2).for_each(|at| copy(&mut well, at, 1));
        well.tell(Term::Booted { node: from, incarnation: 1 });
        part(&mut well);
        well.is_fine();
        story.tell(Term::Forgot { node: from });
        part(&mut story);
        story.violates("A1");
        // The next life may read what this one could not.
        let mut later = Story::new();
        (0..2).for_each(|at| copy(&mut later, at, 1));
        later.tell(Term::Forgot { node: from }).tell(Term::Booted { node: from, incarnation: 2 });
        part(&mut later);
        later.is_fine();
    }
}

#[test]
fn a2_an_acceptance_counts_once_its_node_was_told() {
    for told in [true, false] {
        let mut story = Story::new();
        story.durable(&[0], ballot(1, 0), 1, &put(1));
        let (node, ballot, slot, entry) = (NodeId(1), ballot(1, 0), LogSlot(1), &put(1));
        story.tell(Term::Stored { node, ballot, slot, entry, lane: Lane::Zero });
        if told {
            story.tell(Term::Counted { node, ballot, slot, entry });
        }
        story.accept(super::story::ballot(2, 2), 1, &put(2));
        if told { story.violates("A2") } else { story.is_fine() }
    }
}

/// Everybody holds what was chosen in slot 1.
fn held() -> Story {
    let mut story = Story::new();
    story.chosen(1..=1).durable(&[2], ballot(1, 0), 1, &put(1));
    story
}

/// Nodes 0 and 1 hold slot 1 no more: too few are left, unless node 0 is excused.
fn two_let_go(story: &mut Story, excused: bool) {
    erases(story, 0);
    erases(story, 1);
    if excused { story.is_fine() } else { story.violates("A3") }
}

#[test]
fn a3_damage_excuses_whoever_held_something() {
    two_let_go(&mut held(), false);
    let lost = |lane| {
        let mut story = held();
        loses(&mut story, 0, Part::Entry(LogSlot(1), lane)).is_fine();
        story
    };
    two_let_go(&mut lost(Lane::Zero), true);
    // What was in the other lane, in which nothing was, is no excuse.
    two_let_go(&mut lost(Lane::One), false);
    // Nor is it one for ever.
    let mut healed = lost(Lane::Zero);
    healed.durable(&[0], ballot(2, 0), 1, &put(1)).is_fine();
    two_let_go(&mut healed, false);
}

#[test]
fn a3_what_a_node_tears_itself_is_no_excuse() {
    let entry = Part::Entry(LogSlot(1), Lane::Zero);
    // Two of three hold it yet, so that nothing is wrong; with one more gone too few do.
    let mut story = held();
    tears(&mut story, 0, entry).is_fine();
    tears(&mut story, 1, entry).violates("A3");
    // What was in the other lane was nothing that anybody relied on.
    let mut other = held();
    for node in 0..2 {
        tears(&mut other, node, Part::Entry(LogSlot(1), Lane::One)).is_fine();
    }
    // Each copy of a pair may be torn: the other one is there.
    let mut mirrored = held();
    mirrored.bench.mirrored = true;
    tears(&mut mirrored, 0, entry).is_fine();
    tears(&mut mirrored, 1, entry).is_fine();
}

#[test]
fn a3_a_lost_disk_excuses_from_everything() {
    let after = |lose: fn(&mut Story), excused| {
        let mut story = held();
        lose(&mut story);
        two_let_go(&mut story, excused);
    };
    after(|s| s.tell(Term::Replaced { node: NodeId(0) }).is_fine(), true);
    after(|s| loses(s, 0, Part::Format).is_fine(), true);
    after(|s| (0..2).for_each(|at| loses(s, 0, Part::Promise(at)).is_fine()), true);
    after(|s| loses(s, 0, Part::Promise(1)).is_fine(), false);
}

#[test]
fn a3_a_lost_snapshot_excuses_from_what_it_covered() {
    for (place, excused) in [(0, true), (1, false)] {
        let mut story = held();
        story.durable(&[0, 1, 2], ballot(1, 0), 2, &put(2));
        story.snapshot(0, 1, &replay(&[put(1)])).pointer(0, 1, 2);
        loses(&mut story, 0, Part::Snapshot(place)).is_fine();
        if excused {
            two_let_go(&mut story, true);
            // Not from what was above it.
            for node in 0..2 {
                let (first, end) = (LogSlot(2), LogSlot(3));
                story.tell(Term::Erased { node: NodeId(node), first, end });
            }
            story.violates("A3");
        } else {
            // The other place held nothing: the snapshot covers the slot still.
            two_let_go(&mut story, true);
            story.stored(0, 0, &replay(&[])).pointer(0, 0, 1).violates("A3");
        }
    }
}

#[test]
fn a6_asks_for_no_snapshot_that_a_fault_took() {
    let state = replay(&[put(1)]);
    for damaged in [true, false] {
        let mut story = Story::new();
        story.chosen(1..=3).durable(&[2], ballot(1, 0), 1, &put(1)).snapshot(0, 1, &state);
        if damaged {
            loses(&mut story, 0, Part::Snapshot(0));
        }
        story.pointer(0, 1, 3);
        if damaged { story.is_fine() } else { story.violates("A6") }
    }
}
