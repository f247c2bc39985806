//! What slots held when a fault began that makes reads stale, for as long as it lasts.

use super::medium::Medium;
use super::pages::Pages;
use interregnum_core::{Cell, Fold, Folder, Slot};
use std::collections::BTreeMap;
use std::ops::Range;

/// What the slots of a volume held that have changed since the fault began.
#[derive(Clone, Debug)]
pub(super) struct Stale<R>(Option<BTreeMap<Slot, Option<Medium<R>>>>);

impl<R: Clone> Stale<R> {
    /// While no such fault is in effect.
    pub(super) const fn new() -> Self {
        Self(None)
    }

    /// From now on what slots held is remembered; or no longer.
    pub(super) fn remember(&mut self, whether: bool) {
        if whether {
            self.0.get_or_insert_default();
        } else {
            self.0 = None;
        }
    }

    /// The medium is another one.
    pub(super) fn replace(&mut self) {
        self.0 = self.0.take().map(|_| BTreeMap::new());
    }

    /// A slot is about to change.
    pub(super) fn put(&mut self, slot: Slot, durable: &Pages<Medium<R>>) {
        if let Some(before) = &mut self.0 {
            before.entry(slot).or_insert_with(|| durable.get(slot).cloned());
        }
    }

    /// Slots are about to be emptied.
    pub(super) fn erase(&mut self, slots: &Range<Slot>, durable: &Pages<Medium<R>>) {
        if let Some(before) = &mut self.0 {
            for (slot, medium) in durable.iter().filter(|(slot, _)| slots.contains(slot)) {
                before.entry(slot).or_insert_with(|| Some(medium.clone()));
            }
        }
    }

    /// What a slot held, if that differs from what a read sees `now`.
    pub(super) fn read(&self, slot: Slot, now: &Cell<R>) -> Option<Cell<R>>
    where
        R: Fold,
    {
        let before = self.0.as_ref()?.get(&slot)?;
        let before = before.as_ref().map_or(Cell::Empty, |medium| medium.cell().0);
        let print = |cell: &Cell<R>| {
            let mut folder = Folder::new();
            cell.fold(&mut folder);
            folder.fingerprint()
        };
        (print(&before) != print(now)).then_some(before)
    }

    /// The slots that have changed.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.0.iter().flat_map(|before| before.keys().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::super::medium::{Change, Stored, What};
    use super::super::storage::Storage;
    use interregnum_core::{Cell, NodeId, Place, ProcessId, Slot};

    fn apply(storage: &mut Storage<u8>, what: What<u8>) {
        storage.apply(Change { by: ProcessId::main(NodeId(0)), what });
    }

    fn write(storage: &mut Storage<u8>, record: u8) {
        apply(storage, What::Write(Stored { home: Place::local(0, 1), record }));
    }

    fn stale(storage: &Storage<u8>) -> Option<u8> {
        match storage.read_stale(Slot(1)) {
            Some(Cell::Intact { record, .. }) => Some(record),
            Some(other) => panic!("{other:?}"),
            None => None,
        }
    }

    #[test]
    fn a_slot_is_stale_while_it_differs_from_what_it_was() {
        let mut storage = Storage::new();
        write(&mut storage, 10);
        storage.remember(true);
        assert_eq!(stale(&storage), None);
        write(&mut storage, 12);
        assert_eq!(stale(&storage), Some(10));
        write(&mut storage, 10);
        assert_eq!(stale(&storage), None);
        apply(&mut storage, What::Erase(Slot(0)..Slot(9)));
        assert_eq!((stale(&storage), storage.read(Slot(1)).0), (Some(10), Cell::Empty));
        assert!(storage.changed().eq([Slot(1)]));
        storage.replace();
        assert_eq!((stale(&storage), storage.changed().count()), (None, 0));
    }
}
