//! V1 and V7 on hand-written streams.

use super::super::evidence::Term;
use super::story::{Story, ballot, put, read};
use interregnum_core::NodeId;
use interregnum_core::paxos::Ballot;

fn heard(story: &mut Story, from: u8, ballot: Ballot) {
    story.tell(Term::DurablePromised { node: NodeId(from), copy: 0, ballot });
    story.tell(Term::Granted { from: NodeId(from), ballot });
}

/// Each of these clients calls and is answered from slot 1.
fn answered(story: &mut Story, clients: &[u32]) {
    for client in clients {
        let id = story.ask_read(*client, 9);
        story.answer(id, &read(1, Some(1)));
    }
}

fn healthy(story: &mut Story) {
    heard(story, 1, ballot(1, 0));
    story.durable(&[0, 1], ballot(1, 0), 1, &put(1));
    answered(story, &[0, 1]);
}

#[test]
fn a_leader_that_answers_in_time() {
    let mut story = Story::new();
    story.calm();
    healthy(&mut story);
    assert!(story.bench.settled());
    story.wait(1_000).finish().is_fine();
    assert_eq!(story.exercised("V1"), 1);
}

#[test]
fn nobody_leads() {
    let mut story = Story::new();
    story.calm();
    // A leader that only one node hears, and another one that nobody but itself hears.
    heard(&mut story, 0, ballot(3, 0));
    story.wait(300).finish().violates("V1");
}

#[test]
fn somebody_leads_too_late() {
    let mut story = Story::new();
    story.calm().wait(101);
    heard(&mut story, 1, ballot(1, 0));
    story.violates("V1");

    let mut twin = Story::new();
    twin.calm().wait(97);
    heard(&mut twin, 1, ballot(1, 0));
    twin.is_fine();
}

#[test]
fn what_was_heard_before_the_calm_does_not_count() {
    let mut story = Story::new();
    heard(&mut story, 1, ballot(1, 0));
    story.calm().wait(300).finish().violates("V1");
}

#[test]
fn no_command_is_chosen() {
    let mut story = Story::new();
    story.durable(&[0, 1], ballot(1, 0), 1, &put(1)).calm();
    heard(&mut story, 1, ballot(1, 0));
    answered(&mut story, &[0, 1]);
    assert!(!story.bench.settled());
    story.wait(300).finish().violates("V1");
}

#[test]
fn one_client_is_never_answered() {
    let mut story = Story::new();
    story.calm();
    heard(&mut story, 1, ballot(1, 0));
    story.durable(&[0, 1], ballot(1, 0), 1, &put(1));
    answered(&mut story, &[1]);
    story.wait(300).finish().violates("V1");
}

#[test]
fn answers_to_calls_made_before_the_calm_do_not_count() {
    let mut story = Story::new();
    story.durable(&[0, 1], ballot(1, 0), 1, &put(1));
    let early = story.ask_read(0, 1);
    story.calm();
    story.answer(early, &read(1, Some(1)));
    heard(&mut story, 1, ballot(1, 0));
    assert!(!story.bench.settled());
}

#[test]
fn without_a_calm_phase_nothing_is_owed() {
    let mut story = Story::new();
    story.wait(10_000).finish().is_fine();
    assert_eq!(story.exercised("V1"), 0);
}

/// Somebody leads, a command is chosen in `slot`, and the clients are answered.
fn goes_on(story: &mut Story, slot: u64) {
    heard(story, 1, ballot(1, 0));
    story.chosen(slot..=slot);
    answered(story, &[0, 1]);
}

/// Three slots are chosen; nodes 0 and 1 are the calm core, and node 0 has applied them all.
fn lagging() -> Story {
    let mut story = Story::new();
    story.chosen(1..=3).upto(0, 3).upto(1, 2).calm();
    assert!(!story.bench.settled());
    story
}

#[test]
fn v7_a_connected_node_never_catches_up() {
    let mut story = lagging();
    goes_on(&mut story, 4);
    story.wait(1_000).finish().violates("V7");

    let mut twin = lagging();
    goes_on(&mut twin, 4);
    twin.upto(1, 3);
    assert!(twin.bench.settled());
    twin.wait(1_000).finish().is_fine();
    assert_eq!(twin.exercised("V7"), 1);
}

#[test]
fn v7_a_connected_node_catches_up_too_late() {
    let mut story = lagging();
    story.wait(301).upto(1, 3).violates("V7");
    let mut twin = lagging();
    twin.wait(298).upto(1, 3).is_fine();
}

#[test]
fn v7_what_was_applied_is_forgotten_with_the_process() {
    let mut story = Story::new();
    story.chosen(1..=3).upto(0, 3).upto(1, 3);
    story.tell(Term::Booted { node: NodeId(1), incarnation: 2 }).calm();
    goes_on(&mut story, 4);
    story.wait(1_000).finish().violates("V7");
}

#[test]
fn v7_a_log_that_is_never_cut() {
    let grown = |slots: u64| {
        let mut story = Story::new();
        story.chosen(1..=slots).upto(0, slots).upto(1, slots).calm();
        goes_on(&mut story, slots + 1);
        story.wait(1_000);
        story
    };
    grown(10).finish().violates("V7");
    grown(9).finish().is_fine();
    let mut cut = grown(10);
    let entries: Vec<_> = (1..=5).map(put).collect();
    for node in [0, 1] {
        cut.snapshot(node, 5, &super::story::replay(&entries));
    }
    cut.finish().violates("V7");
}
