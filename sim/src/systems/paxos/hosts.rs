//! Planted bugs that are the host's: the shared ones, with what they must lead to here.
//!
//! Paxos takes a host at its word in one thing that safety rests on: that what was synced is durable. Its
//! only timer begins a round of questions; leases compare readings of the clock. So a timer that fires
//! early cannot break safety, and does not let a round end in which everybody could have answered.

use super::mutants::MUTANTS;
use crate::planted::joined;
use crate::subject::{Exempt, Mutant};
use interregnum_core::Fingerprint;
use interregnum_core::paxos::Fact;

const HOSTS: [Mutant; 4] = [
    Mutant {
        id: "paxos/host-acks-before-sync",
        bug: "H1",
        defect: "the host reports a sync as done before anything is durable",
        expected: "A1",
        also: &[
            ("A5", "an entry that was counted as accepted is taken for chosen"),
            ("A2", "an acceptance that was counted is lost, and another entry proposed"),
        ],
    },
    Mutant {
        id: "paxos/host-fires-timers-early",
        bug: "H2",
        defect: "the host fires timers after a quarter of the shortest time asked for",
        expected: "V1",
        also: &[],
    },
    Mutant {
        id: "paxos/host-forges-facts",
        bug: "H4",
        defect: "the host passes on other facts than the machine told",
        expected: "A7",
        also: &[],
    },
    Mutant {
        id: "paxos/host-drops-facts",
        bug: "H5",
        defect: "the host passes on no facts",
        expected: "A2",
        also: &[],
    },
];

/// Every planted bug, of the machine and of its host.
pub(super) const ALL: &[Mutant] = &joined::<{ MUTANTS.len() + HOSTS.len() }>(MUTANTS, &HOSTS);

/// The known bugs that Paxos cannot have.
pub(super) const EXEMPT: &[Exempt] = &[
    Exempt {
        id: "paxos/non-leader-acknowledges",
        bug: "P28",
        why: "a leader alone counts acceptances, and tells what is chosen after it applied it: nobody knows \
              of anything that the holder of the lease has not applied",
    },
    Exempt {
        id: "paxos/lease-ends-by-timer",
        bug: "E7",
        why: "no timer ends a lease: whoever acts on it compares its end with the clock",
    },
    Exempt { id: "paxos/lease-on-wall-clock", bug: "E8", why: "nothing in it reads a wall clock" },
    Exempt {
        id: "paxos/host-drops-notices",
        bug: "H3",
        why: "a node is one process, and its type of notices has no values",
    },
];

/// Another fact in place of this one. What is only counted or drawn passes as it is: a forged lease or
/// retreat contradicts nothing that is checked.
pub(super) const fn forged(fact: &Fact) -> Fact {
    match *fact {
        Fact::State { applied, state: Fingerprint(state) } => {
            Fact::State { applied, state: Fingerprint(!state) }
        }
        fact => fact,
    }
}
