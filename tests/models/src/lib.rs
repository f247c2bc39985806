//! Protocols from textbooks as models for the exhaustive search of `interregnum-sim`.
//!
//! How many states they have was counted by other people's checkers, so that the search is not judged by its
//! authors alone: `tests/counts` demands the very numbers. The states are a few words that can be copied, and
//! nothing is shared with the machines and disks of the simulator.
//!
//! What is absent: anything that would make these models useful to somebody who wants to know whether *his*
//! protocol is right. They are for measuring and testing a search.

pub mod paxos;
pub mod single_decree;
pub mod two_phase;

use interregnum_core::Folder;
use interregnum_sim::explore::Key;

/// The key of a state that is these words and no budgets.
#[inline]
fn key_of(words: &[u64]) -> Key {
    let mut folder = Folder::new();
    for word in words {
        folder.word(*word);
    }
    Key::of(folder.fingerprint().0)
}
