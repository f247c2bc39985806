//! The check of everything that Paxos promises: one ledger and one reference replay, folded once, and the
//! properties judged against them.
//!
//! Deliberately absent: any look into a machine. What a machine believes is counted and drawn, and the
//! fingerprints that it reports are compared with its disk.

use super::bench::Bench;
use super::evidence::{KINDS, Layer, decode};
use super::progress::Bounds;
use crate::check::{Check, Report, Tally, View};
use crate::seen::{Kinds, Seen};
use interregnum_core::Machine;
use std::fmt;
use std::marker::PhantomData;

/// What the judge counts, by name.
pub const COUNTERS: &[&str] = &[
    "leader_changes",
    "commands_chosen",
    "commands_answered",
    "reads_by_lease",
    "reads_by_log",
    "snapshots_taken",
    "snapshots_installed",
];

/// Judges the Paxos layer `L` of machines `M`.
pub struct Judge<M: Machine, L: Layer<M>> {
    bench: Bench<L::App>,
    layer: PhantomData<fn() -> (M, L)>,
}

impl<M: Machine, L: Layer<M>> Judge<M, L> {
    /// A judge of a cluster of so many members.
    #[must_use]
    pub fn new(members: u8, bounds: Bounds) -> Self {
        Self { bench: Bench::new(members, bounds), layer: PhantomData }
    }
}

impl<M: Machine, L: Layer<M>> fmt::Debug for Judge<M, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bench.fmt(f)
    }
}

impl<M: Machine, L: Layer<M>> Check<M> for Judge<M, L> {
    fn interest(&self) -> Kinds {
        KINDS
    }

    #[inline]
    fn observe(&mut self, seen: &Seen<'_, M>, view: View<'_, M>, report: &mut Report) {
        if let Some(term) = decode::<M, L>(seen) {
            self.bench.take(view.now(), &term, report);
        }
    }

    fn finish(&mut self, view: View<'_, M>, report: &mut Report) {
        self.bench.finish(view.now(), report);
    }

    fn settled(&self) -> bool {
        self.bench.settled()
    }

    fn tallies(&self) -> Vec<Tally> {
        self.bench.tallies()
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        self.bench.counts()
    }
}
