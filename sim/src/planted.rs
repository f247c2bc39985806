//! What planted bugs of all systems have in common: rules that deviate from the sound ones in one place, and how
//! often that made a difference.
//!
//! The count is outside the machines, shared by all nodes of a run, and no part of what the rules are: a bug that
//! never deviated was not put to the test.

use crate::check::{Branching, Check, Report, Tally, View};
use crate::seen::{Kind, Kinds, Seen};
use crate::subject::Mutant;
use interregnum_core::{Fold, Folder, Machine};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The name of the count.
pub const DEVIATIONS: &str = "deviations";

/// Rules with one bug of `B`, or none.
#[derive(Clone, Debug)]
pub struct Planted<B> {
    bug: Option<B>,
    deviations: Arc<AtomicU64>,
}

impl<B: Copy + PartialEq> Planted<B> {
    /// Rules with this bug.
    #[must_use]
    pub fn new(bug: Option<B>) -> Self {
        Self { bug, deviations: Arc::new(AtomicU64::new(0)) }
    }

    /// What the rule answers: `wrong` where `bug` is planted, counting where that makes a difference.
    pub fn answer<T: PartialEq>(&self, bug: B, sound: T, wrong: impl FnOnce() -> T) -> T {
        if self.bug != Some(bug) {
            return sound;
        }
        let wrong = wrong();
        if wrong != sound {
            self.deviations.fetch_add(1, Ordering::Relaxed);
        }
        wrong
    }

    /// How often the rules differed from the sound ones so far, in all processes of the run.
    #[must_use]
    pub fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.deviations)
    }
}

impl<B: PartialEq> PartialEq for Planted<B> {
    fn eq(&self, other: &Self) -> bool {
        self.bug == other.bug
    }
}

impl<B: Eq> Eq for Planted<B> {}

impl<B: Hash> Hash for Planted<B> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bug.hash(state);
    }
}

/// Those of the rules and those of the host.
///
/// # Panics
/// If they are not `N`, or there are none of the rules: at compile time.
#[must_use]
pub const fn joined<const N: usize>(rules: &[Mutant], hosts: &[Mutant]) -> [Mutant; N] {
    assert!(rules.len() + hosts.len() == N, "as many as there are");
    let mut all = [rules[0]; N];
    let mut index = 0;
    while index < N {
        all[index] = if index < rules.len() { rules[index] } else { hosts[index - rules.len()] };
        index += 1;
    }
    all
}

/// Where a process's configuration keeps its counter, if its rules have one.
type Counter<M> = fn(&<M as Machine>::Config) -> Option<Arc<AtomicU64>>;

/// Reports the deviations of a planted bug as a count of the run. The counter is picked up when the first process
/// boots. Judges nothing.
pub struct Deviations<M: Machine> {
    of: Counter<M>,
    counter: Option<Arc<AtomicU64>>,
}

impl<M: Machine> Deviations<M> {
    /// Told where the counter is; all processes of a run share one.
    #[must_use]
    pub const fn new(of: Counter<M>) -> Self {
        Self { of, counter: None }
    }
}

impl<M: Machine> fmt::Debug for Deviations<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Deviations").field(&self.counter).finish()
    }
}

impl<M: Machine> Clone for Deviations<M> {
    fn clone(&self) -> Self {
        Self { of: self.of, counter: self.counter.clone() }
    }
}

/// What was counted makes no difference to anything.
impl<M: Machine> Fold for Deviations<M> {
    fn fold(&self, _: &mut Folder) {}
}

impl<M: Machine> Check<M> for Deviations<M> {
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
            self.counter = view.config(*process).and_then(self.of);
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
