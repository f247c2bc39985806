//! Our machine, on our simulator, against a Synod that stateright has to itself: what can be decided.
//!
//! Ours agrees on a sequence, of which the first entry of a client is looked at: which node has applied it, and
//! whose it is. That is what one Synod decides. Outcomes are compared state by state: not only what is decided in
//! the end, but who can know of it while who else does not.

use crate::cluster::model;
use crate::synod::{self, Extent, Outcome};
use interregnum_sim::explore::Search;
use interregnum_sim::explore::cluster::{Bounds, ClusterModel, Reductions};
use interregnum_sim::systems::paxos::PaxosSystem;
use std::collections::BTreeSet;

/// Bounds, and how many outcomes there are. A sequence has room for the requests of both clients, where a Synod takes one: with two of each, proposers and
/// clients, only two nodes are few enough for a debug build.
const EXTENTS: [(Extent, usize); 4] = {
    let none = Extent { nodes: 3, proposers: 1, rounds: 1, clients: 2, crashes: 0, deaf: false };
    [
        (none, 9),
        (Extent { proposers: 2, clients: 1, ..none }, 4),
        (Extent { nodes: 2, proposers: 2, ..none }, 7),
        (Extent { nodes: 2, proposers: 2, clients: 1, crashes: 1, ..none }, 4),
    ]
};

/// Every outcome that our search reaches, and in how many states.
fn ours(extent: Extent) -> (BTreeSet<Outcome>, u64) {
    let proposers = u8::try_from(extent.proposers).expect("few");
    let bounds = Bounds {
        timers: proposers * extent.rounds,
        timers_each: Some(extent.rounds),
        active: Some(proposers),
        clients: u8::try_from(extent.clients).expect("few"),
        calls: 1,
        crashes: extent.crashes,
        unsteady: Some(1),
        ..Bounds::default()
    };
    let nodes = u8::try_from(extent.nodes).expect("few");
    let model = model(PaxosSystem::sound(), None, nodes, bounds, Reductions::ALL);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
    let mut outcomes = BTreeSet::new();
    let found = Search::of(&model).layers_with(&pool, |state| {
        // Every client asks once, so that the session whose slot is the lowest is that of the first entry.
        let first = ClusterModel::<PaxosSystem<_>>::machines(state).map(|machine| {
            let (_, replica) = machine?.decisions();
            let (client, _) = replica.sessions.iter().min_by_key(|(_, session)| session.slot)?;
            Some(client.0)
        });
        outcomes.insert(first.collect::<Outcome>());
    });
    assert!(found.is_complete(), "{extent:?}: {:?}", found.end);
    (outcomes, found.states)
}

#[test]
fn the_synod_of_stateright_and_ours_decide_the_same() {
    for (extent, outcomes) in EXTENTS {
        let (theirs, many) = synod::search(extent);
        let (ours, few) = ours(extent);
        println!("{extent:?}: {} outcomes, {many} states there, {few} here", ours.len());
        assert_eq!(ours, theirs, "{extent:?}");
        assert_eq!(ours.len(), outcomes, "{extent:?}");
        for outcome in ours {
            let values: BTreeSet<_> = outcome.iter().flatten().collect();
            assert!(values.len() <= 1, "{outcome:?}");
        }
    }
}

/// What is compared can differ: without heed of what was accepted before, two values are decided.
#[test]
fn a_synod_that_is_deaf_decides_more() {
    let [.., (extent, _), _] = EXTENTS;
    let (theirs, _) = synod::search(Extent { deaf: true, ..extent });
    let (ours, _) = ours(extent);
    let more: Vec<_> = theirs.difference(&ours).collect();
    assert!(ours.is_subset(&theirs));
    assert_eq!(more, [&vec![Some(0), Some(1)], &vec![Some(1), Some(0)]]);
}

/// Where ours has too many states, for its sequence has room for both requests, what the Synod decides is what
/// must be: whoever has decided is at least one of those that propose, and all have decided the same.
#[test]
fn two_proposers_of_two_values_among_three_decide_one() {
    let extent = Extent { proposers: 2, ..EXTENTS[0].0 };
    let (outcomes, _) = synod::search(extent);
    let mut expected = BTreeSet::from([vec![None; 3]]);
    for value in 0..2 {
        let value = Some(value);
        for first in [vec![value, None], vec![None, value], vec![value, value]] {
            expected.extend([None, value].map(|last| [&first[..], &[last]].concat()));
        }
    }
    println!("{outcomes:?}");
    assert_eq!(outcomes, expected);
    let (deaf, _) = synod::search(Extent { deaf: true, ..extent });
    assert!(outcomes.is_subset(&deaf) && deaf.len() > outcomes.len());
}
