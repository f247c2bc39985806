//! Every order of what may happen to a few nodes and their clocks.

use super::super::hosts::ALL;
use super::super::{ActLoad, MUTANTS, PaxosLeaseSettings, PaxosLeaseSystem, Planted};
use crate::cluster::Misdeed;
use crate::explore::cluster::{Bounds, ClusterModel, Reductions, Time, Wrong};
use crate::explore::{End, Explored, Search};
use crate::scenario::{Duration, Scenario};
use crate::subject::Mutant;
use crate::system::Setup;
use interregnum_core::paxos_lease::Sound;
use interregnum_core::{Fingerprint, Span};
use std::collections::BTreeSet;

fn scenario(nodes: u8) -> Scenario {
    let text = r#"{"version": 1, "title": "t", "system": "paxos-lease"}"#;
    let mut scenario: Scenario = serde_json::from_str(text).expect("a scenario");
    scenario.cluster.nodes = nodes;
    scenario
}

fn settings() -> PaxosLeaseSettings {
    let at_once = "{\"min\": \"0ns\", \"max\": \"1ns\"}";
    let settings = format!(
        "{{\"grant\": \"2ns\", \"clock_rate_bound_ppm\": 0, \"attempt\": {at_once}, \"renewal\": {at_once}}}"
    );
    serde_json::from_str(&settings).expect("settings")
}

/// How many states there are, whether all were seen and nothing was wrong, and every way in which leases are held.
fn sound(bounds: Bounds, reductions: Reductions) -> (u64, bool, BTreeSet<Fingerprint>) {
    let settings = settings();
    let (scenario, load) = (scenario(3), ActLoad { clients: 2, ..ActLoad::default() });
    let system = PaxosLeaseSystem::<Sound>::sound();
    let setup = Setup { scenario: &scenario, settings: &settings, load: &load, mutant: None };
    let model = ClusterModel::new(&system, setup, bounds, reductions).expect("it can be searched");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
    let mut decided = BTreeSet::new();
    let found: Explored<_, _> = Search::of(&model).layers_with(&pool, |state| {
        decided.insert(model.decided(state));
    });
    (found.states, found.is_complete(), decided)
}

const ONE: Bounds = Bounds {
    timers: 1,
    active: Some(1),
    unsteady: Some(1),
    time: Some(Time { beat: Duration(Span::nanos(1)), rate_ppm: 0, beats: Some(2) }),
    ..Bounds::NONE
};

/// Small enough to be searched without any reduction in a debug build.
const SMALL: [Bounds; 3] = [
    Bounds { clients: 2, calls: 1, ..ONE },
    Bounds { crashes: 1, ..ONE },
    Bounds { duplicates: 1, pauses: 1, effects: 1, ..ONE },
];

#[test]
fn each_reduction_leaves_the_verdict_and_who_holds_the_lease_as_they_are() {
    let all = Reductions::ALL;
    let without = [
        Reductions { moot_messages: false, ..all },
        Reductions { idle_deliveries: false, ..all },
        Reductions { urgent_first: false, ..all },
        Reductions { refused_calls: false, ..all },
        Reductions { budgets: false, ..all },
    ];
    for bounds in SMALL {
        let (full, complete, decided) = sound(bounds, Reductions::NONE);
        assert!(complete && decided.len() > 1, "{bounds:?}");
        let (least, complete, also) = sound(bounds, all);
        assert!(complete && also == decided && least < full, "{bounds:?}");
        for reductions in without {
            let (states, complete, also) = sound(bounds, reductions);
            assert!(complete && also == decided, "{bounds:?} {reductions:?}");
            assert!((least..=full).contains(&states), "{bounds:?} {reductions:?}");
        }
    }
}

/// Half of the nodes are a majority only to who counts wrongly; with an odd number nobody could tell.
#[test]
fn half_of_four_nodes_do_not_decide() {
    let bounds = Bounds { timers: 2, timers_each: Some(1), active: Some(2), unsteady: None, ..ONE };
    let bounds =
        Bounds { time: Some(Time { beats: Some(0), ..ONE.time.expect("beats") }), ..bounds };
    let (scenario, settings, load) = (scenario(4), settings(), ActLoad::default());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
    let system = PaxosLeaseSystem::<Planted>::planted();
    let named = |mutant: &&Mutant| mutant.id == "paxos-lease/minority-quorum";
    for mutant in [None, MUTANTS.iter().find(named)] {
        let setup = Setup { scenario: &scenario, settings: &settings, load: &load, mutant };
        let model = ClusterModel::new(&system, setup, bounds, Reductions::ALL);
        let model = model.expect("it can be searched");
        let found: Explored<_, _> = Search::of(&model).layers(&pool);
        let wrong = match &found.end {
            End::Wrong(Wrong::Violated(failure)) => Some(failure.property.id),
            _ => None,
        };
        assert_eq!(wrong, mutant.map(|_| "L2"), "{mutant:?}");
        assert!(mutant.is_some() || found.is_complete());
    }
}

#[test]
fn every_planted_bug_has_a_shortest_history_but_for_four() {
    // No search has wall clocks, hosts that err, nor disks that lose what was durable; the others take millions of
    // states.
    let missing = |id: &&str| super::super::trials::exploration_of(id).is_none();
    let machines = ALL.iter().filter(|mutant| Misdeed::of(mutant.id).is_none());
    let missing: Vec<_> = machines.map(|mutant| mutant.id).filter(missing).collect();
    let expected = ["own-lease-is-open", "late-record-replaces", "wall-clock", "amnesiac-asks"];
    assert_eq!(missing, expected.map(|name| format!("paxos-lease/{name}")));
}
