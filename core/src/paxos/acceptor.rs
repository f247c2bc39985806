//! The acceptor: promises, acceptances, and what must be durable before either is told.
//!
//! The promise is kept in two copies, each flushed before the other is touched, so that no torn write
//! and no single rotten record loses it. A reply that reveals the promise waits for both.

use super::message::{Ballot, Body, Held, Promise, SlotReport, Ticket};
use super::record::{self, PROMISED, Record, VOLUME};
use super::rules::Rules;
use super::{Config, Paxos, Why};
use crate::consensus::{App, Entry, LogSlot};
use crate::{Context, Fold, LocalTime, NodeId};
use alloc::boxed::Box;

/// The acceptor's state beside the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Acceptor {
    /// False for a node that lost its memory: it only learns.
    pub(super) voter: bool,
    /// The highest ballot promised.
    pub(super) promised: Ballot,
    /// What the two copies hold on the disk.
    pub(super) copies: [Ballot; 2],
    /// Whether what boot found is known to be durable.
    pub(super) settled: bool,
    /// How many syncs have not completed.
    pub(super) syncs_owed: u32,
    /// For how many rounds none has completed although some were owed.
    pub(super) stalled_rounds: u32,
    /// Whether a copy is being flushed.
    pub(super) flushing: bool,
    /// A prepare that waits for its promise to become durable.
    pub(super) owed_promise: Option<OwedPromise>,
    /// A heartbeat that waits for the same.
    pub(super) owed_grant: Option<OwedGrant>,
    /// The latest lease granted.
    pub(super) granted: Option<Granted>,
    /// Until then no promise is given, for an earlier life may have granted a lease.
    pub(super) quiet_until: Option<LocalTime>,
}

/// A promise to be sent once durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct OwedPromise {
    pub(super) ballot: Ballot,
    pub(super) first: LogSlot,
}

/// A grant to be sent once the promise behind it is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct OwedGrant {
    pub(super) ballot: Ballot,
    pub(super) sequence: u64,
}

/// A lease granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Granted {
    pub(super) ballot: Ballot,
    pub(super) sequence: u64,
    pub(super) until: LocalTime,
}

impl Acceptor {
    /// Makes what was written durable.
    pub(super) fn sync<A: App, R: Rules>(
        &mut self,
        ticket: Ticket,
        cx: &mut Context<'_, Paxos<A, R>>,
    ) {
        self.syncs_owed = self.syncs_owed.saturating_add(1);
        cx.sync(VOLUME, ticket);
    }

    /// A sync completed: the disk works.
    pub(super) const fn on_synced(&mut self) {
        self.syncs_owed = self.syncs_owed.saturating_sub(1);
        self.stalled_rounds = 0;
    }

    /// A heartbeat round ended.
    pub(super) const fn on_round(&mut self) {
        let owes = self.syncs_owed > 0;
        self.stalled_rounds = if owes { self.stalled_rounds.saturating_add(1) } else { 0 };
    }

    /// How many copies on the disk are at least `ballot`.
    pub(super) fn durable_copies(&self, ballot: Ballot) -> u8 {
        if self.settled { self.copies.iter().map(|c| u8::from(*c >= ballot)).sum() } else { 0 }
    }
}

impl<A: App, R: Rules> Paxos<A, R> {
    /// Phase 1b.
    pub(super) fn on_prepare(
        &mut self,
        config: &Config<R>,
        from: NodeId,
        ballot: Ballot,
        first: LogSlot,
        cx: &mut Context<'_, Self>,
    ) {
        if !self.acceptor.voter || ballot.node != from {
            return;
        }
        if !config.rules.may_promise(self.acceptor.promised, ballot) {
            self.refuse(config, from, ballot, cx);
            return;
        }
        // No refusal is sent: the ballot is not lost, the proposer asks again in the next round.
        if !self.may_promise_now(config, ballot.node, cx) {
            cx.probe("paxos/grant-withholds-promise");
            return;
        }
        self.adopt(config, ballot, cx);
        self.acceptor.owed_promise = Some(OwedPromise { ballot, first });
        self.flush_promise(cx);
        self.reveal(config, cx);
    }

    /// Phase 2b.
    pub(super) fn on_accept(
        &mut self,
        config: &Config<R>,
        from: NodeId,
        ballot: Ballot,
        slot: LogSlot,
        entry: Entry<A>,
        cx: &mut Context<'_, Self>,
    ) {
        // Before boot's sync completes, no lane is known to be durable and none may be overwritten.
        if !self.acceptor.voter || !self.acceptor.settled || ballot.node != from {
            return;
        }
        if !config.rules.may_accept(self.acceptor.promised, ballot) {
            self.refuse(config, from, ballot, cx);
            return;
        }
        if slot < self.log.start() {
            let body = Body::AlreadyChosen { ballot, log_start: self.log.start() };
            Self::send(config, from, body, cx);
            return;
        }
        let promised = config.rules.promised_by_accepting(self.acceptor.promised, ballot);
        if promised != self.acceptor.promised {
            self.adopt(config, promised, cx);
            self.flush_promise(cx);
        }
        self.accept(config, ballot, slot, entry, cx);
    }

    /// Stores an acceptance that the rules allowed, and answers once it is durable.
    pub(super) fn accept(
        &mut self,
        config: &Config<R>,
        ballot: Ballot,
        slot: LogSlot,
        entry: Entry<A>,
        cx: &mut Context<'_, Self>,
    ) {
        // A leader must hold what it proposes; the slots it has in flight are few.
        let reach = if ballot.node == config.me() { u64::MAX } else { config.reach() };
        let Some(cell) = self.log.reach(slot, reach) else {
            cx.probe("paxos/accept-out-of-reach");
            return;
        };
        if !config.rules.may_displace(cell.chosen, cell.entry == entry) {
            cx.probe("paxos/late-accept-contradicts-chosen");
            return;
        }
        cell.owed = true;
        if cell.ballot == ballot {
            // A repetition: the record is written, at most its sync is still under way.
            if cell.stable {
                self.answer_accept(config, ballot, slot, cx);
            }
            return;
        }
        if cell.faulty {
            cx.probe("paxos/faulty-slot-healed");
        }
        let lane = cell.replace(ballot, entry.clone());
        if config.settings().mirror {
            let entry = entry.clone();
            cx.write(record::mirror_place(slot, lane), Record::Accepted { slot, ballot, entry });
        }
        cx.write(record::entry_place(slot, lane), Record::Accepted { slot, ballot, entry });
        self.acceptor.sync(Ticket::Accepted { ballot, slot }, cx);
        if config.rules.may_reveal_acceptance(false) {
            self.answer_accept(config, ballot, slot, cx);
        }
    }

    pub(super) fn on_accept_durable(
        &mut self,
        config: &Config<R>,
        ballot: Ballot,
        slot: LogSlot,
        cx: &mut Context<'_, Self>,
    ) {
        // A higher ballot may have overwritten the record, or a snapshot the slot.
        let Some(cell) = self.log.get_mut(slot).filter(|cell| cell.ballot == ballot) else {
            return;
        };
        cell.stable = true;
        if cell.owed && config.rules.may_reveal_acceptance(true) {
            self.answer_accept(config, ballot, slot, cx);
        }
    }

    /// Tells the leader of an acceptance, unless the promise in it is not durable yet.
    fn answer_accept(
        &mut self,
        config: &Config<R>,
        ballot: Ballot,
        slot: LogSlot,
        cx: &mut Context<'_, Self>,
    ) {
        // Accepting raised the promise to at least the ballot.
        let promise = ballot.min(self.acceptor.promised);
        if !config.rules.may_reveal_promise(self.acceptor.durable_copies(promise)) {
            return;
        }
        if let Some(cell) = self.log.get_mut(slot) {
            cell.owed = false;
        }
        if ballot.node == config.me() {
            self.on_own_acceptance(config, slot, cx);
            self.on_accepted(config, config.me(), ballot, slot, cx);
        } else {
            Self::send(config, ballot.node, Body::Accepted { ballot, slot }, cx);
        }
    }

    pub(super) fn refuse(
        &self,
        config: &Config<R>,
        to: NodeId,
        ballot: Ballot,
        cx: &mut Context<'_, Self>,
    ) {
        let body = Body::Nack { ballot, promised: self.acceptor.promised };
        Self::send(config, to, body, cx);
    }

    /// Raises the promise. A leader or candidate below it has lost its own acceptor.
    pub(super) fn adopt(&mut self, config: &Config<R>, ballot: Ballot, cx: &mut Context<'_, Self>) {
        if ballot <= self.acceptor.promised {
            return;
        }
        self.acceptor.promised = ballot;
        if self.own_ballot().is_some_and(|own| own < ballot) {
            self.step_down(config, Why::Superseded, cx);
        }
    }

    /// Writes the copy of the promise that is further behind, unless one is being flushed.
    pub(super) fn flush_promise(&mut self, cx: &mut Context<'_, Self>) {
        let acceptor = &mut self.acceptor;
        let [first, second] = acceptor.copies;
        let ballot = acceptor.promised;
        if acceptor.flushing || !acceptor.settled || first.min(second) >= ballot {
            return;
        }
        acceptor.flushing = true;
        let copy = u8::from(second < first);
        cx.write(PROMISED[usize::from(copy)], Record::Promised { ballot });
        acceptor.sync(Ticket::Promised { copy, ballot }, cx);
    }

    pub(super) fn on_copy_durable(
        &mut self,
        config: &Config<R>,
        copy: u8,
        ballot: Ballot,
        cx: &mut Context<'_, Self>,
    ) {
        self.acceptor.flushing = false;
        if let Some(held) = self.acceptor.copies.get_mut(usize::from(copy)) {
            *held = ballot;
        }
        self.flush_promise(cx);
        self.reveal(config, cx);
    }

    /// What boot read survives a power failure from now on, and may be relied on in replies.
    pub(super) fn on_booted(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        self.acceptor.settled = true;
        self.flush_promise(cx);
        self.reveal(config, cx);
        self.save_if_newer(config, cx);
    }

    /// Sends whatever waited for the promise to be durable.
    pub(super) fn reveal(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        let promised = self.acceptor.promised;
        self.prepare_if_durable(config, cx);
        if !config.rules.may_reveal_promise(self.acceptor.durable_copies(promised)) {
            return;
        }
        // A promise overtaken by a higher one is no promise any more.
        let owed_promise = self.acceptor.owed_promise.take().filter(|owed| owed.ballot == promised);
        if let Some(OwedPromise { ballot, first }) = owed_promise {
            let promise = self.promise(config, ballot, first);
            Self::send(config, ballot.node, Body::Promise(promise), cx);
        }
        let owed_grant = self.acceptor.owed_grant.take().filter(|owed| owed.ballot == promised);
        if let Some(OwedGrant { ballot, sequence }) = owed_grant {
            Self::send(config, ballot.node, Body::Grant { ballot, sequence }, cx);
        }
        self.answer_owed_accepts(config, promised, cx);
    }

    /// Answers the accepts of `ballot` that became durable before the promise in them did. Rare: a
    /// proposer's prepare normally came first.
    fn answer_owed_accepts(
        &mut self,
        config: &Config<R>,
        ballot: Ballot,
        cx: &mut Context<'_, Self>,
    ) {
        let (start, end) = (self.log.start().0, self.log.end().0);
        for slot in (start..end).map(LogSlot) {
            let owed =
                |cell: &super::log::LogCell<A>| cell.owed && cell.stable && cell.ballot == ballot;
            if self.log.get(slot).is_some_and(owed) {
                self.answer_accept(config, ballot, slot, cx);
            }
        }
    }

    /// What this acceptor holds, for the proposer of `ballot`.
    pub(super) fn promise(
        &self,
        config: &Config<R>,
        ballot: Ballot,
        first: LogSlot,
    ) -> Box<Promise<A>> {
        let reports = self.log.iter_from(first).filter_map(|(slot, cell)| {
            let entry = || cell.entry.clone();
            let held = if cell.chosen {
                Held::Chosen { entry: entry() }
            } else if cell.faulty && config.rules.tells_faulty_slots() {
                Held::Faulty
            } else if !cell.ballot.is_none() {
                Held::Accepted { ballot: cell.ballot, entry: entry() }
            } else {
                return None;
            };
            Some(SlotReport { slot, held })
        });
        Box::new(Promise {
            ballot,
            first,
            log_start: config.rules.log_start_told(self.log.start()),
            chosen_upto: self.applied,
            reports: reports.collect(),
        })
    }
}
