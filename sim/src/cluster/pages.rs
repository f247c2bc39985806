//! A map from slots to records for disks: slots are used in long runs, so they are kept by the page.
//!
//! Appending a log to a tree keyed by slot would cost a search and a rebalancing for each record; here
//! the tree is over pages and changes once in a page's life. A page holds only the slots in use, for
//! layouts that leave gaps.

use interregnum_core::Slot;
use std::collections::BTreeMap;
use std::ops::Range;

const PAGE: u64 = 64;
/// Room for so many records is made at once.
const ROOM: usize = 16;

/// A sparse array of records.
#[derive(Clone, Debug)]
pub(super) struct Pages<T> {
    /// The page that was written last, and most often is the next to be written: it is not in the tree.
    /// It alone may be empty.
    hot: (u64, Page<T>),
    pages: BTreeMap<u64, Page<T>>,
}

/// The records of one page, by slot.
#[derive(Clone, Debug)]
struct Page<T> {
    used: Vec<(Slot, T)>,
}

impl<T> Pages<T> {
    pub(super) const fn new() -> Self {
        Self { hot: (0, Page { used: Vec::new() }), pages: BTreeMap::new() }
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&T> {
        let number = slot.0 / PAGE;
        let page = if number == self.hot.0 { &self.hot.1 } else { self.pages.get(&number)? };
        let index = page.used.binary_search_by_key(&slot, |(slot, _)| *slot).ok()?;
        page.used.get(index).map(|(_, value)| value)
    }

    #[inline]
    pub(super) fn insert(&mut self, slot: Slot, value: T) {
        let number = slot.0 / PAGE;
        if number != self.hot.0 {
            self.turn_to(number);
        }
        let page = &mut self.hot.1;
        if page.used.last().is_none_or(|(last, _)| *last < slot) {
            return page.used.push((slot, value));
        }
        match page.used.binary_search_by_key(&slot, |(slot, _)| *slot) {
            Ok(index) => page.used[index].1 = value,
            Err(index) => page.used.insert(index, (slot, value)),
        }
    }

    /// Takes a page out of the tree and puts the one at hand back.
    #[inline(never)]
    fn turn_to(&mut self, number: u64) {
        let page = self.pages.remove(&number).unwrap_or_else(Page::new);
        let (before, page) = std::mem::replace(&mut self.hot, (number, page));
        if !page.used.is_empty() {
            self.pages.insert(before, page);
        }
    }

    /// Empties the slots in `range`; costs as much as there are pages in it, however long it is.
    pub(super) fn erase(&mut self, range: &Range<Slot>) {
        if range.start >= range.end {
            return;
        }
        self.hot.1.used.retain(|(slot, _)| !range.contains(slot));
        let (first, last) = (range.start.0 / PAGE, (range.end.0 - 1) / PAGE);
        let mut next = Some(first);
        while let Some((&number, page)) =
            next.and_then(|from| self.pages.range_mut(from..=last).next())
        {
            page.used.retain(|(slot, _)| !range.contains(slot));
            if page.used.is_empty() {
                self.pages.remove(&number);
            }
            next = number.checked_add(1).filter(|next| *next <= last);
        }
    }

    /// Every slot in use, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Slot, &T)> {
        let (number, hot) = &self.hot;
        let (below, above) = (self.pages.range(..number), self.pages.range(number..));
        let pages = below.chain([(number, hot)]).chain(above);
        pages.flat_map(|(_, page)| page.used.iter().map(|(slot, value)| (*slot, value)))
    }
}

impl<T> Page<T> {
    fn new() -> Self {
        Self { used: Vec::with_capacity(ROOM) }
    }
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
                let slot = Slot(200);
                prop_assert_eq!(pages.get(slot), tree.get(&slot));
                prop_assert!(pages.iter().eq(tree.iter().map(|(slot, value)| (*slot, value))));
            }
            prop_assert!(pages.pages.values().all(|page| !page.used.is_empty()));
        }
    }
}
