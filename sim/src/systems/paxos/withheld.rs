//! Acceptances that are on a medium, but of which their node has not been told.
//!
//! A power failure or a failed sync may leave a write on the medium that its node takes for lost. If it decays
//! before the node's next life reads it, nobody has counted on it, and to forget it is right: torn or rotten
//! looks the same. "Durable at some time" would call an entry chosen that no sound machine
//! needs to remember, and A2 would then accuse the next leader. So where disks may be damaged an acceptance
//! counts once a sync completes at its node; whoever reveals it sooner breaks a rule anyway. What decays in
//! between counts all the same while that life lasts, for the node cannot know; its next life can. Where disks
//! cannot be damaged the two are the same, and nothing is kept back.
//!
//! A sync that was issued before the write may complete in between, after a pause: then the acceptance counts
//! a little early. That errs on A5's side, and no machine is the worse for it that writes an acceptance twice
//! under one sync, or takes whatever is bad for lost.

use super::evidence::{Layer, Term, lane_of};
use super::judge::Judge;
use crate::check::Report;
use crate::clock::TrueTime;
use crate::seen::{DiskEnd, Seen};
use interregnum_core::consensus::{App, Entry, LogSlot};
use interregnum_core::paxos::{Ballot, Record};
use interregnum_core::{Machine, NodeId, Place};

/// What is durable and does not count yet.
#[derive(Debug)]
pub(super) struct Withheld<A: App> {
    held: Vec<Kept<A>>,
}

/// One acceptance.
#[derive(Debug)]
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
        Self { held: Vec::new() }
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
    fn find(&mut self, node: NodeId) {
        self.held.retain(|held| held.node != node || !held.lost);
    }

    /// A sync completed at `node`: what counts now, oldest first.
    fn release(&mut self, node: NodeId, mut count: impl FnMut(&Kept<A>)) {
        if self.held.iter().all(|held| held.node == node) {
            return self.held.drain(..).for_each(|held| count(&held));
        }
        self.held.retain(|held| {
            if held.node == node {
                count(held);
            }
            held.node != node
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
                self.withheld.hold(node, at, (ballot, slot), entry);
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
            Seen::Booted { process, .. } => {
                self.withheld.find(process.node);
                false
            }
            _ => false,
        }
    }
}
