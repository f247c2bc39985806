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
    /// The message that is in flight under this number arrives.
    Letter(u32),
    /// What else is in flight under this number arrives.
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

impl Event {
    /// The event as one word. In the queue events are copied about, which is slow for a value that was
    /// written in smaller pieces than it is read.
    const fn packed(self) -> u64 {
        match self {
            Self::Letter(letter) => (letter as u64) << 8,
            Self::Timer { process, timer } => (process as u64) << 24 | (timer as u64) << 8 | 1,
            Self::Watchdog { node, generation } => {
                (node.0 as u64) << 24 | (generation as u64) << 8 | 2
            }
            Self::Wake { client } => (client as u64) << 8 | 3,
            Self::FaultBegins(fault) => (fault as u64) << 8 | 4,
            Self::FaultEnds(fault) => (fault as u64) << 8 | 5,
            Self::Arrival(flight) => (flight as u64) << 8 | 6,
            Self::Calm => 7,
            Self::End => 8,
        }
    }

    /// The event that the word stands for.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "each field is as wide as it was packed")]
    const fn unpacked(word: u64) -> Self {
        let (number, high, low) = ((word >> 8) as u32, (word >> 24) as u16, (word >> 8) as u16);
        match word as u8 {
            0 => Self::Letter(number),
            1 => Self::Timer { process: high, timer: low },
            2 => Self::Watchdog { node: NodeId(high as u8), generation: low },
            3 => Self::Wake { client: number },
            4 => Self::FaultBegins(number),
            5 => Self::FaultEnds(number),
            6 => Self::Arrival(number),
            7 => Self::Calm,
            _ => Self::End,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: TrueTime,
    sequence: u64,
    /// Packed.
    event: u64,
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
/// The calendar's lists are marked in so many words; these are marked in one.
const WORDS: usize = TICKS / 64;
/// Later than the tick of any time.
const NEVER: u64 = u64::MAX;

/// The queue. Its order is total.
#[derive(Debug)]
pub(crate) struct Queue {
    sequence: u64,
    tick: u64,
    /// Events of the present tick.
    present: BinaryHeap<Entry>,
    /// For each tick on the calendar, the first of its list.
    lists: Box<[u32; TICKS]>,
    /// One bit for each list that is not empty, and one for each word of these that is not zero.
    occupied: [u64; WORDS],
    occupied_words: u32,
    links: Vec<Link>,
    free: u32,
    /// Events beyond the calendar.
    far: BinaryHeap<Entry>,
    /// The tick of the first of them; none is ever so late as the last tick there is.
    far_tick: u64,
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
            occupied: [0; WORDS],
            occupied_words: 0,
            links: Vec::new(),
            free: NONE,
            far: BinaryHeap::new(),
            far_tick: NEVER,
        }
    }

    pub(crate) fn push(&mut self, at: TrueTime, event: Event) {
        self.sequence += 1;
        let entry = Entry { at, sequence: self.sequence, event: event.packed() };
        match entry.tick().saturating_sub(self.tick) {
            0 => self.present.push(entry),
            ahead if ahead < TICKS as u64 => self.note(entry),
            _ => {
                self.far_tick = self.far_tick.min(entry.tick());
                self.far.push(entry);
            }
        }
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(TrueTime, Event)> {
        let entry = if self.present.is_empty() { self.advance() } else { self.present.pop() };
        entry.map(|entry| (entry.at, Event::unpacked(entry.event)))
    }

    /// Puts an entry on the calendar.
    #[inline]
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
        self.occupied_words |= 1 << (place / 64);
    }

    /// Moves to the next tick in which something happens, and takes the first thing in it.
    fn advance(&mut self) -> Option<Entry> {
        let listed = self.next_listed();
        if listed < self.far_tick {
            self.tick = listed;
            let place = place_of(listed);
            return self.tear_off_single(place).or_else(|| {
                self.tear_off(place);
                self.present.pop()
            });
        }
        self.advance_far(listed)
    }

    /// The same where the next thing, or one of those in the next tick, is beyond the calendar.
    #[cold]
    fn advance_far(&mut self, listed: u64) -> Option<Entry> {
        let next = self.far.peek()?.tick();
        self.tick = next;
        while let Some(entry) = self.far.peek().filter(|entry| entry.tick() == next) {
            self.present.push(*entry);
            self.far.pop();
        }
        self.far_tick = self.far.peek().map_or(NEVER, Entry::tick);
        if listed == next {
            self.tear_off(place_of(next));
        }
        self.present.pop()
    }

    /// If a list has only one entry, as most have, takes that out without a detour over the heap.
    #[inline]
    fn tear_off_single(&mut self, place: usize) -> Option<Entry> {
        let number = self.lists[place];
        let link = self.links.get_mut(number as usize).filter(|link| link.next == NONE)?;
        let entry = link.entry;
        link.next = self.free;
        self.free = number;
        self.lists[place] = NONE;
        self.clear(place);
        Some(entry)
    }

    /// Moves a list to the present.
    fn tear_off(&mut self, place: usize) {
        self.clear(place);
        let mut number = std::mem::replace(&mut self.lists[place], NONE);
        while let Some(link) = self.links.get_mut(number as usize) {
            self.present.push(link.entry);
            let next = link.next;
            link.next = self.free;
            self.free = number;
            number = next;
        }
    }

    /// The list of `place` is empty now.
    #[inline]
    fn clear(&mut self, place: usize) {
        let word = &mut self.occupied[place / 64];
        *word &= !(1 << (place % 64));
        if *word == 0 {
            self.occupied_words &= !(1 << (place / 64));
        }
    }

    /// The next tick that has a list; `NEVER` if there is none.
    #[inline]
    fn next_listed(&self) -> u64 {
        let start = place_of(self.tick);
        let bits = self.occupied[start / 64] >> (start % 64);
        if bits != 0 {
            return self.tick + u64::from(bits.trailing_zeros());
        }
        // The first word that follows, going round; the word of the present tick comes last.
        let word = start / 64;
        let turned = self.occupied_words.rotate_right(u32::try_from(word + 1).unwrap_or(0));
        if turned == 0 {
            return NEVER;
        }
        let word = (word + 1 + turned.trailing_zeros() as usize) % WORDS;
        let place = word * 64 + self.occupied[word].trailing_zeros() as usize;
        self.tick + ((place + TICKS - start) % TICKS) as u64
    }
}

fn place_of(tick: u64) -> usize {
    usize::try_from(tick % TICKS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn packing_loses_nothing() {
        let events = [
            Event::Letter(u32::MAX),
            Event::Arrival(u32::MAX),
            Event::Timer { process: u16::MAX, timer: 1 },
            Event::Timer { process: 1, timer: u16::MAX },
            Event::Watchdog { node: NodeId(u8::MAX), generation: 1 },
            Event::Watchdog { node: NodeId(1), generation: u16::MAX },
            Event::Wake { client: u32::MAX },
            Event::FaultBegins(u32::MAX),
            Event::FaultEnds(u32::MAX),
            Event::Calm,
            Event::End,
        ];
        assert_eq!(events.map(|event| Event::unpacked(event.packed())), events);
    }

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
