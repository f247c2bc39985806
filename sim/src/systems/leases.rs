//! What every system promises that grants a lease, whatever its protocol.

use crate::outcome::Property;

/// At most one holder.
pub const L1: Property = Property::invariant(
    "L1",
    "at most one node holds the lease",
    "at every instant of true time, at most one node believes that its lease still runs",
);

/// A lease stands on a majority.
pub const L2: Property = Property::invariant(
    "L2",
    "a lease stands on a majority",
    "who acts on a lease is granted it by a majority of distinct nodes, and none of them, itself included, favours \
     another owner while its grant runs",
);

/// A restarted grantor is silent.
pub const L3: Property = Property::invariant(
    "L3",
    "a restarted acceptor is silent",
    "no node, the one that asks included, gives what a lease rests on after a restart before its clock has counted as \
     long as what it granted before may still be relied on",
);
