//! The planted bugs: which row of the literature each one is, and which property catches it.
//!
//! Where the paper's table names another property than `expected`, the formula of this one is broken first:
//! an acceptor's forgotten word (A1) is seen on the wire before it leads to two chosen entries (A2), and an
//! entry that never was durable was never chosen (A5).

use super::Bug;
use crate::subject::Mutant;

/// The planted bugs, by name.
pub const MUTANTS: &[Mutant] = &[
    Mutant {
        id: "paxos/promise-not-durable",
        bug: "P1",
        defect: "an acceptor replies with its promise before the promise is durable",
        expected: "A1",
        also: &[],
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
        expected: "A1",
        also: &[
            ("A2", "two leaders propose different entries in one slot"),
            ("A3", "the acceptance overwrites one in a higher ballot"),
        ],
    },
    Mutant {
        id: "paxos/accept-is-no-promise",
        bug: "P4",
        defect: "an acceptance does not raise what its acceptor has promised",
        expected: "A1",
        also: &[],
    },
    Mutant {
        id: "paxos/ballot-not-durable",
        bug: "P5",
        defect: "a proposer uses a ballot before its own promise of it is durable",
        expected: "A4",
        also: &[("A1", "the promise that a restart forgot had been told")],
    },
    Mutant {
        id: "paxos/ballots-tie",
        bug: "P6",
        defect: "ballots of one round compare equal, whoever owns them",
        expected: "A1",
        also: &[("A2", "two leaders of one round propose different entries")],
    },
    Mutant {
        id: "paxos/value-pick-lowest",
        bug: "P7",
        defect: "a proposer picks the reported entry with the lowest ballot",
        expected: "A2",
        also: &[
            ("A5", "an entry that was accepted in two ballots is taken for chosen"),
            ("A3", "what is proposed instead overwrites what was chosen"),
        ],
    },
    Mutant {
        id: "paxos/ignores-reported-value",
        bug: "P8",
        defect: "a proposer only heeds what it accepted itself",
        expected: "A2",
        also: &[],
    },
    Mutant {
        id: "paxos/votes-by-message",
        bug: "P9",
        defect: "replies are counted, whoever they come from",
        expected: "A5",
        also: &[("A2", "a promise quorum misses what was chosen")],
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
        id: "paxos/late-replies-count",
        bug: "P12",
        defect: "replies to an earlier ballot count for the current one",
        expected: "A2",
        also: &[("A5", "an entry that was never chosen is taken for chosen")],
    },
    Mutant {
        id: "paxos/compacted-is-empty",
        bug: "P15",
        defect: "a promise does not tell where its sender's log starts",
        expected: "A1",
        also: &[("A2", "the slots below are filled anew")],
    },
    Mutant {
        id: "paxos/sessions-left-out",
        bug: "P16",
        defect: "a snapshot is installed without the clients' sessions",
        expected: "A7",
        also: &[("A8", "a repeated request takes effect again, and its answer shows it")],
    },
    Mutant {
        id: "paxos/installs-older-snapshot",
        bug: "P17",
        defect: "a snapshot older than the state is installed",
        expected: "A6",
        also: &[
            ("A7", "the state goes back, and entries are applied to it again"),
            ("A5", "slots are called chosen that are not in the state"),
            ("A9", "a read sees the older state"),
        ],
    },
    Mutant {
        id: "paxos/truncates-early",
        bug: "P18",
        defect: "the log is cut before the snapshot is durable",
        expected: "A3",
        also: &[],
    },
    Mutant {
        id: "paxos/applies-over-gaps",
        bug: "P19",
        defect: "an entry is applied although the one before it is unknown",
        expected: "A8",
        also: &[
            ("A5", "slots up to the gap's end are called chosen"),
            ("A7", "a snapshot lacks an entry"),
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
        id: "paxos/reads-after-lease",
        bug: "P21",
        defect: "a leader reads its own state without looking at its clock",
        expected: "L2",
        also: &[
            ("L1", "the next leader holds its lease already"),
            ("A9", "another leader has answered meanwhile, and the read misses it"),
        ],
    },
    Mutant {
        id: "paxos/reads-before-recovery",
        bug: "P27",
        defect: "a leader reads its own state before it has applied what phase 1 found",
        expected: "A9",
        also: &[],
    },
    Mutant {
        id: "paxos/grants-below-promise",
        bug: "P29",
        defect: "a lease is granted in a ballot below the one promised",
        expected: "L2",
        also: &[
            ("L1", "the next leader holds its lease already"),
            ("A9", "another leader has answered meanwhile, and the read misses it"),
        ],
    },
    Mutant {
        id: "paxos/lease-from-receipt",
        bug: "E1",
        defect: "a lease is counted from when it was granted, not from when it was asked for",
        expected: "L2",
        also: &[
            ("L1", "the next leader holds its lease already"),
            ("A9", "another leader has answered meanwhile, and the read misses it"),
        ],
    },
    Mutant {
        id: "paxos/lease-without-margin",
        bug: "E2",
        defect: "a lease is held for as long as it was granted, however far clocks drift",
        expected: "L2",
        also: &[
            ("L1", "the next leader holds its lease already"),
            ("A9", "another leader has answered meanwhile, and the read misses it"),
        ],
    },
    Mutant {
        id: "paxos/no-silence-after-restart",
        bug: "E3",
        defect: "a restarted acceptor promises at once, whatever it granted before",
        expected: "L3",
        also: &[
            ("L1", "the next leader holds its lease already"),
            ("A9", "another leader has answered meanwhile, and the read misses it"),
        ],
    },
    Mutant {
        id: "paxos/lease-subtraction-wraps",
        bug: "E9",
        defect: "what is left of a lease is subtracted without a sign, and wraps",
        expected: "L2",
        also: &[
            ("L1", "the next leader holds its lease already"),
            ("A9", "another leader has answered meanwhile, and the read misses it"),
        ],
    },
];

/// The rule that each of them breaks, in the same order.
pub(super) const BUGS: [Bug; MUTANTS.len()] = [
    Bug::PromiseNotDurable,
    Bug::AcceptedNotDurable,
    Bug::AcceptIgnoresPromise,
    Bug::AcceptIsNoPromise,
    Bug::BallotNotDurable,
    Bug::BallotsTie,
    Bug::ValuePickLowest,
    Bug::IgnoresReportedValue,
    Bug::VotesByMessage,
    Bug::MinorityQuorum,
    Bug::VotesAcrossBallots,
    Bug::LateReplies,
    Bug::CompactedIsEmpty,
    Bug::SessionsLeftOut,
    Bug::InstallsOlder,
    Bug::TruncatesEarly,
    Bug::AppliesOverGaps,
    Bug::AcknowledgesEarly,
    Bug::ReadsAfterLease,
    Bug::ReadsBeforeRecovery,
    Bug::GrantsBelowPromise,
    Bug::LeaseFromReceipt,
    Bug::LeaseWithoutMargin,
    Bug::NoSilence,
    Bug::LeaseWraps,
];
