//! How often a planted bug made a difference, as a count of the run.
//!
//! The counter is in the configuration, outside the machines; this picks it up when the first process
//! boots, and judges nothing.

use super::mutants::Variant;
use crate::check::{Branching, Check, Report, Tally, View};
use crate::seen::{Kind, Kinds, Seen};
use interregnum_core::paxos::Config;
use interregnum_core::{Fold, Machine};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The name of the count.
pub(super) const DEVIATIONS: &str = "deviations";

/// Reports the deviations of a planted bug.
#[derive(Clone, Debug, Default, Fold)]
pub(super) struct Deviations {
    #[fold(skip)]
    counter: Option<Arc<AtomicU64>>,
}

impl<M: Machine<Config = Config<R>>, R: Variant> Check<M> for Deviations {
    fn branching(self: Box<Self>) -> Option<Box<dyn Branching<M>>> {
        Some(self)
    }

    fn interest(&self) -> Kinds {
        Kinds::of(&[Kind::Booted])
    }

    fn observe(&mut self, seen: &Seen<'_, M>, view: View<'_, M>, _: &mut Report) {
        if self.counter.is_none()
            && let Seen::Booted { process, .. } = seen
        {
            self.counter = view.config(*process).and_then(|config| config.rules.deviations());
        }
    }

    fn finish(&mut self, _: View<'_, M>, _: &mut Report) {}

    fn tallies(&self) -> Vec<Tally> {
        Vec::new()
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        let counter = self.counter.iter();
        counter.map(|counter| (DEVIATIONS, counter.load(Ordering::Relaxed))).collect()
    }
}
