//! Every order of what may happen to a few nodes.

use crate::explore::cluster::{
    Bounds, Choice, ClusterModel, Exploration, Explore, How, Reductions, Searchable, Wrong,
};
use crate::explore::{End, Exercised, Explored, Search, Unwatched};
use crate::scenario::Scenario;
use crate::subject::Mutant;
use crate::system::{ExplorableSystem, Setup};
use crate::systems::paxos::{KvLoad, MUTANTS, PaxosSettings, PaxosSystem};
use crate::verdict::Verdict;
use interregnum_core::Fingerprint;
use std::collections::BTreeSet;

type Found = Explored<Choice, Wrong>;

fn scenario(nodes: u8) -> Scenario {
    let text = format!(
        r#"{{"version": 1, "title": "t", "why": "w", "system": "paxos", "cluster": {{"nodes": {nodes}}}}}"#
    );
    serde_json::from_str(&text).expect("a scenario")
}

/// Searches Paxos on so many nodes; what was found, and everything that was decided.
fn search<S>(
    system: &S,
    mutant: Option<&'static Mutant>,
    nodes: u8,
    bounds: Bounds,
    reductions: Reductions,
) -> (Found, BTreeSet<Fingerprint>)
where
    S: ExplorableSystem<Settings = PaxosSettings, Load = KvLoad>,
{
    let (scenario, settings, load) = (scenario(nodes), Default::default(), Default::default());
    let setup = Setup { scenario: &scenario, settings: &settings, load: &load, mutant };
    let model = ClusterModel::new(system, setup, bounds, reductions).expect("it can be searched");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
    let mut decided = BTreeSet::new();
    let found = Search::of(&model).layers_with(&pool, |state| {
        decided.insert(model.decided(state));
    });
    (found, decided)
}

fn sound(nodes: u8, bounds: Bounds, reductions: Reductions) -> (Found, BTreeSet<Fingerprint>) {
    search(&PaxosSystem::sound(), None, nodes, bounds, reductions)
}

/// Three nodes start, each syncs what it read, asks two others and is told: the syncs and the six pairs of
/// question and answer go on independently of each other, 2^3 * 3^6 states.
#[test]
fn without_timers_there_are_as_many_states_as_counting_by_hand_gives() {
    let (all, _) = sound(3, Bounds::default(), Reductions::NONE);
    assert!(all.is_complete());
    assert_eq!((all.states, all.distinct), (8 * 729, 8 * 729));
}

/// Small enough to be searched without any reduction in a debug build.
const SMALL: [(u8, Bounds); 4] = {
    let none = Bounds { active: Some(1), ..Bounds::NONE };
    [
        (2, Bounds { timers: 1, clients: 1, calls: 1, ..none }),
        (2, Bounds { timers: 1, power_losses: 1, unsteady: Some(1), ..none }),
        (2, Bounds { timers: 1, crashes: 1, effects: 2, unsteady: Some(1), ..none }),
        (1, Bounds { timers: 3, clients: 2, calls: 1, power_losses: 1, disk_errors: 1, ..none }),
    ]
};

#[test]
fn each_reduction_leaves_the_verdict_and_all_decisions_as_they_are() {
    let all = Reductions::ALL;
    let without = [
        Reductions { moot_messages: false, ..all },
        Reductions { idle_deliveries: false, ..all },
        Reductions { urgent_first: false, ..all },
        Reductions { refused_calls: false, ..all },
        Reductions { budgets: false, ..all },
    ];
    for (nodes, bounds) in SMALL {
        let (full, decided) = sound(nodes, bounds, Reductions::NONE);
        assert!(full.is_complete(), "{bounds:?}: {:?}", full.end);
        let (least, also) = sound(nodes, bounds, all);
        assert!(least.is_complete() && also == decided, "{bounds:?}: {:?}", least.end);
        assert!(least.states <= full.states);
        for reductions in without {
            let (found, also) = sound(nodes, bounds, reductions);
            assert!(found.is_complete() && also == decided, "{bounds:?} {reductions:?}");
            assert!((least.states..=full.states).contains(&found.states));
        }
    }
}

/// Whoever is paused in a step is late with the rest of it, and whoever is cut off is late with everything: for
/// safety neither adds anything to messages that may be late as it is.
#[test]
fn pauses_and_partitions_lead_to_more_states_and_to_no_other_decision() {
    let (nodes, bounds) = SMALL[0];
    let (without, decided) = sound(nodes, bounds, Reductions::ALL);
    for more in [
        Bounds { pauses: 1, effects: 3, ..bounds },
        Bounds { partitions: 1, ..bounds },
        Bounds { pauses: 1, effects: 1, partitions: 1, ..bounds },
    ] {
        let (found, also) = sound(nodes, more, Reductions::ALL);
        assert!(found.is_complete() && also == decided, "{more:?}: {:?}", found.end);
        assert!(found.states > without.states);
    }
}

#[test]
fn budgets_that_there_is_no_room_for_are_refused() {
    let (scenario, settings, load) = (scenario(2), Default::default(), Default::default());
    let system = PaxosSystem::sound();
    let setup = Setup { scenario: &scenario, settings: &settings, load: &load, mutant: None };
    let bounds = Bounds { timers: 32, ..Bounds::default() };
    let refused = ClusterModel::new(&system, setup, bounds, Reductions::ALL).err();
    let refused: Vec<_> =
        refused.into_iter().flatten().map(|mistake| mistake.to_string()).collect();
    assert_eq!(refused, ["explore.bounds.timers: found `32`, expected at most 31"]);
}

#[test]
fn bounds_that_allow_nothing_are_refused() {
    let (scenario, settings, load) = (scenario(2), Default::default(), Default::default());
    let system = PaxosSystem::sound();
    let bounds = Bounds { timers: 1, ..Bounds::default() };
    for (bounds, at) in [
        (Bounds { pauses: 1, ..bounds }, "pauses"),
        (Bounds { effects: 1, ..bounds }, "effects"),
        (Bounds { torn_writes: 1, ..bounds }, "torn_writes"),
        (Bounds { calls: 1, ..bounds }, "calls"),
        (Bounds { clients: 1, ..bounds }, "clients"),
        (Bounds { timers: 0, timers_each: Some(1), ..bounds }, "timers_each"),
        (Bounds { active: Some(3), ..bounds }, "active"),
        (Bounds { unsteady: Some(3), ..bounds }, "unsteady"),
    ] {
        let setup = Setup { scenario: &scenario, settings: &settings, load: &load, mutant: None };
        let refused = ClusterModel::new(&system, setup, bounds, Reductions::ALL).err();
        let paths: Vec<_> = refused.into_iter().flatten().map(|mistake| mistake.path).collect();
        assert_eq!(paths, [format!("explore.bounds.{at}")]);
    }
}

#[test]
fn nothing_depends_on_the_number_of_threads_or_on_the_way_of_searching() {
    let (nodes, bounds) = SMALL[0];
    let (scenario, settings, load) = (scenario(nodes), Default::default(), Default::default());
    let system = PaxosSystem::sound();
    let setup = Setup { scenario: &scenario, settings: &settings, load: &load, mutant: None };
    let model = ClusterModel::new(&system, setup, bounds, Reductions::ALL).expect("it can");
    let deep = Search::of(&model).deep();
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let found = Search::of(&model).layers(&pool);
        assert_eq!((found.states, found.transitions), (deep.states, deep.transitions));
        assert_eq!(found.exercised, deep.exercised);
    }
}

/// Searches sound Paxos as the command does.
fn explored(scenario: &Scenario, bounds: Bounds, threads: usize) -> Exploration {
    let (settings, load) = (Default::default(), Default::default());
    let setup = Setup { scenario, settings: &settings, load: &load, mutant: None };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let explore = Explore { bounds, ..Explore::default() };
    let (pool, memory_bytes) = (&pool, u64::MAX);
    let how = How { explore: &explore, deep: false, memory_bytes, pool, watch: &Unwatched };
    (Searchable::new().explore)(&PaxosSystem::sound(), setup, how).expect("it can be searched")
}

fn times(found: &Exploration, property: &str) -> u64 {
    let of = |exercised: &&Exercised| exercised.property == property;
    found.exercised.iter().find(of).map_or(0, |exercised| exercised.times)
}

#[test]
fn what_is_exercised_does_not_depend_on_the_number_of_threads() {
    for (nodes, bounds) in SMALL {
        let scenario = scenario(nodes);
        let (alone, many) = (explored(&scenario, bounds, 1), explored(&scenario, bounds, 3));
        assert!(alone.exercised.iter().any(|exercised| exercised.times > 0), "{bounds:?}");
        assert_eq!(alone, many, "{bounds:?}");
    }
}

/// What clients see is judged as if each answer were the last thing to happen.
#[test]
fn answers_to_clients_exercise_what_clients_rely_on() {
    let (nodes, bounds) = SMALL[0];
    let calls = explored(&scenario(nodes), bounds, 1);
    let none = explored(&scenario(nodes), Bounds { clients: 0, calls: 0, ..bounds }, 1);
    assert!(times(&calls, "A9") > 0, "{:?}", calls.exercised);
    assert_eq!(times(&none, "A9"), 0);
    let zeros = none.exercised.iter().map(|exercised| exercised.property);
    assert!(zeros.eq(calls.exercised.iter().map(|exercised| exercised.property)));
}

#[test]
fn a_search_that_exercises_nothing_has_not_passed() {
    let none = Bounds { timers: 0, clients: 0, calls: 0, ..SMALL[0].1 };
    let scenario = scenario(1);
    let found = explored(&scenario, none, 1);
    assert!(found.complete && !found.exercised.is_empty());
    assert!(found.exercised.iter().all(|exercised| exercised.times == 0), "{found:?}");
    let (verdict, reason) = found.judge(&scenario, Some(found.states));
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(reason.is_some_and(|why| why.starts_with("no invariant was exercised")));
    let (verdict, _) = found.judge(&scenario, Some(found.states + 1));
    assert_eq!(verdict, Verdict::Failed, "to count otherwise is worse");
}

#[test]
fn a_search_must_exercise_what_its_scenario_asks_for() {
    let (nodes, bounds) = SMALL[0];
    let mut scenario = scenario(nodes);
    let found = explored(&scenario, bounds, 1);
    let mut judge = |name: &str, least| {
        scenario.explore.get_or_insert_default().at_least = [(name.to_owned(), least)].into();
        found.judge(&scenario, None).0
    };
    let all = times(&found, "A9");
    assert_eq!(judge("A9", all), Verdict::Passed);
    assert_eq!(judge("A9", all + 1), Verdict::Failed);
    assert_eq!(judge("leader-changes", 1), Verdict::Inconclusive, "no search counts them");
}

#[test]
fn planted_bugs_are_found_with_every_reduction_on() {
    let bounds = Bounds {
        timers: 2,
        timers_each: Some(1),
        active: Some(2),
        clients: 1,
        calls: 1,
        power_losses: 1,
        unsteady: Some(1),
        ..Bounds::default()
    };
    for id in ["paxos/promise-not-durable", "paxos/minority-quorum"] {
        let mutant = MUTANTS.iter().find(|mutant| mutant.id == id);
        let (found, _) = search(&PaxosSystem::planted(), mutant, 3, bounds, Reductions::ALL);
        let End::Wrong(Wrong::Violated(wrong)) = &found.end else {
            panic!("{id}: {:?} after {} states", found.end, found.states)
        };
        let expected = mutant.map(|m| m.expected);
        assert_eq!(Some(wrong.property.id), expected, "{id}: {}", wrong.what);
        assert_eq!(found.trace.len(), found.depth as usize + 1);
    }
}
