//! Planted bugs that are the host's: the shared ones, with what they must lead to here. And the known bugs that
//! PaxosLease cannot have.
//!
//! It takes a host at its word in one thing that safety rests on: that the count of starts is durable when it is said
//! to be. Deadlines are compared with the clock, so that a timer which fires early ends no lease; but attempts that
//! end before anybody could answer come to nothing.

use super::rows::MUTANTS;
use crate::planted::joined;
use crate::subject::{Exempt, Mutant};
use interregnum_core::Machine;
use interregnum_core::paxos_lease::{Ballot, Fact, PaxosLease, Sound};

const HOSTS: [Mutant; 4] = [
    Mutant {
        id: "paxos-lease/host-acks-before-sync",
        bug: "H1",
        defect: "the host reports a sync as done before anything is durable",
        expected: "L3",
        also: &[
            ("L2", "the own acceptor of the node that asks forgot what it recorded"),
            ("L5", "the next start counts as this one did, and asks in its ballots"),
        ],
    },
    Mutant {
        id: "paxos-lease/host-fires-timers-early",
        bug: "H2",
        defect: "the host fires timers after a quarter of the shortest time asked for",
        expected: "V10",
        also: &[],
    },
    Mutant {
        id: "paxos-lease/host-forges-facts",
        bug: "H4",
        defect: "the host passes on other facts than the machine told",
        expected: "L1",
        also: &[],
    },
    Mutant {
        id: "paxos-lease/host-drops-facts",
        bug: "H5",
        defect: "the host passes on no facts",
        expected: "L1",
        also: &[],
    },
];

/// Every planted bug, of the machine and of its host.
pub(super) const ALL: &[Mutant] = &joined::<{ MUTANTS.len() + HOSTS.len() }>(&MUTANTS, &HOSTS);

const fn exempt(id: &'static str, bug: &'static str, why: &'static str) -> Exempt {
    Exempt { id, bug, why }
}

/// There are no notices that could be lost: this does not compile where there are.
const _: fn(&<PaxosLease<Sound> as Machine>::Notice) -> ! = |notice| match *notice {};

/// The known bugs that it cannot have.
pub(super) const EXEMPT: &[Exempt] = &[
    exempt(
        "paxos-lease/subtraction-wraps",
        "E9",
        "the clock is read once in each step, and what is left of a deadline is never less than nothing",
    ),
    exempt("paxos-lease/remote-timestamps", "E10", "no message carries a time"),
    exempt(
        "paxos-lease/two-terms",
        "E11",
        "the terms of the lease are the same on all nodes and never change",
    ),
    exempt(
        "paxos-lease/late-write-overwrites",
        "E13",
        "a holder writes no record; what it asks acceptors for carries its ballot, which they compare",
    ),
    exempt(
        "paxos-lease/no-fencing",
        "E14",
        "there is no resource: whoever receives what a holder does must order it by itself",
    ),
    exempt(
        "paxos-lease/token-regenerates",
        "E15",
        "no number is handed out that has to grow; ballots are compared by acceptors only",
    ),
    exempt(
        "paxos-lease/dead-time-from-now",
        "E16",
        "nobody infers from what it observes that a holder is dead: its own acceptor's record runs from when it made it",
    ),
    exempt(
        "paxos-lease/wait-starts-anew",
        "E17",
        "a record runs from when it was made; whatever others ask for or find out does not lengthen it",
    ),
    exempt(
        "paxos-lease/unbounded-steps",
        "E18",
        "nothing is read and then written: acceptors answer, and a pause between question and answer only costs time",
    ),
    exempt(
        "paxos-lease/write-in-a-new-ballot",
        "E19",
        "there is no register; both phases of an attempt bear its ballot, and it ends with the next one",
    ),
    exempt(
        "paxos-lease/counts-from-a-repetition",
        "E20",
        "no question is asked twice: each attempt has a ballot of its own",
    ),
    exempt(
        "paxos-lease/accept-is-no-promise",
        "P4",
        "it has a second line of defence: who recorded a lease tells of it until it has run out, whatever it promised; \
         a test of the core breaks both",
    ),
    exempt(
        "paxos-lease/host-drops-notices",
        "H3",
        "a node is one process, and its type of notices has no values",
    ),
];

/// Another fact in place of this one: a claim to a ballot that nobody asked for.
pub(super) const fn forged(fact: &Fact) -> Fact {
    match *fact {
        Fact::Held { ballot, until } => {
            let counter = ballot.counter.wrapping_add(1);
            Fact::Held { ballot: Ballot { counter, ..ballot }, until }
        }
        fact => fact,
    }
}
