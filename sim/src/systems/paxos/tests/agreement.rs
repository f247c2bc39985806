//! A2 and A5 on hand-written streams: each clause fires, its twin that just misses it stays silent.

use super::super::evidence::Term;
use super::story::{Story, applied, ballot, put, replay};
use interregnum_core::consensus::{Entry, LogSlot};
use interregnum_core::kv::Kv;
use interregnum_core::paxos::record::Lane;
use interregnum_core::paxos::{Ballot, Held, Promise, SlotReport};
use interregnum_core::{NodeId, NodeSet};
use proptest::prelude::*;

#[test]
fn a2_a_later_ballot_proposes_something_else() {
    let chosen = |story: &mut Story| {
        story.accept(ballot(1, 0), 1, &put(1)).durable(&[0, 1], ballot(1, 0), 1, &put(1));
    };
    let mut story = Story::new();
    chosen(&mut story);
    story.accept(ballot(2, 1), 1, &put(2)).violates("A2");

    let mut twin = Story::new();
    chosen(&mut twin);
    assert_eq!(twin.exercised("A2"), 0, "within one ballot it could not be false");
    twin.accept(ballot(2, 1), 1, &put(1)).is_fine();
    assert_eq!(twin.exercised("A2"), 1);
}

#[test]
fn a2_something_else_was_proposed_before_the_entry_was_chosen() {
    let mut story = Story::new();
    story.durable(&[0], ballot(1, 0), 1, &put(1)).accept(ballot(2, 2), 1, &put(2)).is_fine();
    story.durable(&[1], ballot(1, 0), 1, &put(1)).violates("A2");

    let mut twin = Story::new();
    twin.durable(&[0], ballot(2, 0), 1, &put(1)).accept(ballot(1, 2), 1, &put(2));
    twin.durable(&[1], ballot(2, 0), 1, &put(1)).is_fine();
}

#[test]
fn a2_an_acceptance_is_as_good_as_an_accept() {
    let mut story = Story::new();
    story.chosen(1..=1).durable(&[2], ballot(2, 2), 1, &put(2)).violates("A2");
    let mut twin = Story::new();
    twin.chosen(1..=1).durable(&[2], ballot(1, 0), 1, &put(1)).is_fine();
    let mut other_slot = Story::new();
    other_slot.chosen(1..=1).durable(&[2], ballot(2, 2), 2, &put(2)).is_fine();
}

#[test]
fn a2_and_a4_two_entries_of_one_ballot_are_a4s() {
    let mut story = Story::new();
    story.chosen(1..=1).accept(ballot(1, 0), 1, &put(2)).violates("A4");
    let mut unchosen = Story::new();
    unchosen.accept(ballot(1, 0), 1, &put(1)).accept(ballot(1, 0), 1, &put(2)).violates("A4");
    let mut twin = Story::new();
    twin.accept(ballot(1, 0), 1, &put(1)).accept(ballot(1, 0), 1, &put(1)).is_fine();
    assert_eq!(twin.exercised("A4"), 1 + 1, "a new ballot, and a repetition");
}

#[test]
fn a2_a_lower_ballot_turns_out_to_be_chosen_later() {
    let mut story = Story::new();
    story.durable(&[0], ballot(1, 0), 1, &put(1)).durable(&[1, 2], ballot(3, 1), 1, &put(2));
    story.is_fine();
    story.durable(&[2], ballot(1, 0), 1, &put(1)).violates("A2");

    let mut twin = Story::new();
    twin.durable(&[0], ballot(1, 0), 1, &put(2)).durable(&[1, 2], ballot(3, 1), 1, &put(2));
    twin.durable(&[2], ballot(1, 0), 1, &put(2)).is_fine();
}

/// A way to claim something.
type Claim<'c, T> = &'c dyn Fn(&mut Story, T);

/// Ends a chain of what is said.
fn said(_: &mut Story) {}

#[test]
fn a5_a_majority_of_distinct_nodes_in_one_ballot_makes_chosen() {
    let claims = |tell: &dyn Fn(&mut Story)| {
        let mut story = Story::new();
        tell(&mut story);
        story.upto(0, 1).found().is_some()
    };
    let one = put(1);
    assert!(claims(&|_| ()), "nothing at all");
    assert!(claims(&|s| said(s.durable(&[0, 0, 0], ballot(1, 0), 1, &put(1)))), "one node");
    assert!(claims(&|s| said(s.durable(&[0, 3], ballot(1, 0), 1, &put(1)))), "a stranger");
    assert!(
        claims(&|s| {
            s.durable(&[0], ballot(1, 0), 1, &one).durable(&[1, 1], ballot(2, 1), 1, &one);
        }),
        "votes of two ballots"
    );
    assert!(claims(&|s| said(s.durable(&[0, 1], ballot(1, 0), 2, &one))), "another slot");
    assert!(
        claims(&|s| said(s.accept(ballot(1, 0), 1, &one).accept(ballot(1, 0), 1, &one))),
        "only proposed"
    );
    assert!(!claims(&|s| said(s.durable(&[0, 2], ballot(1, 0), 1, &one))), "chosen");
}

#[test]
fn a5_every_way_to_claim_a_prefix() {
    let promise = |chosen_upto: u64, log_start: u64| Promise {
        ballot: ballot(2, 2),
        first: LogSlot::FIRST,
        log_start: LogSlot(log_start),
        chosen_upto: LogSlot(chosen_upto),
        reports: Vec::new(),
    };
    let claims: [Claim<u64>; 6] = [
        &|s, k| said(s.upto(1, k)),
        &|s, k| {
            let (slot, entry) = (LogSlot(9), &put(9));
            let (from, ballot) = (NodeId(0), ballot(1, 0));
            s.tell(Term::Accept { from, ballot, slot, entry, chosen_upto: LogSlot(k) });
        },
        &|s, k| s.promise(&promise(k, 1)),
        &|s, k| s.promise(&promise(0, k + 1)),
        &|s, k| said(s.pointer(1, k, 1)),
        &|s, k| {
            let id = s.ask_put(3);
            s.reply(id, &applied(k, None));
        },
    ];
    for (number, claim) in claims.iter().enumerate() {
        let mut story = Story::new();
        claim(story.chosen(1..=2), 3);
        story.violates("A5");
        let mut twin = Story::new();
        claim(twin.chosen(1..=3), 3);
        assert_ne!(twin.found().map(|(id, _)| id), Some("A5"), "claim {number}");
        assert_eq!(twin.exercised("A5"), 1, "claim {number}");
    }
}

#[test]
fn a5_a_gap_ends_the_prefix() {
    let mut story = Story::new();
    story.chosen(1..=1).chosen(3..=3).upto(0, 1).is_fine();
    story.upto(0, 3).violates("A5");
}

#[test]
fn a5_a_snapshot_beyond_what_is_chosen() {
    let mut story = Story::new();
    story.chosen(1..=1).snapshot(0, 2, &replay(&[put(1), put(2)])).violates("A5");
}

#[test]
fn a5_an_entry_called_chosen_is_the_chosen_one() {
    let promise = |entry: Entry<Kv>| Promise {
        ballot: ballot(2, 2),
        first: LogSlot::FIRST,
        log_start: LogSlot::FIRST,
        chosen_upto: LogSlot::ZERO,
        reports: vec![SlotReport { slot: LogSlot(1), held: Held::Chosen { entry } }],
    };
    let claims: [Claim<Entry<Kv>>; 3] = [
        &|s, entry| said(s.batch(1, &[entry])),
        &|s, entry| {
            let (node, slot, entry) = (NodeId(2), LogSlot(1), &entry);
            s.tell(Term::DurableChosen { node, slot, entry, lane: Lane::Zero });
        },
        &|s, entry| s.promise(&promise(entry)),
    ];
    for claim in claims {
        let mut unchosen = Story::new();
        claim(unchosen.durable(&[0], ballot(1, 0), 1, &put(1)), put(1));
        unchosen.violates("A5");
        let mut other = Story::new();
        claim(other.chosen(1..=1), put(2));
        other.violates("A5");
        let mut twin = Story::new();
        claim(twin.chosen(1..=1), put(1));
        twin.is_fine();
        assert_eq!(twin.exercised("A5"), 1);
    }
}

#[test]
fn memory_is_flat() {
    let mut story = Story::new();
    let (mut sizes, mut replica) = (Vec::new(), replay(&[]));
    for slot in 1..=50_000_u64 {
        story.chosen(slot..=slot);
        replica.apply(LogSlot(slot), &put(slot));
        if slot.is_multiple_of(1_000) {
            for node in [0, 1, 2] {
                story.snapshot(node, slot, &replica).pointer(node, slot, slot - 500);
            }
            sizes.push(story.bench.kept());
        }
    }
    story.is_fine();
    assert!(sizes.iter().all(|kept| *kept < 1_000), "{sizes:?}");

    // A node that never comes back does not keep everything for ever.
    let mut lone = Story::new();
    lone.chosen(1..=150_000);
    assert!(lone.bench.kept() < 70_000, "{}", lone.bench.kept());
}

/// What happens to slot 1: an accept is sent, or an acceptance becomes durable at a node.
#[derive(Clone, Copy, Debug)]
struct Step {
    node: Option<u8>,
    ballot: Ballot,
    value: u64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (prop::option::of(0..3_u8), 1..4_u64, 1..3_u64)
        .prop_map(|(node, round, value)| Step { node, ballot: ballot(round, 0), value });
    prop::collection::vec(step, 1..14)
}

/// A2 and the first half of A4 as the paper writes them, over everything that ever happened.
fn violated(past: &[Step]) -> bool {
    let chosen = |of: &Step| {
        let same = |s: &&Step| s.ballot == of.ballot && s.value == of.value;
        let nodes: NodeSet = past.iter().filter(same).filter_map(|s| s.node.map(NodeId)).collect();
        nodes.len() >= 2
    };
    let two = |of: &Step| past.iter().any(|s| s.ballot == of.ballot && s.value != of.value);
    past.iter().any(two)
        || past
            .iter()
            .filter(|of| chosen(of))
            .any(|of| past.iter().any(|other| other.ballot >= of.ballot && other.value != of.value))
}

proptest! {
    #[test]
    fn a2_and_a4_fire_exactly_when_a_formula_is_false(steps in steps()) {
        let mut story = Story::new();
        for (index, step) in steps.iter().enumerate() {
            match step.node {
                Some(node) => story.durable(&[node], step.ballot, 1, &put(step.value)),
                None => story.accept(step.ballot, 1, &put(step.value)),
            };
            // In this tale nobody keeps two lanes, and what was chosen may be overwritten.
            if story.found().is_some_and(|(property, _)| property == "A3") {
                return Ok(());
            }
            prop_assert_eq!(story.found().is_some(), violated(&steps[..=index]), "step {}", index);
        }
    }
}
