//! Elections while links are cut pairwise: within a few rounds one leader serves, and it stays.

use crate::chance::Chance;
use crate::lab::Lab;
use interregnum_core::CallId;
use interregnum_core::NodeId;
use interregnum_core::consensus::{ClientId, RequestId};
use interregnum_core::kv::KvCommand;
use interregnum_core::paxos::{Call, Fact, Reply, Settings, Sound};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const C: NodeId = NodeId(2);
const D: NodeId = NodeId(3);
const E: NodeId = NodeId(4);

fn lab(members: u8) -> Lab<Sound> {
    let mut lab = Lab::new(&Sound, &Settings { members, ..Settings::default() });
    for id in lab.ids() {
        lab.boot(id);
    }
    lab.settle();
    lab
}

fn cut(lab: &mut Lab<Sound>, links: &[(NodeId, NodeId)]) {
    for (a, b) in links {
        lab.cut.extend([(*a, *b), (*b, *a)]);
    }
}

/// Rounds until some node serves a request.
fn rounds_until_served(lab: &mut Lab<Sound>, chance: &mut Chance, request: u64) -> Option<u64> {
    for round in 1..=8 {
        lab.round(chance);
        lab.replies.clear();
        for id in lab.ids() {
            let call = Call::Submit {
                client: ClientId(u32::from(id.0)),
                request: RequestId(request * 100 + round),
                command: KvCommand::Put { key: 1, value: round },
            };
            lab.call(id, CallId((request * 100 + round) * 10 + u64::from(id.0)), call);
        }
        lab.settle();
        if lab.replies.iter().any(|(_, reply)| matches!(reply, Reply::Applied { .. })) {
            return Some(round);
        }
    }
    None
}

/// A leader emerges soon after the cut and no other follows it.
fn one_leader_emerges(members: u8, links: &[(NodeId, NodeId)], first: NodeId) {
    for seed in 0..50 {
        let mut chance = Chance::new(seed);
        let mut lab = lab(members);
        // The named node leads before links fail: alone in firing, it takes over first.
        for _ in 0..3 {
            lab.fire(first);
            lab.settle();
        }
        assert!(
            lab.facts.iter().any(|(id, fact)| *id == first && matches!(fact, Fact::Led { .. }))
        );
        cut(&mut lab, links);
        let rounds = rounds_until_served(&mut lab, &mut chance, 1);
        assert!(rounds.is_some_and(|rounds| rounds <= 8), "seed {seed}: {rounds:?}");
        for _ in 0..4 {
            lab.round(&mut chance);
        }
        let led = |lab: &Lab<Sound>| {
            lab.facts.iter().filter(|(_, fact)| matches!(fact, Fact::Led { .. })).count()
        };
        let before = led(&lab);
        for _ in 0..20 {
            lab.round(&mut chance);
        }
        assert_eq!(led(&lab), before, "seed {seed}: leadership is stable");
        assert_eq!(rounds_until_served(&mut lab, &mut chance, 2), Some(1), "seed {seed}");
        assert_eq!(lab.oracle.violation, None);
    }
}

#[test]
fn a_leader_that_lost_its_majority_is_replaced_although_it_is_heard() {
    // Only A reaches everybody; the old leader E still reaches A.
    one_leader_emerges(5, &[(B, C), (B, D), (B, E), (C, D), (C, E), (D, E)], E);
}

#[test]
fn a_constrained_election_picks_the_only_connected_node() {
    // The leader E is gone altogether; of the others only A is connected to a majority.
    one_leader_emerges(5, &[(E, A), (E, B), (E, C), (E, D), (B, C), (B, D), (C, D)], E);
}

#[test]
fn a_chain_does_not_flap() {
    one_leader_emerges(3, &[(B, C)], B);
    one_leader_emerges(3, &[(B, C)], C);
    one_leader_emerges(3, &[(B, C)], A);
}

#[test]
fn any_graph_with_a_connected_node_elects_one_leader() {
    for seed in 0..300 {
        let mut chance = Chance::new(seed);
        let members = 3 + 2 * u8::try_from(chance.below(2)).expect("small");
        let mut lab = lab(members);
        for _ in 0..chance.below(4) {
            lab.round(&mut chance);
        }
        for a in NodeId::first(members) {
            for b in NodeId::first(a.0) {
                if chance.once_in(2) {
                    cut(&mut lab, &[(a, b)]);
                }
            }
        }
        let degree = |a: NodeId| lab.ids().filter(|b| !lab.cut.contains(&(a, *b))).count();
        if !lab.ids().any(|a| degree(a) * 2 > usize::from(members)) {
            continue;
        }
        let rounds = rounds_until_served(&mut lab, &mut chance, 1);
        assert!(rounds.is_some(), "seed {seed}, {members} nodes, cut {:?}", lab.cut);
        for _ in 0..4 {
            lab.round(&mut chance);
        }
        let led = lab.facts.len();
        for _ in 0..20 {
            lab.round(&mut chance);
        }
        assert_eq!(lab.facts.len(), led, "seed {seed}: leadership is stable");
    }
}
