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

use super::losses::Losses;
use crate::clock::TrueTime;
use interregnum_core::consensus::{App, Applied, Entry, LogSlot};
use interregnum_core::paxos::Ballot;
use interregnum_core::paxos::record::Lane;
use interregnum_core::{NodeId, NodeMap, NodeSet};
use std::collections::VecDeque;
use std::ops::Range;

/// A node's log may be this far ahead of the first slot kept; what is beyond is refused.
const REACH: u64 = 1 << 20;

/// One entry proposed in one ballot for one slot.
#[derive(Clone, Debug)]
pub(super) struct Proposal<A: App> {
    pub(super) ballot: Ballot,
    pub(super) entry: Entry<A>,
    /// The nodes that made their acceptance durable, at some time.
    pub(super) accepted: NodeSet,
    /// The nodes on whose disks it still is, by lane.
    held: [NodeSet; 2],
    /// Who first sent or accepted it, and when.
    pub(super) by: NodeId,
    pub(super) since: TrueTime,
}

/// One slot.
#[derive(Debug)]
pub(super) struct Cell<A: App> {
    /// Almost always the only proposal: no allocation.
    first: Option<Proposal<A>>,
    more: Vec<Proposal<A>>,
    /// The chosen proposal with the lowest ballot.
    chosen: Option<usize>,
    /// The nodes on whose disks an entry stands as chosen, by lane.
    known: [NodeSet; 2],
    /// The nodes that held something here and lost it to damage, until they make something durable again.
    damaged: NodeSet,
    /// What applying the chosen entry came to, once the reference has.
    pub(super) outcome: Option<Applied<A::Output>>,
}

/// What a new accept or acceptance shows.
#[derive(Debug)]
pub(super) enum Shown<A: App> {
    /// Nothing to compare it with.
    Unopposed,
    /// It agrees with what was chosen in so many comparisons across ballots.
    Agrees(u32),
    /// Two proposals that exclude each other: the first is chosen.
    Contradicts(Box<[Proposal<A>; 2]>),
    /// Two entries of one ballot.
    TwoInOneBallot(Box<[Proposal<A>; 2]>),
    /// The slot was dropped, or is beyond all bounds.
    OutOfReach,
}

/// Everything that was proposed, accepted and chosen.
#[derive(Debug)]
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
        Self::count(cell, index, node, quorum)
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
        if is_member { Self::count(cell, index, node, quorum) } else { (Shown::Unopposed, false) }
    }

    /// Counts that `node` accepted what is at `index`.
    #[inline]
    fn count(cell: &mut Cell<A>, index: usize, node: NodeId, quorum: u32) -> (Shown<A>, bool) {
        let Some(proposal) = cell.get_mut(index) else { return (Shown::Unopposed, false) };
        if !proposal.accepted.insert(node) {
            return (Shown::Unopposed, false);
        }
        if proposal.accepted.len() != quorum {
            return (cell.compare(index), false);
        }
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

impl<A: App> Default for Cell<A> {
    fn default() -> Self {
        let known = [NodeSet::EMPTY; 2];
        let damaged = NodeSet::EMPTY;
        Self { first: None, more: Vec::new(), chosen: None, known, damaged, outcome: None }
    }
}

impl<A: App> Cell<A> {
    /// The proposal that is chosen, in the lowest ballot known.
    pub(super) fn chosen(&self) -> Option<&Proposal<A>> {
        self.get(self.chosen?)
    }

    fn get(&self, index: usize) -> Option<&Proposal<A>> {
        if index == 0 { self.first.as_ref() } else { self.more.get(index - 1) }
    }

    fn get_mut(&mut self, index: usize) -> Option<&mut Proposal<A>> {
        if index == 0 { self.first.as_mut() } else { self.more.get_mut(index - 1) }
    }

    /// Whether a lane of `node` holds anything.
    fn is_held(&self, node: NodeId, lane: usize) -> bool {
        self.known[lane].contains(node) || self.proposals().any(|p| p.held[lane].contains(node))
    }

    fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.more.len()
    }

    /// The nodes on whose disks the chosen entry is: accepted in the ballot that chose it or above, or
    /// known to be chosen.
    pub(super) fn holders(&self) -> NodeSet {
        let Some(chosen) = self.chosen() else { return NodeSet::EMPTY };
        let good =
            |other: &&Proposal<A>| other.ballot >= chosen.ballot && other.entry == chosen.entry;
        let [zero, one] = self.known;
        self.proposals()
            .filter(good)
            .fold(zero.union(one), |all, p| all.union(p.held[0]).union(p.held[1]))
    }

    fn proposals(&self) -> impl Iterator<Item = &Proposal<A>> {
        self.first.iter().chain(&self.more)
    }

    /// The proposal of this entry in this ballot, kept from now on.
    #[inline]
    fn find(
        &mut self,
        now: TrueTime,
        by: NodeId,
        ballot: Ballot,
        entry: &Entry<A>,
    ) -> (usize, &mut Proposal<A>) {
        let is_it = |known: &Proposal<A>| known.ballot == ballot && known.entry == *entry;
        let new = || Proposal {
            ballot,
            entry: entry.clone(),
            accepted: NodeSet::EMPTY,
            held: [NodeSet::EMPTY; 2],
            by,
            since: now,
        };
        if self.first.as_ref().is_none_or(is_it) {
            return (0, self.first.get_or_insert_with(new));
        }
        let found = self.more.iter().position(is_it);
        let at = found.unwrap_or_else(|| {
            self.more.push(new());
            self.more.len() - 1
        });
        (at + 1, &mut self.more[at])
    }

    /// Compares one proposal with others of its ballot, and with the chosen one.
    #[inline]
    fn compare(&self, index: usize) -> Shown<A> {
        if !self.more.is_empty()
            && let Some(twins) = self.twins(index)
        {
            return Shown::TwoInOneBallot(Box::new(twins));
        }
        let (Some(chosen), Some(other)) = (self.chosen(), self.get(index)) else {
            return Shown::Unopposed;
        };
        if other.ballot < chosen.ballot || self.chosen == Some(index) {
            return Shown::Unopposed;
        }
        if other.entry == chosen.entry {
            return Shown::Agrees(1);
        }
        Shown::Contradicts(Box::new([chosen.clone(), other.clone()]))
    }

    /// The proposal and another one of the same ballot.
    fn twins(&self, index: usize) -> Option<[Proposal<A>; 2]> {
        let this = self.get(index)?;
        let same = |other: &&Proposal<A>| other.ballot == this.ballot && other.entry != this.entry;
        let other = self.proposals().find(same)?;
        Some([other.clone(), this.clone()])
    }

    /// What a lane of `node` held is gone.
    fn overwritten(&mut self, node: NodeId, lane: usize) {
        for proposal in self.first.iter_mut().chain(&mut self.more) {
            proposal.held[lane].remove(node);
        }
        self.known[lane].remove(node);
    }

    /// A proposal turned out to be chosen: compares everything in its ballot and above with it.
    fn choose(&mut self, index: usize) -> Shown<A> {
        let lowest = self.chosen().map(|chosen| chosen.ballot);
        let ballot = self.get(index).map(|proposal| proposal.ballot);
        if lowest.is_some() && lowest <= ballot {
            return self.compare(index);
        }
        self.chosen = Some(index);
        let count = self.proposals().count();
        let mut agreeing = 0;
        for other in 0..count {
            match self.compare(other) {
                Shown::Agrees(more) => agreeing += more,
                Shown::Unopposed | Shown::OutOfReach => {}
                found @ (Shown::Contradicts(_) | Shown::TwoInOneBallot(_)) => return found,
            }
        }
        if agreeing == 0 { Shown::Unopposed } else { Shown::Agrees(agreeing) }
    }
}
