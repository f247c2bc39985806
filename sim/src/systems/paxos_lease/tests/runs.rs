//! The sound system in the simulator: it holds whatever happens, and mistakes are told.

use super::super::register;
use crate::outcome::{Observed, Outcome};
use crate::scenario::Scenario;
use crate::subject::Mistake;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Every kind of drawn fault that is survived, clocks within their bound, and leases given up now and then.
fn stormy(nodes: u8) -> Value {
    json!({
        "version": 1,
        "title": "Everything goes wrong",
        "system": "paxos-lease",
        "cluster": { "nodes": nodes },
        "settings": { "grant": "300ms" },
        "workload": { "clients": 5, "pause": "20ms", "releases": "3%" },
        "network": { "delay": { "min": "1ms", "mean": "3ms", "max": "8ms" } },
        "clocks": { "rate_ppm": 1000 },
        "chaos": { "for": "20s" },
    })
}

fn with(scenario: &Value, path: &str, value: Value) -> Value {
    let mut changed = scenario.clone();
    let place = path.split('.').fold(&mut changed, |at, field| &mut at[field]);
    *place = value;
    changed
}

fn run(scenario: &Value, seed: u64) -> Outcome {
    let scenario: Scenario = serde_json::from_value(scenario.clone()).expect("a scenario");
    match register().prepare(&scenario) {
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
        }
        for (name, count) in outcome.counts {
            *counted.entry(name).or_insert(0) += count;
        }
    }
    let idle: Vec<_> = exercised.iter().filter(|(_, times)| **times == 0).collect();
    assert!(idle.is_empty(), "{idle:?}");
    for name in register().counters() {
        assert!(counted.get(*name).is_some_and(|count| *count > 0), "{name}: {counted:?}");
    }
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

#[test]
fn a_run_depends_on_its_seed_alone() {
    let runs = [7, 7, 8].map(|seed| run(&stormy(3), seed).fingerprint);
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[test]
fn mistakes_name_the_field() {
    for (path, value) in [
        ("settings.grant", json!("0ns")),
        ("settings.grant", json!("soon")),
        ("settings.clock_rate_bound_ppm", json!(999)),
        ("settings.clock_rate_bound_ppm", json!(500_001)),
        ("settings.attempt", json!({ "min": "30ms", "max": "20ms" })),
        ("settings.attempt", json!({ "min": "0ms", "max": "0ms" })),
        ("settings.renewal", json!({ "min": "30ms", "max": "20ms" })),
        ("settings.renewal", json!({ "min": "30ms", "max": "300ms" })),
        ("workload.clients", json!(1_001)),
    ] {
        let found = mistakes(&with(&stormy(3), path, value.clone()));
        assert!(found.iter().any(|m| m.path.starts_with(path)), "{path} {value}: {found:?}");
    }
    assert_eq!(mistakes(&stormy(3)), []);
}

/// A disk that fails in a way that shows may cost its node the lease for ever; two nodes never hold it.
#[test]
fn however_disks_break_one_node_holds_the_lease() {
    let disks = [
        "crash",
        "power-loss",
        "torn-write",
        "bad-sector",
        "disk-error",
        "full-disk",
        "slow-disk",
        "hung-disk",
        "dead-disk",
        "blank-disk",
        "hold",
        "duplication",
        "partition",
    ];
    let chaos = json!({ "for": "10s", "limits": "beyond", "kinds": disks });
    let mut amnesiac = 0;
    for seed in 0..60 {
        let outcome = run(&with(&stormy(3), "chaos", chaos.clone()), seed);
        assert_ne!(outcome.observed, Observed::Violated, "{seed} {:?}", outcome.violation);
        amnesiac += outcome.counts.get("amnesiac").copied().unwrap_or(0);
    }
    assert!(amnesiac > 100, "{amnesiac}");
}
