//! Why a history is not linearizable: the operation that has no place, and what surrounds it.

use super::Sequential;
use std::fmt;

/// An operation as its process saw it.
#[derive(Debug)]
pub struct Shown<S: Sequential> {
    /// The process.
    pub by: u32,
    /// What it asked for.
    pub op: S::Op,
    /// When it asked.
    pub invoked_at_ns: u64,
    /// When it was answered and what; `None` if it was not, so far as is known.
    pub returned: Option<(u64, S::Output)>,
}

impl<S: Sequential> Clone for Shown<S> {
    fn clone(&self) -> Self {
        Self { op: self.op.clone(), returned: self.returned.clone(), ..*self }
    }
}

impl<S: Sequential> fmt::Display for Shown<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client {}: {:?} ", self.by, self.op)?;
        match &self.returned {
            Some((_, output)) => write!(f, "gave {output:?}"),
            None => f.write_str("is pending"),
        }
    }
}

/// A history that no order of its operations explains.
#[derive(Debug)]
pub struct Violation<S: Sequential> {
    /// The key.
    pub key: S::Key,
    /// The operation that can be placed nowhere.
    pub operation: Shown<S>,
    /// The states that the key could be in before it was to be placed; not more than a few.
    pub states: Vec<S::State>,
    /// The latest operations that had returned before, oldest first; not more than a few.
    pub before: Vec<Shown<S>>,
    /// The operations that were pending with it, oldest first; not more than a few.
    pub concurrent: Vec<Shown<S>>,
}

impl<S: Sequential> fmt::Display for Violation<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no order of the operations on {:?} allows that {}", self.key, self.operation)
    }
}
