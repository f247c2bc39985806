//! The proposer: asks for the lease, first for promises, then for acceptances.
//!
//! It asks its own acceptor like any other, but without a message. An attempt ends when the next one begins, when
//! it is refused, when it is given up, or when it succeeds; a reply that comes after that counts for nothing.
//! That is also why a counter is learnt only from the refusal of what is still asked for: the next attempt,
//! if it is too low, is refused as well.

use super::message::{Ballot, Message, Timer};
use super::rules::{Rules, Tally};
use super::{Config, PaxosLease};
use crate::{Context, Deadline, Fold, LocalTime, NodeId};

/// The proposer's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Proposer {
    /// The highest counter that this start used or was refused for.
    pub(super) counter: u32,
    /// What is being asked for.
    pub(super) attempt: Option<Attempt>,
    /// The lease held, unless it has run out and nothing has happened since.
    pub(super) held: Option<Held>,
}

/// A lease as its holder knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Held {
    pub(super) ballot: Ballot,
    pub(super) until: Deadline,
}

/// An attempt to get the lease, or to get it once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Attempt {
    pub(super) ballot: Ballot,
    /// The ballot of the lease that was held when the attempt began.
    pub(super) base: Option<Ballot>,
    /// When the lease ends that is asked for: counted from before the first question was sent.
    pub(super) asked: Deadline,
    pub(super) phase: Phase,
    /// The replies of this phase that count.
    pub(super) tally: Tally,
}

/// How far an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) enum Phase {
    /// It waits for promises.
    Preparing,
    /// It waits for acceptances.
    Accepting,
}

impl<R: Rules> PaxosLease<R> {
    /// Time to ask, unless another node is known to hold the lease: its renewal should not be disturbed.
    pub(super) fn on_attempt(
        &mut self,
        config: &Config<R>,
        now: LocalTime,
        cx: &mut Context<'_, Self>,
    ) {
        cx.arm(Timer::Attempt, config.settings().attempt);
        if self.proposer.attempt.take().is_some() {
            cx.probe("paxos-lease/attempt-abandoned");
        }
        let me = config.me();
        let base = self.holds(config, now);
        let is_taken = base.is_none() && self.acceptor.live(now).is_some_and(|b| b.node != me);
        if is_taken || !self.proposes || !config.rules.may_use_ballot(self.durable) {
            return;
        }
        let highest = self.proposer.counter.max(self.acceptor.promised.counter);
        let Some(counter) = highest.checked_add(1) else {
            // A ballot must not be used twice; the next start has fresh ones.
            return cx.halt("no ballot is left");
        };
        let ballot = Ballot { counter, restart: self.restart, node: me };
        let asked = Deadline::after(now, config.rules.hold(config.terms()));
        let (phase, tally) = (Phase::Preparing, Tally::default());
        self.proposer.counter = counter;
        self.proposer.attempt = Some(Attempt { ballot, base, asked, phase, tally });
        if config.rules.renews_before_quorum()
            && let Some(base) = base
        {
            self.hold(base, asked, now, cx);
        }
        Self::broadcast(config, Message::Prepare { ballot }, cx);
        let own = self.asked_to_promise(config, ballot, now);
        self.hear_own(config, own, now, cx);
    }

    /// What the own acceptor answers.
    fn hear_own(
        &mut self,
        config: &Config<R>,
        answer: Option<Message>,
        now: LocalTime,
        cx: &mut Context<'_, Self>,
    ) {
        match answer {
            Some(Message::Promise { ballot, live }) => {
                self.on_promise(config, config.me(), ballot, live, now, cx);
            }
            Some(Message::Accepted { ballot }) => {
                self.on_accepted(config, config.me(), ballot, now, cx);
            }
            Some(Message::Refused { ballot, promised }) => {
                self.on_refused(config, ballot, promised);
            }
            // It is silent.
            _ => {}
        }
    }

    /// The attempt that waits in `phase` for such a reply.
    fn waiting(&self, config: &Config<R>, phase: Phase, reply: Ballot) -> Option<Attempt> {
        self.proposer.attempt.filter(|attempt| {
            attempt.phase == phase && config.rules.counts_for(attempt.ballot, reply)
        })
    }

    /// Counts a reply; whether there is a majority now.
    fn count(&mut self, config: &Config<R>, mut attempt: Attempt, from: NodeId) -> bool {
        attempt.tally.add(from);
        self.proposer.attempt = Some(attempt);
        config.rules.is_quorum(attempt.tally, config.settings().members)
    }

    /// Until when the lease that is asked for could be held, if there is still time.
    fn deadline(&self, config: &Config<R>, attempt: &Attempt, now: LocalTime) -> Option<Deadline> {
        let hold = config.rules.hold(config.terms());
        let until = config.rules.deadline(attempt.asked, now, hold);
        config.rules.in_time(until, now).then_some(until)
    }

    /// A reply of phase 1. From a majority that leaves the lease open follows phase 2.
    pub(super) fn on_promise(
        &mut self,
        config: &Config<R>,
        from: NodeId,
        ballot: Ballot,
        live: Option<Ballot>,
        now: LocalTime,
        cx: &mut Context<'_, Self>,
    ) {
        let Some(mut attempt) = self.waiting(config, Phase::Preparing, ballot) else { return };
        if !config.rules.is_open(live, attempt.base, config.me()) {
            cx.probe("paxos-lease/taken");
            return;
        }
        if !self.count(config, attempt, from) {
            return;
        }
        if self.deadline(config, &attempt, now).is_none() {
            cx.probe("paxos-lease/promised-too-late");
            self.proposer.attempt = None;
            return;
        }
        let again = Deadline::after(now, config.rules.hold(config.terms()));
        attempt.asked = config.rules.counted_from(attempt.asked, again);
        (attempt.phase, attempt.tally) = (Phase::Accepting, Tally::default());
        self.proposer.attempt = Some(attempt);
        let ballot = attempt.ballot;
        Self::broadcast(config, Message::Accept { ballot }, cx);
        let own = self.asked_to_accept(config, ballot, now);
        self.hear_own(config, own, now, cx);
    }

    /// A reply of phase 2. A majority makes the holder, if there is time left.
    pub(super) fn on_accepted(
        &mut self,
        config: &Config<R>,
        from: NodeId,
        ballot: Ballot,
        now: LocalTime,
        cx: &mut Context<'_, Self>,
    ) {
        let Some(attempt) = self.waiting(config, Phase::Accepting, ballot) else { return };
        if !self.count(config, attempt, from) {
            return;
        }
        self.proposer.attempt = None;
        let Some(until) = self.deadline(config, &attempt, now) else {
            cx.probe("paxos-lease/accepted-too-late");
            return;
        };
        self.hold(attempt.ballot, until, now, cx);
        cx.arm(Timer::Attempt, config.settings().renewal);
    }

    /// A higher ballot is about. A lease that is held stays so until its time.
    pub(super) fn on_refused(&mut self, config: &Config<R>, ballot: Ballot, promised: Ballot) {
        let attempt = self.proposer.attempt;
        if attempt.is_some_and(|attempt| config.rules.counts_for(attempt.ballot, ballot)) {
            self.proposer.attempt = None;
            self.proposer.counter = self.proposer.counter.max(promised.counter);
        }
    }
}
