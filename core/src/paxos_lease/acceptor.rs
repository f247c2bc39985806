//! The acceptor: what it promised and which lease it recorded, all in memory.

use super::message::{Ballot, Message};
use super::rules::Rules;
use super::{Config, PaxosLease};
use crate::{Deadline, Fold, Folder, LocalTime};
use alloc::vec::Vec;

/// The acceptor's state. All of it is lost when the process ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Acceptor {
    /// The highest ballot promised.
    pub(super) promised: Ballot,
    /// The leases recorded, in that order, until they are released, replaced, or run out and in the way.
    pub(super) recorded: Vec<Recorded>,
    /// Until then nobody is answered, for an earlier start's promises and records are forgotten.
    pub(super) silent_until: Deadline,
}

/// A lease as an acceptor records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Recorded {
    pub(super) ballot: Ballot,
    pub(super) until: Deadline,
}

/// A record that has run out is as good as none.
impl Fold for Acceptor {
    fn fold(&self, into: &mut Folder) {
        let Self { promised, recorded, silent_until } = self;
        let now = into.now();
        promised.fold(into);
        let live = || recorded.iter().filter(|recorded| !recorded.until.is_passed(now));
        live().count().fold(into);
        live().for_each(|recorded| recorded.fold(into));
        silent_until.fold(into);
    }
}

impl Acceptor {
    pub(super) const fn new(silent_until: Deadline) -> Self {
        Self { promised: Ballot::NONE, recorded: Vec::new(), silent_until }
    }

    /// The ballot of the lease that runs, as far as this acceptor knows: of several the one recorded last.
    pub(super) fn live(&self, now: LocalTime) -> Option<Ballot> {
        let mut live = self.recorded.iter().filter(|recorded| !recorded.until.is_passed(now));
        live.next_back().map(|recorded| recorded.ballot)
    }
}

impl<R: Rules> PaxosLease<R> {
    /// Whether the acceptor takes part. It must not before the count of starts, or a mark, is durable: were that
    /// lost, the next start would take itself for the first one, and would not be silent although it forgot something.
    pub(super) fn may_answer(&self, config: &Config<R>, now: LocalTime) -> bool {
        config.rules.may_answer(self.durable) && self.acceptor.silent_until.is_passed(now)
    }

    /// Phase 1b: the answer, if there is one.
    pub(super) fn asked_to_promise(
        &mut self,
        config: &Config<R>,
        ballot: Ballot,
        now: LocalTime,
    ) -> Option<Message> {
        if !self.may_answer(config, now) {
            return None;
        }
        let promised = self.acceptor.promised;
        if !config.rules.may_promise(promised, ballot) {
            return Some(Message::Refused { ballot, promised });
        }
        self.acceptor.promised = ballot;
        Some(Message::Promise { ballot, live: self.acceptor.live(now) })
    }

    /// Phase 2b: the answer, if there is one. The proposer has made sure that no other lease runs; but if what it
    /// asks comes late enough, another one has been recorded since, and goes on to run beside the new one.
    pub(super) fn asked_to_accept(
        &mut self,
        config: &Config<R>,
        ballot: Ballot,
        now: LocalTime,
    ) -> Option<Message> {
        if !self.may_answer(config, now) {
            return None;
        }
        let promised = self.acceptor.promised;
        if !config.rules.may_accept(promised, ballot) {
            return Some(Message::Refused { ballot, promised });
        }
        self.acceptor.promised = config.rules.promised_by_accepting(promised, ballot);
        let until = Deadline::after(now, config.rules.grant(config.terms()));
        let stays = |old: &Recorded| {
            !old.until.is_passed(now) && !config.rules.may_replace(old.ballot, ballot)
        };
        self.acceptor.recorded.retain(stays);
        self.acceptor.recorded.push(Recorded { ballot, until });
        Some(Message::Accepted { ballot })
    }

    /// The owner of `ballot` gave up the lease. While silent there is no record to clear.
    pub(super) fn released(&mut self, config: &Config<R>, ballot: Ballot, now: LocalTime) {
        if self.may_answer(config, now) {
            let stays = |recorded: &Recorded| !config.rules.is_released(recorded.ballot, ballot);
            self.acceptor.recorded.retain(stays);
        }
    }
}
