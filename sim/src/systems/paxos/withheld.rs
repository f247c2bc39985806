//! Acceptances that are on a medium, but of which their node has not been told.
//!
//! A power failure or a failed sync may leave a write on the medium that its node takes for lost. If it decays
//! before the node's next life reads it, nobody has counted on it, and to forget it is right: torn or rotten
//! looks the same. "Durable at some time" would call an entry chosen that no sound machine
//! needs to remember, and A2 would then accuse the next leader. So where disks may be damaged an acceptance
//! counts once a sync completes at its node; whoever reveals it sooner breaks a rule anyway. What decays in
//! between counts all the same while that life lasts, for the node cannot know; its next life can. What a
//! passing error hides from a node when it starts waits for its next life, which may find it. Where disks
//! cannot be damaged the two are the same, and nothing is kept back.
//!
//! A sync that was issued before the write may complete in between, after a pause: then the acceptance counts
//! a little early. That errs on A5's side, and no machine is the worse for it that writes an acceptance twice
//! under one sync, or takes whatever is bad for lost.

use super::acceptors::Acceptors;
use super::evidence::{Layer, Term, lane_of};
use super::judge::Judge;
use crate::check::Report;
use crate::clock::TrueTime;
use crate::seen::{DiskEnd, Seen};
use interregnum_core::consensus::{App, Entry, LogSlot};
use interregnum_core::paxos::{Ballot, Record};
use interregnum_core::{Fold, Machine, NodeId, Place};
use std::collections::BTreeSet;

/// What is durable and does not count yet.
#[derive(Clone, Debug, Fold)]
pub(super) struct Withheld<A: App> {
    held: Vec<Kept<A>>,
    /// What nodes could not read when they started, and have not written since: they take it for lost, be
    /// it there, be it still on its way there, or not.
    unseen: BTreeSet<(NodeId, Place)>,
}

/// One acceptance.
#[derive(Clone, Debug, Fold)]
struct Kept<A: App> {
    node: NodeId,
    at: Place,
    slot: LogSlot,
    ballot: Ballot,
    entry: Entry<A>,
    /// It was damaged meanwhile.
    lost: bool,
}

impl<A: App> Withheld<A> {
    pub(super) const fn new() -> Self {
        Self { held: Vec::new(), unseen: BTreeSet::new() }
    }

    /// An acceptance became durable at a place of `node`'s disk.
    fn hold(
        &mut self,
        node: NodeId,
        at: Place,
        (ballot, slot): (Ballot, LogSlot),
        entry: &Entry<A>,
    ) {
        self.held.push(Kept { node, at, slot, ballot, entry: entry.clone(), lost: false });
    }

    /// A slot was damaged, or with `None` the whole disk is gone.
    fn lose(&mut self, node: NodeId, at: Option<Place>) {
        let of_node = self.held.iter_mut().filter(|held| held.node == node);
        of_node.filter(|held| at.is_none_or(|at| at == held.at)).for_each(|held| held.lost = true);
    }

    /// `node` starts, and finds what is left.
    ///
    /// What it did not see in the life that ended, and was not in a promise that it gave then, it cannot be
    /// said to have accepted any more.
    fn find(&mut self, node: NodeId, acceptors: &Acceptors) {
        let unseen = &self.unseen;
        let is_ghost = |held: &Kept<A>| {
            unseen.contains(&(node, held.at)) && acceptors.is_above(node, held.ballot)
        };
        self.held.retain(|held| held.node != node || !(held.lost || is_ghost(held)));
        self.unseen.retain(|(of, _)| *of != node);
    }

    /// `node` starts, and an error that will pass keeps it from reading a slot.
    fn misread(&mut self, node: NodeId, at: Place) {
        self.unseen.insert((node, at));
    }

    /// `node` writes a slot: what it did not see there will never count.
    fn written(&mut self, node: NodeId, at: Place) {
        if self.unseen.remove(&(node, at)) {
            self.held.retain(|held| (held.node, held.at) != (node, at));
        }
    }

    /// A sync completed at `node`: what counts now, oldest first.
    fn release(&mut self, node: NodeId, mut count: impl FnMut(&Kept<A>)) {
        if self.unseen.is_empty() && self.held.iter().all(|held| held.node == node) {
            return self.held.drain(..).for_each(|held| count(&held));
        }
        self.held.retain(|held| {
            let counts = held.node == node && !self.unseen.contains(&(node, held.at));
            if counts {
                count(held);
            }
            !counts
        });
    }
}

impl<M: Machine, L: Layer<M>> Judge<M, L> {
    /// Keeps an acceptance back until it counts; true if there is nothing else to be made of what was seen.
    pub(super) fn withhold(
        &mut self,
        seen: &Seen<'_, M>,
        now: TrueTime,
        report: &mut Report,
    ) -> bool {
        match *seen {
            Seen::Durable { node, at, record, .. } => {
                let Some(Record::Accepted { slot, ballot, entry }) = L::record(record) else {
                    return false;
                };
                let (slot, ballot) = (*slot, *ballot);
                let Some(lane) = lane_of(at.slot, slot) else { return false };
                // What a node finds after all and copies once more is as old as what it found.
                if !self.bench.acceptors.is_above(node, ballot) {
                    self.withheld.hold(node, at, (ballot, slot), entry);
                }
                self.bench.take(now, &Term::Stored { node, ballot, slot, entry, lane }, report);
                true
            }
            Seen::DiskDone { process, end: DiskEnd::Synced, .. } => {
                let (bench, node) = (&mut self.bench, process.node);
                self.withheld.release(node, |held| {
                    let Kept { slot, ballot, entry, .. } = held;
                    let (slot, ballot) = (*slot, *ballot);
                    bench.take(now, &Term::Counted { node, ballot, slot, entry }, report);
                });
                true
            }
            Seen::Damaged { node, at, .. } => {
                self.withheld.lose(node, Some(at));
                false
            }
            Seen::Replaced { node } => {
                self.withheld.lose(node, None);
                false
            }
            Seen::Written { process, at, .. } => {
                self.withheld.written(process.node, at);
                true
            }
            Seen::Misread { process, at, .. } => {
                self.withheld.misread(process.node, at);
                false
            }
            Seen::Booted { process, .. } => {
                self.withheld.find(process.node, &self.bench.acceptors);
                false
            }
            _ => false,
        }
    }
}
