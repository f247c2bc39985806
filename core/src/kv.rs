//! The small replicated application of tests and scenarios: a map from keys to values.
//!
//! Deliberately absent: an append whose values grow. Values stay one word, so that a run's memory is
//! flat.

use crate::Fold;
use crate::consensus::App;
use alloc::collections::BTreeMap;

/// A map from 32-bit keys to 64-bit values.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Kv {
    values: BTreeMap<u32, u64>,
}

/// Changes a [`Kv`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum KvCommand {
    /// Sets a key; answers the previous value.
    Put {
        /// Which key.
        key: u32,
        /// Its new value.
        value: u64,
    },
    /// Sets a key that holds `expected`; answers whether it did.
    CompareAndSwap {
        /// Which key.
        key: u32,
        /// What it must hold; `None` is a key never set.
        expected: Option<u64>,
        /// Its new value.
        value: u64,
    },
}

/// Reads a [`Kv`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum KvQuery {
    /// What a key holds.
    Get {
        /// Which key.
        key: u32,
    },
}

/// What a [`Kv`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum KvOutput {
    /// The value read, or the one that a put replaced.
    Value(Option<u64>),
    /// Whether a compare-and-swap took effect.
    Swapped(bool),
}

impl Kv {
    /// What `key` holds.
    #[must_use]
    pub fn get(&self, key: u32) -> KvOutput {
        KvOutput::Value(self.values.get(&key).copied())
    }
}

impl App for Kv {
    type Command = KvCommand;
    type Query = KvQuery;
    type Output = KvOutput;

    fn apply(&mut self, command: &KvCommand) -> KvOutput {
        match *command {
            KvCommand::Put { key, value } => KvOutput::Value(self.values.insert(key, value)),
            KvCommand::CompareAndSwap { key, expected, value } => {
                let matches = self.values.get(&key).copied() == expected;
                if matches {
                    self.values.insert(key, value);
                }
                KvOutput::Swapped(matches)
            }
        }
    }

    fn query(&self, query: &KvQuery) -> KvOutput {
        let KvQuery::Get { key } = *query;
        self.get(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compare_and_swap_compares() {
        let mut kv = Kv::default();
        let swap = |expected, value| KvCommand::CompareAndSwap { key: 1, expected, value };
        assert_eq!(kv.apply(&swap(Some(1), 2)), KvOutput::Swapped(false));
        assert_eq!(kv.apply(&swap(None, 2)), KvOutput::Swapped(true));
        assert_eq!(kv.apply(&KvCommand::Put { key: 1, value: 3 }), KvOutput::Value(Some(2)));
        assert_eq!(kv.query(&KvQuery::Get { key: 1 }), KvOutput::Value(Some(3)));
        assert_eq!(kv.get(2), KvOutput::Value(None));
    }
}
