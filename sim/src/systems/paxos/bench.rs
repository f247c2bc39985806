//! The judge without the machine: one ledger and one reference replay, folded once, and the properties
//! judged against them.
//!
//! One check judges all of them because all stand on the same ledger. Each term is first judged, then
//! recorded where it changes what is known: an acceptance is recorded first, for it is what makes an entry
//! chosen.

mod counts;
mod disk;

use super::acceptors::Acceptors;
use super::answers::Answers;
use super::ballots::Ballots;
use super::catch_up::CatchUp;
use super::cell::Shown;
use super::claims::{Accepts, Claims, with_proposals};
use super::evidence::Term;
use super::holdings::Holdings;
use super::ledger::Ledger;
use super::progress::{Bounds, Progress};
use super::reference::Reference;
use super::states::States;
use crate::check::{Failure, Report};
use crate::clock::TrueTime;
use crate::outcome::HighlightKind;
use crate::seen::Client;
use interregnum_core::consensus::{App, Entry, LogSlot, Operation};
use interregnum_core::paxos::record::Lane;
use interregnum_core::paxos::{Ballot, Batch, Held, Promise, Reply, Snapshot};
use interregnum_core::{CallId, Fold, NodeId, NodeSet};

/// Folds terms.
#[derive(Clone, Debug, Fold)]
pub(super) struct Bench<A: App> {
    ledger: Ledger<A>,
    reference: Reference<A>,
    pub(super) acceptors: Acceptors,
    ballots: Ballots,
    holdings: Holdings,
    accepts: Accepts,
    claims: Claims,
    states: States,
    answers: Answers<A>,
    progress: Progress,
    catch_up: CatchUp,
    /// Whether each entry is written twice: then what tears one copy leaves the other.
    pub(super) mirrored: bool,
    /// For each node, the last slot of the latest state that was sent to it.
    offered: Vec<LogSlot>,
    #[fold(skip)]
    leader_changes: u64,
    #[fold(skip)]
    requests_chosen: u64,
    #[fold(skip)]
    commands_chosen: u64,
    #[fold(skip)]
    snapshots_taken: u64,
    #[fold(skip)]
    snapshots_installed: u64,
}

impl<A: App> Bench<A> {
    pub(super) fn new(members: u8, bounds: Bounds) -> Self {
        Self {
            ledger: Ledger::new(members),
            reference: Reference::new(),
            acceptors: Acceptors::new(members),
            ballots: Ballots::new(members),
            holdings: Holdings::new(members),
            accepts: Accepts::new(),
            claims: Claims::new(members),
            states: States::new(members),
            answers: Answers::new(),
            progress: Progress::new(members, bounds),
            catch_up: CatchUp::new(members, bounds.catch_up),
            mirrored: false,
            offered: vec![LogSlot::ZERO; usize::from(members)],
            leader_changes: 0,
            requests_chosen: 0,
            commands_chosen: 0,
            snapshots_taken: 0,
            snapshots_installed: 0,
        }
    }

    /// Takes in one term. Inlined with the decoding, so that a term is never written down.
    #[inline(always)]
    pub(super) fn take(&mut self, now: TrueTime, term: &Term<'_, A>, report: &mut Report) {
        let failure = match *term {
            Term::Accept { from, ballot, slot, entry, chosen_upto } => self
                .proposed(now, from, (ballot, slot, entry))
                .or_else(|| self.claimed_upto(now, from, chosen_upto, "sent")),
            Term::DurableAccepted { node, ballot, slot, entry, lane } => {
                self.accepted(now, node, (ballot, slot, entry), lane)
            }
            Term::Acknowledged { from, ballot, slot } => self
                .acceptors
                .acknowledged(now, from, (ballot, slot), &self.ledger.losses)
                .or_else(|| self.progress.heard(now, from, ballot)),
            Term::Granted { from, ballot } => self
                .acceptors
                .told(now, from, (ballot, "sent a grant"), &self.ledger.losses)
                .or_else(|| self.progress.heard(now, from, ballot)),
            Term::Beaten { from, ballot, chosen_upto } => self
                .ballots
                .used(now, from, ballot)
                .or_else(|| self.claimed_upto(now, from, chosen_upto, "sent")),
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
    #[inline(never)]
    fn take_rare(
        &mut self,
        now: TrueTime,
        term: &Term<'_, A>,
        report: &mut Report,
    ) -> Option<Failure> {
        match *term {
            Term::Prepared { from, ballot } => self
                .acceptors
                .asked(now, from, "sent a prepare")
                .or_else(|| self.ballots.used(now, from, ballot)),
            Term::Promised { from, promise } => self.promised(now, from, promise),
            Term::ClaimedEntries { from, batch } => self.claimed_entries(now, from, batch),
            Term::ClaimedState { from, to, snapshot } => {
                self.claimed_state(now, from, to, snapshot)
            }
            Term::Booted { node, incarnation } => {
                self.ballots.booted(node, incarnation);
                self.acceptors.booted(node, None);
                self.catch_up.booted(node);
                None
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
                self.calm(now, core);
                None
            }
            _ => self.take_disk(now, term),
        }
    }

    pub(super) fn finish(&mut self, now: TrueTime, report: &mut Report) {
        let failure = self
            .states
            .finish(now)
            .or_else(|| self.progress.finish(now))
            .or_else(|| self.catch_up.finish(now));
        if let Some(failure) = failure {
            report.fail(failure);
        }
    }

    pub(super) fn settled(&self) -> bool {
        self.progress.settled() && self.catch_up.settled()
    }

    /// How many slots are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.ledger.kept()
    }

    fn calm(&mut self, now: TrueTime, core: NodeSet) {
        self.progress.calm(now, core);
        self.catch_up.calm(now, core, self.reference.upto());
    }

    #[inline]
    fn proposed(
        &mut self,
        now: TrueTime,
        from: NodeId,
        (ballot, slot, entry): (Ballot, LogSlot, &Entry<A>),
    ) -> Option<Failure> {
        if let Some(failure) = self
            .acceptors
            .asked(now, from, "sent an accept")
            .or_else(|| self.ballots.used(now, from, ballot))
        {
            return Some(failure);
        }
        let (shown, again) = self.ledger.proposed(now, from, ballot, slot, entry);
        let failure = self.ballots.proposed(now, slot, &shown, again);
        failure.or_else(|| self.accepts.judge(now, slot, shown))
    }

    #[inline]
    fn accepted(
        &mut self,
        now: TrueTime,
        node: NodeId,
        (ballot, slot, entry): (Ballot, LogSlot, &Entry<A>),
        lane: Lane,
    ) -> Option<Failure> {
        let counted = self.ledger.accepted(now, node, ballot, (slot, lane), entry);
        self.counted(now, node, slot, counted)
    }

    /// Judges what an acceptance that counts from now on makes of its slot.
    #[inline]
    fn counted(
        &mut self,
        now: TrueTime,
        node: NodeId,
        slot: LogSlot,
        (shown, is_new): (Shown<A>, bool),
    ) -> Option<Failure> {
        let mut failure = self.ballots.proposed(now, slot, &shown, false);
        failure = failure.or_else(|| self.accepts.judge(now, slot, shown));
        if is_new || self.ledger.is_contended(slot) {
            failure = failure.or_else(|| {
                self.holdings.held(now, node, slot, "accepts something else", &self.ledger)
            });
        }
        if !is_new {
            return failure;
        }
        let before = self.requests_chosen;
        self.reference.advance(&mut self.ledger, |entry| {
            if let Entry::Request { operation, .. } = entry {
                self.requests_chosen += 1;
                self.commands_chosen += u64::from(matches!(operation, Operation::Command(_)));
            }
        });
        let any = self.requests_chosen > before;
        failure.or_else(|| if any { self.progress.chosen(now) } else { None })
    }

    #[inline]
    fn claimed_upto(
        &mut self,
        now: TrueTime,
        node: NodeId,
        upto: LogSlot,
        how: &str,
    ) -> Option<Failure> {
        let chosen = self.reference.upto();
        let failure = self.claims.upto(now, node, upto, chosen, how);
        failure
            .map(|failure| with_proposals(failure, chosen.next(), &self.ledger))
            .or_else(|| self.catch_up.applied(now, node, upto))
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

    fn claimed_state(
        &mut self,
        now: TrueTime,
        from: NodeId,
        to: NodeId,
        snapshot: &Snapshot<A>,
    ) -> Option<Failure> {
        if let Some(offered) = self.offered.get_mut(to.index()) {
            *offered = snapshot.applied;
        }
        let claimed = self.claimed_upto(now, from, snapshot.applied, "sent a snapshot");
        claimed.or_else(|| self.states.sent(now, from, snapshot, &self.ledger, &mut self.reference))
    }

    fn promised(&mut self, now: TrueTime, from: NodeId, promise: &Promise<A>) -> Option<Failure> {
        if let Some(failure) = self.acceptors.promised(now, from, promise, &self.ledger.losses) {
            return Some(failure);
        }
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
