//! A map from slots to records for disks: slots are used in long runs, so they are kept by the page.
//!
//! Appending a log to a tree keyed by slot would cost a search and a rebalancing for each record; here
//! the tree is over pages and is touched once in a page's life.

use interregnum_core::Slot;
use std::collections::BTreeMap;
use std::ops::Range;

const PAGE: u64 = 64;

/// A sparse array of records.
#[derive(Clone, Debug)]
pub(super) struct Pages<T> {
    pages: BTreeMap<u64, Page<T>>,
}

#[derive(Clone, Debug)]
struct Page<T> {
    slots: Vec<Option<T>>,
    used: u64,
}

impl<T> Pages<T> {
    pub(super) const fn new() -> Self {
        Self { pages: BTreeMap::new() }
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&T> {
        self.pages.get(&(slot.0 / PAGE))?.slots[within(slot)].as_ref()
    }

    pub(super) fn insert(&mut self, slot: Slot, value: T) {
        let page = self.pages.entry(slot.0 / PAGE).or_insert_with(Page::new);
        let place = &mut page.slots[within(slot)];
        page.used += u64::from(place.is_none());
        *place = Some(value);
    }

    /// Empties the slots in `range`; costs as much as there are pages in it, however long it is.
    pub(super) fn erase(&mut self, range: &Range<Slot>) {
        if range.start >= range.end {
            return;
        }
        let (first, last) = (range.start.0 / PAGE, (range.end.0 - 1) / PAGE);
        let mut next = Some(first);
        while let Some((&number, page)) =
            next.and_then(|from| self.pages.range_mut(from..=last).next())
        {
            for (slot, place) in (number * PAGE..=u64::MAX).zip(&mut page.slots) {
                if range.contains(&Slot(slot)) && place.take().is_some() {
                    page.used -= 1;
                }
            }
            if page.used == 0 {
                self.pages.remove(&number);
            }
            next = number.checked_add(1).filter(|next| *next <= last);
        }
    }

    /// Every slot in use, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Slot, &T)> {
        self.pages.iter().flat_map(|(number, page)| {
            let slots = (number * PAGE..=u64::MAX).map(Slot).zip(&page.slots);
            slots.filter_map(|(slot, value)| Some((slot, value.as_ref()?)))
        })
    }
}

impl<T> Page<T> {
    fn new() -> Self {
        Self { slots: (0..PAGE).map(|_| None).collect(), used: 0 }
    }
}

fn within(slot: Slot) -> usize {
    usize::try_from(slot.0 % PAGE).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Op {
        Insert(u64, u8),
        Erase(u64, u64),
    }

    fn op() -> impl Strategy<Value = Op> {
        let slot = prop_oneof![0..400_u64, u64::MAX - 200..=u64::MAX];
        prop_oneof![
            (slot.clone(), any::<u8>()).prop_map(|(slot, value)| Op::Insert(slot, value)),
            (slot.clone(), slot).prop_map(|(start, end)| Op::Erase(start, end)),
        ]
    }

    proptest! {
        #[test]
        fn pages_behave_like_a_tree(ops in prop::collection::vec(op(), 0..200)) {
            let (mut pages, mut tree) = (Pages::new(), BTreeMap::new());
            for op in ops {
                match op {
                    Op::Insert(slot, value) => {
                        pages.insert(Slot(slot), value);
                        tree.insert(Slot(slot), value);
                    }
                    Op::Erase(start, end) => {
                        pages.erase(&(Slot(start)..Slot(end)));
                        tree.retain(|slot, _| !(Slot(start)..Slot(end)).contains(slot));
                    }
                }
                prop_assert!(pages.iter().eq(tree.iter().map(|(slot, value)| (*slot, value))));
            }
            prop_assert!(pages.pages.values().all(|page| page.used > 0));
        }
    }
}
