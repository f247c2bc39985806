//! Planted bugs and their scenarios belong together, and every bug is caught by what its row names.

use super::super::{MUTANTS, register};
use crate::audit::{Row, try_out};
use crate::campaign::Pace;
use crate::outcome::Outcome;
use crate::subject::Registry;

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
    for mutant in &MUTANTS {
        let row = match Row::new(&registry, subject, mutant) {
            Ok(row) => row,
            Err(unfit) => panic!("{}: {unfit:?}", mutant.id),
        };
        let expect = &row.planted.scenario.expect;
        assert_eq!(expect.invariant.as_deref(), Some(mutant.expected), "{}", mutant.id);
        let trial = try_out(&row, 40, &pool, &Patient).expect("the simulation is in order");
        assert!(trial.is_passed(), "{}: {trial:#?}", mutant.id);
    }
}
