//! The acceptor's and learner's log: a window of slots, indexed by distance from its start.
//!
//! Slots below the start are chosen and part of a snapshot. Deliberately absent: votes, which belong to
//! the leader, and the disk, which belongs to the handlers.

use super::message::Ballot;
use super::record::Lane;
use crate::Fold;
use crate::consensus::{App, Entry, LogSlot};
use alloc::collections::VecDeque;

/// What this node holds for one slot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct LogCell<A: App> {
    /// The highest ballot in which an entry was accepted here, if any.
    pub(super) ballot: Ballot,
    /// That entry, or the one known to be chosen.
    pub(super) entry: Entry<A>,
    /// Whether the entry is known to be chosen.
    pub(super) chosen: bool,
    /// Where its record is.
    pub(super) lane: Lane,
    /// Whether the acceptance is durable.
    pub(super) stable: bool,
    /// Whether the leader of `ballot` still waits for an answer.
    pub(super) owed: bool,
    /// Whether the disk lost what was accepted here.
    pub(super) faulty: bool,
}

impl<A: App> LogCell<A> {
    const EMPTY: Self = Self {
        ballot: Ballot::NONE,
        entry: Entry::Noop,
        chosen: false,
        lane: Lane::Zero,
        stable: false,
        owed: false,
        faulty: false,
    };

    /// Puts another entry here; the lane its record goes to, which is not that of the latest durable one.
    pub(super) fn replace(&mut self, ballot: Ballot, entry: Entry<A>) -> Lane {
        if self.stable {
            self.lane = self.lane.other();
        }
        (self.ballot, self.entry) = (ballot, entry);
        (self.stable, self.faulty) = (false, false);
        self.lane
    }
}

/// The window.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Log<A: App> {
    start: LogSlot,
    cells: VecDeque<LogCell<A>>,
}

impl<A: App> Log<A> {
    /// An empty window.
    pub(super) const fn new(start: LogSlot) -> Self {
        Self { start, cells: VecDeque::new() }
    }

    /// The first slot of the window.
    pub(super) const fn start(&self) -> LogSlot {
        self.start
    }

    /// The slot after the last one that holds anything.
    pub(super) fn end(&self) -> LogSlot {
        self.start.plus(self.cells.len() as u64)
    }

    /// What a slot holds, if the window reaches it.
    pub(super) fn get(&self, slot: LogSlot) -> Option<&LogCell<A>> {
        self.cells.get(self.index(slot)?)
    }

    /// The same for change.
    pub(super) fn get_mut(&mut self, slot: LogSlot) -> Option<&mut LogCell<A>> {
        let index = self.index(slot)?;
        self.cells.get_mut(index)
    }

    /// What a slot holds; the window grows up to `reach` slots to hold it.
    pub(super) fn reach(&mut self, slot: LogSlot, reach: u64) -> Option<&mut LogCell<A>> {
        let index = self.index(slot)?;
        if index as u64 >= reach {
            return None;
        }
        while self.cells.len() <= index {
            self.cells.push_back(LogCell::EMPTY);
        }
        self.cells.get_mut(index)
    }

    /// Whether the slot's entry is known to be chosen.
    pub(super) fn is_chosen(&self, slot: LogSlot) -> bool {
        self.get(slot).is_some_and(|cell| cell.chosen)
    }

    /// Forgets everything below `start`.
    pub(super) fn cut(&mut self, start: LogSlot) {
        let gone = usize::try_from(start.above(self.start)).unwrap_or(usize::MAX);
        self.cells.drain(..gone.min(self.cells.len()));
        self.start = self.start.max(start);
    }

    /// The slots from `from` on with what they hold, ascending.
    pub(super) fn iter_from(&self, from: LogSlot) -> impl Iterator<Item = (LogSlot, &LogCell<A>)> {
        let first = from.max(self.start).min(self.end());
        let skipped = usize::try_from(first.above(self.start)).unwrap_or(self.cells.len());
        (first.0..).map(LogSlot).zip(self.cells.range(skipped..))
    }

    fn index(&self, slot: LogSlot) -> Option<usize> {
        usize::try_from(slot.0.checked_sub(self.start.0)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::Kv;

    #[test]
    fn the_window_moves_and_never_reaches_too_far() {
        let mut log = Log::<Kv>::new(LogSlot(5));
        assert!(log.reach(LogSlot(4), 10).is_none());
        assert!(log.reach(LogSlot(15), 10).is_none());
        log.reach(LogSlot(7), 10).expect("in reach").chosen = true;
        assert_eq!((log.start(), log.end()), (LogSlot(5), LogSlot(8)));
        assert!(log.is_chosen(LogSlot(7)) && !log.is_chosen(LogSlot(6)));
        log.cut(LogSlot(7));
        assert_eq!(log.iter_from(LogSlot::ZERO).count(), 1);
        log.cut(LogSlot(6));
        assert_eq!(log.start(), LogSlot(7), "a cut never brings anything back");
        log.cut(LogSlot(20));
        assert_eq!((log.start(), log.end()), (LogSlot(20), LogSlot(20)));
    }
}
