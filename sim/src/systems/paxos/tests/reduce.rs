//! A plan that is written out is the same run, and what remains of a failing one still fails.

use super::super::register;
use super::runs::stormy;
use crate::campaign::Patient;
use crate::outcome::{Finding, Observed, Outcome};
use crate::reduce::{Irreducible, Reduced, reduce};
use crate::scenario::{self, Loaded, Scenario, load};
use crate::subject::Registry;
use crate::verdict::{Verdict, judge};
use serde_json::{Value, json};

fn registry() -> Registry {
    Registry::new().with(register())
}

fn loaded(text: &str) -> Loaded {
    load(text.as_bytes(), &registry()).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn text(scenario: &Scenario) -> String {
    serde_json::to_string_pretty(scenario).expect("a scenario is JSON")
}

/// A storm with a bug that it finds in most seeds.
fn buggy() -> Value {
    let mut scenario = stormy(3);
    scenario["mutant"] = json!("paxos/ignores-reported-value");
    // Scripted faults keep their numbers, too.
    scenario["faults"] =
        json!([{ "at": "1s", "for": "1s", "crash": { "target": { "random": 1 } } }]);
    scenario
}

fn failing(scenario: &Loaded) -> Outcome {
    let mut runs = (0..200).map(|seed| scenario.prepared.run(seed));
    runs.find(|outcome| outcome.observed == Observed::Violated).expect("the bug is found")
}

fn reduced(scenario: &Loaded, failed: &Outcome) -> Result<Reduced, Irreducible> {
    let registry = registry();
    let subject = registry.find("paxos").expect("registered");
    reduce(subject, &scenario.scenario, failed, &Patient)
}

#[test]
fn a_plan_written_out_is_the_same_run() {
    let scenario = loaded(&buggy().to_string());
    for seed in 0..12 {
        let explicit = scenario.prepared.explicit(seed).expect("every plan can be written out");
        assert!(explicit.chaos.is_none() && explicit.faults.len() > 1, "{seed}");
        let again = loaded(&text(&explicit));
        let (drawn, listed) = (scenario.prepared.run(seed), again.prepared.run(seed));
        assert_eq!(drawn.fingerprint, listed.fingerprint, "seed {seed}");
        assert_eq!((drawn.observed, drawn.events), (listed.observed, listed.events));
    }
}

#[test]
fn a_plan_written_out_excuses_what_was_excused() {
    let mut beyond = stormy(3);
    beyond["chaos"] = json!({ "for": "5s", "limits": "beyond", "kinds": ["clock-rate", "pause"] });
    let scenario = loaded(&beyond.to_string());
    let verdicts = |outcome: &Outcome| {
        let properties = outcome.properties.iter();
        properties.map(|property| (property.id.clone(), property.verdict)).collect::<Vec<_>>()
    };
    let mut excused = 0;
    for seed in 0..6 {
        let again = loaded(&text(&scenario.prepared.explicit(seed).expect("it can be written")));
        let (drawn, listed) = (scenario.prepared.run(seed), again.prepared.run(seed));
        assert_eq!(verdicts(&drawn), verdicts(&listed), "seed {seed}");
        excused += drawn.properties.iter().filter(|p| p.verdict == Finding::NotJudged).count();
        let twice = again.prepared.explicit(seed).expect("it can be written");
        assert_eq!(twice.beyond, again.scenario.beyond);
    }
    assert!(excused > 0);
}

#[test]
fn a_failing_run_is_reduced_to_a_file_that_still_fails() {
    let scenario = loaded(&buggy().to_string());
    let failed = failing(&scenario);
    let reduced = reduced(&scenario, &failed).expect("it can be reduced");
    let (left, planned) = (reduced.scenario.faults.len(), reduced.planned);
    assert!(left < planned && left <= 6, "{left} of {planned} faults");
    assert!(reduced.runs <= 200, "{}", reduced.runs);
    assert!(reduced.scenario.faults.iter().all(|fault| fault.dice.is_some()));
    assert_eq!(reduced.scenario.seed.map(|seed| seed.0), Some(failed.seed));

    let again = loaded(&text(&reduced.scenario));
    let outcome = again.prepared.run(failed.seed);
    let name = |outcome: &Outcome| outcome.violation.as_ref().map(|v| v.invariant.clone());
    assert!(name(&outcome).is_some() && name(&outcome) == name(&failed));
    assert_eq!(outcome.fingerprint, reduced.outcome.fingerprint);
    assert_eq!(judge(&again.scenario, &outcome).verdict, Verdict::Passed, "it is expected to");
}

#[test]
fn a_stall_is_shortened() {
    let mut scenario: Value = serde_json::from_str(include_str!(
        "../../../../../scenarios/audit/paxos/host-fires-timers-early.json"
    ))
    .expect("JSON");
    scenario["duration"] = json!("40s");
    let scenario = loaded(&scenario.to_string());
    let failed = scenario.prepared.run(1);
    assert_eq!(failed.observed, Observed::Stalled);
    let reduced = reduced(&scenario, &failed).expect("it can be reduced");
    let duration = reduced.scenario.duration.expect("it is written out");
    assert!(duration.0 < interregnum_core::Span::secs(1), "{duration}");
    assert_eq!(reduced.scenario.expect.observed, scenario::Observed::Stalled);
}

#[test]
fn what_does_not_fail_or_not_again_is_not_reduced() {
    // The failure is made up: it does not come about again.
    let scenario = loaded(&stormy(3).to_string());
    let held = scenario.prepared.run(1);
    assert_eq!(reduced(&scenario, &held).err(), Some(Irreducible::NothingFailed));
    let forged = failing(&loaded(&buggy().to_string()));
    let forged = Outcome { seed: 1, ..forged };
    assert_eq!(reduced(&scenario, &forged).err(), Some(Irreducible::Differs));
}
