//! What happens next: a heap ordered by time and, within one instant, by the order of scheduling.

use crate::clock::TrueTime;
use interregnum_core::NodeId;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Something that is due at a certain time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// What is in flight under this number arrives.
    Arrival(u32),
    /// A process's timer may be due.
    Timer { process: u16, timer: u16 },
    /// A node's watchdog goes off.
    Watchdog { node: NodeId, generation: u16 },
    /// A client's alarm may be due.
    Wake { client: u32 },
    /// A fault of the plan begins.
    FaultBegins(u32),
    /// A fault of the plan ends.
    FaultEnds(u32),
    /// The faults are over.
    Calm,
    /// The run is over.
    End,
}

/// The queue. Ties are broken by sequence number, so that its order is total.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Entry>,
    sequence: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: TrueTime,
    sequence: u64,
    event: Event,
}

impl Entry {
    /// Time and sequence as one number: comparing it takes no branch.
    const fn key(&self) -> u128 {
        (self.at.0 as u128) << 64 | self.sequence as u128
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    /// The earliest is the greatest, for the heap's top is its greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl Queue {
    pub(crate) fn push(&mut self, at: TrueTime, event: Event) {
        self.sequence += 1;
        self.heap.push(Entry { at, sequence: self.sequence, event });
    }

    pub(crate) fn pop(&mut self) -> Option<(TrueTime, Event)> {
        self.heap.pop().map(|entry| (entry.at, entry.event))
    }
}
