//! The system in the simulator: the sound one holds, each planted bug is caught by the property that
//! names it.

use super::super::{MUTANTS, register};
use crate::outcome::{Finding, Observed, Outcome};
use crate::scenario::Scenario;
use serde_json::{Value, json};

/// Scenario: five nodes under every kind of drawn fault, small snapshots, leases on.
fn stormy(nodes: u8, mutant: Option<&str>) -> Value {
    json!({
        "version": 1,
        "title": "Everything goes wrong",
        "system": "paxos",
        "mutant": mutant,
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

fn run(scenario: &Value, seed: u64) -> Outcome {
    let scenario: Scenario = serde_json::from_value(scenario.clone()).expect("a scenario");
    let subject = register();
    match subject.prepare(&scenario) {
        Ok(prepared) => prepared.run(seed),
        Err(mistakes) => panic!("{mistakes:?}"),
    }
}

#[test]
fn explore_sound() {
    for seed in 0..std::env::var("SEEDS").map_or(20, |s| s.parse().unwrap()) {
        let o = run(&stormy(if seed % 2 == 0 { 3 } else { 5 }, None), seed);
        eprintln!(
            "{seed} {:?} ev {} t {}ms {:?} took {:?}",
            o.observed,
            o.events,
            o.virtual_ns / 1_000_000,
            o.violation.as_ref().map(|v| (&v.invariant, &v.what, &v.evidence, v.at_ns / 1000000)),
            o.properties
                .iter()
                .map(|p| format!(
                    "{} {}/{} {:?}/{:?}",
                    p.id,
                    p.exercised,
                    p.checked,
                    p.took_ns.map(|n| n / 1000000),
                    p.bound_ns.map(|n| n / 1000000)
                ))
                .collect::<Vec<_>>()
        );
        if seed < 2 {
            eprintln!("{:#?} {:?}", o.counts, o.faults);
        }
    }
}

#[test]
fn explore_mutants() {
    let seeds: u64 = std::env::var("SEEDS").map_or(20, |s| s.parse().unwrap());
    for mutant in MUTANTS {
        let mut by = std::collections::BTreeMap::<String, (u64, u64)>::new();
        let mut dev = 0;
        for seed in 0..seeds {
            let o = run(&stormy(if seed % 2 == 0 { 3 } else { 5 }, Some(mutant.id)), seed);
            dev += o.counts.get("deviations").copied().unwrap_or(0);
            let key =
                o.violation.as_ref().map_or(format!("{:?}", o.observed), |v| v.invariant.clone());
            let e = by.entry(key).or_insert((0, seed));
            e.0 += 1;
        }
        eprintln!("{} expected {} dev {dev}: {by:?}", mutant.id, mutant.expected);
    }
}

#[test]
fn explore_file() {
    let Ok(path) = std::env::var("FILE") else { return };
    let seeds: u64 = std::env::var("SEEDS").map_or(20, |s| s.parse().unwrap());
    let text = std::fs::read_to_string(path).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let mut by = std::collections::BTreeMap::<String, (u64, u64)>::new();
    let (mut dev, mut ev) = (0, 0);
    for seed in 0..seeds {
        let o = run(&value, seed);
        dev += o.counts.get("deviations").copied().unwrap_or(0);
        ev += o.events;
        let key = o.violation.as_ref().map_or(format!("{:?}", o.observed), |v| v.invariant.clone());
        if let Some(v) = &o.violation {
            if by.get(&key).is_none() {
                eprintln!("{seed} {v:#?}");
            }
        }
        let e = by.entry(key).or_insert((0, seed));
        e.0 += 1;
    }
    eprintln!("dev {dev} ev {ev}: {by:?}");
}

#[test]
fn explore_trace() {
    let Ok(path) = std::env::var("FILE") else { return };
    let seed: u64 = std::env::var("SEED").map_or(0, |s| s.parse().unwrap());
    let text = std::fs::read_to_string(path).unwrap();
    let scenario: Scenario = serde_json::from_str(&text).unwrap();
    let p = register().prepare(&scenario).unwrap();
    p.trace(seed, &mut |line| {
        eprintln!(
            "{} {} {:?} {:?} {}",
            line.at_ns / 1000,
            line.kind,
            line.process,
            line.peer,
            line.what
        )
    });
}
