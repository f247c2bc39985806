//! What is checked, in words, and how traces are written.

use crate::outcome::Property;

/// One holder.
pub const L1: Property = Property::invariant(
    "L1",
    "at most one node holds the lease",
    "at every instant of true time, at most one node believes that its lease still runs, and nobody acts without \
     believing so",
);

/// A lease stands on a majority.
pub const L2: Property = Property::invariant(
    "L2",
    "a lease stands on a majority",
    "who holds the lease, or acts on it, was granted it by a majority of distinct nodes, and as long as it runs \
     none of them calls the lease open to another node or grants it to one",
);

/// A restarted acceptor is silent.
pub const L3: Property = Property::invariant(
    "L3",
    "a restarted acceptor is silent",
    "a node that was asked or has asked before gives no promise, refusal or acceptance after a restart until its \
     clock has counted H (1 + rho)/(1 - rho), where H is the longest that a lease is held",
);

/// After the faults, somebody gets the lease.
pub const V1: Property = Property::liveness(
    "V1",
    "somebody holds the lease and acts",
    "once a majority is healed, every lease of which others know has run out within (G + Q)/(1 - rho), and each \
     attempt after that fails with a probability of at most 1/4 because of another one: some node acts on the \
     lease for a client within (G + Q + 20 T)/(1 - rho) + 12d + 3 flush and the client's patience, where T is the \
     longest time between two attempts",
);

pub(super) const NOTATION: &[(&str, &str)] = &[
    (
        "b3.n1r2",
        "ballot 3 of the second start of n1, in which n1 alone may get the lease; a higher one supersedes it; \
         b- is none",
    ),
    ("Prepare, Promise", "phase 1: asks for a promise, and is told whose lease runs, if any does"),
    ("Accept, Accepted, Refused", "phase 2: the lease is recorded; a higher ballot was promised"),
    ("Release", "the owner of this ballot gave its lease up"),
    (
        "Held, Lost",
        "beliefs: the node holds the lease until its own clock shows so much; no longer",
    ),
];
