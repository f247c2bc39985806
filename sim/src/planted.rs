//! What planted bugs of all systems have in common: rules that deviate from the sound ones in one place, and how
//! often that made a difference.
//!
//! The count is outside the machines, shared by all nodes of a run, and no part of what the rules are: a bug that
//! never deviated was not put to the test.

use crate::check::{Branching, Check, Report, Tally, View};
use crate::seen::{Kind, Kinds, Seen};
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

    /// How often the rules differed from the sound ones so far.
    #[must_use]
    pub fn deviations(&self) -> u64 {
        self.deviations.load(Ordering::Relaxed)
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

/// Reports the deviations of a planted bug as a count of the run. Judges nothing.
pub struct Deviations<M: Machine> {
    of: fn(&M::Config) -> u64,
    so_far: u64,
}

impl<M: Machine> Deviations<M> {
    /// Told how often the rules of a process deviated; all processes of a run share one count.
    #[must_use]
    pub const fn new(of: fn(&M::Config) -> u64) -> Self {
        Self { of, so_far: 0 }
    }
}

impl<M: Machine> fmt::Debug for Deviations<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Deviations").field(&self.so_far).finish()
    }
}

impl<M: Machine> Clone for Deviations<M> {
    fn clone(&self) -> Self {
        Self { of: self.of, so_far: self.so_far }
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
        Kinds::of(&[Kind::Sent, Kind::Replied, Kind::Fact, Kind::Booted])
    }

    fn observe(&mut self, _: &Seen<'_, M>, view: View<'_, M>, _: &mut Report) {
        if let Some(config) = view.processes().next().and_then(|process| view.config(process)) {
            self.so_far = (self.of)(config);
        }
    }

    fn finish(&mut self, view: View<'_, M>, _: &mut Report) {
        if let Some(config) = view.processes().next().and_then(|process| view.config(process)) {
            self.so_far = (self.of)(config);
        }
    }

    fn tallies(&self) -> Vec<Tally> {
        Vec::new()
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        vec![(DEVIATIONS, self.so_far)]
    }
}
