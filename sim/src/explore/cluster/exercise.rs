//! What the steps of a search exercised: how often each property could have been false.

use crate::check::{Branching, Check};
use crate::outcome::{Property, PropertyKind};
use crate::run::outcome::tallies;
use interregnum_core::Machine;

/// How often each property could have been false in the steps that were judged.
pub(super) struct Counts {
    /// For each check and each of its tallies, which of the properties it counts for; none for those that are
    /// not summed.
    places: Vec<Vec<Option<u8>>>,
    times: Vec<u64>,
}

impl Counts {
    pub(super) fn new<M: Machine>(
        checks: &[Box<dyn Branching<M>>],
        properties: &[&'static Property],
    ) -> Self {
        let place = |id: &str| properties.iter().position(|property| property.id == id);
        let places = checks.iter().map(|check| {
            let mut places = Vec::new();
            check.each_tally(&mut |tally| {
                places.push(place(tally.property.id).and_then(|place| u8::try_from(place).ok()));
            });
            places
        });
        Self { places: places.collect(), times: vec![0; properties.len()] }
    }

    /// Counts what was exercised from one copy of a check to a later one. Nothing else can be summed: a state
    /// keeps the check of whichever history led there first, and a check that remembers nothing new is dropped
    /// with what it counted.
    pub(super) fn count<M: Machine>(
        &mut self,
        check: usize,
        before: &dyn Branching<M>,
        after: &dyn Branching<M>,
    ) {
        let Self { places, times } = self;
        let mut add = |of: &dyn Branching<M>, sign: fn(u64, u64) -> u64| {
            let mut places = places[check].iter();
            of.each_tally(&mut |tally| {
                if let Some(Some(place)) = places.next() {
                    let times = &mut times[usize::from(*place)];
                    *times = sign(*times, tally.exercised);
                }
            });
        };
        add(after, u64::wrapping_add);
        add(before, u64::wrapping_sub);
    }

    /// Adds what was counted since this was asked last.
    pub(super) fn take(&mut self, all: &mut [u64]) {
        for (all, times) in all.iter_mut().zip(&mut self.times) {
            *all += std::mem::take(times);
        }
    }
}

/// The invariants that these checks judge, each once. Liveness is left out: nothing is owed in a search.
pub(super) fn invariants<M: Machine>(checks: &[Box<dyn Check<M>>]) -> Vec<&'static Property> {
    let tallies = tallies(checks).into_iter();
    let properties = tallies.map(|tally| tally.property);
    properties.filter(|property| property.kind == PropertyKind::Invariant).collect()
}
