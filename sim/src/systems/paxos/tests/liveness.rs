//! V1 on hand-written streams.

use super::super::evidence::Term;
use super::story::{Story, ballot, put, read};
use interregnum_core::NodeId;
use interregnum_core::paxos::Ballot;

fn heard(story: &mut Story, from: u8, ballot: Ballot) {
    story.tell(Term::Heard { from: NodeId(from), ballot });
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
    twin.calm().wait(98);
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
