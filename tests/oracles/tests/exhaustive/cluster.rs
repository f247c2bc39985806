//! Paxos on the simulator's own machines and disks, within bounds.

use crate::{agree_on_all, agree_on_flaw, ours, peer};
use interregnum_sim::explore::cluster::{Bounds, ClusterModel, Reductions};
use interregnum_sim::scenario::Scenario;
use interregnum_sim::subject::Mutant;
use interregnum_sim::system::{ExplorableSystem, Setup};
use interregnum_sim::systems::paxos::{KvLoad, MUTANTS, PaxosSettings, PaxosSystem};
use std::sync::Arc;

/// A model of which nothing is borrowed for less than ever, for stateright keeps what it searches.
pub(crate) fn model<S>(
    system: S,
    mutant: Option<&'static Mutant>,
    nodes: u8,
    bounds: Bounds,
    reductions: Reductions,
) -> ClusterModel<'static, S>
where
    S: ExplorableSystem<Settings = PaxosSettings, Load = KvLoad>,
{
    let text = format!(
        r#"{{"version": 1, "title": "t", "why": "w", "system": "paxos", "cluster": {{"nodes": {nodes}}}}}"#
    );
    let scenario: &Scenario = Box::leak(serde_json::from_str(&text).expect("a scenario"));
    let (settings, load) = (Box::leak(Box::default()), Box::leak(Box::default()));
    let setup = Setup { scenario, settings, load, mutant };
    let model = ClusterModel::new(Box::leak(Box::new(system)), setup, bounds, reductions);
    model.expect("it can be searched")
}

/// All but that a state with less left of the budgets is left out: only our own search knows of that.
const EQUAL: Reductions = Reductions { budgets: false, ..Reductions::ALL };

fn small() -> [(u8, Bounds); 6] {
    let none = Bounds { active: Some(1), unsteady: Some(1), ..Bounds::default() };
    [
        (1, Bounds { timers: 2, clients: 1, calls: 1, power_losses: 1, ..none }),
        (2, Bounds { timers: 1, ..none }),
        (2, Bounds { timers: 1, clients: 1, calls: 1, ..none }),
        (2, Bounds { timers: 1, power_losses: 1, ..none }),
        (2, Bounds { timers: 2, timers_each: Some(1), active: Some(2), ..none }),
        (3, Bounds::default()),
    ]
}

/// Small enough only where much is left out.
fn larger() -> [(u8, Bounds); 6] {
    let none = Bounds { active: Some(1), unsteady: Some(1), ..Bounds::default() };
    [
        (1, Bounds { timers: 2, clients: 1, calls: 2, power_losses: 2, crashes: 2, ..none }),
        (2, Bounds { timers: 2, clients: 1, calls: 1, power_losses: 1, crashes: 1, ..none }),
        (3, Bounds { timers: 1, clients: 1, calls: 1, ..none }),
        (3, Bounds { timers: 1, power_losses: 1, ..none }),
        (2, Bounds { timers: 2, duplicates: 1, disk_errors: 1, ..none }),
        (3, Bounds { timers: 1, drops: 1, duplicates: 1, ..none }),
    ]
}

#[test]
fn both_count_the_states_of_clusters() {
    for (nodes, bounds) in small() {
        let model = |reductions| model(PaxosSystem::sound(), None, nodes, bounds, reductions);
        let name = format!("{nodes} nodes, {}", serde_json::to_string(&bounds).expect("json"));
        let reduced = agree_on_all(&format!("{name}, reduced"), model(EQUAL));
        let all = agree_on_all(&name, model(Reductions::NONE));
        assert!(reduced <= all, "{name}");
    }
    for (nodes, bounds) in larger() {
        let name = format!("{nodes} nodes, {}", serde_json::to_string(&bounds).expect("json"));
        agree_on_all(&name, model(PaxosSystem::sound(), None, nodes, bounds, EQUAL));
    }
}

/// Where ours does not go on from a state with less left of every budget than before, it still finds every
/// fingerprint that stateright finds, which goes on from all.
#[test]
fn a_state_with_less_left_leads_to_nothing_new() {
    let mut spared = 0;
    for (nodes, bounds) in small().into_iter().chain(larger()) {
        let model = Arc::new(model(PaxosSystem::sound(), None, nodes, bounds, Reductions::ALL));
        let (ours, theirs) = (ours(&*model), peer::search(&model));
        println!("{nodes} nodes: {} states, {:?} in stateright", ours.states, theirs.count);
        assert!(ours.is_complete() && !theirs.count.is_wrong);
        assert_eq!(ours.distinct, theirs.count.prints, "{nodes} nodes, {bounds:?}");
        assert!(ours.states <= theirs.count.keys);
        spared += theirs.count.keys - ours.states;
    }
    assert!(spared > 100, "only {spared} states were left out");
}

#[test]
fn both_find_a_planted_bug() {
    let mutant = MUTANTS.iter().find(|mutant| mutant.id == "paxos/minority-quorum");
    let bounds = Bounds {
        timers: 2,
        timers_each: Some(1),
        active: Some(2),
        clients: 1,
        calls: 1,
        ..Bounds::default()
    };
    assert!(mutant.is_some());
    for reductions in [EQUAL, Reductions::ALL] {
        let model = model(PaxosSystem::planted(), mutant, 2, bounds, reductions);
        agree_on_flaw("a minority is taken for a quorum", model);
    }
}
