//! Acceptances that are on a medium, but of which their node has not been told.
//!
//! A power failure or a failed sync may leave a write on the medium that its node takes for lost. If it decays
//! before a sync has told the node that it is durable, nobody has counted on it, and to forget it is right:
//! torn or rotten looks the same. So an acceptance counts once a sync completes at its node, for whoever
//! reveals it sooner breaks a rule anyway.

use super::evidence::{Layer, Term};
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
pub(super) struct Kept<A: App> {
    node: NodeId,
    at: Place,
    pub(super) slot: LogSlot,
    pub(super) ballot: Ballot,
    pub(super) entry: Entry<A>,
}

impl<A: App> Withheld<A> {
    pub(super) const fn new() -> Self {
        Self { held: Vec::new() }
    }

    /// A record became durable. True if it is an acceptance, to be counted later.
    pub(super) fn hold(&mut self, node: NodeId, at: Place, record: &Record<A>) -> bool {
        let Record::Accepted { slot, ballot, entry } = record else { return false };
        let (slot, ballot, entry) = (*slot, *ballot, entry.clone());
        self.held.push(Kept { node, at, slot, ballot, entry });
        true
    }

    /// A slot was damaged, or with `None` the whole disk is gone.
    pub(super) fn lose(&mut self, node: NodeId, at: Option<Place>) {
        self.held.retain(|held| held.node != node || at.is_some_and(|at| at != held.at));
    }

    /// A sync completed at `node`: what counts now, oldest first.
    pub(super) fn release(&mut self, node: NodeId, mut count: impl FnMut(&Kept<A>)) {
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
    /// Keeps what is durable back until it counts; true if there is nothing else to be made of it.
    #[inline]
    pub(super) fn withhold(
        &mut self,
        seen: &Seen<'_, M>,
        now: TrueTime,
        report: &mut Report,
    ) -> bool {
        match *seen {
            Seen::Durable { node, at, record, .. } => {
                L::record(record).is_some_and(|record| self.withheld.hold(node, at, record))
            }
            Seen::DiskDone { process, end: DiskEnd::Synced, .. } => {
                let (bench, node) = (&mut self.bench, process.node);
                self.withheld.release(node, |held| {
                    let Kept { slot, ballot, entry, .. } = held;
                    let (slot, ballot) = (*slot, *ballot);
                    bench.take(now, &Term::DurableAccepted { node, ballot, slot, entry }, report);
                });
                true
            }
            Seen::Damaged { node, at, .. } => {
                self.withheld.lose(node, Some(at));
                true
            }
            Seen::Replaced { node } => {
                self.withheld.lose(node, None);
                true
            }
            _ => false,
        }
    }
}
