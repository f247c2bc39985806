//! What the judge makes of what disks keep and let go of, other than acceptances.

use super::super::evidence::Term;
use super::super::losses::Part;
use super::Bench;
use crate::check::Failure;
use crate::clock::TrueTime;
use interregnum_core::NodeId;
use interregnum_core::consensus::{App, Entry, LogSlot};
use interregnum_core::paxos::record::{Lane, SNAPSHOTS};
use interregnum_core::paxos::{Ballot, Snapshot};

impl<A: App> Bench<A> {
    /// Takes in what happened to a disk.
    pub(super) fn take_disk(&mut self, now: TrueTime, term: &Term<'_, A>) -> Option<Failure> {
        match *term {
            Term::DurableChosen { node, slot, entry, lane } => {
                self.learned(now, node, (slot, entry), lane)
            }
            Term::DurablePromised { node, copy, ballot } => {
                self.ledger.losses.keep_promise(node, copy);
                self.acceptors.copy(now, node, (copy, ballot), &self.ledger.losses)
            }
            Term::Stored { node, ballot, slot, entry, lane } => {
                self.ledger.stored(now, node, ballot, (slot, lane), entry);
                self.holdings.held(now, node, slot, "stores something else", &self.ledger)
            }
            Term::Counted { node, ballot, slot, entry } => {
                let (shown, is_new) = self.ledger.counted(now, node, (ballot, slot), entry);
                self.counted(now, node, slot, (shown, is_new))
            }
            Term::Damaged { node, part, torn } => self.damaged(now, node, part, torn),
            Term::Replaced { node } => self.replaced(node),
            Term::Forgot { node } => {
                self.acceptors.booted(node, Some(now));
                None
            }
            Term::DurableSnapshot { node, place, snapshot } => {
                self.durable_snapshot(now, node, place, snapshot)
            }
            Term::Truncated { node, place, applied, log_start } => {
                self.truncated(now, node, (place, applied, log_start))
            }
            Term::Erased { node, first, end } => self.erased(now, node, first, end),
            _ => None,
        }
    }

    fn learned(
        &mut self,
        now: TrueTime,
        node: NodeId,
        (slot, entry): (LogSlot, &Entry<A>),
        lane: Lane,
    ) -> Option<Failure> {
        let failure = self.claims.entry(now, node, slot, entry, &self.ledger, "durable");
        self.ledger.learned(node, slot, lane);
        failure.or_else(|| self.holdings.held(now, node, slot, "stores it anew", &self.ledger))
    }

    fn erased(
        &mut self,
        now: TrueTime,
        node: NodeId,
        first: LogSlot,
        end: LogSlot,
    ) -> Option<Failure> {
        self.ledger.erased(node, first, end);
        self.holdings.lost(now, node, (first, end), "erased", &self.ledger)
    }

    fn durable_snapshot(
        &mut self,
        now: TrueTime,
        node: NodeId,
        place: usize,
        snapshot: &Snapshot<A>,
    ) -> Option<Failure> {
        match self.offered.get_mut(node.index()) {
            Some(offered) if *offered == snapshot.applied => {
                *offered = LogSlot::ZERO;
                self.snapshots_installed += 1;
            }
            _ => self.snapshots_taken += 1,
        }
        let claimed = self.claimed_upto(now, node, snapshot.applied, "durable snapshot");
        claimed
            .or_else(|| self.states.durable(now, node, snapshot, &self.ledger, &mut self.reference))
            .or_else(|| {
                let written = (place, snapshot.applied);
                self.holdings.snapshot(now, node, written, &mut self.ledger)
            })
    }

    /// The slots that a node may still be asked for are the snapshot's own and those of its log.
    fn truncated(
        &mut self,
        now: TrueTime,
        node: NodeId,
        pointer: (usize, LogSlot, LogSlot),
    ) -> Option<Failure> {
        let (_, applied, log_start) = pointer;
        let upto = applied.max(log_start.before());
        let failure = self
            .claimed_upto(now, node, upto, "durable pointer")
            .or_else(|| self.holdings.pointed(now, node, pointer, &mut self.ledger))
            .or_else(|| self.catch_up.cut(now, node, log_start));
        let oldest = self.ledger.truncated(node, log_start.min(applied.next()));
        self.reference.forget(&mut self.ledger, oldest.min(self.reference.upto()));
        self.acceptors.forget_below(self.ledger.base());
        failure
    }

    /// A fault took a part of `node`'s disk.
    fn damaged(&mut self, now: TrueTime, node: NodeId, part: Part, torn: bool) -> Option<Failure> {
        match part {
            Part::Format => self.ledger.losses.lose_format(node),
            Part::Promise(copy) => {
                self.ledger.losses.lose_promise(node, copy, torn);
                let nothing = (copy, Ballot::NONE);
                return self.acceptors.copy(now, node, nothing, &self.ledger.losses);
            }
            Part::Snapshot(place) => self.holdings.damaged(node, place, &mut self.ledger),
            Part::Entry(slot, lane) if torn && !self.mirrored => {
                self.ledger.torn(node, slot, lane);
                return self.holdings.held(now, node, slot, "torn by its own write", &self.ledger);
            }
            Part::Entry(slot, lane) => self.ledger.damaged(node, slot, lane),
        }
        None
    }

    /// A fault took all of `node`'s disk.
    fn replaced(&mut self, node: NodeId) -> Option<Failure> {
        self.ledger.replaced(node);
        for place in 0..SNAPSHOTS.len() {
            self.holdings.damaged(node, place, &mut self.ledger);
        }
        None
    }
}
