//! The properties that are checked, with their formulas in words.

use crate::outcome::{Property, PropertyKind};

/// What is chosen is what every later ballot proposes.
pub const A2: Property = Property {
    id: "A2",
    name: "later ballots propose what was chosen",
    formula: "if v is chosen in (b, s), every accept (b', s, v') ever sent or made durable with b' >= b \
              has v' = v",
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
              7 flush and a snapshot's way, S rounds being one more than after which a sync counts as hung; soon after, a command is chosen and every client is answered",
    kind: PropertyKind::Liveness,
};
