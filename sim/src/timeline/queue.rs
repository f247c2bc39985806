//! What happens next: a heap ordered by time and, within one instant, by the order of scheduling.

use crate::clock::TrueTime;
use interregnum_core::NodeId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something that is due at a certain time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    heap: BinaryHeap<Reverse<(TrueTime, u64, Event)>>,
    sequence: u64,
}

impl Queue {
    pub(crate) fn push(&mut self, at: TrueTime, event: Event) {
        self.sequence += 1;
        self.heap.push(Reverse((at, self.sequence, event)));
    }

    pub(crate) fn pop(&mut self) -> Option<(TrueTime, Event)> {
        self.heap.pop().map(|Reverse((at, _, event))| (at, event))
    }
}
