//! The states that are known: an open-addressed table of fingerprints.

use super::{Key, Purse};

/// Known fingerprints, each with the purses it was reached with, none of which covers another that came
/// before it.
#[derive(Debug)]
pub(super) struct Table {
    /// Zero marks a free slot; the state whose fingerprint is zero goes by another one.
    prints: Vec<u128>,
    /// Beside each fingerprint, if any purse is not empty.
    purses: Vec<Purse>,
    len: usize,
    /// How many different fingerprints there are.
    distinct: u64,
}

impl Table {
    pub(super) fn new() -> Self {
        Self { prints: vec![0; 1 << 12], purses: Vec::new(), len: 0, distinct: 0 }
    }

    /// Takes in a key; false if one that covers it is known.
    pub(super) fn insert(&mut self, key: Key) -> bool {
        if self.purses.is_empty() && key.purse != Purse::EMPTY {
            self.purses = vec![Purse::EMPTY; self.prints.len()];
        }
        let Err((slot, is_first)) = self.find(key) else { return false };
        self.prints[slot] = stored(key.print);
        if let Some(purse) = self.purses.get_mut(slot) {
            *purse = key.purse;
        }
        self.len += 1;
        self.distinct += u64::from(is_first);
        // At most three quarters full.
        if self.len * 4 > self.prints.len() * 3 {
            self.grow();
        }
        true
    }

    /// Whether a key that covers this one is known.
    #[inline]
    pub(super) fn is_known(&self, key: Key) -> bool {
        self.find(key).is_ok()
    }

    /// The slot of what covers the key, or else a free one, and whether the fingerprint is new.
    #[inline]
    fn find(&self, key: Key) -> Result<usize, (usize, bool)> {
        let print = stored(key.print);
        let mask = self.prints.len() - 1;
        let mut slot = home(print) & mask;
        let mut is_first = true;
        // There is always a free slot.
        loop {
            match self.prints[slot] {
                0 => return Err((slot, is_first)),
                known if known == print => {
                    is_first = false;
                    let purse = self.purses.get(slot).copied().unwrap_or_default();
                    if purse.covers(key.purse) {
                        return Ok(slot);
                    }
                }
                _ => {}
            }
            slot = (slot + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let room = self.prints.len() * 2;
        let prints = std::mem::replace(&mut self.prints, vec![0; room]);
        let purses = std::mem::take(&mut self.purses);
        if !purses.is_empty() {
            self.purses = vec![Purse::EMPTY; room];
        }
        for (old, print) in prints.into_iter().enumerate().filter(|(_, print)| *print != 0) {
            let mut slot = home(print) & (room - 1);
            while self.prints[slot] != 0 {
                slot = (slot + 1) & (room - 1);
            }
            self.prints[slot] = print;
            if let Some(purse) = purses.get(old) {
                self.purses[slot] = *purse;
            }
        }
    }

    /// How many keys were taken in.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// How many different fingerprints they have.
    pub(super) const fn distinct(&self) -> u64 {
        self.distinct
    }

    /// How many bytes it takes, also for a moment while it grows.
    pub(super) fn bytes(&self) -> u64 {
        (size_of_val(&*self.prints) + size_of_val(&*self.purses)) as u64
    }
}

const fn stored(print: u128) -> u128 {
    if print == 0 { 1 } else { print }
}

/// Where to look first. Fingerprints are mixed well enough for any of their bits to do.
#[expect(clippy::cast_possible_truncation, reason = "only some bits are needed")]
const fn home(print: u128) -> usize {
    (print >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// With few fingerprints and few amounts, so that they meet often.
        #[test]
        fn what_is_covered_is_known(
            keys in prop::collection::vec((0..5_u128, prop::array::uniform3(0..3_u8)), 0..200),
        ) {
            let (mut table, mut known) = (Table::new(), Vec::<Key>::new());
            for (print, [a, b, c]) in keys {
                let key = Key { print, purse: Purse::new([a, b, c, 0, 0, 0, 0, 0, 0, 0]) };
                let covered = known
                    .iter()
                    .any(|other| stored(other.print) == stored(print) && other.purse.covers(key.purse));
                prop_assert_eq!(table.is_known(key), covered);
                prop_assert_eq!(table.insert(key), !covered);
                if !covered {
                    known.push(key);
                }
            }
            prop_assert_eq!(table.len(), known.len());
        }
    }

    #[test]
    fn it_grows_and_forgets_nothing() {
        let mut table = Table::new();
        let print = |n: u64| u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_d6e8_feb8_6659_fd93);
        assert!((0..50_000).all(|n| table.insert(Key::of(print(n)))));
        assert!((0..50_000).all(|n| !table.insert(Key::of(print(n)))));
        assert!(!table.is_known(Key::of(print(50_000))));
        assert_eq!((table.len(), table.distinct()), (50_000, 50_000));
        assert!(table.bytes() < 50_000 * 44);
    }
}
