//! A1: an acceptor keeps its word.
//!
//! Two clauses. *Durable*: when a node sends a promise, an acceptance or a grant in ballot b, a copy of its
//! promise on its disk is at least b; and neither a copy that becomes durable later nor damage of one leaves
//! the higher intact one below what was sent, as long as the node remembers (`losses`). Who does not when it
//! starts sends none of these, nor a prepare or an accept. *Complete*: a promise for b' says of every slot that its sender acknowledges in a
//! lower ballot b, before or after, that it holds something from b or above, that the slot is chosen or
//! damaged, or lies below its log or below what was asked for.
//!
//! The second clause compares each promise with what was acknowledged before, and each acknowledgement with
//! the promises sent before; it is cheap, because an acknowledgement below a promise is the exception. Kept
//! are, per node, the highest ballot acknowledged in each slot that some node's log still reaches, and the
//! last promises. What a node told itself is not on the wire; the first clause covers its disk all the same.

use super::losses::Losses;
use super::properties::A1;
use crate::check::{Failure, Tally};
use crate::clock::TrueTime;
use interregnum_core::consensus::{App, LogSlot};
use interregnum_core::paxos::{Ballot, Held, Promise};
use interregnum_core::{Fold, NodeId};
use std::collections::VecDeque;

/// So many promises of each node are kept.
const PROMISES: usize = 8;
/// At most so many slots of each node are kept, should no log ever be cut.
const SLOTS: usize = 1 << 16;

/// What a promise said, and when it was sent.
#[derive(Clone, Debug, Fold)]
struct Sent {
    ballot: Ballot,
    at: TrueTime,
    first: LogSlot,
    log_start: LogSlot,
    /// Ascending; `None` is above every ballot.
    reports: Vec<(LogSlot, Option<Ballot>)>,
}

impl Sent {
    /// Whether the promise allows for an acceptance in a lower `ballot`.
    fn covers(&self, slot: LogSlot, ballot: Ballot) -> bool {
        if slot < self.first || slot < self.log_start {
            return true;
        }
        let found = self.reports.binary_search_by_key(&slot, |(slot, _)| *slot);
        found.is_ok_and(|at| self.reports[at].1.is_none_or(|held| held >= ballot))
    }
}

#[derive(Clone, Debug, Fold)]
struct Acceptor {
    /// What the two copies of the promise on its disk are; a damaged one is none.
    copies: [Ballot; 2],
    /// Whether it started without its memory.
    forgot: bool,
    /// The highest ballot in a promise, an acceptance or a grant that it sent.
    told: Ballot,
    /// Its latest promises, oldest first.
    promises: VecDeque<Sent>,
    /// The highest ballot promised on the wire.
    promised: Ballot,
    /// The highest ballot acknowledged, by slot from `base` on.
    acknowledged: VecDeque<Ballot>,
    base: LogSlot,
}

/// Judges acceptors.
#[derive(Clone, Debug, Fold)]
pub(super) struct Acceptors {
    pub(super) tally: Tally,
    acceptors: Vec<Acceptor>,
}

impl Acceptors {
    pub(super) fn new(members: u8) -> Self {
        let blank = Acceptor {
            copies: [Ballot::NONE; 2],
            forgot: false,
            told: Ballot::NONE,
            promises: VecDeque::new(),
            promised: Ballot::NONE,
            acknowledged: VecDeque::new(),
            base: LogSlot::FIRST,
        };
        Self { tally: Tally::new(&A1), acceptors: vec![blank; usize::from(members)] }
    }

    /// A copy of the promise became durable, or with `Ballot::NONE` damaged.
    pub(super) fn copy(
        &mut self,
        now: TrueTime,
        node: NodeId,
        (copy, ballot): (usize, Ballot),
        losses: &Losses,
    ) -> Option<Failure> {
        let acceptor = self.acceptors.get_mut(node.index())?;
        *acceptor.copies.get_mut(copy)? = ballot;
        let told = acceptor.told;
        let how = if ballot.is_none() { "a copy was damaged" } else { "a copy became durable" };
        self.is_durable(now, node, (told, how), losses)
    }

    /// Whether both copies of the promise of `node` are above `ballot`, so that it may have told so.
    pub(super) fn is_above(&self, node: NodeId, ballot: Ballot) -> bool {
        let acceptor = self.acceptors.get(node.index());
        acceptor.is_some_and(|acceptor| acceptor.copies.iter().all(|copy| *copy > ballot))
    }

    /// `node` started, with its memory or without.
    pub(super) fn booted(&mut self, node: NodeId, forgot: bool) {
        if let Some(acceptor) = self.acceptors.get_mut(node.index()) {
            acceptor.forgot = forgot;
        }
    }

    /// `node` sent a prepare or an accept.
    #[inline]
    pub(super) fn asked(&mut self, now: TrueTime, node: NodeId, how: &str) -> Option<Failure> {
        if !self.acceptors.get(node.index())?.forgot {
            return None;
        }
        self.tally.exercised(now);
        let what = format!("{node} started without its promise or its name, and takes part");
        Some(self.fail(Failure::new(&A1, what).because(now, node, how)))
    }

    /// `node` sent something that reveals that it promised at least `ballot`.
    #[inline]
    pub(super) fn told(
        &mut self,
        now: TrueTime,
        node: NodeId,
        (ballot, how): (Ballot, &str),
        losses: &Losses,
    ) -> Option<Failure> {
        let acceptor = self.acceptors.get_mut(node.index())?;
        if acceptor.forgot {
            return self.asked(now, node, how);
        }
        if ballot <= acceptor.told {
            self.tally.checked();
            return None;
        }
        acceptor.told = ballot;
        self.is_durable(now, node, (ballot, how), losses)
    }

    fn is_durable(
        &mut self,
        now: TrueTime,
        node: NodeId,
        (ballot, how): (Ballot, &str),
        losses: &Losses,
    ) -> Option<Failure> {
        let acceptor = self.acceptors.get(node.index())?;
        let highest = acceptor.copies[0].max(acceptor.copies[1]);
        if !losses.remembers(node) {
            self.tally.checked();
            return None;
        }
        self.tally.exercised(now);
        if highest >= ballot {
            return None;
        }
        let what =
            format!("{node} told of {ballot}, but its disk knows of no promise above {highest}");
        Some(self.fail(Failure::new(&A1, what).because(now, node, how)))
    }

    /// `node` sent an acceptance.
    #[inline]
    pub(super) fn acknowledged(
        &mut self,
        now: TrueTime,
        node: NodeId,
        (ballot, slot): (Ballot, LogSlot),
        losses: &Losses,
    ) -> Option<Failure> {
        if let Some(failure) = self.told(now, node, (ballot, "sent an acceptance"), losses) {
            return Some(failure);
        }
        let acceptor = self.acceptors.get_mut(node.index())?;
        acceptor.keep(slot, ballot);
        if ballot >= acceptor.promised {
            return None;
        }
        self.tally.exercised(now);
        let acceptor = self.acceptors.get(node.index())?;
        let mut above = acceptor.promises.iter().filter(|sent| sent.ballot > ballot);
        let broken = above.find(|sent| !sent.covers(slot, ballot))?;
        let failure = omitted(node, slot, ballot, broken.ballot).because(
            broken.at,
            node,
            format!("promised {} and said nothing of {slot} from {ballot} or above", broken.ballot),
        );
        Some(self.fail(failure.because(now, node, format!("acknowledges {slot} in {ballot}"))))
    }

    /// `node` sent a promise.
    pub(super) fn promised<A: App>(
        &mut self,
        now: TrueTime,
        node: NodeId,
        promise: &Promise<A>,
        losses: &Losses,
    ) -> Option<Failure> {
        if let Some(failure) = self.told(now, node, (promise.ballot, "sent a promise"), losses) {
            return Some(failure);
        }
        let acceptor = self.acceptors.get_mut(node.index())?;
        let sent = said(now, promise);
        let broken = acceptor.omitted_by(&sent);
        let compared = !acceptor.acknowledged.is_empty();
        // Asked again, a node promises again; the first answer is the one that binds it most.
        if acceptor.promises.iter().all(|known| known.ballot != sent.ballot) {
            acceptor.promised = acceptor.promised.max(sent.ballot);
            if acceptor.promises.len() >= PROMISES {
                acceptor.promises.pop_front();
            }
            acceptor.promises.push_back(sent);
        }
        if compared {
            self.tally.exercised(now);
        }
        let (slot, ballot) = broken?;
        let fact = format!("promises {} and says nothing of it", promise.ballot);
        let failure = omitted(node, slot, ballot, promise.ballot).because(now, node, fact);
        Some(self.fail(failure))
    }

    /// No node's log reaches below `base`: what was acknowledged there matters no more.
    pub(super) fn forget_below(&mut self, base: LogSlot) {
        for acceptor in &mut self.acceptors {
            let gone = usize::try_from(base.above(acceptor.base)).unwrap_or(usize::MAX);
            acceptor.acknowledged.drain(..gone.min(acceptor.acknowledged.len()));
            acceptor.base = acceptor.base.max(base);
        }
    }

    const fn fail(&mut self, failure: Failure) -> Failure {
        self.tally.violated += 1;
        failure
    }
}

impl Acceptor {
    #[inline]
    fn keep(&mut self, slot: LogSlot, ballot: Ballot) {
        let Some(at) = slot.0.checked_sub(self.base.0).and_then(|at| usize::try_from(at).ok())
        else {
            return;
        };
        if at >= SLOTS {
            // Nothing was cut for as long: what is oldest is forgotten, if the slot is not far off.
            if at >= 2 * SLOTS {
                return;
            }
            let gone = (at + 1 - SLOTS).min(self.acknowledged.len());
            self.acknowledged.drain(..gone);
            self.base = self.base.plus((at + 1 - SLOTS) as u64);
            return self.keep(slot, ballot);
        }
        if at >= self.acknowledged.len() {
            self.acknowledged.resize(at + 1, Ballot::NONE);
        }
        self.acknowledged[at] = self.acknowledged[at].max(ballot);
    }

    /// The first slot acknowledged in a ballot below the promise's that it leaves out.
    fn omitted_by(&self, sent: &Sent) -> Option<(LogSlot, Ballot)> {
        let from = sent.first.max(sent.log_start);
        let skip = usize::try_from(from.above(self.base)).unwrap_or(usize::MAX);
        let slots = (self.base.0..).map(LogSlot).zip(self.acknowledged.iter().copied()).skip(skip);
        let mut omitted = slots.filter(|(slot, ballot)| {
            !ballot.is_none() && *ballot < sent.ballot && !sent.covers(*slot, *ballot)
        });
        omitted.next()
    }
}

fn said<A: App>(at: TrueTime, promise: &Promise<A>) -> Sent {
    let held = |held: &Held<A>| match held {
        Held::Accepted { ballot, .. } => Some(*ballot),
        Held::Chosen { .. } | Held::Faulty => None,
    };
    let mut reports: Vec<_> = promise.reports.iter().map(|r| (r.slot, held(&r.held))).collect();
    reports.sort_unstable_by_key(|(slot, _)| *slot);
    let Promise { ballot, first, log_start, .. } = *promise;
    Sent { ballot, at, first, log_start, reports }
}

fn omitted(node: NodeId, slot: LogSlot, ballot: Ballot, promise: Ballot) -> Failure {
    let what = format!(
        "{node}'s promise for {promise} leaves out {slot}, which it acknowledges in {ballot}"
    );
    Failure::new(&A1, what)
}
