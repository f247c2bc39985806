//! Traces in the forms of other people's tools.
//!
//! Each is written line by line as the trace is made, so that a long one takes no memory; what later lines
//! refer to is remembered for a while.

pub mod chrome;
pub mod shiviz;

use std::collections::BTreeMap;

/// For how many lines it is remembered where they stand.
const MOST_REMEMBERED: usize = 1 << 16;

/// What was where, of the latest lines.
#[derive(Debug)]
struct Memory<T>(BTreeMap<u64, T>);

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Memory<T> {
    fn put(&mut self, line: u64, what: T) {
        if self.0.len() >= MOST_REMEMBERED {
            self.0.pop_first();
        }
        self.0.insert(line, what);
    }

    fn get(&self, line: u64) -> Option<&T> {
        self.0.get(&line)
    }
}

#[cfg(test)]
mod tests;
