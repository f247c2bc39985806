//! Hosts that do not keep their word, under a system of another crate: it brings rows and scenarios, and
//! nothing else.

use crate::system::ToySystem;
use interregnum_sim::audit::{Row, try_out};
use interregnum_sim::campaign::Pace;
use interregnum_sim::face::register_with_planted;
use interregnum_sim::outcome::Outcome;
use interregnum_sim::subject::{Mutant, Registry};

pub(crate) const ROWS: &[Mutant] = &[
    Mutant {
        id: "toy/host-acks-before-sync",
        bug: "H1",
        defect: "agents and workers are told that a number is durable before it is",
        expected: "T1",
        also: &[],
    },
    Mutant {
        id: "toy/host-drops-notices",
        bug: "H3",
        defect: "the worker never hears of the number that it is to store",
        expected: "T2",
        also: &[],
    },
    Mutant {
        id: "toy/host-forges-facts",
        bug: "H4",
        defect: "facts are forged, but there are none",
        expected: "T1",
        also: &[],
    },
];

/// The scenario that must catch each of them.
pub(crate) fn scenario_of(mutant: &str) -> Option<&'static str> {
    match mutant {
        "toy/host-acks-before-sync" => Some(
            r#"{ "version": 1, "title": "t", "system": "toy", "mutant": "toy/host-acks-before-sync",
                 "cluster": { "nodes": 3 }, "expect": { "observed": "violated", "invariant": "T1" } }"#,
        ),
        "toy/host-drops-notices" => Some(
            r#"{ "version": 1, "title": "t", "system": "toy", "mutant": "toy/host-drops-notices",
                 "cluster": { "nodes": 3 }, "expect": { "observed": "stalled", "invariant": "T2" } }"#,
        ),
        "toy/host-forges-facts" => Some(
            r#"{ "version": 1, "title": "t", "system": "toy", "mutant": "toy/host-forges-facts",
                 "cluster": { "nodes": 3 }, "expect": { "observed": "violated", "invariant": "T1" } }"#,
        ),
        _ => None,
    }
}

struct Patient;

impl Pace for Patient {
    fn is_cancelled(&self) -> bool {
        false
    }

    fn finished(&self, _: &Outcome) {}
}

#[test]
fn a_host_that_breaks_its_word_is_caught_where_it_is_relied_on() {
    let toy = || ToySystem { hasty: false, all_alike: false };
    let registry = Registry::new().with(register_with_planted(toy(), toy()));
    let subject = registry.find("toy").unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let tried = |mutant: &'static Mutant| {
        let row = Row::new(&registry, subject, mutant).unwrap_or_else(|unfit| panic!("{unfit:?}"));
        try_out(&row, 4, &pool, &Patient).unwrap()
    };
    for mutant in &ROWS[..2] {
        let trial = tried(mutant);
        assert!(trial.is_passed(), "{}: {trial:#?}", mutant.id);
        assert!(trial.deviations > Some(0), "{}", mutant.id);
    }
    let early = tried(&ROWS[0]).failed.and_then(|outcome| outcome.violation).unwrap();
    assert!(early.what.ends_with("durable on the shared disk"), "{}", early.what);
    let idle = tried(&ROWS[2]);
    assert!(idle.is_failed() && idle.deviations == Some(0), "nothing to forge: {idle:#?}");
}
