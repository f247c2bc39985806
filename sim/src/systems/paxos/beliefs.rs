//! Facts that are not told. A proposer says that it leads before it proposes, and whoever keeps a
//! snapshot tells its state before it writes it. What becomes durable without having been told shows that
//! facts are kept back: the evidence is *inconsistent*, and nothing that rests on facts can be relied on.
//!
//! Facts that are told and wrong are for those that compare them with the evidence: see `states`.
//!
//! This is a check of its own, which asks for durable records and facts only, so that messages pay
//! nothing for it. It counts no property: it speaks for the ones of the judge.

use super::evidence::{Layer, Term, decode};
use super::properties::{A2, A7};
use crate::check::{Branching, Check, Failure, Report, Tally, View};
use crate::clock::TrueTime;
use crate::seen::{Kind, Kinds, Seen};
use interregnum_core::consensus::LogSlot;
use interregnum_core::paxos::Ballot;
use interregnum_core::{Fold, Folder, Machine, NodeId};
use std::fmt;
use std::marker::PhantomData;

/// Compares what became durable with what was told before, in the Paxos layer `L` of machines `M`.
pub(super) struct Beliefs<M: Machine, L: Layer<M>> {
    told: Told,
    layer: PhantomData<fn() -> (M, L)>,
}

/// What each node told so far. Ballots of one owner and states of one node only grow.
#[derive(Clone, Debug, Fold)]
pub(super) struct Told {
    led: Vec<Ballot>,
    states: Vec<LogSlot>,
}

impl<M: Machine, L: Layer<M>> Beliefs<M, L> {
    /// Of a cluster of so many members.
    pub(super) fn new(members: u8) -> Self {
        Self { told: Told::new(members), layer: PhantomData }
    }
}

impl<M: Machine, L: Layer<M>> fmt::Debug for Beliefs<M, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.told.fmt(f)
    }
}

impl<M: Machine, L: Layer<M>> Clone for Beliefs<M, L> {
    fn clone(&self) -> Self {
        Self { told: self.told.clone(), layer: PhantomData }
    }
}

impl<M: Machine, L: Layer<M>> Fold for Beliefs<M, L> {
    fn fold(&self, into: &mut Folder) {
        self.told.fold(into);
    }
}

impl<M: Machine, L: Layer<M>> Check<M> for Beliefs<M, L> {
    fn branching(self: Box<Self>) -> Option<Box<dyn Branching<M>>> {
        Some(self)
    }

    fn interest(&self) -> Kinds {
        Kinds::of(&[Kind::Durable, Kind::Fact])
    }

    #[inline]
    fn observe(&mut self, seen: &Seen<'_, M>, view: View<'_, M>, report: &mut Report) {
        let failure = match decode::<M, L>(seen) {
            Some(Term::Led { node, ballot }) => self.told.led(node, ballot),
            Some(Term::StateTold { node, applied, .. }) => self.told.state(node, applied),
            Some(Term::DurableAccepted { node, ballot, .. }) => {
                self.told.accepted(view.now(), node, ballot)
            }
            Some(Term::DurableSnapshot { node, snapshot, .. }) => {
                self.told.snapshot(view.now(), node, snapshot.applied)
            }
            _ => None,
        };
        if let Some(failure) = failure {
            report.fail(failure);
        }
    }

    fn tallies(&self) -> Vec<Tally> {
        Vec::new()
    }
}

impl Told {
    pub(super) fn new(members: u8) -> Self {
        let members = usize::from(members);
        Self { led: vec![Ballot::NONE; members], states: vec![LogSlot::ZERO; members] }
    }

    fn led(&mut self, node: NodeId, ballot: Ballot) -> Option<Failure> {
        if let Some(led) = self.led.get_mut(node.index()) {
            *led = ballot.max(*led);
        }
        None
    }

    fn state(&mut self, node: NodeId, applied: LogSlot) -> Option<Failure> {
        if let Some(state) = self.states.get_mut(node.index()) {
            *state = applied.max(*state);
        }
        None
    }

    /// Who accepts does so in the ballot of somebody who leads in it.
    #[inline]
    fn accepted(&self, now: TrueTime, node: NodeId, ballot: Ballot) -> Option<Failure> {
        let led = self.led.get(ballot.node.index())?;
        (*led < ballot).then(|| {
            let what = format!("{} proposed in {ballot} and never told that it leads", ballot.node);
            let fact = format!("durable: an acceptance in {ballot}");
            let told = match led {
                none if none.is_none() => "told of no ballot".to_owned(),
                led => format!("told last that it leads in {led}"),
            };
            let failure = Failure::new(&A2, what).because(now, node, fact);
            failure.because(now, ballot.node, told).inconsistent()
        })
    }

    fn snapshot(&self, now: TrueTime, node: NodeId, applied: LogSlot) -> Option<Failure> {
        let state = *self.states.get(node.index())?;
        (state < applied).then(|| {
            let what = format!("{node} keeps a snapshot after {applied} and never told its state");
            let fact = format!("durable: a snapshot after {applied}");
            Failure::new(&A7, what).because(now, node, fact).inconsistent()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Finding;

    const NOW: TrueTime = TrueTime(7);

    fn ballot(round: u64, node: u8) -> Ballot {
        Ballot { round, node: NodeId(node) }
    }

    #[test]
    fn an_acceptance_needs_a_proposer_that_told_it_leads() {
        let mut told = Told::new(3);
        told.led(NodeId(1), ballot(2, 1));
        let accepted = |told: &Told, b| told.accepted(NOW, NodeId(0), b).map(|f| f.finding);
        assert_eq!(accepted(&told, ballot(2, 1)), None);
        assert_eq!(accepted(&told, ballot(1, 1)), None, "an earlier one of the same owner");
        assert_eq!(accepted(&told, ballot(3, 1)), Some(Finding::InconsistentEvidence));
        assert_eq!(accepted(&told, ballot(1, 2)), Some(Finding::InconsistentEvidence));
        assert_eq!(accepted(&told, ballot(1, 9)), None, "a stranger is nobody's to judge");
    }

    #[test]
    fn a_snapshot_needs_a_state_that_was_told() {
        let mut told = Told::new(3);
        told.state(NodeId(1), LogSlot(40));
        let kept = |told: &Told, node, slot| {
            told.snapshot(NOW, NodeId(node), LogSlot(slot)).map(|failure| failure.finding)
        };
        assert_eq!(kept(&told, 1, 40), None);
        assert_eq!(kept(&told, 1, 41), Some(Finding::InconsistentEvidence));
        assert_eq!(kept(&told, 0, 40), Some(Finding::InconsistentEvidence));
    }
}
