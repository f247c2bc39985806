//! What is said of runs in which the system stops claiming anything, or owes nothing after the faults.

use super::runs::{run_of, with};
use crate::outcome::{Caveat, Finding, Observed, Outcome};
use crate::scenario::Scenario;
use crate::verdict::{Judgement, Verdict, judge};
use serde_json::{Value, json};

fn scenario(faults: &Value) -> Value {
    json!({
        "version": 1,
        "title": "Disks that cannot be trusted",
        "system": "paxos",
        "cluster": { "nodes": 5 },
        "settings": { "lease": { "grant": "300ms", "guard": "2ms" } },
        "workload": { "clients": 3, "pause": "40ms" },
        "faults": faults,
    })
}

fn lying() -> Value {
    let lies = |node: u8, at| {
        let target = json!({ "node": node });
        json!({ "at": at, "for": "5s", "lost_write": { "target": target, "ratio": "50%" } })
    };
    scenario(&json!([lies(0, "3s"), lies(1, "3s"), lies(2, "3s")]))
}

fn run(scenario: &Value) -> (Outcome, Judgement) {
    let outcome = run_of(&*super::super::register(), scenario, 1);
    let read: Scenario = serde_json::from_value(scenario.clone()).expect("a scenario");
    let judgement = judge(&read, &outcome);
    (outcome, judgement)
}

fn end_of_claims(outcome: &Outcome) -> &Caveat {
    outcome.caveats.iter().find(|caveat| caveat.ends_claims).expect("claims ended")
}

#[test]
fn what_held_until_a_disk_lied_is_not_passed_for_the_rest() {
    let (outcome, judgement) = run(&lying());
    assert_eq!(outcome.observed, Observed::Held, "{:?}", outcome.violation);
    assert!(end_of_claims(&outcome).at_ns >= 3_000_000_000);
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
    assert!(judgement.reasons[0].contains("a disk lied"), "{:?}", judgement.reasons);
}

#[test]
fn who_means_it_is_told_what_held_until_then() {
    let (outcome, judgement) = run(&with(&lying(), &["beyond"], json!(["lost-write"])));
    end_of_claims(&outcome);
    assert_eq!((judgement.verdict, judgement.reasons), (Verdict::Passed, Vec::new()));
    let judged = outcome.properties.iter().filter(|of| of.verdict == Finding::Held);
    assert!(judged.count() >= 5, "{:?}", outcome.properties);
}

#[test]
fn other_kinds_in_beyond_are_no_excuse() {
    let (_, judgement) = run(&with(&lying(), &["beyond"], json!(["clock-rate"])));
    assert_eq!(judgement.verdict, Verdict::Inconclusive, "{:?}", judgement.reasons);
}

#[test]
fn what_was_not_judged_meets_no_expectation() {
    let mut excused = with(&scenario(&json!([])), &["beyond"], json!(["clock-rate"]));
    excused["duration"] = json!("5s");
    assert_eq!(run(&excused).1.verdict, Verdict::Passed);
    excused["expect"] = json!({ "at_least": { "A9": 1 } });
    let (outcome, judgement) = run(&excused);
    assert!(outcome.properties.iter().any(|of| of.id == "A9" && of.exercised > 0));
    assert_eq!(judgement.reasons, ["expected at least 1 of `A9`, counted 0"]);
}

#[test]
fn liveness_is_not_held_where_claims_ended_first() {
    let late = json!([
        { "at": "4990ms", "for": "1s", "lost_write": { "target": "all", "ratio": "100%" } },
    ]);
    let mut lies = with(&scenario(&late), &["beyond"], json!(["lost-write"]));
    lies["workload"] = json!({ "clients": 8, "pause": "1ms" });
    lies["duration"] = json!("5s");
    let (outcome, _) = run(&lies);
    end_of_claims(&outcome);
    let live = outcome.properties.iter().find(|of| of.id == "V1").expect("V1 is judged");
    assert_eq!((live.took_ns, live.verdict), (None, Finding::NotJudged));
}

#[test]
fn a_planted_bug_is_found_before_the_disk_lies_and_not_after() {
    for (at, found) in [("15s", true), ("0s", false)] {
        let lies = json!([
            { "at": at, "for": "1s", "lost_write": { "target": "all", "ratio": "100%" } },
        ]);
        let mut careless = with(&scenario(&lies), &["mutant"], json!("paxos/promise-not-durable"));
        careless["chaos"] = json!({ "for": "14s", "kinds": ["power-loss", "partition"] });
        let of = |seed| run_of(&*super::super::register(), &careless, seed);
        let caught = (0..20).any(|seed| of(seed).observed == Observed::Violated);
        assert_eq!(caught, found, "{at}");
    }
}

#[test]
fn it_is_said_when_nothing_was_owed_after_the_faults() {
    let gone =
        |node: u8| json!({ "at": "3s", "for": "1s", "blank_disk": { "target": { "node": node } } });
    let (outcome, _) = run(&scenario(&json!([gone(0), gone(1), gone(2)])));
    let [caveat] = &outcome.caveats[..] else { panic!("{:?}", outcome.caveats) };
    assert!(!caveat.ends_claims && caveat.what.starts_with("no nodes were left"), "{caveat:?}");
    let (outcome, _) = run(&scenario(&json!([gone(0), gone(1)])));
    assert_eq!(outcome.caveats, []);
}
