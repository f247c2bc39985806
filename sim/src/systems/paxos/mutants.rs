//! Planted bugs: rules that deviate from the sound ones in one place.
//!
//! [`Planted`] asks the sound rule first and deviates where its bug says; how often the two answers
//! differed is counted outside the machines, for a bug that never deviated was not put to the test.
//! Deliberately absent: bugs that need other hosts, and those of the election.

use crate::subject::Mutant;
use interregnum_core::NodeId;
use interregnum_core::paxos::{
    AcceptorRules, Ballot, Damage, LearnerRules, Progress, ProposerRules, ReaderRules, Rules,
    Sound, Tally,
};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Which rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// P1: a promise is told before it is durable.
    PromiseNotDurable,
    /// P2: an acceptance is told before it is durable.
    AcceptedNotDurable,
    /// P3: an accept is not compared with the promise.
    AcceptIgnoresPromise,
    /// P7: of the entries reported, the one from the lowest ballot is proposed.
    ValuePickLowest,
    /// P8: the proposer only looks at what it holds itself.
    IgnoresReportedValue,
    /// P10: one node less than a majority is enough.
    MinorityQuorum,
    /// P11: votes of different ballots are added.
    VotesAcrossBallots,
    /// P20: a command is acknowledged when it is proposed.
    AcknowledgesEarly,
    /// P13: what cannot be read is taken for empty.
    DamageReadAsEmpty,
    /// P14: a node with a blank disk votes under its old id.
    BlankVotes,
    /// P23: a good sync is taken to make up for a failed one.
    FailedSyncForgiven,
    /// P26: a promise counts for slots whose entry its sender lost.
    FaultyCountsAsEmpty,
    /// P30: a node that forgot which ballots it used proposes.
    AmnesiacProposes,
    /// P31: a promise is told when one of its two copies is durable.
    PromiseHalfDurable,
}

/// The planted bugs, by name.
pub const MUTANTS: &[Mutant] = &[
    Mutant {
        id: "paxos/promise-not-durable",
        bug: "P1",
        defect: "an acceptor replies with its promise before the promise is durable",
        expected: "A2",
        also: &[("A5", "an entry learned under the forgotten promise was never chosen")],
    },
    Mutant {
        id: "paxos/accepted-not-durable",
        bug: "P2",
        defect: "an acceptor replies that it accepted before its acceptance is durable",
        expected: "A5",
        also: &[("A2", "an entry counted as chosen is lost, and another one is proposed")],
    },
    Mutant {
        id: "paxos/accept-ignores-promise",
        bug: "P3",
        defect: "an acceptor accepts in a ballot below the one that it promised",
        expected: "A2",
        also: &[("A5", "two leaders take different entries for chosen in one slot")],
    },
    Mutant {
        id: "paxos/value-pick-lowest",
        bug: "P7",
        defect: "a proposer picks the reported entry with the lowest ballot",
        expected: "A2",
        also: &[("A5", "an entry that was accepted in two ballots is taken for chosen")],
    },
    Mutant {
        id: "paxos/ignores-reported-value",
        bug: "P8",
        defect: "a proposer only heeds what it accepted itself",
        expected: "A2",
        also: &[],
    },
    Mutant {
        id: "paxos/minority-quorum",
        bug: "P10",
        defect: "one node less than a majority decides",
        expected: "A5",
        also: &[("A2", "a promise quorum misses what was chosen")],
    },
    Mutant {
        id: "paxos/votes-across-ballots",
        bug: "P11",
        defect: "a leader adds votes for an equal entry from different ballots",
        expected: "A5",
        also: &[
            ("A2", "a later ballot proposes something else"),
            ("A7", "the entry taken for chosen is in the state when another one is chosen"),
            ("A8", "the same, in an answer"),
        ],
    },
    Mutant {
        id: "paxos/acknowledges-early",
        bug: "P20",
        defect: "a leader acknowledges a command as soon as it is proposed",
        expected: "A5",
        also: &[],
    },
    Mutant {
        id: "paxos/damage-read-as-empty",
        bug: "P13",
        defect: "an acceptor takes a damaged entry for an empty slot",
        expected: "A2",
        also: &[],
    },
    Mutant {
        id: "paxos/blank-votes",
        bug: "P14",
        defect: "a node whose disk was replaced by a blank one votes under its old id",
        expected: "A2",
        also: &[],
    },
    Mutant {
        id: "paxos/failed-sync-forgiven",
        bug: "P23",
        defect: "a node whose sync failed syncs again and relies on the second one",
        expected: "A5",
        also: &[],
    },
    Mutant {
        id: "paxos/faulty-counts-as-empty",
        bug: "P26",
        defect: "a proposer counts a promise also for the slots that it marks as lost",
        expected: "A2",
        also: &[],
    },
    Mutant {
        id: "paxos/amnesiac-proposes",
        bug: "P30",
        defect: "a node that lost both copies of its promise proposes in ballots that it used before",
        expected: "A2",
        also: &[],
    },
    Mutant {
        id: "paxos/promise-half-durable",
        bug: "P31",
        defect: "an acceptor replies with its promise when one of two copies is durable",
        expected: "A2",
        also: &[],
    },
];

const BUGS: [Bug; 14] = [
    Bug::PromiseNotDurable,
    Bug::AcceptedNotDurable,
    Bug::AcceptIgnoresPromise,
    Bug::ValuePickLowest,
    Bug::IgnoresReportedValue,
    Bug::MinorityQuorum,
    Bug::VotesAcrossBallots,
    Bug::AcknowledgesEarly,
    Bug::DamageReadAsEmpty,
    Bug::BlankVotes,
    Bug::FailedSyncForgiven,
    Bug::FaultyCountsAsEmpty,
    Bug::AmnesiacProposes,
    Bug::PromiseHalfDurable,
];

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
#[derive(Clone, Debug)]
pub struct Planted {
    bug: Option<Bug>,
    /// Shared by all nodes of a run; not part of what the rules are.
    deviations: Arc<AtomicU64>,
}

impl Variant for Planted {
    fn of(mutant: Option<&Mutant>) -> Self {
        let named = |(known, _): &(&Mutant, Bug)| mutant.is_some_and(|m| m.id == known.id);
        let bug = MUTANTS.iter().zip(BUGS).find(named).map(|(_, bug)| bug);
        Self { bug, deviations: Arc::new(AtomicU64::new(0)) }
    }

    fn deviations(&self) -> Option<Arc<AtomicU64>> {
        Some(Arc::clone(&self.deviations))
    }
}

impl Planted {
    /// What the rule answers: `wrong` where `bug` is planted, counting where that makes a difference.
    fn answer<T: PartialEq>(&self, bug: Bug, sound: T, wrong: impl FnOnce() -> T) -> T {
        if self.bug != Some(bug) {
            return sound;
        }
        let wrong = wrong();
        if wrong != sound {
            self.deviations.fetch_add(1, Ordering::Relaxed);
        }
        wrong
    }
}

impl PartialEq for Planted {
    fn eq(&self, other: &Self) -> bool {
        self.bug == other.bug
    }
}

impl Eq for Planted {}

impl Hash for Planted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bug.hash(state);
    }
}

impl Rules for Planted {}

impl AcceptorRules for Planted {
    fn may_accept(&self, promised: Ballot, ballot: Ballot) -> bool {
        self.answer(Bug::AcceptIgnoresPromise, Sound.may_accept(promised, ballot), || true)
    }

    fn may_reveal_promise(&self, durable_copies: u8) -> bool {
        let sound = Sound.may_reveal_promise(durable_copies);
        let half = self.answer(Bug::PromiseHalfDurable, sound, || durable_copies >= 1);
        self.answer(Bug::PromiseNotDurable, half, || true)
    }

    fn tells_faulty_slots(&self) -> bool {
        self.answer(Bug::DamageReadAsEmpty, Sound.tells_faulty_slots(), || false)
    }

    fn may_vote_after(&self, damage: Damage) -> bool {
        let sound = Sound.may_vote_after(damage);
        self.answer(Bug::BlankVotes, sound, || damage == Damage::Format)
    }

    fn makes_up_for_failed_sync(&self) -> bool {
        self.answer(Bug::FailedSyncForgiven, Sound.makes_up_for_failed_sync(), || true)
    }

    fn may_reveal_acceptance(&self, durable: bool) -> bool {
        self.answer(Bug::AcceptedNotDurable, Sound.may_reveal_acceptance(durable), || true)
    }
}

impl ProposerRules for Planted {
    fn may_propose_after(&self, damage: Damage) -> bool {
        let sound = Sound.may_propose_after(damage);
        self.answer(Bug::AmnesiacProposes, sound, || damage == Damage::Promise)
    }

    fn counts_faulty(&self) -> bool {
        self.answer(Bug::FaultyCountsAsEmpty, Sound.counts_faulty(), || true)
    }

    fn is_quorum(&self, tally: Tally, members: u8) -> bool {
        self.answer(Bug::MinorityQuorum, Sound.is_quorum(tally, members), || {
            (tally.voters.len() + 1) * 2 > u32::from(members)
        })
    }

    fn heeds_report_of(&self, me: NodeId, reporter: NodeId) -> bool {
        let sound = Sound.heeds_report_of(me, reporter);
        self.answer(Bug::IgnoresReportedValue, sound, || me == reporter)
    }

    fn supersedes(&self, best: Ballot, reported: Ballot) -> bool {
        let sound = Sound.supersedes(best, reported);
        self.answer(Bug::ValuePickLowest, sound, || reported < best)
    }
}

impl LearnerRules for Planted {
    fn counts_vote(&self, ballot: Ballot, vote: Ballot) -> bool {
        self.answer(Bug::VotesAcrossBallots, Sound.counts_vote(ballot, vote), || true)
    }

    fn counts_report(&self, ballot: Ballot, reported: Ballot) -> bool {
        self.answer(Bug::VotesAcrossBallots, Sound.counts_report(ballot, reported), || true)
    }

    fn may_acknowledge(&self, progress: Progress) -> bool {
        let sound = Sound.may_acknowledge(progress);
        self.answer(Bug::AcknowledgesEarly, sound, || sound || progress == Progress::Proposed)
    }
}

impl ReaderRules for Planted {}
