//! One volume: what is durable, and what was written since and may yet be lost.

use super::medium::{Change, Medium, What, intact};
use super::pages::Pages;
use super::stale::Stale;
use interregnum_core::{Cell, DiskError, Fold, ProcessId, Slot};
use std::collections::{BTreeMap, VecDeque};

/// One volume of a node.
#[derive(Clone, Debug)]
pub(crate) struct Storage<R> {
    pub(super) durable: Pages<Medium<R>>,
    pub(super) unsynced: VecDeque<Change<R>>,
    /// How many changes have left `unsynced`, whichever way: a sync's mark counts from the start.
    pub(super) settled: u64,
    /// Whether anything ever failed here: until then nobody is owed an error.
    pub(super) has_failed: bool,
    /// How often a sync failed: those under way at that moment fail with it.
    pub(super) failures: u32,
    /// Who lost writes and was not told: the next sync of each fails.
    pub(super) owed: BTreeMap<ProcessId, DiskError>,
    stale: Stale<R>,
}

/// What a sync covers, as known when it was issued.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(super) upto: u64,
    pub(super) failures: u32,
}

impl<R: Clone> Storage<R> {
    pub(crate) const fn new() -> Self {
        Self {
            durable: Pages::new(),
            unsynced: VecDeque::new(),
            settled: 0,
            has_failed: false,
            failures: 0,
            owed: BTreeMap::new(),
            stale: Stale::new(),
        }
    }

    /// Takes a change; returns nothing, for a write has no completion of its own.
    #[inline(always)]
    pub(crate) fn change(&mut self, change: Change<R>) {
        self.unsynced.push_back(change);
    }

    /// Takes a change that a fault may have interfered with.
    pub(crate) fn change_in_trouble(&mut self, change: Change<R>) {
        self.has_failed |= matches!(change.what, What::Failed(_));
        self.unsynced.push_back(change);
    }

    /// The mark of a sync issued now: it covers everything written before, by whichever process, as
    /// flushing a disk's cache does.
    pub(crate) fn mark(&self) -> Mark {
        Mark { upto: self.settled + self.unsynced.len() as u64, failures: self.failures }
    }

    /// The mark of all changes there are.
    pub(crate) const fn everything(&self) -> Mark {
        Mark { upto: u64::MAX, failures: self.failures }
    }

    /// Why a sync of `by` fails that could not fail for reasons of its own: another one failed meanwhile,
    /// or a write of that process was lost and nobody has told it.
    pub(crate) fn owns_up(&mut self, by: ProcessId, mark: Mark) -> Option<DiskError> {
        if !self.has_failed {
            return None;
        }
        let covered = self.within(mark);
        let mut failed = None;
        for change in self.unsynced.iter_mut().take(covered).filter(|change| change.by == by) {
            if let What::Failed(error) = change.what {
                failed = Some(error);
                change.what = What::Nothing;
            }
        }
        let owed = self.owed.remove(&by);
        let dragged = self.is_doomed(mark).then_some(DiskError::Io);
        failed.or(owed).or(dragged)
    }

    /// Tells `by` with its next sync that it lost writes.
    pub(crate) fn owe(&mut self, by: ProcessId, error: DiskError) {
        self.has_failed = true;
        self.owed.insert(by, error);
    }

    /// Whether a sync of `by` is bound to fail because of a write that failed.
    pub(crate) fn is_in_debt_to(&self, by: ProcessId) -> bool {
        let failed = |change: &Change<R>| matches!(change.what, What::Failed(_));
        self.owed.contains_key(&by) || self.unsynced.iter().any(|c| c.by == by && failed(c))
    }

    /// Whether a sync with this mark is bound to fail because another one did.
    pub(crate) const fn is_doomed(&self, mark: Mark) -> bool {
        mark.failures != self.failures
    }

    /// Whoever starts anew reads what there is, and is owed nothing.
    pub(crate) fn forgive(&mut self, by: ProcessId) {
        self.owed.remove(&by);
        let own = self.unsynced.iter_mut().filter(|change| change.by == by);
        for change in own.filter(|change| matches!(change.what, What::Failed(_))) {
            change.what = What::Nothing;
        }
    }

    /// A sync failed: those under way fail with it.
    pub(crate) const fn fail(&mut self) {
        self.has_failed = true;
        self.failures = self.failures.wrapping_add(1);
    }

    fn within(&self, mark: Mark) -> usize {
        usize::try_from(mark.upto.saturating_sub(self.settled)).unwrap_or(usize::MAX)
    }

    /// Whether everything written is durable.
    pub(crate) fn is_synced(&self) -> bool {
        self.unsynced.is_empty()
    }

    /// The next change that a sync with this mark covers, to be shown and then made durable by
    /// `settle`.
    pub(crate) fn next_covered(&self, mark: Mark) -> Option<&Change<R>> {
        self.unsynced.front().filter(|_| self.settled < mark.upto)
    }

    /// Takes the oldest change away, to do something else with it.
    pub(crate) fn drop_next(&mut self) -> Option<Change<R>> {
        let change = self.unsynced.pop_front()?;
        self.settled += 1;
        Some(change)
    }

    /// Whether the oldest change is one that failed.
    pub(crate) fn has_failed_next(&self) -> bool {
        matches!(self.unsynced.front(), Some(Change { what: What::Failed(_), .. }))
    }

    /// Makes the oldest change durable.
    pub(crate) fn settle(&mut self) {
        if let Some(change) = self.drop_next() {
            self.apply(change);
        }
    }

    /// Makes a change durable.
    pub(crate) fn apply(&mut self, change: Change<R>) {
        match change.what {
            What::Write(stored) => self.put(stored.home.slot, Medium::Holds(stored)),
            What::Erase(slots) => {
                self.stale.erase(&slots, &self.durable);
                self.durable.erase(&slots);
            }
            What::Astray { stored, lands: Some(slot), .. } => self.put(slot, Medium::Holds(stored)),
            What::Astray { lands: None, .. } | What::Nothing => {}
            What::Failed(error) => self.owe(change.by, error),
        }
    }

    /// Puts something on the medium.
    pub(crate) fn put(&mut self, slot: Slot, medium: Medium<R>) {
        self.stale.put(slot, &self.durable);
        self.durable.insert(slot, medium);
    }

    /// Replaces the medium by a blank one.
    pub(crate) fn replace(&mut self) {
        self.settled += self.unsynced.len() as u64;
        self.unsynced.clear();
        self.durable = Pages::new();
        self.stale.replace();
    }

    /// From now on what slots held is remembered, for stale reads; or no longer.
    pub(crate) fn remember(&mut self, whether: bool) {
        self.stale.remember(whether);
    }

    /// Whether there is nothing on the medium and nothing on its way there.
    pub(crate) fn is_blank(&self) -> bool {
        self.unsynced.is_empty() && self.durable.iter().next().is_none()
    }

    /// What the medium holds, by slot.
    pub(crate) fn media(&self) -> impl Iterator<Item = (Slot, &Medium<R>)> {
        self.durable.iter()
    }

    /// What a read of `slot` sees: the newest change, durable or not; and the fault to blame if that is
    /// nothing good.
    pub(crate) fn read(&self, slot: Slot) -> (Cell<R>, Option<u32>) {
        for change in self.unsynced.iter().rev() {
            match &change.what {
                What::Write(stored) | What::Astray { stored, .. } if stored.home.slot == slot => {
                    return (intact(stored), None);
                }
                What::Erase(slots) if slots.contains(&slot) => return (Cell::Empty, None),
                _ => {}
            }
        }
        self.durable.get(slot).map_or((Cell::Empty, None), Medium::cell)
    }

    /// What a read of `slot` sees that goes back to before the stale fault, if that differs.
    pub(crate) fn read_stale(&self, slot: Slot) -> Option<Cell<R>>
    where
        R: Fold,
    {
        self.stale.read(slot, &self.read(slot).0)
    }

    /// The slots that have changed since the stale fault began.
    pub(crate) fn changed(&self) -> impl Iterator<Item = Slot> {
        self.stale.slots()
    }

    /// Every slot that is not empty, as a booting process sees the volume. Whoever only restarts its
    /// process finds what it had written but not synced: the operating system did not fall with it.
    pub(crate) fn for_each_readable(&self, mut take: impl FnMut(Slot, &Medium<R>)) {
        if self.unsynced.is_empty() {
            return self.durable.iter().for_each(|(slot, medium)| take(slot, medium));
        }
        let mut seen = self.clone();
        while seen.next_covered(seen.everything()).is_some() {
            // What goes astray is read from the cache until then.
            match seen.drop_next() {
                Some(Change { by, what: What::Astray { stored, .. } }) => {
                    seen.apply(Change { by, what: What::Write(stored) });
                }
                Some(change) => seen.apply(change),
                None => {}
            }
        }
        seen.for_each_readable(take);
    }
}

#[cfg(test)]
mod tests {
    use super::super::medium::{Bad, Fate, Odds, Stored};
    use super::*;
    use crate::dice::{Dice, Source};
    use crate::scenario::Ratio;
    use interregnum_core::{NodeId, Place};

    fn write(slot: u64, record: u8) -> Change<u8> {
        let stored = Stored { home: Place::local(0, slot), record };
        Change { by: ProcessId::main(NodeId(0)), what: What::Write(stored) }
    }

    fn sync(storage: &mut Storage<u8>, mark: Mark) -> usize {
        let covered = std::iter::from_fn(|| {
            storage.next_covered(mark)?;
            storage.settle();
            Some(())
        });
        covered.count()
    }

    fn sync_all(storage: &mut Storage<u8>) {
        let mark = storage.mark();
        sync(storage, mark);
    }

    fn lose_power(storage: &mut Storage<u8>, keep: Ratio, seed: u64) {
        let mut dice = Dice::new(seed, Source::Disk(NodeId(0)));
        let odds = Odds { keep, torn: Ratio::default() };
        while storage.next_covered(storage.everything()).is_some() {
            if odds.draw(&mut dice) == Fate::Kept {
                storage.settle();
            } else {
                storage.drop_next();
            }
        }
    }

    fn held(storage: &Storage<u8>) -> Vec<(u64, u8)> {
        let mut held = Vec::new();
        storage.for_each_readable(|slot, medium| {
            if let Medium::Holds(stored) = medium {
                held.push((slot.0, stored.record));
            }
        });
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
        assert!(matches!(storage.read(Slot(1)).0, Cell::Intact { record: 11, .. }));
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
        assert!(matches!(storage.read(Slot(1)).0, Cell::Intact { record: 11, .. }));
        let by = ProcessId::main(NodeId(0));
        storage.change(Change { by, what: What::Erase(Slot(0)..Slot(9)) });
        assert_eq!(storage.read(Slot(1)).0, Cell::Empty);
        assert_eq!(held(&storage), []);
        let mark = storage.mark();
        sync(&mut storage, mark);
        assert_eq!(storage.read(Slot(1)).0, Cell::Empty);
    }

    #[test]
    fn whoever_lost_a_write_is_told_once_by_its_next_sync() {
        let (mut storage, [me, other]) =
            (Storage::<u8>::new(), [0, 1].map(|node| ProcessId::main(NodeId(node))));
        storage.change_in_trouble(Change { by: me, what: What::Failed(DiskError::Full) });
        let mark = storage.mark();
        assert_eq!(storage.owns_up(other, mark), None);
        sync(&mut storage, mark);
        assert_eq!(
            storage.owns_up(me, storage.mark()),
            Some(DiskError::Full),
            "another's sync was good"
        );
        assert_eq!(storage.owns_up(me, storage.mark()), None);
        let under_way = storage.mark();
        storage.fail();
        assert_eq!(storage.owns_up(other, under_way), Some(DiskError::Io));
        assert_eq!(storage.owns_up(other, storage.mark()), None);
        storage.change_in_trouble(Change { by: me, what: What::Failed(DiskError::Io) });
        storage.forgive(me);
        assert_eq!(storage.owns_up(me, storage.mark()), None, "it started anew");
    }

    #[test]
    fn what_goes_astray_is_read_until_it_is_acknowledged() {
        let mut storage = Storage::new();
        storage.change(write(1, 10));
        sync_all(&mut storage);
        let Change { by, what: What::Write(stored) } = write(1, 11) else { unreachable!() };
        let astray = What::Astray { stored, lands: Some(Slot(7)), fault: 0 };
        storage.change(Change { by, what: astray });
        assert_eq!(held(&storage), [(1, 11)]);
        sync_all(&mut storage);
        assert_eq!(held(&storage), [(1, 10), (7, 11)]);
        let home = Place::local(0, 1);
        assert_eq!(storage.read(Slot(7)).0, Cell::Intact { home, record: 11 });
    }

    #[test]
    fn a_bad_slot_is_good_again_once_it_is_written() {
        let mut storage = Storage::new();
        storage.change(write(1, 10));
        sync_all(&mut storage);
        storage.put(Slot(1), Medium::Bad(Bad::Unreadable, 3));
        assert_eq!(storage.read(Slot(1)), (Cell::Unreadable, Some(3)));
        storage.change(write(1, 12));
        sync_all(&mut storage);
        assert!(matches!(storage.read(Slot(1)).0, Cell::Intact { record: 12, .. }));
        assert!(!storage.is_blank());
        storage.replace();
        assert!(storage.is_blank());
    }
}
