//! A7, A8 and A9 on hand-written streams: each clause fires, its twin that just misses it stays silent.

use super::super::evidence::Term;
use super::story::{Story, applied, ballot, put, read, replay};
use interregnum_core::NodeId;
use interregnum_core::consensus::{ClientId, Entry, LogSlot, Operation, RequestId};
use interregnum_core::kv::{Kv, KvOutput, KvQuery};
use interregnum_core::paxos::{Reply, Snapshot};

#[test]
fn a7_a_durable_state_is_that_of_the_replay() {
    let right = replay(&[put(1), put(2)]);
    let mut story = Story::new();
    story.chosen(1..=3).snapshot(1, 2, &right).is_fine();
    assert_eq!(story.exercised("A7"), 2, "the report and the snapshot");
    story.snapshot(2, 2, &replay(&[put(1)])).violates("A7");

    let mut no_sessions = right;
    no_sessions.sessions.clear();
    let mut story = Story::new();
    story.chosen(1..=2).snapshot(1, 2, &no_sessions).violates("A7");
}

#[test]
fn a7_old_states_are_rebuilt() {
    let entries: Vec<_> = (1..=1_000).map(put).collect();
    let mut story = Story::new();
    story.chosen(1..=1_000);
    for slot in [1_000, 300, 299, 700, 256, 255, 1] {
        let at = usize::try_from(slot).expect("small");
        story.snapshot(0, slot, &replay(&entries[..at])).is_fine();
    }
    assert_eq!(story.exercised("A7"), 14);
    story.snapshot(0, 512, &replay(&entries[..511])).violates("A7");
}

#[test]
fn a7_the_disk_decides_about_a_wrong_report() {
    let (right, wrong) = (replay(&[put(1)]), replay(&[put(2)]));
    let mut forged = Story::new();
    forged.chosen(1..=1).state(1, 1, &wrong).is_fine();
    forged.stored(1, 1, &right).contradicts_itself("A7");

    let mut wrong_indeed = Story::new();
    wrong_indeed.chosen(1..=1).state(1, 1, &wrong).stored(1, 1, &wrong).violates("A7");

    let mut never_written = Story::new();
    never_written.chosen(1..=1).state(1, 1, &wrong).finish().contradicts_itself("A7");

    let mut reported_again = Story::new();
    reported_again.chosen(1..=2).state(1, 1, &wrong);
    reported_again.state(1, 2, &replay(&[put(1), put(2)])).is_fine();
    reported_again.stored(1, 1, &wrong).violates("A7");

    let mut fell_before = Story::new();
    fell_before.chosen(1..=2).state(1, 1, &wrong);
    fell_before.snapshot(1, 2, &replay(&[put(1), put(2)])).is_fine();
    fell_before.finish().contradicts_itself("A7");

    let mut honest = Story::new();
    honest.chosen(1..=1).state(1, 1, &right).stored(1, 1, &right).finish().is_fine();
    assert_eq!(honest.exercised("A7"), 2);
}

#[test]
fn a7_a_snapshot_that_was_sent_is_evidence_too() {
    let wrong = Snapshot { applied: LogSlot(1), replica: replay(&[put(2)]) };
    let mut story = Story::new();
    story.chosen(1..=1).state(1, 1, &wrong.replica);
    let (from, to) = (NodeId(1), NodeId(2));
    story.tell(Term::ClaimedState { from, to, snapshot: &wrong }).violates("A7");
}

#[test]
fn a7_a_report_was_suppressed() {
    let right = replay(&[put(1)]);
    let mut story = Story::new();
    story.chosen(1..=1).stored(1, 1, &right).contradicts_itself("A7");
}

#[test]
fn a7_a_state_after_slots_that_are_not_chosen() {
    let mut story = Story::new();
    story.chosen(1..=1).state(1, 2, &replay(&[put(1), put(2)])).finish().contradicts_itself("A7");
}

#[test]
fn a8_an_answer_is_the_replays() {
    for (reply, fine) in [
        (applied(2, Some(1)), true),
        (applied(2, Some(7)), false),
        (applied(1, Some(1)), false),
        (read(2, Some(1)), false),
        (Reply::Forgotten, false),
        (Reply::NotLeader { hint: None }, true),
    ] {
        let mut story = Story::new();
        story.chosen(1..=1);
        let id = story.ask_put(2);
        story.chosen(2..=2).reply(id, &reply);
        if fine { story.is_fine() } else { story.violates("A8") }
    }
}

#[test]
fn a8_a_request_takes_effect_once() {
    let mut story = Story::new();
    let id = story.ask_put(1);
    story.chosen(1..=1).durable(&[0, 1], ballot(1, 0), 2, &put(1));
    story.reply(id, &applied(1, None)).is_fine();
    story.reply(id, &applied(2, Some(1))).violates("A8");
}

#[test]
fn a8_a_request_that_never_took_effect() {
    let mut story = Story::new();
    let id = story.ask_put(2);
    story.chosen(1..=1).reply(id, &applied(1, None)).violates("A8");
}

#[test]
fn a8_late_answers_to_earlier_requests() {
    let mut story = Story::new();
    let id = story.ask_put(1);
    story.chosen(1..=2).reply(id, &applied(1, None)).is_fine();
    story.ask_put(2);
    story.reply(id, &Reply::Forgotten).is_fine();
    assert_eq!(story.exercised("A8"), 2);
    story.reply(id, &applied(2, Some(1))).violates("A8");
}

#[test]
fn a8_nobody_has_gone_on_who_asked_for_nothing_since() {
    let mut story = Story::new();
    let id = story.ask_put(1);
    // Whatever the sessions of a replica say.
    story.chosen(1..=2).reply(id, &Reply::Forgotten).violates("A8");
}

#[test]
fn a8_a_read_sees_the_state_it_names() {
    let mut story = Story::new();
    let id = story.ask_read(0, 9);
    story.chosen(1..=3).reply(id, &read(2, Some(2))).reply(id, &read(3, Some(3))).is_fine();
    story.reply(id, &read(1, Some(1))).is_fine();
    story.reply(id, &read(2, Some(3))).violates("A8");

    let mut wrong_kind = Story::new();
    let id = wrong_kind.ask_read(0, 9);
    wrong_kind.chosen(1..=1).reply(id, &applied(1, None)).violates("A8");
}

#[test]
fn a9_a_read_is_not_older_than_what_was_answered_before_it() {
    let answered = |story: &mut Story| {
        let id = story.ask_put(2);
        story.chosen(1..=2).answer(id, &applied(2, Some(1)));
    };
    let mut stale = Story::new();
    answered(&mut stale);
    let id = stale.ask_read(0, 3);
    stale.answer(id, &read(1, Some(1))).violates("A9");

    let mut fresh = Story::new();
    answered(&mut fresh);
    let id = fresh.ask_read(0, 3);
    fresh.answer(id, &read(2, Some(2))).is_fine();
    assert_eq!(fresh.exercised("A9"), 1);

    let mut concurrent = Story::new();
    let early = concurrent.ask_read(0, 3);
    answered(&mut concurrent);
    concurrent.answer(early, &read(1, Some(1))).is_fine();
}

#[test]
fn a9_a_retried_command_may_have_taken_effect_at_its_first_call() {
    let mut story = Story::new();
    let first = story.ask_put(1);
    story.chosen(1..=3);
    let other = story.ask_read(1, 1);
    story.answer(other, &read(3, Some(3)));
    let again = story.ask_put(1);
    story.answer(first, &applied(1, None)).answer(again, &applied(1, None)).is_fine();
}

#[test]
fn a9_a_read_asked_again_is_held_to_its_own_call() {
    let mut story = Story::new();
    let early = story.ask_read(0, 9);
    story.chosen(1..=3);
    let other = story.ask_read(1, 1);
    story.answer(other, &read(3, Some(3)));
    let again = story.ask_read(0, 9);
    story.answer(early, &read(2, Some(2))).is_fine();
    story.answer(again, &read(2, Some(2))).violates("A9");
}

#[test]
fn a9_a_command_takes_effect_above_what_was_answered_before_it() {
    // A read of the state after slot 2 is answered; only then is the request made that slot 2 holds.
    let mut story = Story::new();
    let id = story.ask_read(0, 1);
    story.chosen(1..=2).answer(id, &read(2, Some(2))).is_fine();
    let invented = story.ask_put(2);
    story.answer(invented, &applied(2, Some(1))).violates("A9");
}

/// Request `request` of client 0: a read through the log.
fn get(request: u64) -> Entry<Kv> {
    Entry::Request {
        client: ClientId(0),
        request: RequestId(request),
        operation: Operation::Query(KvQuery::Get { key: 1 }),
    }
}

/// A late copy of a read is chosen when its client has gone on, and has no effect; then a leader reads the
/// state after that very slot for another late copy.
#[test]
fn a8_a_read_of_the_state_after_a_late_copy_of_itself() {
    let late = || {
        let mut story = Story::new();
        let id = story.ask_read(0, 5);
        story.chosen(1..=1).durable(&[0, 1], ballot(1, 0), 2, &put(6));
        story.durable(&[0, 1], ballot(1, 0), 3, &get(5));
        (story, id)
    };
    let (mut story, id) = late();
    story.answer(id, &read(3, Some(6))).is_fine();
    assert_eq!(count(&story, "reads_by_lease"), 1);
    let (mut story, id) = late();
    story.reply(id, &read(3, Some(1))).violates("A8");
}

#[test]
fn a9_a_read_through_the_log_has_a_slot_of_its_own() {
    let mut story = Story::new();
    story.chosen(1..=1);
    let first = story.ask_read(0, 5);
    story.durable(&[0, 1], ballot(1, 0), 2, &get(5)).chosen(3..=3);
    story.answer(first, &Reply::Read { as_of: LogSlot(2), output: KvOutput::Value(Some(1)) });
    story.is_fine();
    assert_eq!(count(&story, "reads_by_log"), 1);
    assert_eq!(count(&story, "reads_by_lease"), 0);
}

#[test]
fn snapshots_taken_and_installed_are_told_apart() {
    use interregnum_core::paxos::Snapshot;
    let replica = replay(&[put(1)]);
    let mut story = Story::new();
    story.chosen(1..=1).snapshot(0, 1, &replica);
    let snapshot = Snapshot { applied: LogSlot(1), replica: replica.clone() };
    let (from, to) = (NodeId(0), NodeId(2));
    story.tell(Term::ClaimedState { from, to, snapshot: &snapshot }).snapshot(2, 1, &replica);
    story.is_fine();
    assert_eq!((count(&story, "snapshots_taken"), count(&story, "snapshots_installed")), (1, 1));
}

fn count(story: &Story, name: &str) -> u64 {
    story.bench.counts().iter().find(|(known, _)| *known == name).map_or(0, |(_, count)| *count)
}
