//! How often a property was evaluated, and to what effect.

use crate::clock::TrueTime;
use crate::outcome::Property;
use interregnum_core::{Fold, Folder, Span};

/// One property's counts.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The property.
    pub property: &'static Property,
    /// How often it was evaluated.
    pub checked: u64,
    /// How often it could have been false.
    pub exercised: u64,
    /// How often it was false.
    pub violated: u64,
    /// Gave up: the budget was spent before it could be decided.
    pub unknown: bool,
    /// When it was last exercised.
    pub last_exercised: Option<TrueTime>,
    /// For liveness: how long it took from the start of the calm phase.
    pub took: Option<Span>,
    /// For liveness: the computed bound.
    pub bound: Option<Span>,
}

impl Tally {
    /// No evaluation yet.
    #[must_use]
    pub const fn new(property: &'static Property) -> Self {
        Self {
            property,
            checked: 0,
            exercised: 0,
            violated: 0,
            unknown: false,
            last_exercised: None,
            took: None,
            bound: None,
        }
    }

    /// Counts an evaluation that was trivially true.
    #[inline]
    pub const fn checked(&mut self) {
        self.checked += 1;
    }

    /// Adds what another check counted for the same property.
    pub(crate) fn add(&mut self, other: &Self) {
        self.checked += other.checked;
        self.exercised += other.exercised;
        self.violated += other.violated;
        self.unknown |= other.unknown;
        self.last_exercised = self.last_exercised.max(other.last_exercised);
        self.took = self.took.max(other.took);
        self.bound = self.bound.max(other.bound);
    }

    /// Counts an evaluation that could have been false.
    #[inline]
    pub const fn exercised(&mut self, now: TrueTime) {
        self.checked += 1;
        self.exercised += 1;
        self.last_exercised = Some(now);
    }
}

/// What was counted makes no difference to what will be judged, but for having given up.
impl Fold for Tally {
    fn fold(&self, into: &mut Folder) {
        self.unknown.fold(into);
    }
}
