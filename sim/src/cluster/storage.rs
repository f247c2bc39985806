//! One volume: what is durable, and what was written since and may yet be lost.

use super::pages::Pages;
use crate::dice::{Dice, within};
use crate::scenario::Ratio;
use interregnum_core::{Cell, Place, ProcessId, Slot};
use std::collections::VecDeque;
use std::ops::Range;

/// A record and where it was meant to go.
#[derive(Clone, Debug)]
pub(crate) struct Stored<R> {
    pub(crate) home: Place,
    pub(crate) record: R,
}

/// A change that is readable but not durable yet. A run of slots is one change a slot, so that a power
/// failure can tear it.
#[derive(Clone, Debug)]
pub(crate) struct Change<R> {
    pub(crate) by: ProcessId,
    pub(crate) what: What<R>,
}

#[derive(Clone, Debug)]
pub(crate) enum What<R> {
    Write(Stored<R>),
    Erase(Range<Slot>),
}

/// One volume of a node.
#[derive(Clone, Debug)]
pub(crate) struct Storage<R> {
    durable: Pages<Stored<R>>,
    unsynced: VecDeque<Change<R>>,
    /// How many changes have left `unsynced`, whichever way: a sync's mark counts from the start.
    settled: u64,
}

/// What a power failure did to one unsynced change.
pub(crate) enum Fate {
    Kept,
    Lost,
}

impl<R: Clone> Storage<R> {
    pub(crate) const fn new() -> Self {
        Self { durable: Pages::new(), unsynced: VecDeque::new(), settled: 0 }
    }

    /// Takes a change; returns nothing, for a write has no completion of its own.
    #[inline(always)]
    pub(crate) fn change(&mut self, change: Change<R>) {
        self.unsynced.push_back(change);
    }

    /// The mark of a sync issued now: it covers everything written before, by whichever process, as
    /// flushing a disk's cache does.
    pub(crate) fn mark(&self) -> u64 {
        self.settled + self.unsynced.len() as u64
    }

    /// Whether everything written is durable.
    pub(crate) fn is_synced(&self) -> bool {
        self.unsynced.is_empty()
    }

    /// The next change that a sync with this mark covers, to be shown and then made durable by
    /// `settle`.
    pub(crate) fn next_covered(&self, mark: u64) -> Option<&Change<R>> {
        self.unsynced.front().filter(|_| self.settled < mark)
    }

    /// Makes the oldest change durable.
    pub(crate) fn settle(&mut self) {
        if let Some(change) = self.unsynced.pop_front() {
            self.settled += 1;
            self.apply(change);
        }
    }

    /// The next change that a power failure strikes: it is kept with the given probability,
    /// independently of the others, so that later ones may survive earlier ones.
    pub(crate) fn next_struck(
        &mut self,
        keep: Ratio,
        dice: &mut Dice,
    ) -> Option<(Change<R>, Fate)> {
        let change = self.unsynced.pop_front()?;
        self.settled += 1;
        let kept = within(dice.word() >> 32, keep);
        Some((change, if kept { Fate::Kept } else { Fate::Lost }))
    }

    /// Makes a change durable.
    pub(crate) fn apply(&mut self, change: Change<R>) {
        match change.what {
            What::Write(stored) => self.durable.insert(stored.home.slot, stored),
            What::Erase(slots) => self.durable.erase(&slots),
        }
    }

    /// What a read of `slot` sees: the newest change, durable or not.
    pub(crate) fn read(&self, slot: Slot) -> Cell<R> {
        for change in self.unsynced.iter().rev() {
            match &change.what {
                What::Write(stored) if stored.home.slot == slot => return intact(stored),
                What::Erase(slots) if slots.contains(&slot) => return Cell::Empty,
                _ => {}
            }
        }
        self.durable.get(slot).map_or(Cell::Empty, intact)
    }

    /// Every slot that is not empty, as a booting process sees the volume. Whoever only restarts its
    /// process finds what it had written but not synced: the operating system did not fall with it.
    pub(crate) fn for_each_readable(&self, mut take: impl FnMut(Slot, &Stored<R>)) {
        if self.unsynced.is_empty() {
            return self.durable.iter().for_each(|(slot, stored)| take(slot, stored));
        }
        let mut seen = self.clone();
        while seen.next_covered(u64::MAX).is_some() {
            seen.settle();
        }
        seen.for_each_readable(take);
    }
}

fn intact<R: Clone>(stored: &Stored<R>) -> Cell<R> {
    Cell::Intact { home: stored.home, record: stored.record.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Source;
    use interregnum_core::NodeId;

    fn write(slot: u64, record: u8) -> Change<u8> {
        let stored = Stored { home: Place::local(0, slot), record };
        Change { by: ProcessId::main(NodeId(0)), what: What::Write(stored) }
    }

    fn sync(storage: &mut Storage<u8>, mark: u64) -> usize {
        let covered = std::iter::from_fn(|| {
            storage.next_covered(mark)?;
            storage.settle();
            Some(())
        });
        covered.count()
    }

    fn lose_power(storage: &mut Storage<u8>, keep: Ratio, seed: u64) {
        let mut dice = Dice::new(seed, Source::Disk(NodeId(0)));
        while let Some((change, fate)) = storage.next_struck(keep, &mut dice) {
            if matches!(fate, Fate::Kept) {
                storage.apply(change);
            }
        }
    }

    fn held(storage: &Storage<u8>) -> Vec<(u64, u8)> {
        let mut held = Vec::new();
        storage.for_each_readable(|slot, stored| held.push((slot.0, stored.record)));
        held
    }

    #[test]
    fn a_sync_covers_what_was_written_before_it_and_no_more() {
        let mut storage = Storage::new();
        storage.change(write(1, 10));
        let mark = storage.mark();
        storage.change(write(2, 20));
        sync(&mut storage, mark);
        lose_power(&mut storage, Ratio::default(), 1);
        assert_eq!(held(&storage), [(1, 10)]);
    }

    #[test]
    fn a_stale_mark_covers_nothing_written_after_a_power_failure() {
        let mut storage = Storage::new();
        storage.change(write(1, 10));
        let mark = storage.mark();
        lose_power(&mut storage, Ratio::default(), 1);
        storage.change(write(1, 11));
        assert_eq!(sync(&mut storage, mark), 0);
        assert!(matches!(storage.read(Slot(1)), Cell::Intact { record: 11, .. }));
    }

    #[test]
    fn power_failures_leave_every_subset() {
        let mut left = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let mut storage = Storage::new();
            (0..3).for_each(|slot| storage.change(write(slot, 1)));
            lose_power(&mut storage, Ratio::ppm(500_000), seed);
            left.insert(held(&storage));
        }
        assert_eq!(left.len(), 8);
    }

    #[test]
    fn reads_see_the_newest_change() {
        let mut storage = Storage::new();
        storage.change(write(1, 10));
        let mark = storage.mark();
        sync(&mut storage, mark);
        storage.change(write(1, 11));
        assert!(matches!(storage.read(Slot(1)), Cell::Intact { record: 11, .. }));
        let by = ProcessId::main(NodeId(0));
        storage.change(Change { by, what: What::Erase(Slot(0)..Slot(9)) });
        assert_eq!(storage.read(Slot(1)), Cell::Empty);
        assert_eq!(held(&storage), []);
        let mark = storage.mark();
        sync(&mut storage, mark);
        assert_eq!(storage.read(Slot(1)), Cell::Empty);
    }
}
