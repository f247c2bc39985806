//! What happens next, ordered by time and, within one instant, by the order of scheduling.
//!
//! A calendar queue: time is cut into ticks. The events of the present tick are in a heap, those of the
//! next two thousand ticks in one list a tick, in no order, and the rest in another heap. An event is thus
//! compared with the few others of its tick only, whereas in a single heap it would be compared with
//! the timers and faults of a whole run.

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

    const fn tick(&self) -> u64 {
        self.at.0 >> TICK_BITS
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
    /// The earliest is the greatest, for a heap's top is its greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

/// A tick is 2^15 ns, about a thirtieth of a millisecond.
const TICK_BITS: u32 = 15;
/// So many ticks, the present one included, are on the calendar.
const TICKS: usize = 2048;
const NONE: u32 = u32::MAX;

/// The queue. Its order is total.
#[derive(Debug)]
pub(crate) struct Queue {
    sequence: u64,
    tick: u64,
    /// Events of the present tick.
    present: BinaryHeap<Entry>,
    /// For each tick on the calendar, the first of its list.
    lists: Box<[u32; TICKS]>,
    /// One bit for each list that is not empty.
    occupied: [u64; TICKS / 64],
    links: Vec<Link>,
    free: u32,
    /// Events beyond the calendar.
    far: BinaryHeap<Entry>,
}

/// One entry of a list.
#[derive(Clone, Copy, Debug)]
struct Link {
    entry: Entry,
    next: u32,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self {
            sequence: 0,
            tick: 0,
            present: BinaryHeap::new(),
            lists: Box::new([NONE; TICKS]),
            occupied: [0; TICKS / 64],
            links: Vec::new(),
            free: NONE,
            far: BinaryHeap::new(),
        }
    }

    pub(crate) fn push(&mut self, at: TrueTime, event: Event) {
        self.sequence += 1;
        let entry = Entry { at, sequence: self.sequence, event };
        match entry.tick().saturating_sub(self.tick) {
            0 => self.present.push(entry),
            ahead if ahead < TICKS as u64 => self.note(entry),
            _ => self.far.push(entry),
        }
    }

    pub(crate) fn pop(&mut self) -> Option<(TrueTime, Event)> {
        let entry = if self.present.is_empty() { self.advance() } else { self.present.pop() };
        entry.map(|entry| (entry.at, entry.event))
    }

    /// Puts an entry on the calendar.
    fn note(&mut self, entry: Entry) {
        let place = place_of(entry.tick());
        let link = Link { entry, next: self.lists[place] };
        let number = self.free;
        if let Some(free) = self.links.get_mut(number as usize) {
            self.free = free.next;
            *free = link;
            self.lists[place] = number;
        } else {
            self.lists[place] = u32::try_from(self.links.len()).unwrap_or(NONE);
            self.links.push(link);
        }
        self.occupied[place / 64] |= 1 << (place % 64);
    }

    /// Moves to the next tick in which something happens, and takes the first thing in it.
    fn advance(&mut self) -> Option<Entry> {
        let listed = self.next_listed();
        let far = self.far.peek().map(Entry::tick);
        let next = listed.into_iter().chain(far).min()?;
        self.tick = next;
        if far == Some(next) {
            while let Some(entry) = self.far.peek().filter(|entry| entry.tick() == next) {
                self.present.push(*entry);
                self.far.pop();
            }
        } else if let Some(alone) = self.tear_off_single(place_of(next)) {
            return Some(alone);
        }
        if listed == Some(next) {
            self.tear_off(place_of(next));
        }
        self.present.pop()
    }

    /// If a list has only one entry, as most have, takes that out without a detour over the heap.
    fn tear_off_single(&mut self, place: usize) -> Option<Entry> {
        let number = self.lists[place];
        let link = self.links.get_mut(number as usize).filter(|link| link.next == NONE)?;
        let entry = link.entry;
        link.next = self.free;
        self.free = number;
        self.lists[place] = NONE;
        self.occupied[place / 64] &= !(1 << (place % 64));
        Some(entry)
    }

    /// Moves a list to the present.
    fn tear_off(&mut self, place: usize) {
        self.occupied[place / 64] &= !(1 << (place % 64));
        let mut number = std::mem::replace(&mut self.lists[place], NONE);
        while let Some(link) = self.links.get_mut(number as usize) {
            self.present.push(link.entry);
            let next = link.next;
            link.next = self.free;
            self.free = number;
            number = next;
        }
    }

    /// The next tick that has a list.
    fn next_listed(&self) -> Option<u64> {
        let start = place_of(self.tick);
        let words = self.occupied.len();
        for step in 0..=words {
            let word = (start / 64 + step) % words;
            // The first word counts from the present tick on; when it comes round again, up to it.
            let mask = match step {
                0 => u64::MAX << (start % 64),
                _ if step == words => !(u64::MAX << (start % 64)),
                _ => u64::MAX,
            };
            let bits = self.occupied[word] & mask;
            if bits != 0 {
                let place = word * 64 + bits.trailing_zeros() as usize;
                let ahead = (place + TICKS - start) % TICKS;
                return Some(self.tick + ahead as u64);
            }
        }
        None
    }
}

fn place_of(tick: u64) -> usize {
    usize::try_from(tick % TICKS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against the obvious: whatever is pushed while popping comes out by (time, order).
        #[test]
        fn the_calendar_is_a_sorted_list(
            steps in prop::collection::vec((0..4_u8, 0..2_u64 << 30, 0..40_u32), 1..400),
        ) {
            let mut queue = Queue::new();
            let mut list: Vec<(u64, u32)> = Vec::new();
            let (mut now, mut next) = (0, 0);
            for (kind, delay, shift) in steps {
                if kind == 0 {
                    let popped = queue.pop();
                    let expected = list.iter().min().copied();
                    list.retain(|entry| Some(*entry) != expected);
                    now = expected.map_or(now, |(at, _)| at);
                    let expected = expected.map(|(at, id)| (TrueTime(at), Event::Arrival(id)));
                    prop_assert_eq!(popped, expected);
                } else {
                    let at = now + (delay >> shift);
                    queue.push(TrueTime(at), Event::Arrival(next));
                    list.push((at, next));
                    next += 1;
                }
            }
        }

        #[test]
        fn times_far_beyond_the_calendar_are_fine(at in any::<u64>()) {
            let mut queue = Queue::new();
            queue.push(TrueTime(at), Event::End);
            queue.push(TrueTime::NEVER, Event::Calm);
            prop_assert_eq!(queue.pop(), Some((TrueTime(at), Event::End)));
            prop_assert_eq!(queue.pop(), Some((TrueTime::NEVER, Event::Calm)));
            prop_assert_eq!(queue.pop(), None);
        }
    }
}
