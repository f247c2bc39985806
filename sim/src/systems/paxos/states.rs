//! A7: every state is that of the reference replay.
//!
//! Snapshots that are durable or sent are compared with the reference, value by value. A reported
//! fingerprint is a belief: where it differs from the reference, the disk decides. If a snapshot of the same
//! slot becomes durable at that node, or is sent by it, and is wrong, too, the state is wrong and A7 is
//! *violated*; if it is right, the evidence is *inconsistent*. Until then nothing is decided: writing a
//! snapshot takes its time, and the node may fall meanwhile and have nothing to show. What is still undecided
//! when the run ends without any other failure is inconsistent evidence, for only the report speaks for a
//! wrong state.
//!
//! A node reports the state before it writes the snapshot. A durable snapshot that goes beyond everything
//! that its node reported is inconsistent, too: reports are missing.

use super::ledger::Ledger;
use super::properties::A7;
use super::reference::Reference;
use crate::check::{Failure, Tally};
use crate::clock::TrueTime;
use interregnum_core::consensus::{App, LogSlot};
use interregnum_core::paxos::Snapshot;
use interregnum_core::{Fingerprint, Fold, NodeId};

/// So many reports may be undecided at once.
const SUSPECTS: usize = 64;

/// Judges states.
#[derive(Clone, Debug, Fold)]
pub(super) struct States {
    pub(super) tally: Tally,
    /// Reports that differ from the reference and that no snapshot has confirmed yet, oldest first.
    suspects: Vec<Suspect>,
    /// For each node, the highest slot of which it reported the state.
    told: Vec<LogSlot>,
}

#[derive(Clone, Copy, Debug, Fold)]
struct Suspect {
    node: NodeId,
    applied: LogSlot,
    since: TrueTime,
}

impl States {
    pub(super) fn new(members: u8) -> Self {
        let told = vec![LogSlot::ZERO; usize::from(members)];
        Self { tally: Tally::new(&A7), suspects: Vec::new(), told }
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
        if let Some(failure) = self.compare(now, node, snapshot, ledger, reference, "durable") {
            return Some(failure);
        }
        if self.told.get(node.index()).is_none_or(|told| snapshot.applied <= *told) {
            return None;
        }
        let what = format!("{node} reported no state after {}, but stored one", snapshot.applied);
        let failure = Failure::new(&A7, what).because(now, node, "a snapshot became durable");
        Some(self.fail(failure).inconsistent())
    }

    /// `node` sent a snapshot.
    pub(super) fn sent<A: App>(
        &mut self,
        now: TrueTime,
        node: NodeId,
        snapshot: &Snapshot<A>,
        ledger: &Ledger<A>,
        reference: &mut Reference<A>,
    ) -> Option<Failure> {
        self.compare(now, node, snapshot, ledger, reference, "sent")
    }

    fn compare<A: App>(
        &mut self,
        now: TrueTime,
        node: NodeId,
        snapshot: &Snapshot<A>,
        ledger: &Ledger<A>,
        reference: &mut Reference<A>,
        how: &str,
    ) -> Option<Failure> {
        let applied = snapshot.applied;
        let Some(expected) = reference.at(ledger, applied) else {
            self.tally.checked();
            return None;
        };
        self.tally.exercised(now);
        if *expected != snapshot.replica {
            let what = format!("{node}'s state after {applied} is not that of the chosen entries");
            let (is, should) = (snapshot.replica.fingerprint(), expected.fingerprint());
            let fact =
                format!("{how}: the state after {applied} has {is}; it should have {should}");
            return Some(self.fail(Failure::new(&A7, what).because(now, node, fact)));
        }
        let same = |suspect: &Suspect| suspect.node == node && suspect.applied == applied;
        let at = self.suspects.iter().position(same)?;
        let suspect = self.suspects.remove(at);
        Some(self.contradicted(now, suspect, "its snapshot of that slot is right"))
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
        let told = self.told.get_mut(node.index())?;
        *told = (*told).max(applied);
        // A state after slots that are not chosen is as wrong as any other; one that is too old to be
        // rebuilt is not judged.
        if applied.next() < ledger.base() {
            self.tally.checked();
            return None;
        }
        self.tally.exercised(now);
        let expected = reference.at(ledger, applied).map(|replica| replica.fingerprint());
        if expected != Some(state) && self.suspects.len() < SUSPECTS {
            self.suspects.push(Suspect { node, applied, since: now });
        }
        None
    }

    /// Nothing more will come: whatever is still undecided is a report that nothing bears out.
    pub(super) fn finish(&mut self, now: TrueTime) -> Option<Failure> {
        let suspect = *self.suspects.first()?;
        Some(self.contradicted(now, suspect, "no snapshot of that slot confirms it"))
    }

    /// A report that the node's snapshots do not bear out.
    fn contradicted(&mut self, now: TrueTime, suspect: Suspect, why: &str) -> Failure {
        let Suspect { node, applied, since } = suspect;
        let what =
            format!("{node} reported a state after {applied} that its disk does not bear out");
        let told = format!("reported a fingerprint after {applied} that no replay gives");
        let failure = Failure::new(&A7, what).because(since, node, told).because(now, node, why);
        self.fail(failure).inconsistent()
    }

    const fn fail(&mut self, failure: Failure) -> Failure {
        self.tally.violated += 1;
        failure
    }
}
