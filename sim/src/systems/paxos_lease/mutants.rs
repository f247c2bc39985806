//! Planted bugs: rules that deviate from the sound ones in one place, and which property catches each.

use crate::planted;
use crate::subject::Mutant;
use interregnum_core::paxos_lease::{
    AcceptorRules, Ballot, ProposerRules, Rules, Sound, Tally, Terms,
};
use interregnum_core::{Deadline, LocalTime, NodeId, Span};

/// Which rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// E1: the holder's time begins with the last acceptance, not with the question.
    HeldFromReceipt,
    /// E2: a lease is held for as long as it is granted, however far clocks drift.
    HeldWithoutMargin,
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
}

/// The rules of one run, sound or not.
pub trait Variant: Rules {
    /// The rules to run `mutant` with.
    fn of(mutant: Option<&Mutant>) -> Self;

    /// How often they differed from the sound rules so far.
    fn deviations(&self) -> u64;
}

impl Variant for Sound {
    fn of(_: Option<&Mutant>) -> Self {
        Self
    }

    fn deviations(&self) -> u64 {
        0
    }
}

/// Rules with one bug, or none.
pub type Planted = planted::Planted<Bug>;

impl Variant for Planted {
    fn of(mutant: Option<&Mutant>) -> Self {
        let named = |(known, _): &&(Mutant, Bug)| mutant.is_some_and(|m| m.id == known.id);
        Self::new(ROWS.iter().find(named).map(|(_, bug)| *bug))
    }

    fn deviations(&self) -> u64 {
        Self::deviations(self)
    }
}

impl Rules for Planted {}

impl AcceptorRules for Planted {
    fn may_accept(&self, promised: Ballot, ballot: Ballot) -> bool {
        let sound = Sound.may_accept(promised, ballot);
        self.answer(Bug::AcceptIgnoresPromise, sound, || true)
    }

    fn may_replace(&self, live: Ballot, ballot: Ballot) -> bool {
        self.answer(Bug::LateReplaces, Sound.may_replace(live, ballot), || true)
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

const fn row(
    id: &'static str,
    bug: &'static str,
    defect: &'static str,
    expected: &'static str,
    also: &'static [(&'static str, &'static str)],
) -> Mutant {
    Mutant { id, bug, defect, expected, also }
}

/// Two holders are where most of these end.
const TWO: &[(&str, &str)] = &[("L1", "another node gets the lease before anybody notices")];
const UNFOUNDED: &[(&str, &str)] = &[("L2", "the holder has no majority behind it")];

/// The planted bugs, each with what it breaks first.
const ROWS: &[(Mutant, Bug)] = &[
    (
        row(
            "paxos-lease/held-from-receipt",
            "E1",
            "the holder's time begins with the last acceptance, not with the question",
            "L2",
            TWO,
        ),
        Bug::HeldFromReceipt,
    ),
    (
        row(
            "paxos-lease/held-without-margin",
            "E2",
            "a lease is held for as long as it is granted, however far clocks drift",
            "L2",
            TWO,
        ),
        Bug::HeldWithoutMargin,
    ),
    (
        row(
            "paxos-lease/no-silence-after-restart",
            "E3",
            "a restarted acceptor answers at once",
            "L3",
            &[],
        ),
        Bug::NoSilence,
    ),
    (
        row(
            "paxos-lease/silence-a-tick-short",
            "E3b",
            "a restarted acceptor is silent for the longest that a lease is held, less a tick",
            "L3",
            &[],
        ),
        Bug::ShortSilence,
    ),
    (
        row(
            "paxos-lease/release-by-owner",
            "E5",
            "a late release ends whatever its owner was granted since",
            "L2",
            TWO,
        ),
        Bug::ReleaseByOwner,
    ),
    (
        row(
            "paxos-lease/late-replies-count",
            "E6",
            "a reply counts for whatever is being asked for",
            "L2",
            TWO,
        ),
        Bug::LateReplies,
    ),
    (
        row(
            "paxos-lease/votes-by-message",
            "P9",
            "replies are counted, whoever they come from",
            "L2",
            TWO,
        ),
        Bug::VotesByMessage,
    ),
    (
        row(
            "paxos-lease/minority-quorum",
            "P10",
            "one node less than a majority decides",
            "L2",
            TWO,
        ),
        Bug::MinorityQuorum,
    ),
    (
        row(
            "paxos-lease/accept-ignores-promise",
            "P3",
            "an acceptor accepts in a ballot below the one that it promised",
            "L2",
            TWO,
        ),
        Bug::AcceptIgnoresPromise,
    ),
    (
        row(
            "paxos-lease/own-lease-is-open",
            "E4",
            "a lease that was granted to the same node in another attempt does not stand in its way",
            "L2",
            TWO,
        ),
        Bug::OwnIsOpen,
    ),
    (
        row(
            "paxos-lease/late-record-replaces",
            "E22",
            "what is asked for too late takes the place of another owner's lease",
            "L2",
            TWO,
        ),
        Bug::LateReplaces,
    ),
    (
        row(
            "paxos-lease/held-rounded-up",
            "E21",
            "the time for which a lease is held is rounded up",
            "L2",
            TWO,
        ),
        Bug::HeldRoundedUp,
    ),
    (
        row("paxos-lease/ends-by-timer", "E7", "only a timer ends a lease", "L2", TWO),
        Bug::EndsByTimer,
    ),
    (
        row("paxos-lease/wall-clock", "E8", "durations are measured on the wall clock", "L2", TWO),
        Bug::WallClock,
    ),
    (
        row(
            "paxos-lease/renews-before-majority",
            "E12",
            "a renewal lengthens the lease before a majority recorded it",
            "L2",
            TWO,
        ),
        Bug::RenewsEarly,
    ),
    (
        row(
            "paxos-lease/start-not-durable",
            "P5",
            "an acceptor answers, and a proposer asks, before the count of starts is durable",
            "L3",
            UNFOUNDED,
        ),
        Bug::StartNotDurable,
    ),
];

/// The planted bugs.
pub const MUTANTS: [Mutant; ROWS.len()] = {
    let mut all = [ROWS[0].0; ROWS.len()];
    let mut index = 0;
    while index < all.len() {
        all[index] = ROWS[index].0;
        index += 1;
    }
    all
};
