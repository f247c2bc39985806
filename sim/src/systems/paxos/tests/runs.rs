//! The system in the simulator: the sound one holds, each planted bug is caught by the property that
//! names it or by one that its row allows, and the sound twin passes the seed that caught it.

use super::super::deviations::DEVIATIONS;
use super::super::{COUNTERS, MUTANTS, register};
use crate::outcome::{Observed, Outcome};
use crate::scenario::Scenario;
use crate::subject::{Mistake, Mutant, Subject};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Every kind of drawn fault, leases, clocks at their bound, and snapshots often enough to matter.
pub(super) fn stormy(nodes: u8) -> Value {
    json!({
        "version": 1,
        "title": "Everything goes wrong",
        "system": "paxos",
        "cluster": { "nodes": nodes },
        "settings": {
            "lease": { "grant": "300ms", "guard": "2ms" },
            "snapshot_every": 40,
            "retained": 10,
        },
        "workload": { "clients": 5, "pause": "5ms" },
        "clocks": { "rate_ppm": 500 },
        "chaos": { "for": "20s" },
    })
}

/// A leader falls with slow accepts on their way. The node that promised its successor loses power before
/// the promise is durable, and hears the old leader's accept before the new one, which is cut off, again.
/// It takes some hundred seeds until everything falls into place.
fn forgotten_promise() -> Value {
    let slow = json!({ "min": "700ms", "mean": "1s", "max": "1300ms" });
    json!({
        "version": 1,
        "title": "A promise is forgotten",
        "system": "paxos",
        "cluster": { "nodes": 3 },
        "disks": { "sync": { "min": "150ms", "mean": "160ms", "max": "200ms" } },
        "workload": { "clients": 8, "pause": "1s", "timeout": "800ms" },
        "duration": "11s",
        "faults": [
            { "at": "5s", "for": "60ms", "delay": { "extra": slow, "target": "leader" } },
            { "at": "5060ms", "for": "3s", "crash": { "target": "leader" } },
            { "at": "5700ms", "for": "5ms", "power_loss": { "target": "follower" } },
            { "at": "5700ms", "for": "1s", "partition": { "isolate": "leader" } },
        ],
    })
}

pub(super) fn with(scenario: &Value, path: &[&str], value: Value) -> Value {
    let mut changed = scenario.clone();
    let place = path.iter().fold(&mut changed, |at, field| &mut at[*field]);
    *place = value;
    changed
}

fn run(scenario: &Value, seed: u64) -> Outcome {
    run_of(&*register(), scenario, seed)
}

pub(super) fn run_of(subject: &dyn Subject, scenario: &Value, seed: u64) -> Outcome {
    let scenario: Scenario = serde_json::from_value(scenario.clone()).expect("a scenario");
    match subject.prepare(&scenario) {
        Ok(prepared) => prepared.run(seed),
        Err(mistakes) => panic!("{mistakes:?}"),
    }
}

fn mistakes(scenario: &Value) -> Vec<Mistake> {
    let scenario: Scenario = serde_json::from_value(scenario.clone()).expect("a scenario");
    register().prepare(&scenario).err().unwrap_or_default()
}

#[test]
fn the_sound_system_holds_and_is_put_to_the_test() {
    let (mut exercised, mut counted) = (BTreeMap::new(), BTreeMap::new());
    for seed in 0..60 {
        let outcome = run(&stormy(if seed % 2 == 0 { 3 } else { 5 }), seed);
        assert_eq!(outcome.observed, Observed::Held, "{seed} {:?}", outcome.violation);
        for property in outcome.properties {
            *exercised.entry(property.id).or_insert(0) += property.exercised;
            let within = property.took_ns.zip(property.bound_ns);
            assert!(within.is_none_or(|(took, bound)| took <= bound));
        }
        for (name, count) in outcome.counts {
            *counted.entry(name).or_insert(0) += count;
        }
    }
    assert_eq!(exercised.len(), 6);
    assert!(exercised.values().all(|count| *count > 0), "{exercised:?}");
    assert!(COUNTERS.iter().all(|name| counted.get(*name).is_some_and(|n| *n > 0)), "{counted:?}");
}

#[test]
fn every_read_goes_through_the_log_without_a_lease() {
    let scenario = with(&stormy(3), &["settings", "lease"], Value::Null);
    let outcome = run(&scenario, 1);
    assert_eq!(outcome.observed, Observed::Held, "{:?}", outcome.violation);
    assert!(!outcome.counts.contains_key("reads_by_lease"));
    assert!(outcome.counts.contains_key("reads_by_log"));
}

#[test]
fn clusters_of_every_size_hold() {
    for nodes in [1, 2, 4, 7] {
        for seed in 0..6 {
            let outcome = run(&stormy(nodes), seed);
            assert_eq!(outcome.observed, Observed::Held, "{nodes} {seed} {:?}", outcome.violation);
        }
    }
}

/// The first seed that catches the bug, and how the run ended.
fn hunt(mutant: &Mutant, scenario: &Value, seeds: u64) -> Option<(u64, Outcome)> {
    let planted = with(scenario, &["mutant"], json!(mutant.id));
    (0..seeds).map(|seed| (seed, run(&planted, seed))).find(|(_, o)| o.observed != Observed::Held)
}

#[test]
fn every_planted_bug_is_caught_and_its_sound_twin_is_not() {
    for mutant in MUTANTS {
        let (scenario, seeds) = match mutant.bug {
            "P1" => (forgotten_promise(), 3_000),
            _ => (stormy(3), 400),
        };
        let Some((seed, caught)) = hunt(mutant, &scenario, seeds) else {
            panic!("{} survived {seeds} seeds", mutant.id);
        };
        let by = caught.violation.as_ref().map_or("nothing", |violation| &violation.invariant);
        let allowed = mutant.expected == by || mutant.also.iter().any(|(id, _)| *id == by);
        assert!(allowed, "{} caught by {by} at seed {seed}: {:?}", mutant.id, caught.violation);
        assert!(caught.counts.get(DEVIATIONS).is_some_and(|n| *n > 0), "{}", mutant.id);
        assert_eq!(run(&scenario, seed).observed, Observed::Held, "{} seed {seed}", mutant.id);
    }
}

#[test]
fn a_run_depends_on_its_seed_alone() {
    let runs = [7, 7, 8].map(|seed| run(&stormy(3), seed).fingerprint);
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[test]
fn mistakes_name_the_field() {
    for (path, value) in [
        ("settings.heartbeat", json!({ "min": "30ms", "max": "20ms" })),
        ("settings.abdication_rounds", json!(1)),
        ("settings.snapshot_every", json!(0)),
        ("settings.batch", json!(0)),
        ("settings.window", json!(0)),
        ("settings.clock_rate_bound_ppm", json!(499)),
        ("settings.clock_rate_bound_ppm", json!(500_001)),
        ("settings.lease.guard", json!("299.9ms")),
        ("settings.lease.grant", json!("soon")),
        ("workload.keys", json!(0)),
        ("workload.timeout", json!("1ms")),
    ] {
        let fields: Vec<_> = path.split('.').collect();
        let found = mistakes(&with(&stormy(3), &fields, value));
        assert!(found.iter().any(|m| m.path.starts_with(path)), "{path}: {found:?}");
    }
    assert_eq!(mistakes(&stormy(3)), []);
}

#[test]
fn several_mistakes_are_told_at_once() {
    let scenario = with(&stormy(3), &["settings", "batch"], json!(0));
    let scenario = with(&scenario, &["settings", "window"], json!(0));
    let scenario = with(&scenario, &["workload", "keys"], json!(0));
    let paths: Vec<_> = mistakes(&scenario).into_iter().map(|mistake| mistake.path).collect();
    assert_eq!(paths, ["settings.batch", "settings.window", "workload.keys"]);
}
