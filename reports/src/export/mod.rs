//! Traces in the forms of other people's tools.
//!
//! Each is written line by line as the trace is made, so that a long one takes no more memory than a short one:
//! what later lines refer to is remembered of the latest lines only, of so many and in so many bytes, whichever
//! is less. What follows from a line that is forgotten by then has no arrow to it, and its clock does not know
//! of it.

pub mod chrome;
pub mod shiviz;

use std::collections::BTreeMap;

/// For how many lines it is remembered where they stand,
const MOST_REMEMBERED: usize = 1 << 16;
/// and how much memory that may take, about. Where a thousand clients know of each other, a clock takes 4 KiB.
const MOST_BYTES: usize = 256 << 20;

/// What was where, of the latest lines.
#[derive(Debug)]
struct Memory<T> {
    /// With each, how many bytes it takes besides its place here.
    lines: BTreeMap<u64, (usize, T)>,
    bytes: usize,
    most_bytes: usize,
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self { lines: BTreeMap::new(), bytes: 0, most_bytes: MOST_BYTES }
    }
}

impl<T> Memory<T> {
    /// Remembers something that holds on to so many bytes; the latest is remembered whatever its size.
    fn put(&mut self, line: u64, what: T, bytes: usize) {
        let is_full = |memory: &Self| {
            memory.lines.len() >= MOST_REMEMBERED
                || memory.bytes.saturating_add(bytes) > memory.most_bytes
        };
        while is_full(self)
            && let Some((_, (forgotten, _))) = self.lines.pop_first()
        {
            self.bytes -= forgotten;
        }
        if let Some((replaced, _)) = self.lines.insert(line, (bytes, what)) {
            self.bytes -= replaced;
        }
        self.bytes += bytes;
    }

    fn get(&self, line: u64) -> Option<&T> {
        self.lines.get(&line).map(|(_, what)| what)
    }
}

#[cfg(test)]
mod tests;
