//! Planted bugs: rules that deviate from the sound ones in one place.
//!
//! [`Planted`] asks the sound rule first and deviates where its bug says; how often the two answers
//! differed is counted outside the machines, for a bug that never deviated was not put to the test.
//! Deliberately absent: bugs that need other hosts, and those of the election.

mod planted;
mod rows;

pub use planted::{Planted, Variant};
pub use rows::MUTANTS;

/// Which rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// P1: an acceptor replies with its promise before the promise is durable.
    PromiseNotDurable,
    /// P2: an acceptor replies that it accepted before its acceptance is durable.
    AcceptedNotDurable,
    /// P3: an acceptor accepts in a ballot below the one that it promised.
    AcceptIgnoresPromise,
    /// P4: an acceptance does not raise what its acceptor has promised.
    AcceptIsNoPromise,
    /// P5: a proposer uses a ballot before its own promise of it is durable.
    BallotNotDurable,
    /// P6: ballots of one round compare equal, whoever owns them.
    BallotsTie,
    /// P7: a proposer picks the reported entry with the lowest ballot.
    ValuePickLowest,
    /// P8: a proposer only heeds what it accepted itself.
    IgnoresReportedValue,
    /// P9: replies are counted, whoever they come from.
    VotesByMessage,
    /// P10: one node less than a majority decides.
    MinorityQuorum,
    /// P11: a leader adds votes for an equal entry from different ballots.
    VotesAcrossBallots,
    /// P12: replies to an earlier ballot count for the current one.
    LateReplies,
    /// P13: what cannot be read is taken for empty.
    DamageReadAsEmpty,
    /// P14: a node with a blank disk votes under its old id.
    BlankVotes,
    /// P15: a promise does not tell where its sender's log starts.
    CompactedIsEmpty,
    /// P16: a snapshot is installed without the clients' sessions.
    SessionsLeftOut,
    /// P17: a snapshot older than the state is installed.
    InstallsOlder,
    /// P18: the log is cut before the snapshot is durable.
    TruncatesEarly,
    /// P19: an entry is applied although the one before it is unknown.
    AppliesOverGaps,
    /// P20: a leader acknowledges a command as soon as it is proposed.
    AcknowledgesEarly,
    /// P21: a leader reads its own state without looking at its clock.
    ReadsAfterLease,
    /// P23: a good sync is taken to make up for a failed one.
    FailedSyncForgiven,
    /// P24: a node outbids whoever is being elected, in every round.
    Duels,
    /// P25: a refused leader raises its ballot in place and keeps the promises that it has.
    RaisesBallot,
    /// P26: a promise counts for slots whose entry its sender lost.
    FaultyCountsAsEmpty,
    /// P27: a leader reads its own state before it has applied what phase 1 found.
    ReadsBeforeRecovery,
    /// P29: a lease is granted in a ballot below the one promised.
    GrantsBelowPromise,
    /// P30: a node that forgot which ballots it used proposes.
    AmnesiacProposes,
    /// P31: a promise is told when one of its two copies is durable.
    PromiseHalfDurable,
    /// P32: a leader that no majority answers neither retires nor admits it.
    NeverAbdicates,
    /// P33: a leader goes on in a ballot that did not choose what it proposed.
    LeadsOnOvertaken,
    /// P34: a late accept takes the place of what is known to be chosen.
    DisplacesChosen,
    /// E1, which is also P22: a lease is counted from when it was granted, not from when it was asked for.
    LeaseFromReceipt,
    /// E2: a lease is held for as long as it was granted, however far clocks drift.
    LeaseWithoutMargin,
    /// E3: a restarted acceptor promises at once, whatever it granted before.
    NoSilence,
    /// E5: a late release ends whatever its owner was granted since.
    ReleaseByOwner,
    /// E6: a grant counts for whichever heartbeat was the last.
    GrantsWithoutNumber,
    /// E9: what is left of a lease is subtracted without a sign, and wraps.
    LeaseWraps,
    /// E12: a leader holds its lease before a majority granted it.
    LeaseBeforeMajority,
    /// E20: a heartbeat is sent again under its number, and its grants count from then.
    HeartbeatAgain,
    /// E21: the span for which a lease is held is rounded up.
    LeaseRoundedUp,
}
