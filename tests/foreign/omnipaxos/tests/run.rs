//! OmniPaxos holds, a seed always shows the same run, and a replica that forgets is found.

use interregnum_foreign_omnipaxos::Omni;
use interregnum_sim::{outcome::Observed, outcome::Outcome, prelude::register};

const CHAOS: &str = include_str!("../scenarios/chaos.json");
const BLACKOUTS: &str = include_str!("../scenarios/blackouts.json");

fn run(hasty: bool, scenario: &str) -> Vec<Outcome> {
    let scenario = serde_json::from_str(scenario).unwrap();
    let ready = register(Omni { hasty }).prepare(&scenario);
    let ready = ready.unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    (0..200).map(|seed| ready.run(seed)).collect()
}

#[test]
fn omnipaxos_holds_and_a_seed_always_shows_the_same() {
    for scenario in [CHAOS, BLACKOUTS] {
        let runs = run(false, scenario);
        let failed = runs.iter().find(|run| run.observed != Observed::Held);
        assert_eq!(failed.map(|run| (run.seed, &run.observed, &run.violation)), None);
        assert_eq!(runs, run(false, scenario), "the same, to the last fingerprint");
    }
}

#[test]
fn haste_is_found() {
    let violations = run(true, BLACKOUTS).into_iter().filter_map(|run| run.violation);
    assert!(violations.into_iter().any(|violation| violation.invariant == "OX1"));
}
