//! The planted bugs of the rules: which property catches each, and what else may come first.

use super::mutants::Bug;
use crate::subject::Mutant;

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
const FORGOTTEN: &[(&str, &str)] = &[
    ("L2", "the holder has no majority behind it"),
    ("L5", "the next start counts as this one did, and asks in its ballots"),
];

/// The planted bugs, each with what it breaks first.
pub(super) const ROWS: &[(Mutant, Bug)] = &[
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
            "paxos-lease/held-from-accept",
            "E1b",
            "the holder's time begins with the second question, not with the first",
            "L1",
            &[("L2", "an acceptor that forgot its promise is asked for another one meanwhile")],
        ),
        Bug::HeldFromAccept,
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
            "paxos-lease/granted-without-margin",
            "E2b",
            "a lease is granted for only as long as it is held, however far clocks drift",
            "L2",
            TWO,
        ),
        Bug::GrantWithoutMargin,
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
            FORGOTTEN,
        ),
        Bug::StartNotDurable,
    ),
    (
        row(
            "paxos-lease/amnesiac-asks",
            "E23",
            "a node asks for the lease whose disk lost the count of its starts",
            "L5",
            UNFOUNDED,
        ),
        Bug::AmnesiacAsks,
    ),
    (
        row(
            "paxos-lease/promise-sinks",
            "E24",
            "an acceptor promises a ballot below the one that it promised",
            "L2",
            TWO,
        ),
        Bug::PromiseSinks,
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
