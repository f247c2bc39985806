//! What is durable, and where: the count of starts, and nothing else.
//!
//! Two places are used in turn, so that a write that a power failure tears destroys only what was counted
//! before last; the count in the other place is the last one that anything was done with. The deployment
//! writes a zero to the first place: a disk that holds no count at all has been replaced or erased.

use super::message::Restart;
use crate::{Fold, Place, Volume};

/// The volume of both places.
pub const VOLUME: Volume = Volume::Local(0);

/// A count of starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Record(pub Restart);

/// Where a count is written.
#[must_use]
pub fn place(restart: Restart) -> Place {
    Place::local(0, u64::from(restart.0 % 2))
}

/// What the deployment writes before a node starts for the first time.
#[must_use]
pub fn format() -> (Place, Record) {
    let never = Restart(0);
    (place(never), Record(never))
}
