//! Planted bugs: rules that deviate from the sound ones in one place.

use super::rows;
use crate::planted;
use crate::subject::Mutant;
use interregnum_core::paxos_lease::{
    AcceptorRules, Ballot, ProposerRules, Rules, Sound, Tally, Terms,
};
use interregnum_core::{Deadline, LocalTime, NodeId, Span};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Which rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// E1: the holder's time begins with the last acceptance, not with the question.
    HeldFromReceipt,
    /// E1b: the holder's time begins with the second question.
    HeldFromAccept,
    /// E2: a lease is held for as long as it is granted, however far clocks drift.
    HeldWithoutMargin,
    /// E2b: a lease is granted for only as long as it is held.
    GrantWithoutMargin,
    /// E3: a restarted acceptor answers at once.
    NoSilence,
    /// E3b: a restarted acceptor is silent for the longest that a lease is held, less a tick.
    ShortSilence,
    /// E5: a late release ends whatever its owner was granted since.
    ReleaseByOwner,
    /// E6: a reply counts for whatever is being asked for.
    LateReplies,
    /// P9: replies are counted, whoever they come from.
    VotesByMessage,
    /// P10: one node less than a majority decides.
    MinorityQuorum,
    /// P3: an acceptor accepts in a ballot below the one that it promised.
    AcceptIgnoresPromise,
    /// E4: a lease that was granted to the same node in another attempt does not stand in its way.
    OwnIsOpen,
    /// E22: what is asked for too late takes the place of another owner's lease, and its release leaves nothing.
    LateReplaces,
    /// E21: the time for which a lease is held is rounded up.
    HeldRoundedUp,
    /// E7: only a timer ends a lease.
    EndsByTimer,
    /// E8: durations are measured on the wall clock.
    WallClock,
    /// E12: a renewal lengthens the lease before a majority recorded it.
    RenewsEarly,
    /// P5: an acceptor answers, and a proposer asks, before the count of starts is durable.
    StartNotDurable,
    /// E23: a node asks whose disk lost the count of its starts.
    AmnesiacAsks,
    /// E24: an acceptor promises a ballot below the one that it promised.
    PromiseSinks,
}

/// The rules of one run, sound or not.
pub trait Variant: Rules {
    /// The rules to run `mutant` with.
    fn of(mutant: Option<&Mutant>) -> Self;

    /// How often they differed from the sound rules, where that is counted.
    fn deviations(&self) -> Option<Arc<AtomicU64>>;
}

impl Variant for Sound {
    fn of(_: Option<&Mutant>) -> Self {
        Self
    }

    fn deviations(&self) -> Option<Arc<AtomicU64>> {
        None
    }
}

/// Rules with one bug, or none.
pub type Planted = planted::Planted<Bug>;

impl Variant for Planted {
    fn of(mutant: Option<&Mutant>) -> Self {
        let named = |(known, _): &&(Mutant, Bug)| mutant.is_some_and(|m| m.id == known.id);
        Self::new(rows::ROWS.iter().find(named).map(|(_, bug)| *bug))
    }

    fn deviations(&self) -> Option<Arc<AtomicU64>> {
        Some(self.counter())
    }
}

impl Rules for Planted {}

impl AcceptorRules for Planted {
    fn may_promise(&self, promised: Ballot, ballot: Ballot) -> bool {
        self.answer(Bug::PromiseSinks, Sound.may_promise(promised, ballot), || true)
    }

    fn may_accept(&self, promised: Ballot, ballot: Ballot) -> bool {
        let sound = Sound.may_accept(promised, ballot);
        self.answer(Bug::AcceptIgnoresPromise, sound, || true)
    }

    fn may_replace(&self, live: Ballot, ballot: Ballot) -> bool {
        self.answer(Bug::LateReplaces, Sound.may_replace(live, ballot), || true)
    }

    fn grant(&self, terms: &Terms) -> Span {
        self.answer(Bug::GrantWithoutMargin, Sound.grant(terms), || terms.hold())
    }

    fn may_answer(&self, start_is_durable: bool) -> bool {
        self.answer(Bug::StartNotDurable, Sound.may_answer(start_is_durable), || true)
    }

    fn quarantine(&self, terms: &Terms) -> Span {
        let sound = Sound.quarantine(terms);
        let sound = self.answer(Bug::NoSilence, sound, || Span::ZERO);
        self.answer(Bug::ShortSilence, sound, || terms.hold() - Span::nanos(1))
    }

    fn is_released(&self, recorded: Ballot, released: Ballot) -> bool {
        let sound = Sound.is_released(recorded, released);
        self.answer(Bug::ReleaseByOwner, sound, || recorded.node == released.node)
    }
}

impl ProposerRules for Planted {
    fn may_use_ballot(&self, start_is_durable: bool) -> bool {
        self.answer(Bug::StartNotDurable, Sound.may_use_ballot(start_is_durable), || true)
    }

    fn may_propose_after_amnesia(&self) -> bool {
        self.answer(Bug::AmnesiacAsks, Sound.may_propose_after_amnesia(), || true)
    }

    fn hold(&self, terms: &Terms) -> Span {
        let sound = Sound.hold(terms);
        let sound = self.answer(Bug::HeldRoundedUp, sound, || {
            // Counted in ticks of a tenth of the grant.
            let tick = terms.grant.as_nanos().div_ceil(10).max(1);
            let rate = u64::from(terms.rate.0);
            let hold = terms.grant.scaled_up(1_000_000 - rate, 1_000_000 + rate);
            Span::nanos(hold.as_nanos().next_multiple_of(tick))
        });
        self.answer(Bug::HeldWithoutMargin, sound, || terms.grant)
    }

    fn counted_from(&self, asked: Deadline, asked_again: Deadline) -> Deadline {
        let sound = Sound.counted_from(asked, asked_again);
        self.answer(Bug::HeldFromAccept, sound, || asked_again)
    }

    fn deadline(&self, asked: Deadline, now: LocalTime, hold: Span) -> Deadline {
        let sound = Sound.deadline(asked, now, hold);
        self.answer(Bug::HeldFromReceipt, sound, || Deadline::after(now, hold))
    }

    fn in_time(&self, until: Deadline, now: LocalTime) -> bool {
        self.answer(Bug::EndsByTimer, Sound.in_time(until, now), || true)
    }

    fn is_open(&self, live: Option<Ballot>, base: Option<Ballot>, me: NodeId) -> bool {
        self.answer(Bug::OwnIsOpen, Sound.is_open(live, base, me), || {
            live.is_none_or(|live| live.node == me)
        })
    }

    fn counts_for(&self, ballot: Ballot, reply: Ballot) -> bool {
        self.answer(Bug::LateReplies, Sound.counts_for(ballot, reply), || true)
    }

    fn is_quorum(&self, tally: Tally, members: u8) -> bool {
        let sound = Sound.is_quorum(tally, members);
        let sound = self.answer(Bug::MinorityQuorum, sound, || {
            (tally.voters.len() + 1) * 2 > u32::from(members)
        });
        self.answer(Bug::VotesByMessage, sound, || tally.replies * 2 > u32::from(members))
    }

    fn renews_before_quorum(&self) -> bool {
        self.answer(Bug::RenewsEarly, Sound.renews_before_quorum(), || true)
    }

    fn trusts_wall_clock(&self) -> bool {
        self.answer(Bug::WallClock, Sound.trusts_wall_clock(), || true)
    }
}
