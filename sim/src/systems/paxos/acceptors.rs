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
//! are, per node, the highest ballot acknowledged in each slot that some node's log still reaches, with when it
//! was first told, and the last promises. What a node told itself is not on the wire; the first clause covers its disk all the same.

use super::losses::Losses;
use super::properties::A1;
use crate::check::{Failure, Tally};
use crate::clock::TrueTime;
use interregnum_core::consensus::{App, LogSlot};
use interregnum_core::paxos::{Ballot, Held, Promise};
use interregnum_core::{Fold, NodeId};
use std::cmp::Reverse;
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

/// A ballot, and when it was first acknowledged.
#[derive(Clone, Copy, Debug, Fold)]
struct Acknowledged {
    ballot: Ballot,
    #[fold(skip)]
    at: TrueTime,
}

/// No acknowledgement.
const NOTHING: Acknowledged = Acknowledged { ballot: Ballot::NONE, at: TrueTime::ZERO };

#[derive(Clone, Debug, Fold)]
struct Acceptor {
    /// What the two copies of the promise on its disk are; a damaged one is none.
    copies: [Ballot; 2],
    /// When each of them became that.
    #[fold(skip)]
    since: [TrueTime; 2],
    /// When it started without its memory, if it did.
    forgot: Option<TrueTime>,
    /// The highest ballot in a promise, an acceptance or a grant that it sent.
    told: Ballot,
    /// When it first sent that, and how.
    #[fold(skip)]
    told_at: TrueTime,
    #[fold(skip)]
    told_by: &'static str,
    /// Its latest promises, oldest first.
    promises: VecDeque<Sent>,
    /// The highest ballot promised on the wire.
    promised: Ballot,
    /// The highest ballot acknowledged, by slot from `base` on.
    acknowledged: VecDeque<Acknowledged>,
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
            since: [TrueTime::ZERO; 2],
            forgot: None,
            told: Ballot::NONE,
            told_at: TrueTime::ZERO,
            told_by: "",
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
        *acceptor.since.get_mut(copy)? = now;
        let Acceptor { told, told_at, told_by, .. } = *acceptor;
        let highest = self.falls_short(now, node, told, losses)?;
        let failure =
            unkept(node, told, highest).because(told_at, node, format!("{told_by} in {told}"));
        let how = if ballot.is_none() {
            "a copy of its promise was damaged".to_owned()
        } else {
            format!("a copy of its promise of {ballot} became durable")
        };
        Some(self.fail(failure.because(now, node, how)))
    }

    /// Whether both copies of the promise of `node` are above `ballot`, so that it may have told so.
    pub(super) fn is_above(&self, node: NodeId, ballot: Ballot) -> bool {
        let acceptor = self.acceptors.get(node.index());
        acceptor.is_some_and(|acceptor| acceptor.copies.iter().all(|copy| *copy > ballot))
    }

    /// `node` started, with its memory or, at some time, without.
    pub(super) fn booted(&mut self, node: NodeId, forgot: Option<TrueTime>) {
        if let Some(acceptor) = self.acceptors.get_mut(node.index()) {
            acceptor.forgot = forgot;
        }
    }

    /// `node` sent a prepare or an accept.
    #[inline]
    pub(super) fn asked(&mut self, now: TrueTime, node: NodeId, how: &str) -> Option<Failure> {
        let since = self.acceptors.get(node.index())?.forgot?;
        self.tally.exercised(now);
        let what = format!("{node} started without its promise or its name, and takes part");
        let failure = Failure::new(&A1, what).because(since, node, "started without its memory");
        Some(self.fail(failure.because(now, node, how)))
    }

    /// `node` sent something that reveals that it promised at least `ballot`.
    #[inline]
    pub(super) fn told(
        &mut self,
        now: TrueTime,
        node: NodeId,
        (ballot, how): (Ballot, &'static str),
        losses: &Losses,
    ) -> Option<Failure> {
        let acceptor = self.acceptors.get_mut(node.index())?;
        if acceptor.forgot.is_some() {
            return self.asked(now, node, how);
        }
        if ballot <= acceptor.told {
            self.tally.checked();
            return None;
        }
        (acceptor.told, acceptor.told_at, acceptor.told_by) = (ballot, now, how);
        let highest = self.falls_short(now, node, ballot, losses)?;
        let mut failure = unkept(node, ballot, highest);
        if let Some((promise, since)) = self.acceptors.get(node.index())?.durable() {
            let what = format!("a copy of its promise of {promise} became durable");
            failure = failure.because(since, node, what);
        }
        Some(self.fail(failure.because(now, node, format!("{how} in {ballot}"))))
    }

    /// The highest promise on the disk of `node`, if it is below `ballot` and the node should remember.
    fn falls_short(
        &mut self,
        now: TrueTime,
        node: NodeId,
        ballot: Ballot,
        losses: &Losses,
    ) -> Option<Ballot> {
        let acceptor = self.acceptors.get(node.index())?;
        let highest = acceptor.copies[0].max(acceptor.copies[1]);
        if !losses.remembers(node) {
            self.tally.checked();
            return None;
        }
        self.tally.exercised(now);
        (highest < ballot).then_some(highest)
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
        acceptor.keep(slot, Acknowledged { ballot, at: now });
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
            format!("promises {} and says nothing of {slot} from {ballot} or above", broken.ballot),
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
        let (slot, Acknowledged { ballot, at }) = broken?;
        let failure = omitted(node, slot, ballot, promise.ballot).because(
            at,
            node,
            format!("acknowledges {slot} in {ballot}"),
        );
        let fact = format!(
            "promises {} and says nothing of {slot} from {ballot} or above",
            promise.ballot
        );
        Some(self.fail(failure.because(now, node, fact)))
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
    fn keep(&mut self, slot: LogSlot, new: Acknowledged) {
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
            return self.keep(slot, new);
        }
        if at >= self.acknowledged.len() {
            self.acknowledged.resize(at + 1, NOTHING);
        }
        if new.ballot > self.acknowledged[at].ballot {
            self.acknowledged[at] = new;
        }
    }

    /// The highest promise on its disk that is none of those it began with, and when it became durable.
    fn durable(&self) -> Option<(Ballot, TrueTime)> {
        let copies = self.copies.iter().copied().zip(self.since.iter().copied());
        let copies = copies.filter(|(promise, _)| !promise.is_none());
        copies.max_by_key(|(promise, since)| (*promise, Reverse(*since)))
    }

    /// The first slot acknowledged in a ballot below the promise's that it leaves out.
    fn omitted_by(&self, sent: &Sent) -> Option<(LogSlot, Acknowledged)> {
        let from = sent.first.max(sent.log_start);
        let skip = usize::try_from(from.above(self.base)).unwrap_or(usize::MAX);
        let slots = (self.base.0..).map(LogSlot).zip(self.acknowledged.iter().copied()).skip(skip);
        let mut omitted = slots.filter(|(slot, Acknowledged { ballot, .. })| {
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

fn unkept(node: NodeId, told: Ballot, highest: Ballot) -> Failure {
    let what = format!("{node} told of {told}, but its disk knows of no promise above {highest}");
    Failure::new(&A1, what)
}

fn omitted(node: NodeId, slot: LogSlot, ballot: Ballot, promise: Ballot) -> Failure {
    let what = format!(
        "{node}'s promise for {promise} leaves out {slot}, which it acknowledges in {ballot}"
    );
    Failure::new(&A1, what)
}
