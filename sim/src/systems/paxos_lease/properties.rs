//! What is checked, in words, and how traces are written.

use crate::outcome::Property;
pub use crate::systems::leases::{L1, L2, L3};

/// A ballot is asked for once.
pub const L5: Property = Property::invariant(
    "L5",
    "a ballot is asked for once",
    "who asks for the lease does so in its own name, in a higher ballot than any that it asked in before; after a \
     restart, in one of a later start",
);

/// After the faults, somebody gets the lease.
pub const V10: Property = Property::liveness(
    "V10",
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
