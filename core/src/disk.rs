//! What a machine knows of a disk: places, runs of records, and the image it boots from.
//!
//! A volume is an array of slots, each of which holds one record or nothing. A write is readable at
//! once but *durable only when a later sync has completed*; until then any subset of it may be lost
//! when the power fails. A sync covers every write issued before it on that volume, also those of an
//! earlier incarnation of the process: what a crash left readable, the first sync after it makes durable. A
//! write has no completion of its own: if it fails, the next sync of its volume fails, and a later
//! good sync does not cover it.

use crate::{Fold, Folder, NodeId};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

/// A slot of a volume.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Slot(pub u64);

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// A volume, as the process that uses it names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Volume {
    /// A volume of the process's own node; part of its boot image.
    Local(u8),
    /// The volume of a shared disk, which is a node of its own on the network; it has no boot image.
    Shared(NodeId),
}

impl Fold for Volume {
    /// One word.
    #[inline]
    fn fold(&self, into: &mut Folder) {
        into.word(match self {
            Self::Local(volume) => u64::from(*volume),
            Self::Shared(disk) => 1 << 8 | u64::from(disk.0),
        });
    }
}

impl fmt::Debug for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(volume) => write!(f, "vol{volume}"),
            Self::Shared(disk) => write!(f, "disk@{disk}"),
        }
    }
}

/// One slot of one volume.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Place {
    /// The volume.
    pub volume: Volume,
    /// The slot in it.
    pub slot: Slot,
}

impl Place {
    /// A slot of one of the node's own volumes.
    #[must_use]
    pub const fn local(volume: u8, slot: u64) -> Self {
        Self { volume: Volume::Local(volume), slot: Slot(slot) }
    }

    /// The place `by` slots further on.
    #[must_use]
    pub const fn offset(self, by: u64) -> Self {
        Self { volume: self.volume, slot: Slot(self.slot.0.saturating_add(by)) }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{:?}", self.volume, self.slot)
    }
}

/// The records of one write: a run of consecutive slots. A power failure may tear it between slots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Run<R> {
    /// One slot; nothing is allocated.
    One(R),
    /// Any number of consecutive slots.
    Many(Vec<R>),
}

impl<R> Run<R> {
    /// The records in slot order.
    #[must_use]
    pub fn as_slice(&self) -> &[R] {
        match self {
            Self::One(record) => core::slice::from_ref(record),
            Self::Many(records) => records,
        }
    }

    /// The records in slot order, to keep.
    #[must_use]
    pub fn into_vec(self) -> Vec<R> {
        match self {
            Self::One(record) => alloc::vec![record],
            Self::Many(records) => records,
        }
    }

    /// The same run of other records.
    pub fn map<S>(self, mut map: impl FnMut(R) -> S) -> Run<S> {
        match self {
            Self::One(record) => Run::One(map(record)),
            Self::Many(records) => Run::Many(records.into_iter().map(map).collect()),
        }
    }
}

/// What a slot holds, as a read sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Cell<R> {
    /// Nothing was ever written here, or it was erased.
    Empty,
    /// A record whose checksum is good.
    Intact {
        /// Where the record was meant to be written: another place betrays a misdirected write.
        home: Place,
        /// The record.
        record: R,
    },
    /// A record whose checksum is bad.
    Damaged,
    /// The medium reports an error.
    Unreadable,
}

/// All local volumes as a booting process finds them, by slot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Image<R> {
    cells: BTreeMap<Place, Cell<R>>,
}

impl<R> Default for Image<R> {
    fn default() -> Self {
        Self { cells: BTreeMap::new() }
    }
}

impl<R> Image<R> {
    /// What `place` holds.
    #[must_use]
    pub fn cell(&self, place: Place) -> Cell<&R> {
        match self.cells.get(&place) {
            None | Some(Cell::Empty) => Cell::Empty,
            Some(Cell::Intact { home, record }) => Cell::Intact { home: *home, record },
            Some(Cell::Damaged) => Cell::Damaged,
            Some(Cell::Unreadable) => Cell::Unreadable,
        }
    }

    /// The record at `place`, if it is intact and was meant for this place.
    #[must_use]
    pub fn record(&self, place: Place) -> Option<&R> {
        match self.cells.get(&place) {
            Some(Cell::Intact { home, record }) if *home == place => Some(record),
            _ => None,
        }
    }

    /// Every slot of `volume` in `slots` that is not empty, ascending.
    pub fn range(
        &self,
        volume: Volume,
        slots: Range<u64>,
    ) -> impl Iterator<Item = (Slot, &Cell<R>)> {
        let from = Place { volume, slot: Slot(slots.start) };
        let to = Place { volume, slot: Slot(slots.end.max(slots.start)) };
        self.cells.range(from..to).map(|(place, cell)| (place.slot, cell))
    }

    /// Whether nothing was ever written on any volume.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.cells.is_empty()
    }

    /// Sets what a place holds; hosts build images with it.
    pub fn set(&mut self, place: Place, cell: Cell<R>) {
        if matches!(cell, Cell::Empty) {
            self.cells.remove(&place);
        } else {
            self.cells.insert(place, cell);
        }
    }
}

/// Why a disk operation failed. A host never reports a time-out: an operation that hangs just does
/// not complete, and the machine arms a timer if it cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum DiskError {
    /// The device reported an error. What the operation covered may or may not be durable.
    Io,
    /// No space was left for one of the writes covered.
    Full,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_tells_misdirected_from_intact() {
        let mut image = Image::default();
        let (here, there) = (Place::local(0, 4), Place::local(0, 9));
        image.set(here, Cell::Intact { home: there, record: 1_u8 });
        image.set(there, Cell::Intact { home: there, record: 2_u8 });
        assert_eq!(image.record(here), None);
        assert_eq!(image.record(there), Some(&2));
        assert_eq!(image.range(Volume::Local(0), 0..9).count(), 1);
        image.set(here, Cell::Empty);
        assert_eq!(image.cell(here), Cell::Empty);
        assert!(!image.is_blank());
    }
}
