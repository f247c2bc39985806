//! The ledger: for every slot, what was proposed in which ballot, who made which acceptance durable, and
//! what is therefore chosen.
//!
//! An entry is *chosen* in ballot b when a majority of distinct configured nodes each made its acceptance
//! in b durable, at some time; what a node later overwrites or forgets does not matter. Nothing else
//! counts: no message, no claim. Accepts seen on the wire are kept beside the acceptances, for A2 compares
//! them with what is, or later turns out to be, chosen. Where disks may be damaged, "durable" means that the
//! node was told so: see `withheld`.
//!
//! Memory is flat: slots are dropped from the front when no node's log reaches back to them, and in any
//! case when they are a whole window old. What is said of a dropped slot later is not judged.

use super::cell::{Cell, Shown};
use super::losses::Losses;
use crate::clock::TrueTime;
use interregnum_core::consensus::{App, Entry, LogSlot};
use interregnum_core::paxos::Ballot;
use interregnum_core::paxos::record::Lane;
use interregnum_core::{Fold, NodeId, NodeMap, NodeSet};
use std::collections::VecDeque;
use std::ops::Range;

/// A node's log may be this far ahead of the first slot kept; what is beyond is refused.
const REACH: u64 = 1 << 20;

/// Everything that was proposed, accepted and chosen.
#[derive(Clone, Debug, Fold)]
pub(super) struct Ledger<A: App> {
    quorum: u32,
    members: NodeSet,
    /// The first slot kept.
    base: LogSlot,
    cells: VecDeque<Cell<A>>,
    log_starts: NodeMap<LogSlot>,
    /// What faults took besides.
    pub(super) losses: Losses,
}

impl<A: App> Ledger<A> {
    pub(super) fn new(members: u8) -> Self {
        Self {
            quorum: u32::from(members) / 2 + 1,
            members: NodeSet::first(members),
            base: LogSlot::FIRST,
            cells: VecDeque::new(),
            log_starts: NodeMap::new(members, |_| LogSlot::FIRST),
            losses: Losses::new(members),
        }
    }

    /// The first slot kept.
    pub(super) const fn base(&self) -> LogSlot {
        self.base
    }

    /// How many slots are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.cells.len()
    }

    /// An accept was sent. True if its ballot had proposed something for the slot before.
    pub(super) fn proposed(
        &mut self,
        now: TrueTime,
        by: NodeId,
        ballot: Ballot,
        slot: LogSlot,
        entry: &Entry<A>,
    ) -> (Shown<A>, bool) {
        let Some(cell) = self.reach(slot) else { return (Shown::OutOfReach, false) };
        let proposals = cell.len();
        let (index, _) = cell.find(now, by, ballot, entry);
        let again = cell.len() == proposals;
        (cell.compare(index), again)
    }

    /// An acceptance became durable. True if the slot's entry became chosen for the first time.
    pub(super) fn accepted(
        &mut self,
        now: TrueTime,
        node: NodeId,
        ballot: Ballot,
        (slot, lane): (LogSlot, Lane),
        entry: &Entry<A>,
    ) -> (Shown<A>, bool) {
        let (quorum, members) = (self.quorum, self.members);
        let Some(cell) = self.reach(slot) else { return (Shown::OutOfReach, false) };
        if cell.len() > 0 {
            cell.overwritten(node, lane as usize);
        }
        cell.damaged.remove(node);
        let (index, proposal) = cell.find(now, node, ballot, entry);
        if !members.contains(node) {
            return (Shown::Unopposed, false);
        }
        proposal.held[lane as usize].insert(node);
        Self::count(cell, index, (now, node), quorum)
    }

    /// An acceptance is on the medium that does not count yet.
    pub(super) fn stored(
        &mut self,
        now: TrueTime,
        node: NodeId,
        ballot: Ballot,
        (slot, lane): (LogSlot, Lane),
        entry: &Entry<A>,
    ) {
        let is_member = self.members.contains(node);
        let Some(cell) = self.reach(slot).filter(|_| is_member) else { return };
        cell.overwritten(node, lane as usize);
        cell.damaged.remove(node);
        let (_, proposal) = cell.find(now, node, ballot, entry);
        proposal.held[lane as usize].insert(node);
    }

    /// An acceptance counts that was stored before. True if the slot's entry became chosen for the first
    /// time.
    pub(super) fn counted(
        &mut self,
        now: TrueTime,
        node: NodeId,
        (ballot, slot): (Ballot, LogSlot),
        entry: &Entry<A>,
    ) -> (Shown<A>, bool) {
        let (quorum, is_member) = (self.quorum, self.members.contains(node));
        let Some(cell) = self.reach(slot) else { return (Shown::OutOfReach, false) };
        let (index, _) = cell.find(now, node, ballot, entry);
        if is_member {
            Self::count(cell, index, (now, node), quorum)
        } else {
            (Shown::Unopposed, false)
        }
    }

    /// Counts that `node` accepted what is at `index`.
    #[inline]
    fn count(
        cell: &mut Cell<A>,
        index: usize,
        (now, node): (TrueTime, NodeId),
        quorum: u32,
    ) -> (Shown<A>, bool) {
        let Some(proposal) = cell.get_mut(index) else { return (Shown::Unopposed, false) };
        if !proposal.accepted.insert(node) {
            return (Shown::Unopposed, false);
        }
        if proposal.accepted.len() != quorum {
            return (cell.compare(index), false);
        }
        proposal.chosen = Some((now, node));
        let first = cell.chosen.is_none();
        (cell.choose(index), first)
    }

    /// An entry became durable as chosen.
    pub(super) fn learned(&mut self, node: NodeId, slot: LogSlot, lane: Lane) {
        let is_member = self.members.contains(node);
        if let Some(cell) = self.cell_mut(slot).filter(|_| is_member) {
            cell.overwritten(node, lane as usize);
            cell.known[lane as usize].insert(node);
            cell.damaged.remove(node);
        }
    }

    /// A copy of what a lane of `slot` held at `node` was damaged. Where nothing was durable nothing is
    /// lost: the torn end of a write is no excuse.
    pub(super) fn damaged(&mut self, node: NodeId, slot: LogSlot, lane: Lane) {
        if let Some(cell) = self.cell_mut(slot).filter(|cell| cell.is_held(node, lane as usize)) {
            cell.overwritten(node, lane as usize);
            cell.damaged.insert(node);
        }
    }

    /// The power failed while a lane of `slot` was being written at `node`: what it held is gone, and that is
    /// no excuse, for a node must not overwrite what it relies on.
    pub(super) fn torn(&mut self, node: NodeId, slot: LogSlot, lane: Lane) {
        if let Some(cell) = self.cell_mut(slot).filter(|cell| cell.is_held(node, lane as usize)) {
            cell.overwritten(node, lane as usize);
        }
    }

    /// The disk of `node` is gone.
    pub(super) fn replaced(&mut self, node: NodeId) {
        self.losses.lose_format(node);
        for cell in &mut self.cells {
            for lane in Lane::BOTH {
                cell.overwritten(node, lane as usize);
            }
        }
    }

    /// Those that cannot be asked for `slot`, because a fault took what they held.
    pub(super) fn excused(&self, slot: LogSlot) -> NodeSet {
        let damaged = self.cell(slot).map_or(NodeSet::EMPTY, |cell| cell.damaged);
        damaged.union(self.losses.excused(slot))
    }

    /// The records of `node` from `first` to before `end` are gone.
    pub(super) fn erased(&mut self, node: NodeId, first: LogSlot, end: LogSlot) {
        let range = self.between(first, end);
        for cell in self.cells.range_mut(range) {
            for lane in Lane::BOTH {
                cell.overwritten(node, lane as usize);
            }
        }
    }

    /// Whether more than one thing was proposed for the slot.
    #[inline]
    pub(super) fn is_contended(&self, slot: LogSlot) -> bool {
        self.cell(slot).is_some_and(|cell| !cell.more.is_empty())
    }

    /// The indices of those of the slots that are kept.
    fn between(&self, first: LogSlot, end: LogSlot) -> Range<usize> {
        let index = |slot: LogSlot| {
            usize::try_from(slot.above(self.base)).unwrap_or(usize::MAX).min(self.cells.len())
        };
        index(first)..index(end)
    }

    /// The first slot after the last one kept.
    pub(super) fn end(&self) -> LogSlot {
        self.base.plus(self.cells.len() as u64)
    }

    /// The slot's cell, if it is kept.
    pub(super) fn cell(&self, slot: LogSlot) -> Option<&Cell<A>> {
        self.cells.get(self.index(slot)?)
    }

    /// The slot's cell for change, if it is kept.
    pub(super) fn cell_mut(&mut self, slot: LogSlot) -> Option<&mut Cell<A>> {
        let index = self.index(slot)?;
        self.cells.get_mut(index)
    }

    /// A node's log now starts here; gives the slot below which no node's log reaches.
    pub(super) fn truncated(&mut self, node: NodeId, log_start: LogSlot) -> LogSlot {
        if let Some((_, start)) = self.log_starts.iter_mut().find(|(other, _)| *other == node) {
            *start = (*start).max(log_start);
        }
        self.log_starts.iter().map(|(_, start)| *start).min().unwrap_or(LogSlot::FIRST)
    }

    /// Drops every slot below `base`.
    pub(super) fn drop_below(&mut self, base: LogSlot) {
        let gone = usize::try_from(base.above(self.base)).unwrap_or(usize::MAX);
        self.cells.drain(..gone.min(self.cells.len()));
        self.base = self.base.max(base);
    }

    fn index(&self, slot: LogSlot) -> Option<usize> {
        usize::try_from(slot.0.checked_sub(self.base.0)?).ok()
    }

    #[inline]
    fn reach(&mut self, slot: LogSlot) -> Option<&mut Cell<A>> {
        let index = self.index(slot)?;
        if index >= self.cells.len() {
            if slot.above(self.base) >= REACH {
                return None;
            }
            self.cells.resize_with(index + 1, Cell::default);
        }
        self.cells.get_mut(index)
    }
}
