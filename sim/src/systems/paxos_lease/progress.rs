//! V10: after the faults somebody gets the lease, and acts for a client.
//!
//! Judged by answers to calls that were made after the faults. Deliberately absent: that a holder keeps the lease
//! while nothing fails, and that a released lease is taken before it would have run out.

use super::properties::V10;
use crate::check::{Branching, Check, Failure, Report, Tally, View};
use crate::clock::TrueTime;
use crate::seen::{Kind, Kinds, Seen};
use interregnum_core::paxos_lease::Reply;
use interregnum_core::{CallId, Fold, Machine, Span};
use std::collections::BTreeSet;

/// Judges progress.
#[derive(Clone, Debug, Fold)]
pub(super) struct Progress {
    tally: Tally,
    bound: Span,
    calm: Option<TrueTime>,
    fresh: BTreeSet<CallId>,
}

impl Progress {
    pub(super) const fn new(bound: Span) -> Self {
        let tally = Tally { bound: Some(bound), ..Tally::new(&V10) };
        Self { tally, bound, calm: None, fresh: BTreeSet::new() }
    }
}

impl<M: Machine<Reply = Reply>> Check<M> for Progress {
    fn branching(self: Box<Self>) -> Option<Box<dyn Branching<M>>> {
        Some(self)
    }

    fn interest(&self) -> Kinds {
        Kinds::of(&[Kind::Calm, Kind::Asked, Kind::Answered])
    }

    fn observe(&mut self, seen: &Seen<'_, M>, view: View<'_, M>, report: &mut Report) {
        let now = view.now();
        let Some(calm) = self.calm else {
            if matches!(seen, Seen::Calm { .. }) {
                self.calm = Some(now);
            }
            return;
        };
        if self.tally.took.is_some() {
            return;
        }
        match *seen {
            Seen::Asked { id, .. } => {
                self.fresh.insert(id);
            }
            Seen::Answered { id, reply: Reply::Acted { .. }, .. } if self.fresh.contains(&id) => {
                self.tally.exercised(now);
                self.tally.took = Some(now.since(calm));
                self.fresh.clear();
                if now.since(calm) > self.bound {
                    self.fail(now.since(calm), report);
                }
            }
            Seen::Answered { id, .. } => {
                self.fresh.remove(&id);
            }
            _ => {}
        }
    }

    fn finish(&mut self, view: View<'_, M>, report: &mut Report) {
        if let Some(calm) = self.calm.filter(|_| self.tally.took.is_none()) {
            self.fail(view.now().since(calm), report);
        }
    }

    fn settled(&self) -> bool {
        self.tally.took.is_some()
    }

    fn tallies(&self) -> Vec<Tally> {
        vec![self.tally.clone()]
    }
}

impl Progress {
    fn fail(&mut self, took: Span, report: &mut Report) {
        self.tally.violated += 1;
        let bound = self.bound;
        let what =
            format!("nobody acted on the lease for {took} after the faults; the bound is {bound}");
        report.fail(Failure::new(&V10, what));
    }
}
