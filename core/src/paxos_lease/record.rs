//! What is durable, and where: the count of starts, or the mark of one that had none, and nothing else.
//!
//! Two places are used in turn, so that a write that a power failure tears destroys only what was counted
//! before last; the count in the other place is the last one that anything was done with. The deployment
//! writes a zero to the first place: a disk that holds no count at all has been replaced or erased.
//!
//! A start that finds no count leaves a mark at a third place, which is no count: what the disk did not give
//! out may be there again later, and must then not be taken for the very first start.

use super::message::Restart;
use crate::{Fold, Place, Volume};

/// The volume of all places.
pub const VOLUME: Volume = Volume::Local(0);

/// A count of starts; where a mark belongs, a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Record(pub Restart);

/// Where a count is written.
#[must_use]
pub fn place(restart: Restart) -> Place {
    Place::local(0, u64::from(restart.0 % 2))
}

/// Where a start without a count leaves its mark.
pub(super) const MARK: Place = Place::local(0, 2);

/// The mark.
pub(super) const MARKED: Record = Record(Restart(0));

/// What the deployment writes before a node starts for the first time.
#[must_use]
pub fn format() -> (Place, Record) {
    let never = Restart(0);
    (place(never), Record(never))
}
