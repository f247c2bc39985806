//! What a slot of a medium holds, and what may be done to it.

use interregnum_core::{Cell, DiskError, Place, ProcessId, Slot};
use std::ops::Range;

/// A record and where it was meant to go.
#[derive(Clone, Debug)]
pub(crate) struct Stored<R> {
    pub(crate) home: Place,
    pub(crate) record: R,
}

/// What the medium holds in one slot. A slot that was written again, or erased, is good again.
#[derive(Clone, Debug)]
pub(crate) enum Medium<R> {
    /// A record; another home than this slot betrays a write that went astray.
    Holds(Stored<R>),
    /// Nothing that can be made sense of, since that fault.
    Bad(Bad, u32),
}

/// Why nothing can be made of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    /// Its checksum is bad.
    Damaged,
    /// The device reports an error, each time.
    Unreadable,
}

/// A change that is readable but not durable yet. A run of slots is one change a slot, so that a power
/// failure can tear it.
#[derive(Clone, Debug)]
pub(crate) struct Change<R> {
    pub(crate) by: ProcessId,
    pub(crate) what: What<R>,
}

#[derive(Clone, Debug)]
pub(crate) enum What<R> {
    Write(Stored<R>),
    Erase(Range<Slot>),
    /// A write that the disk will acknowledge and, because of a fault, never carry out, or in another
    /// slot.
    Astray {
        stored: Stored<R>,
        lands: Option<Slot>,
        fault: u32,
    },
    /// A write or erasure that failed: the next sync of its process fails.
    Failed(DiskError),
    /// One that failed, and nobody cares any more.
    Nothing,
}

impl<R: Clone> Medium<R> {
    /// What a read of it sees; and the fault to blame if that is nothing good.
    pub(crate) fn cell(&self) -> (Cell<R>, Option<u32>) {
        match self {
            Self::Holds(stored) => (intact(stored), None),
            Self::Bad(Bad::Damaged, fault) => (Cell::Damaged, Some(*fault)),
            Self::Bad(Bad::Unreadable, fault) => (Cell::Unreadable, Some(*fault)),
        }
    }
}

pub(super) fn intact<R: Clone>(stored: &Stored<R>) -> Cell<R> {
    Cell::Intact { home: stored.home, record: stored.record.clone() }
}
