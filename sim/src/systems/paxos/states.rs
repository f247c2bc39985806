//! A7: every state is that of the reference replay.
//!
//! Durable snapshots are compared with the reference, value by value. A reported fingerprint is a belief:
//! where it differs from the reference, the disk decides. If the node's snapshot of the same slot becomes
//! durable and is wrong, too, the state is wrong and A7 is *violated*; if it is right, or never comes,
//! nothing but the report speaks for a wrong state, and the evidence is *inconsistent*. A report is
//! decided at the latest when the node makes the next one, or when the run ends.

use super::ledger::Ledger;
use super::properties::A7;
use super::reference::Reference;
use crate::check::{Failure, Tally};
use crate::clock::TrueTime;
use interregnum_core::consensus::{App, LogSlot};
use interregnum_core::paxos::Snapshot;
use interregnum_core::{Fingerprint, NodeId};

/// Judges states.
#[derive(Debug)]
pub(super) struct States {
    pub(super) tally: Tally,
    /// For each node, a report that differs from the reference and that no disk has confirmed yet.
    suspects: Vec<Option<Suspect>>,
}

#[derive(Clone, Copy, Debug)]
struct Suspect {
    applied: LogSlot,
    since: TrueTime,
}

impl States {
    pub(super) fn new(members: u8) -> Self {
        Self { tally: Tally::new(&A7), suspects: vec![None; usize::from(members)] }
    }

    /// A snapshot became durable at `node`. Whether its slots are chosen is A5's question.
    pub(super) fn durable<A: App>(
        &mut self,
        now: TrueTime,
        node: NodeId,
        snapshot: &Snapshot<A>,
        ledger: &Ledger<A>,
        reference: &mut Reference<A>,
    ) -> Option<Failure> {
        let Some(expected) = reference.at(ledger, snapshot.applied) else {
            self.tally.checked();
            return None;
        };
        self.tally.exercised(now);
        if *expected != snapshot.replica {
            let what = format!(
                "{node}'s durable state after {} is not that of the chosen entries",
                snapshot.applied
            );
            let (is, should) = (snapshot.replica.fingerprint(), expected.fingerprint());
            let fact = format!(
                "durable: the state after {} has {is}; it should have {should}",
                snapshot.applied
            );
            return Some(self.fail(Failure::new(&A7, what).because(now, node, fact)));
        }
        let suspect = self.suspects.get(node.index()).copied().flatten()?;
        if suspect.applied == snapshot.applied { self.contradicted(now, node) } else { None }
    }

    /// `node` reported the fingerprint of its state.
    pub(super) fn told<A: App>(
        &mut self,
        now: TrueTime,
        node: NodeId,
        (applied, state): (LogSlot, Fingerprint),
        ledger: &Ledger<A>,
        reference: &mut Reference<A>,
    ) -> Option<Failure> {
        if let Some(failure) = self.contradicted(now, node) {
            return Some(failure);
        }
        // A state after slots that are not chosen is as wrong as any other; one that is too old to be
        // rebuilt is not judged.
        if applied.next() < ledger.base() {
            self.tally.checked();
            return None;
        }
        self.tally.exercised(now);
        let expected = reference.at(ledger, applied).map(|replica| replica.fingerprint());
        if expected != Some(state)
            && let Some(suspect) = self.suspects.get_mut(node.index())
        {
            *suspect = Some(Suspect { applied, since: now });
        }
        None
    }

    /// Nothing more will come: whatever is still undecided is a report that no disk bears out.
    pub(super) fn finish(&mut self, now: TrueTime) -> Option<Failure> {
        let nodes = (0..=u8::MAX).map(NodeId).take(self.suspects.len());
        nodes.into_iter().find_map(|node| self.contradicted(now, node))
    }

    /// The node's open report, if any, is one that the disk does not bear out.
    fn contradicted(&mut self, now: TrueTime, node: NodeId) -> Option<Failure> {
        let suspect = self.suspects.get_mut(node.index())?.take()?;
        let what = format!(
            "{node} reported a state after {} that its disk does not bear out",
            suspect.applied
        );
        let told = format!("reported a fingerprint after {} that no replay gives", suspect.applied);
        let failure = Failure::new(&A7, what).because(suspect.since, node, told).because(
            now,
            node,
            "no durable snapshot of that slot confirms it",
        );
        Some(self.fail(failure).inconsistent())
    }

    const fn fail(&mut self, failure: Failure) -> Failure {
        self.tally.violated += 1;
        failure
    }
}
