//! What is durable, and where.
//!
//! All records are on one volume, so that one sync covers whatever was written before it:
//!
//! | slot | record |
//! | --- | --- |
//! | 0 | [`Record::Format`], written by the deployment |
//! | 1, 2 | two copies of [`Record::Promised`], written and flushed one after the other |
//! | 3 | [`Record::Pointer`]: which snapshot holds, and where the log starts |
//! | 4, 5 | two places for a [`Record::Snapshot`], used in turn |
//! | 16 + 4s | what slot s of the log holds: [`Record::Accepted`] or [`Record::Chosen`], lane 0 |
//! | 17 + 4s | the mirror of it, where the deployment expects damage |
//! | 18 + 4s, 19 + 4s | the same, lane 1 |
//!
//! **Two lanes.** A write that a power failure tears destroys what its place held before. A slot's next
//! acceptance therefore never overwrites its latest durable one, but goes to the other lane.
//!
//! **Torn or damaged?** A bad checksum at a log place is either the torn end of a write that nobody was
//! told of, or the loss of an acceptance that others count on. The mirror decides: both copies are written
//! under one sync, and no acceptance is revealed before that sync. While one copy is good nothing is lost.
//! Where one is bad and the other was never written, the sync never completed: the entry is dropped.
//! Where both are bad the entry may have been revealed: it is lost (media rot, they do not erase); a power
//! failure that tears both looks the same, which is safe. Boot restores a missing copy before it relies
//! on the other. Without mirrors every bad entry is taken for
//! lost. A slot's place is a function of the slot, so damage never hides *which* slot is lost, and a
//! record found away from home tells of two: the one it overwrote and its own.
//!
//! The deployment writes [`format`]'s records; a disk without them has been replaced or erased.

use super::message::{Ballot, ClusterId};
use crate::consensus::{App, Entry, LogSlot, Replica};
use crate::{Fold, NodeId, Place, Volume};
use alloc::sync::Arc;

/// The volume of all records.
pub const VOLUME: Volume = Volume::Local(0);
/// Where the format record is.
pub const FORMAT: Place = Place::local(0, 0);
/// Where the two copies of the promise are.
pub const PROMISED: [Place; 2] = [Place::local(0, 1), Place::local(0, 2)];
/// Where the pointer to the snapshot is.
pub const POINTER: Place = Place::local(0, 3);
/// The two places for snapshots.
pub const SNAPSHOTS: [Place; 2] = [Place::local(0, 4), Place::local(0, 5)];
/// The first place of the log.
const LOG: u64 = 16;

/// What a disk slot holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Record<A: App> {
    /// This disk belongs to this node of this cluster.
    Format {
        /// The cluster.
        cluster: ClusterId,
        /// The node.
        node: NodeId,
    },
    /// One copy of the highest ballot promised.
    Promised {
        /// The ballot.
        ballot: Ballot,
    },
    /// Which snapshot holds.
    Pointer {
        /// At which of the two places.
        place: u8,
        /// Its last slot; 0 before the first snapshot.
        applied: LogSlot,
        /// The first slot of the log; everything below is chosen and in the snapshot.
        log_start: LogSlot,
    },
    /// A state.
    Snapshot(Arc<Snapshot<A>>),
    /// The node accepted an entry.
    Accepted {
        /// For which slot.
        slot: LogSlot,
        /// In which ballot.
        ballot: Ballot,
        /// What.
        entry: Entry<A>,
    },
    /// The node was told that an entry is chosen.
    Chosen {
        /// For which slot.
        slot: LogSlot,
        /// What.
        entry: Entry<A>,
    },
}

/// The state after some slot: the application and its sessions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Snapshot<A: App> {
    /// The last slot applied.
    pub applied: LogSlot,
    /// The state.
    pub replica: Replica<A>,
}

/// One of the two places of a log slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Lane {
    /// The first.
    Zero,
    /// The second.
    One,
}

impl Lane {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Zero, Self::One];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Zero => Self::One,
            Self::One => Self::Zero,
        }
    }

    const fn offset(self) -> u64 {
        match self {
            Self::Zero => 0,
            Self::One => 2,
        }
    }
}

/// What a place of the volume is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Purpose {
    /// The format record.
    Format,
    /// A copy of the promise.
    Promised,
    /// The pointer.
    Pointer,
    /// A place for snapshots.
    Snapshot,
    /// The entry of a log slot.
    Entry(LogSlot, Lane),
    /// The mirror of it.
    Mirror(LogSlot, Lane),
    /// Nothing is ever written there.
    Unused,
}

/// What a disk slot of the volume is for.
#[must_use]
pub fn purpose(disk_slot: u64) -> Purpose {
    match disk_slot {
        0 => Purpose::Format,
        1 | 2 => Purpose::Promised,
        3 => Purpose::Pointer,
        4 | 5 => Purpose::Snapshot,
        6..LOG => Purpose::Unused,
        at => {
            let slot = LogSlot((at - LOG) / 4);
            match (at - LOG) % 4 {
                0 => Purpose::Entry(slot, Lane::Zero),
                1 => Purpose::Mirror(slot, Lane::Zero),
                2 => Purpose::Entry(slot, Lane::One),
                _ => Purpose::Mirror(slot, Lane::One),
            }
        }
    }
}

/// Where the entry of a log slot is.
#[must_use]
pub const fn entry_place(slot: LogSlot, lane: Lane) -> Place {
    Place::local(0, slot.0.saturating_mul(4).saturating_add(LOG + lane.offset()))
}

/// Where the mirror of a log slot is.
#[must_use]
pub const fn mirror_place(slot: LogSlot, lane: Lane) -> Place {
    entry_place(slot, lane).offset(1)
}

/// What the deployment writes on a node's disk before its first start.
#[must_use]
pub fn format<A: App>(cluster: ClusterId, node: NodeId) -> [(Place, Record<A>); 4] {
    let promised = || Record::Promised { ballot: Ballot::NONE };
    let pointer = Record::Pointer { place: 0, applied: LogSlot::ZERO, log_start: LogSlot::FIRST };
    [
        (FORMAT, Record::Format { cluster, node }),
        (PROMISED[0], promised()),
        (PROMISED[1], promised()),
        (POINTER, pointer),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_one_purpose() {
        for slot in [LogSlot(0), LogSlot(1), LogSlot(77)] {
            for lane in Lane::BOTH {
                assert_eq!(purpose(entry_place(slot, lane).slot.0), Purpose::Entry(slot, lane));
                assert_eq!(purpose(mirror_place(slot, lane).slot.0), Purpose::Mirror(slot, lane));
            }
        }
        for place in SNAPSHOTS {
            assert_eq!(purpose(place.slot.0), Purpose::Snapshot);
        }
        assert_eq!(purpose(FORMAT.slot.0), Purpose::Format);
        assert_eq!(purpose(POINTER.slot.0), Purpose::Pointer);
        assert_eq!(purpose(15), Purpose::Unused);
    }
}
