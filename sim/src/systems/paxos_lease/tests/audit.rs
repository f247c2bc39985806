//! Planted bugs and their scenarios belong together, and every bug is caught by what its row names.

use super::super::hosts::{ALL, EXEMPT};
use super::super::register;
use crate::audit::{Row, try_out};
use crate::campaign::Pace;
use crate::cluster::Misdeed;
use crate::outcome::Outcome;
use crate::subject::{Mutant, Registry};
use std::fs;
use std::path::Path;

struct Patient;

impl Pace for Patient {
    fn is_cancelled(&self) -> bool {
        false
    }

    fn finished(&self, _: &Outcome) {}
}

#[test]
fn every_planted_bug_is_caught_and_its_sound_twin_holds() {
    let registry = Registry::new().with(register());
    let subject = registry.find("paxos-lease").expect("it was registered");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
    for mutant in ALL {
        let row = match Row::new(&registry, subject, mutant) {
            Ok(row) => row,
            Err(unfit) => panic!("{}: {unfit:?}", mutant.id),
        };
        let expect = &row.planted.scenario.expect;
        assert_eq!(expect.invariant.as_deref(), Some(mutant.expected), "{}", mutant.id);
        let trial = try_out(&row, 40, &pool, &Patient).expect("the simulation is in order");
        assert!(trial.is_passed(), "{}: {trial:#?}", mutant.id);
        assert!(trial.deviations.is_some_and(|deviations| deviations > 0), "{}", mutant.id);
    }
}

#[test]
fn each_misdeed_of_a_host_is_planted_or_said_not_to_apply() {
    for (name, _) in Misdeed::ALL {
        let id = format!("paxos-lease/{name}");
        let planted = ALL.iter().any(|mutant| mutant.id == id);
        assert_ne!(planted, EXEMPT.iter().any(|exempt| exempt.id == id), "{id}");
    }
}

#[test]
fn every_file_is_the_scenario_of_the_bug_that_it_is_named_after() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/audit/paxos-lease");
    let files = fs::read_dir(folder).expect("the folder of the audit");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("text"));
    let mut names: Vec<_> = names.collect();
    names.sort();
    let name = |mutant: &Mutant| mutant.id.strip_prefix("paxos-lease/").expect("ours").to_owned();
    let mut known: Vec<_> = ALL.iter().map(|mutant| name(mutant) + ".json").collect();
    known.sort();
    assert_eq!(names, known);
}
