//! The check of everything that Paxos promises: one ledger and one reference replay, folded once, and the
//! properties judged against them.
//!
//! One check judges all properties because all of them stand on the same ledger. Each term is first
//! judged, then recorded where it changes what is known: an acceptance is recorded first, for it is what
//! makes an entry chosen.
//!
//! Deliberately absent: any look into a machine. What a machine believes is counted and drawn, and the
//! fingerprints that it reports are compared with its disk.

use super::answers::Answers;
use super::claims::{Accepts, Claims};
use super::damage::is_betrayal;
use super::evidence::{KINDS, Layer, Term, decode};
use super::ledger::Ledger;
use super::progress::{Bounds, Progress};
use super::reference::Reference;
use super::states::States;
use super::withheld::Withheld;
use crate::check::{Check, Failure, Report, Tally, View};
use crate::clock::TrueTime;
use crate::outcome::HighlightKind;
use crate::seen::{Client, Kinds, Seen};
use interregnum_core::consensus::{App, Entry, LogSlot, Operation};
use interregnum_core::paxos::{Ballot, Batch, Held, Promise, Reply, Snapshot};
use interregnum_core::{CallId, Machine, NodeId};
use std::fmt;
use std::marker::PhantomData;

/// What the judge counts, by name.
pub const COUNTERS: &[&str] = &[
    "leader_changes",
    "commands_chosen",
    "commands_answered",
    "reads_by_lease",
    "reads_by_log",
    "snapshots_taken",
    "snapshots_installed",
];

/// Judges the Paxos layer `L` of machines `M`.
pub struct Judge<M: Machine, L: Layer<M>> {
    pub(super) bench: Bench<L::App>,
    pub(super) withheld: Withheld<L::App>,
    /// Whether a disk lied unnoticed, so that nothing is promised any more.
    betrayed: bool,
    layer: PhantomData<fn() -> (M, L)>,
}

impl<M: Machine, L: Layer<M>> Judge<M, L> {
    /// A judge of a cluster of so many members.
    #[must_use]
    pub fn new(members: u8, bounds: Bounds) -> Self {
        Self {
            bench: Bench::new(members, bounds),
            withheld: Withheld::new(),
            betrayed: false,
            layer: PhantomData,
        }
    }
}

impl<M: Machine, L: Layer<M>> fmt::Debug for Judge<M, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bench.fmt(f)
    }
}

impl<M: Machine, L: Layer<M>> Check<M> for Judge<M, L> {
    fn interest(&self) -> Kinds {
        KINDS
    }

    #[inline]
    fn observe(&mut self, seen: &Seen<'_, M>, view: View<'_, M>, report: &mut Report) {
        self.betrayed |= is_betrayal(seen);
        if self.betrayed {
            return;
        }
        if self.withhold(seen, view.now(), report) {
            return;
        }
        if let Some(term) = decode::<M, L>(seen) {
            self.bench.take(view.now(), &term, report);
        }
    }

    fn finish(&mut self, view: View<'_, M>, report: &mut Report) {
        if !self.betrayed {
            self.bench.finish(view.now(), report);
        }
    }

    fn settled(&self) -> bool {
        self.betrayed || self.bench.settled()
    }

    fn tallies(&self) -> Vec<Tally> {
        self.bench.tallies()
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        self.bench.counts()
    }
}

/// The judge without the machine: folds terms.
#[derive(Debug)]
pub(super) struct Bench<A: App> {
    ledger: Ledger<A>,
    reference: Reference<A>,
    accepts: Accepts,
    claims: Claims,
    states: States,
    answers: Answers<A>,
    progress: Progress,
    /// For each node, the last slot of the latest state that was sent to it.
    offered: Vec<LogSlot>,
    leader_changes: u64,
    commands_chosen: u64,
    snapshots_taken: u64,
    snapshots_installed: u64,
}

impl<A: App> Bench<A> {
    pub(super) fn new(members: u8, bounds: Bounds) -> Self {
        Self {
            ledger: Ledger::new(members),
            reference: Reference::new(),
            accepts: Accepts::new(),
            claims: Claims::new(members),
            states: States::new(members),
            answers: Answers::new(),
            progress: Progress::new(members, bounds),
            offered: vec![LogSlot::ZERO; usize::from(members)],
            leader_changes: 0,
            commands_chosen: 0,
            snapshots_taken: 0,
            snapshots_installed: 0,
        }
    }

    /// Takes in one term.
    #[inline]
    pub(super) fn take(&mut self, now: TrueTime, term: &Term<'_, A>, report: &mut Report) {
        let failure = match *term {
            Term::Accept { from, ballot, slot, entry, chosen_upto } => self
                .proposed(now, from, (ballot, slot, entry))
                .or_else(|| self.claimed_upto(now, from, chosen_upto, "sent")),
            Term::DurableAccepted { node, ballot, slot, entry } => {
                self.accepted(now, node, (ballot, slot, entry))
            }
            Term::Heard { from, ballot } => self.progress.heard(now, from, ballot),
            Term::ClaimedUpto { from, upto } => self.claimed_upto(now, from, upto, "sent"),
            Term::Asked { client, id, call } => {
                self.answers.asked(now, client, id, call);
                None
            }
            Term::Replied { node, id, reply } => self.replied(now, node, id, reply),
            Term::Answered { client, id, reply } => self.answered(now, client, id, reply),
            _ => self.take_rare(now, term, report),
        };
        if let Some(failure) = failure {
            report.fail(failure);
        }
    }

    /// What does not happen for every command.
    fn take_rare(
        &mut self,
        now: TrueTime,
        term: &Term<'_, A>,
        report: &mut Report,
    ) -> Option<Failure> {
        match *term {
            Term::Promised { from, promise } => self.promised(now, from, promise),
            Term::ClaimedEntries { from, batch } => self.claimed_entries(now, from, batch),
            Term::ClaimedState { from, to, snapshot } => {
                if let Some(offered) = self.offered.get_mut(to.index()) {
                    *offered = snapshot.applied;
                }
                self.claimed_upto(now, from, snapshot.applied, "sent a snapshot")
            }
            Term::DurableChosen { node, slot, entry } => {
                self.claims.entry(now, node, slot, entry, &self.ledger, "durable")
            }
            Term::DurableSnapshot { node, snapshot } => self.durable_snapshot(now, node, snapshot),
            Term::Truncated { node, applied, log_start } => {
                self.truncated(now, node, applied, log_start)
            }
            Term::StateTold { node, applied, state } => {
                let told = (applied, state);
                self.states.told(now, node, told, &self.ledger, &mut self.reference)
            }
            Term::Led { node, ballot } => {
                self.leader_changes += 1;
                report.highlight(Some(node), HighlightKind::Rose, format!("leads in {ballot}"));
                None
            }
            Term::SteppedDown { node, ballot } => {
                report.highlight(Some(node), HighlightKind::Fell, format!("gave up {ballot}"));
                None
            }
            Term::Calm { core } => {
                self.progress.calm(now, core);
                None
            }
            _ => None,
        }
    }

    pub(super) fn finish(&mut self, now: TrueTime, report: &mut Report) {
        let failure = self.states.finish(now).or_else(|| self.progress.finish(now));
        if let Some(failure) = failure {
            report.fail(failure);
        }
    }

    pub(super) fn settled(&self) -> bool {
        self.progress.settled()
    }

    /// How many slots are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.ledger.kept()
    }

    pub(super) fn tallies(&self) -> Vec<Tally> {
        vec![
            self.accepts.tally.clone(),
            self.claims.tally.clone(),
            self.states.tally.clone(),
            self.answers.replies.clone(),
            self.answers.order.clone(),
            self.progress.tally.clone(),
        ]
    }

    pub(super) fn counts(&self) -> Vec<(&'static str, u64)> {
        let counts = [
            self.leader_changes,
            self.commands_chosen,
            self.answers.commands_answered,
            self.answers.reads_by_lease,
            self.answers.reads_by_log,
            self.snapshots_taken,
            self.snapshots_installed,
        ];
        COUNTERS.iter().copied().zip(counts).collect()
    }

    #[inline]
    fn proposed(
        &mut self,
        now: TrueTime,
        from: NodeId,
        (ballot, slot, entry): (Ballot, LogSlot, &Entry<A>),
    ) -> Option<Failure> {
        let shown = self.ledger.proposed(now, from, ballot, slot, entry);
        self.accepts.judge(now, slot, shown)
    }

    #[inline]
    fn accepted(
        &mut self,
        now: TrueTime,
        node: NodeId,
        (ballot, slot, entry): (Ballot, LogSlot, &Entry<A>),
    ) -> Option<Failure> {
        let (shown, is_new) = self.ledger.accepted(now, node, ballot, slot, entry);
        let failure = self.accepts.judge(now, slot, shown);
        if !is_new {
            return failure;
        }
        let mut requests = 0;
        self.reference.advance(&mut self.ledger, |entry| match entry {
            Entry::Request { operation: Operation::Command(_), .. } => {
                requests += 1;
                self.commands_chosen += 1;
            }
            Entry::Request { .. } => requests += 1,
            Entry::Noop => {}
        });
        if requests == 0 { failure } else { failure.or_else(|| self.progress.chosen(now)) }
    }

    #[inline]
    fn claimed_upto(
        &mut self,
        now: TrueTime,
        node: NodeId,
        upto: LogSlot,
        how: &str,
    ) -> Option<Failure> {
        self.claims.upto(now, node, upto, self.reference.upto(), how)
    }

    fn claimed_entries(
        &mut self,
        now: TrueTime,
        from: NodeId,
        batch: &Batch<A>,
    ) -> Option<Failure> {
        let mut slots = (batch.first.0..).map(LogSlot).zip(&batch.entries);
        slots
            .find_map(|(slot, entry)| {
                self.claims.entry(now, from, slot, entry, &self.ledger, "sent")
            })
            .or_else(|| self.claimed_upto(now, from, batch.chosen_upto, "sent"))
    }

    fn promised(&mut self, now: TrueTime, from: NodeId, promise: &Promise<A>) -> Option<Failure> {
        let upto = promise.chosen_upto.max(promise.log_start.before());
        let mut chosen = promise.reports.iter().filter_map(|report| match &report.held {
            Held::Chosen { entry } => Some((report.slot, entry)),
            Held::Accepted { .. } | Held::Faulty => None,
        });
        chosen
            .find_map(|(slot, entry)| {
                self.claims.entry(now, from, slot, entry, &self.ledger, "promised")
            })
            .or_else(|| self.claimed_upto(now, from, upto, "promised"))
    }

    fn durable_snapshot(
        &mut self,
        now: TrueTime,
        node: NodeId,
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
    }

    /// The slots that a node may still be asked for are the snapshot's own and those of its log.
    fn truncated(
        &mut self,
        now: TrueTime,
        node: NodeId,
        applied: LogSlot,
        log_start: LogSlot,
    ) -> Option<Failure> {
        let upto = applied.max(log_start.before());
        let failure = self.claimed_upto(now, node, upto, "durable pointer");
        let oldest = self.ledger.truncated(node, log_start.min(applied.next()));
        self.reference.forget(&mut self.ledger, oldest.min(self.reference.upto()));
        failure
    }

    fn replied(
        &mut self,
        now: TrueTime,
        node: NodeId,
        id: CallId,
        reply: &Reply<A>,
    ) -> Option<Failure> {
        let slot = match reply {
            Reply::Applied { slot, .. } => *slot,
            Reply::Read { as_of, .. } => *as_of,
            _ => LogSlot::ZERO,
        };
        self.claimed_upto(now, node, slot, "answered a client").or_else(|| {
            let reply = (id, reply);
            self.answers.replied(now, node, reply, &self.ledger, &mut self.reference)
        })
    }

    fn answered(
        &mut self,
        now: TrueTime,
        client: Client,
        id: CallId,
        reply: &Reply<A>,
    ) -> Option<Failure> {
        let failure =
            self.answers.answered(now, client, (id, reply), &self.ledger, &self.reference);
        if failure.is_some() || !matches!(reply, Reply::Applied { .. } | Reply::Read { .. }) {
            return failure;
        }
        let asked = self.answers.find(id)?.at;
        self.progress.answered(now, client.0, asked)
    }
}
