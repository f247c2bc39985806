//! Who decides in a search: everything that is sent waits for a choice to be made.

use super::jury::Jury;
use crate::clock::{Clock, TrueTime};
use crate::cluster::{Cargo, Cluster, Driver, Endpoint, Fate, Operation, Stall, Turn};
use crate::seen::Seen;
use crate::system::EndOfClaims;
use interregnum_core::{DiskError, Machine, NodeId, ProcessId, Span, Window};
use std::num::NonZeroU32;

/// Whoever follows one history, step by step.
pub trait Onlooker<M: Machine> {
    /// The time that is shown with what happens.
    fn now(&self) -> TrueTime;
    /// Shown everything that happens.
    fn see(&mut self, cluster: &Cluster<M>, seen: &Seen<'_, M>);
}

/// Nobody does, in a search.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl<M: Machine> Onlooker<M> for Nobody {
    fn now(&self) -> TrueTime {
        TrueTime::ZERO
    }

    fn see(&mut self, _: &Cluster<M>, _: &Seen<'_, M>) {}
}

/// Sees to it that things happen as they were chosen.
pub(super) struct Director<'s, M: Machine, O> {
    pub(super) jury: &'s mut Jury<M>,
    pub(super) ends_claims: fn(&Seen<'_, M>) -> Option<EndOfClaims>,
    pub(super) fallout: &'s mut Fallout,
    pub(super) onlooker: &'s mut O,
    /// Whether time passes.
    pub(super) timed: bool,
}

/// What a step leaves behind.
#[derive(Debug, Default)]
pub(super) struct Fallout {
    /// What was sent, and what else is on its way, by number in the cluster.
    pub(super) letters: Vec<u32>,
    pub(super) flights: Vec<u32>,
    /// The timers that were armed: whose, in which slot, and how long they take at least.
    pub(super) armed: Vec<(usize, usize, Span)>,
    /// What is left of the number that says what dice show.
    pub(super) dice: u32,
    /// How many combinations there were.
    pub(super) combinations: u32,
    /// The sync that is to fail, with those of its changes that are durable all the same.
    pub(super) failing: Option<u64>,
    /// Who read a clock that does not run in this search.
    pub(super) read_a_clock: Option<ProcessId>,
    pub(super) claims_ended: bool,
    /// Whether a client was refused.
    pub(super) refused: bool,
}

impl<M: Machine, O: Onlooker<M>> Driver<M> for Director<'_, M, O> {
    fn now(&self) -> TrueTime {
        self.onlooker.now()
    }

    fn see(&mut self, cluster: &Cluster<M>, seen: &Seen<'_, M>) {
        self.onlooker.see(cluster, seen);
        self.fallout.claims_ended |= (self.ends_claims)(seen).is_some();
        if !self.fallout.claims_ended {
            self.jury.see(cluster, TrueTime::ZERO, seen);
        }
    }

    fn reads_clock(&mut self, process: ProcessId, wall: bool) {
        if wall || !self.timed {
            self.fallout.read_a_clock.get_or_insert(process);
        }
    }

    fn pick(&mut self, _: usize, bound: NonZeroU32) -> u32 {
        let fallout = &mut *self.fallout;
        fallout.combinations = fallout.combinations.saturating_mul(bound.get());
        let shown = fallout.dice % bound;
        fallout.dice /= bound;
        shown
    }

    fn fate(&mut self, _: &mut Cluster<M>, _: Endpoint, _: Endpoint, _: Cargo<'_, M>) -> Fate {
        Fate::Arrives { after: Span::ZERO, again: None }
    }

    fn sync_time(&mut self, _: NodeId) -> Span {
        Span::ZERO
    }

    fn disks_ail(&self) -> bool {
        self.fallout.failing.is_some()
    }

    fn disk_turn(
        &mut self,
        _: &mut Cluster<M>,
        _: NodeId,
        _: NodeId,
        operation: Operation,
    ) -> Turn {
        match self.fallout.failing.take_if(|_| operation == Operation::Sync) {
            Some(survivors) => Turn::Fails { error: DiskError::Io, survivors },
            None => Turn::Well,
        }
    }

    fn disk_stall(&mut self, _: &mut Cluster<M>, _: NodeId, _: NodeId) -> Stall {
        Stall::For(Span::ZERO)
    }

    fn post(&mut self, letter: u32, _: Span) {
        self.fallout.letters.push(letter);
    }

    fn launch(&mut self, flight: u32, _: Span) {
        self.fallout.flights.push(flight);
    }

    fn arm(&mut self, process: usize, slot: usize, window: Window) {
        if self.timed {
            self.fallout.armed.push((process, slot, window.min));
        }
    }

    fn retime(&mut self, _: usize, _: &Clock, _: &Clock) -> bool {
        false
    }

    fn seam(&self, _: &Seen<'_, M>) -> Option<&'static str> {
        None
    }

    fn disarm(&mut self, _: usize, _: usize) {}

    fn watch(&mut self, _: NodeId, _: u16, _: Span) {}
}
