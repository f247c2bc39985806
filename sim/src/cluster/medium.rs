//! What a slot of a medium holds, and what may be done to it.

use crate::dice::{Dice, within};
use crate::scenario::Ratio;
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

/// What became of an unsynced change in a power failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    Lost,
    /// Half of it was written: the slot holds neither the old record nor the new one.
    Torn,
}

/// How likely those fates are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Odds {
    pub(crate) keep: Ratio,
    /// The share of what is not kept.
    pub(crate) torn: Ratio,
}

impl Odds {
    /// What a power failure does to one change, independently of the others, so that later ones may
    /// survive earlier ones. One word a change, whatever becomes of it.
    pub(crate) fn draw(self, dice: &mut Dice) -> Fate {
        let word = dice.word();
        if within(word >> 32, self.keep) {
            Fate::Kept
        } else if within(word & 0xffff_ffff, self.torn) {
            Fate::Torn
        } else {
            Fate::Lost
        }
    }
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
