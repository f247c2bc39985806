//! The properties that are checked, with their formulas in words.

use crate::outcome::{Property, PropertyKind};
pub use crate::systems::leases::{L1, L2, L3};

/// An acceptor keeps its word.
pub const A1: Property = Property {
    id: "A1",
    name: "acceptors keep their word",
    formula: "a promise for b' leaves out no slot that its sender acknowledges, before or after, in a ballot \
              below b'; whoever sent a promise, an acceptance or a grant in b has a promise of at least b on \
              its disk",
    kind: PropertyKind::Invariant,
};

/// What is chosen is what every later ballot proposes.
pub const A2: Property = Property {
    id: "A2",
    name: "later ballots propose what was chosen",
    formula: "if v is chosen in (b, s), every accept (b', s, v') ever sent or made durable with b' >= b \
              has v' = v",
    kind: PropertyKind::Invariant,
};

/// What is chosen stays chosen.
pub const A3: Property = Property {
    id: "A3",
    name: "what is chosen stays on disks",
    formula: "once v is chosen in (b, s), every majority has a member whose disk holds v for s: accepted in b \
              or above, known to be chosen, or inside the snapshot that its pointer names",
    kind: PropertyKind::Invariant,
};

/// A ballot proposes one entry per slot.
pub const A4: Property = Property {
    id: "A4",
    name: "a ballot proposes one entry per slot",
    formula: "all accepts of one ballot and slot have the same entry, and everything asked for in one ballot \
              comes from one life of the node that owns it",
    kind: PropertyKind::Invariant,
};

/// Nothing is called chosen that is not.
pub const A5: Property = Property {
    id: "A5",
    name: "only what is chosen is called chosen",
    formula: "a message, a durable entry or snapshot, or an answer to a client that treats (s, v) as chosen \
              implies that a majority of distinct nodes each made (b, s, v) durable before, in one ballot b",
    kind: PropertyKind::Invariant,
};

/// What is cut off is in the snapshot.
pub const A6: Property = Property {
    id: "A6",
    name: "what is cut off is in the snapshot",
    formula: "a slot below a durable log start is chosen, and inside the durable snapshot of that node that \
              its pointer names",
    kind: PropertyKind::Invariant,
};

/// All states are those of one replay.
pub const A7: Property = Property {
    id: "A7",
    name: "states agree",
    formula: "the state after slot k, in every durable snapshot and in every report of its fingerprint, is \
              that of a fresh replica to which the chosen entries 1..k were applied",
    kind: PropertyKind::Invariant,
};

/// All answers are those of one replay.
pub const A8: Property = Property {
    id: "A8",
    name: "answers agree",
    formula: "every answer is the one that a fresh replica gives, which applies the chosen entries in order \
              and each request once",
    kind: PropertyKind::Invariant,
};

/// Clients see one order, in real time.
pub const A9: Property = Property {
    id: "A9",
    name: "reads and writes are linearizable",
    formula: "calls and answers are linearizable (unanswered: optional); moreover an answer reflects a slot \
              above (a read of the leader's state: at least) every slot that any client had been answered \
              from before the request (such a read: the call) was made",
    kind: PropertyKind::Invariant,
};

/// After the faults, somebody leads and everybody is answered.
pub const V1: Property = Property {
    id: "V1",
    name: "a leader emerges and answers",
    formula: "once a majority is healed, a majority hears one leader within ((8 + S) T + G)/(1 - rho) + 4d + \
              7 flush and a snapshot's way, S rounds being those in which leaders outside it may be of no \
              use where disks fail; soon after, a command is chosen and every client is answered",
    kind: PropertyKind::Liveness,
};

/// Laggards catch up, and logs stay short.
pub const V7: Property = Property {
    id: "V7",
    name: "laggards catch up, and logs stay short",
    formula: "within B1 + 3 T/(1 - rho) + the exchanges that its leader's log takes + 7 flush, every node of \
              the core has applied what was chosen when the faults ended, and its log starts less than a \
              snapshot interval and the retained slots below",
    kind: PropertyKind::Liveness,
};

/// How traces write what they are about.
pub(super) const NOTATION: &[(&str, &str)] = &[
    ("b20.n1", "ballot 20, in which n1 alone may lead; a higher one supersedes it; b- is none"),
    ("s25", "slot 25 of the replicated log, which holds one entry"),
    (
        "c3/r8",
        "request 8 of client 3, the same however often it is called; Noop is an entry without one",
    ),
    ("Prepare, Promise", "phase 1: asks for, and gives, the promise to accept in no lower ballot"),
    ("Accept, Accepted, Nack", "phase 2: proposes an entry; it is accepted durably; it is refused"),
    ("chosen_upto", "every slot up to this one is known to be chosen"),
    (
        "Heartbeat, Grant, Release",
        "the leader is alive; a node grants it a lease; the lease is given up",
    ),
    ("Ask, Tell", "a round of the leader election: what do you know, and its answer"),
    ("Fetch, Batch, Snapshot", "a node that is behind asks for, and gets, what was chosen"),
    (
        "Promised, Accepted, Chosen, Pointer",
        "records on disk; promises have two copies, vol0#1 and vol0#2",
    ),
];
