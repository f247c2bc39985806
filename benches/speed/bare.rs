//! The bare loop: five nodes, node 0 sends 64 bytes to four peers and waits for four acknowledgements.

use super::measure;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

const PEERS: u8 = 4;

struct Message {
    to: u8,
    bytes: [u8; 64],
}

struct Bare {
    now: u64,
    sequence: u64,
    heap: BinaryHeap<Reverse<(u64, u64, u32)>>,
    flights: Vec<Option<Message>>,
    free: Vec<u32>,
    rng: ChaCha8Rng,
    acknowledged: u8,
}

impl Bare {
    fn send(&mut self, to: u8, bytes: [u8; 64]) {
        let delay = 1_000_000 + self.rng.next_u64() % 4_000_000;
        let message = Some(Message { to, bytes });
        let slot = if let Some(slot) = self.free.pop() {
            self.flights[slot as usize] = message;
            slot
        } else {
            self.flights.push(message);
            u32::try_from(self.flights.len() - 1).expect("few messages are in flight")
        };
        self.sequence += 1;
        self.heap.push(Reverse((self.now + delay, self.sequence, slot)));
    }

    fn broadcast(&mut self) {
        for peer in 1..=PEERS {
            self.send(peer, [peer; 64]);
        }
    }

    fn deliver(&mut self) -> bool {
        let Some(Reverse((at, _, slot))) = self.heap.pop() else { return false };
        self.now = at;
        self.free.push(slot);
        let Some(message) = self.flights[slot as usize].take() else { return false };
        if message.to != 0 {
            self.send(0, message.bytes);
        } else {
            self.acknowledged += 1;
            if self.acknowledged == PEERS {
                self.acknowledged = 0;
                self.broadcast();
            }
        }
        black_box(message.bytes[63]);
        true
    }
}

/// Delivered events per CPU-second.
pub(super) fn rate(events: u64) -> u64 {
    let mut bare = Bare {
        now: 0,
        sequence: 0,
        heap: BinaryHeap::new(),
        flights: Vec::new(),
        free: Vec::new(),
        rng: ChaCha8Rng::seed_from_u64(1),
        acknowledged: 0,
    };
    let deliver = || {
        bare.broadcast();
        (0..events).filter(|_| bare.deliver()).count() as u64
    };
    measure(deliver).1
}
