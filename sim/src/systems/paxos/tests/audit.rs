//! Planted bugs and their scenarios belong together; the host's are caught; what cannot happen is not
//! only not seen but cannot be said.

use super::super::hosts::{ALL, EXEMPT};
use super::super::{register, trials};
use crate::audit::{Catch, Row, Trial, try_out};
use crate::campaign::Pace;
use crate::cluster::Misdeed;
use crate::outcome::Outcome;
use crate::subject::{Mutant, Registry};
use interregnum_core::Machine;
use interregnum_core::kv::Kv;
use interregnum_core::paxos::{Paxos, Sound, Timer};
use std::fs;
use std::path::Path;

struct Patient;

impl Pace for Patient {
    fn is_cancelled(&self) -> bool {
        false
    }

    fn finished(&self, _: &Outcome) {}
}

fn registry() -> Registry {
    Registry::new().with(register())
}

fn row(registry: &Registry, mutant: &'static Mutant) -> Row {
    let subject = registry.find("paxos").expect("it was registered");
    match Row::new(registry, subject, mutant) {
        Ok(row) => row,
        Err(unfit) => panic!("{}: {unfit:?}", mutant.id),
    }
}

fn tried(row: &Row, seeds: u64) -> Trial {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
    try_out(row, seeds, &pool, &Patient).expect("the simulation is in order")
}

#[test]
fn every_file_is_the_scenario_of_the_bug_that_it_is_named_after() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/audit/paxos");
    let files = fs::read_dir(folder).expect("the folder of the audit");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("text"));
    let mut names: Vec<_> = names.collect();
    names.sort();
    let mut known: Vec<_> = trials::NAMES.iter().map(|name| format!("{name}.json")).collect();
    known.sort();
    assert_eq!(names, known, "each file has a line in `trials.rs`");
    let registry = registry();
    for name in trials::NAMES {
        let mutant = ALL.iter().find(|mutant| mutant.id.strip_prefix("paxos/") == Some(name));
        let mutant = mutant.unwrap_or_else(|| panic!("no planted bug is called {name}"));
        let expect = &row(&registry, mutant).planted.scenario.expect;
        assert_eq!(expect.invariant.as_deref(), Some(mutant.expected), "{name}");
    }
}

#[test]
fn a_host_that_breaks_its_word_is_caught() {
    let registry = registry();
    let mut hosts = 0;
    for mutant in ALL.iter().filter(|mutant| Misdeed::of(mutant.id).is_some()) {
        let trial = tried(&row(&registry, mutant), 60);
        assert!(trial.is_passed(), "{}: {trial:#?}", mutant.id);
        assert!(trial.deviations.is_some_and(|deviations| deviations > 0), "{}", mutant.id);
        assert_eq!(trial.twin.seeds, 50, "{}", mutant.id);
        hosts += 1;
    }
    let misdeeds = Misdeed::ALL.iter().map(|(name, _)| format!("paxos/{name}"));
    let exempt = misdeeds.filter(|id| EXEMPT.iter().any(|exempt| exempt.id == id)).count();
    assert_eq!(
        hosts + exempt,
        Misdeed::ALL.len(),
        "each misdeed is a row, or is said not to apply"
    );
}

/// The bug of lost notices does not apply: there is no value that could be lost.
#[test]
fn there_are_no_notices_to_lose() {
    const fn none(notice: &<Paxos<Kv, Sound> as Machine>::Notice) -> u64 {
        match *notice {}
    }
    let count: fn(&_) -> u64 = none;
    assert_eq!(std::iter::empty().map(count).sum::<u64>(), 0);
    assert!(EXEMPT.iter().any(|exempt| exempt.id == "paxos/host-drops-notices"));
}

/// The bug of a deadline that a timer enforces does not apply: the only timer ends a round of questions.
/// That a lease ends although no timer fires is tried in the core.
#[test]
fn no_timer_ends_a_lease() {
    let ends_a_round = |timer| match timer {
        Timer::Round => true,
    };
    assert!(ends_a_round(Timer::Round));
    assert!(EXEMPT.iter().any(|exempt| exempt.id == "paxos/lease-ends-by-timer"));
}

/// The bug of leases on wall clocks does not apply: no source of the machine asks for one.
#[test]
fn no_wall_clock_is_read() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    let asks = |path: &Path| fs::read_to_string(path).expect("a source").contains("wall(");
    assert!(asks(&core.join("machine.rs")), "that is what asking for one is called");
    let sources = fs::read_dir(core.join("paxos")).expect("the machine");
    let sources: Vec<_> = sources.map(|source| source.expect("a file").path()).collect();
    assert!(sources.len() > 10);
    for source in sources {
        assert!(!asks(&source), "{}", source.display());
    }
    assert!(EXEMPT.iter().any(|exempt| exempt.id == "paxos/lease-on-wall-clock"));
}

#[test]
fn a_bug_that_is_not_planted_survives_or_never_deviated() {
    let registry = registry();
    let mutant = |id| ALL.iter().find(|mutant| mutant.id == id).expect("a planted bug");
    let forges = mutant("paxos/host-forges-facts");
    let mut row = row(&registry, forges);
    row.planted = crate::audit::twin(&registry, &row.planted).expect("a sound twin");
    let trial = tried(&row, 3);
    assert_eq!((trial.catch, trial.deviations), (Catch::Survived, None), "nothing was counted");

    // Before the first snapshot no fact is told that could be forged.
    let mut idle = self::row(&registry, forges);
    let mut scenario = idle.planted.scenario.clone();
    scenario.settings.insert("snapshot_every".to_owned(), 1_000_000.into());
    let subject = registry.find("paxos").expect("it was registered");
    idle.planted.prepared = subject.prepare(&scenario).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let trial = tried(&idle, 3);
    assert_eq!((trial.catch, trial.deviations), (Catch::NeverDeviated, Some(0)));
    assert!(trial.is_failed() && trial.failed.is_none());
}

#[test]
fn a_catch_by_another_property_fails() {
    let registry = registry();
    let mutant = |id| ALL.iter().find(|mutant| mutant.id == id).expect("a planted bug");
    let mut row = row(&registry, mutant("paxos/host-fires-timers-early"));
    row.mutant = mutant("paxos/host-forges-facts");
    let trial = tried(&row, 3);
    assert_eq!((trial.catch, trial.seeds), (Catch::CaughtByOther, 1));
    assert!(trial.is_failed() && trial.twin.is_sound());
}
