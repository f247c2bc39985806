//! The check of everything that Paxos promises: one ledger and one reference replay, folded once, and the
//! properties judged against them.
//!
//! Deliberately absent: any look into a machine. What a machine believes is counted and drawn, and the
//! fingerprints that it reports are compared with its disk.

use super::bench::Bench;
use super::damage::{Disks, forgot};
use super::evidence::{DISK_KINDS, KINDS, Layer, Term, decode};
use super::progress::Bounds;
use super::withheld::Withheld;
use crate::check::{Branching, Check, Report, Tally, View};
use crate::seen::{Kinds, Seen};
use interregnum_core::{Fold, Folder, Machine, ProcessId};
use std::fmt;
use std::marker::PhantomData;

/// What the judge counts, by name.
pub const COUNTERS: &[&str] = &[
    "leader_changes",
    "requests_chosen",
    "commands_chosen",
    "commands_answered",
    "reads_by_lease",
    "reads_by_log",
    "snapshots_taken",
    "snapshots_installed",
];

/// Judges the Paxos layer `L` of machines `M`.
pub struct Judge<M: Machine, L: Layer<M>> {
    pub(super) bench: Bench<L::App>,
    pub(super) withheld: Withheld<L::App>,
    disks: Disks,
    layer: PhantomData<fn() -> (M, L)>,
}

impl<M: Machine, L: Layer<M>> Judge<M, L> {
    /// A judge of a cluster of so many members, whose disks may fail or not.
    #[must_use]
    pub fn new(members: u8, bounds: Bounds, disks: Disks) -> Self {
        Self {
            bench: Bench::new(members, bounds),
            withheld: Withheld::new(),
            disks,
            layer: PhantomData,
        }
    }

    /// The same for nodes that write each entry twice, or not.
    #[must_use]
    pub const fn mirrored(mut self, mirrored: bool) -> Self {
        self.bench.mirrored = mirrored;
        self
    }
}

impl<M: Machine, L: Layer<M>> Judge<M, L> {
    /// What is different where disks may fail; true if there is nothing else to be made of it.
    fn on_disks(&mut self, seen: &Seen<'_, M>, view: View<'_, M>, report: &mut Report) -> bool {
        if self.withhold(seen, view.now(), report) {
            return true;
        }
        let Seen::Booted { process: ProcessId { node, .. }, .. } = *seen else { return false };
        if !forgot(view, node) {
            return false;
        }
        let booted = decode::<M, L>(seen);
        for term in booted.into_iter().chain([Term::Forgot { node }]) {
            self.bench.take(view.now(), &term, report);
        }
        true
    }
}

impl<M: Machine, L: Layer<M>> fmt::Debug for Judge<M, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bench.fmt(f)
    }
}

impl<M: Machine, L: Layer<M>> Clone for Judge<M, L> {
    fn clone(&self) -> Self {
        Self {
            bench: self.bench.clone(),
            withheld: self.withheld.clone(),
            disks: self.disks,
            layer: PhantomData,
        }
    }
}

impl<M: Machine, L: Layer<M>> Fold for Judge<M, L> {
    fn fold(&self, into: &mut Folder) {
        self.bench.fold(into);
        self.withheld.fold(into);
        self.disks.fold(into);
    }
}

impl<M: Machine, L: Layer<M>> Check<M> for Judge<M, L> {
    fn branching(self: Box<Self>) -> Option<Box<dyn Branching<M>>> {
        Some(self)
    }

    fn interest(&self) -> Kinds {
        match self.disks {
            Disks::Sound => KINDS,
            Disks::MayFail => KINDS.union(DISK_KINDS),
        }
    }

    #[inline]
    fn observe(&mut self, seen: &Seen<'_, M>, view: View<'_, M>, report: &mut Report) {
        if self.disks == Disks::MayFail && self.on_disks(seen, view, report) {
            return;
        }
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
        self.bench.tallies().map(Tally::clone).into()
    }

    fn each_tally(&self, see: &mut dyn FnMut(&Tally)) {
        self.bench.tallies().into_iter().for_each(see);
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        self.bench.counts()
    }
}
