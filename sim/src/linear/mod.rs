//! Whether what clients saw could have happened one operation at a time: linearizability, judged while
//! the operations come in.
//!
//! A history is linearizable if every operation that returned can be given a moment between its
//! invocation and its return, such that a [`Sequential`] object to which the operations are applied in the
//! order of those moments gives the very results. An operation that failed for certain has no moment; one
//! that never returned has one at any later time, or none.
//!
//! The search is Wing and Gong's with Lowe's refinements: an operation is placed only when some return
//! demands it ("just in time"), and ways to get there that amount to the same are followed once. Keys are
//! judged apart, for a history is linearizable if it is so for each object. What is kept of a key is its
//! *configurations*: the states that it may be in, each with what was already placed of the operations that
//! are pending. So that these stay few,
//!
//! - an operation that would change nothing is not placed: a configuration remembers the results that it
//!   could have had, and the return is compared with those;
//! - a configuration is dropped if another one can do all that it can do;
//! - while several changes are pending whose results are not known yet, the search waits for them, up to a
//!   limit: a result that is known leaves one order where an unknown one leaves all.
//!
//! When nothing of a key is pending, only the states that it may be in are left. An operation that never
//! returned stays with its key for good, and is dropped only with the key.
//!
//! Each return may cost no more than a budget of steps, a step being one mark of a configuration written,
//! or two configurations compared. Where it is spent, or more is pending of a key than the budget allows,
//! nothing is known of the key any more, then or later: the verdict is [`Verdict::Unknown`]. So time is
//! bounded per return, and memory per key. Nothing depends on chance, clocks or hashes.
//!
//! Deliberately absent: operations on several keys at once, and objects with more than one right result.

mod branch;
mod config;
mod partition;
mod search;
mod ticketed;
mod violation;

#[cfg(test)]
mod tests;

pub use violation::{Shown, Violation};

use interregnum_core::Fold;
use partition::{Partition, Trouble};
use std::collections::BTreeMap;
use std::fmt::Debug;
use ticketed::Ticketed;

/// What operations do when they come one at a time.
pub trait Sequential: Debug + 'static {
    /// Operations with different keys do not affect each other.
    type Key: Clone + Ord + Debug;
    /// An operation, without its result.
    type Op: Clone + Eq + Debug;
    /// What an operation returns.
    type Output: Clone + Ord + Debug;
    /// The state of one key.
    type State: Clone + Ord + Debug;

    /// The key of an operation.
    fn key(&self, op: &Self::Op) -> Self::Key;

    /// The state before the first operation.
    fn initial(&self, key: &Self::Key) -> Self::State;

    /// The state after an operation, and the one right result of it.
    fn apply(&self, state: &Self::State, op: &Self::Op) -> (Self::State, Self::Output);

    /// Whether the operation leaves every state as it is. To deny it is never wrong, but costs time.
    fn only_reads(&self, op: &Self::Op) -> bool {
        let _ = op;
        false
    }
}

/// How much a checker may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Steps for each return.
    pub steps: u64,
    /// Operations of one key that are pending at once, those that never return included.
    pub pending: usize,
    /// The search goes on at once while at most so many changes are pending whose result is unknown.
    pub speculation: usize,
    /// It waits for such results for at most so many events of the key.
    pub lookahead: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: 1 << 20, pending: 4096, speculation: 3, lookahead: 1024 }
    }
}

/// An operation in the hands of a checker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Ticket(u64);

/// What can be said of the history so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Fold)]
pub enum Verdict {
    /// It is linearizable.
    Linearizable,
    /// The budget was spent before that could be told of every key.
    Unknown,
    /// It is not.
    NotLinearizable,
}

/// What a return, or the end of the history, brought to light.
pub type Judged<S> = Result<(), Box<Violation<S>>>;

/// Judges one history, event by event.
#[derive(Clone, Debug)]
pub struct Checker<S: Sequential> {
    spec: S,
    budget: Budget,
    next: u64,
    /// The key of every operation that may still return.
    keys: Ticketed<S::Key>,
    /// `None` where nothing more can be said of the key.
    partitions: BTreeMap<S::Key, Option<Partition<S>>>,
    verdict: Verdict,
    most_steps: u64,
}

impl<S: Sequential> Checker<S> {
    /// A checker of histories of `spec`.
    #[must_use]
    pub const fn new(spec: S, budget: Budget) -> Self {
        Self {
            spec,
            budget,
            next: 0,
            keys: Ticketed::new(),
            partitions: BTreeMap::new(),
            verdict: Verdict::Linearizable,
            most_steps: 0,
        }
    }

    /// Process `by` invokes an operation, at a moment that only evidence shows. Events are taken in the
    /// order of the calls.
    pub fn invoked(&mut self, at_ns: u64, by: u32, op: S::Op) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        let key = self.spec.key(&op);
        let initial = || Some(Partition::new(key.clone(), self.spec.initial(&key)));
        let partition = self.partitions.entry(key.clone()).or_insert_with(initial);
        if let Some(partition) = partition {
            let op = Shown { by, op, invoked_at_ns: at_ns, returned: None };
            if partition.invoked(ticket, op, &self.spec, &self.budget).is_err() {
                self.give_up(&key);
            } else {
                self.keys.push(ticket, key);
            }
        }
        ticket
    }

    /// The operation returned; what returned before, failed or was given up is ignored.
    ///
    /// # Errors
    /// The violation, if the history is not linearizable.
    pub fn returned(&mut self, at_ns: u64, ticket: Ticket, output: S::Output) -> Judged<S> {
        self.with(ticket, |partition, spec, budget| {
            partition.returned(ticket, (at_ns, output), spec, budget)
        })
    }

    /// The operation certainly had no effect, and never will.
    ///
    /// # Errors
    /// The violation, if the effect was seen.
    pub fn failed(&mut self, ticket: Ticket) -> Judged<S> {
        self.with(ticket, |partition, spec, budget| partition.failed(ticket, spec, budget))
    }

    /// The operation never returns: it may take effect at any later time, or never.
    ///
    /// # Errors
    /// The violation, if events that waited for the operation show one.
    pub fn abandoned(&mut self, ticket: Ticket) -> Judged<S> {
        self.with(ticket, |partition, spec, budget| partition.abandoned(ticket, spec, budget))
    }

    /// The history is over: judges what still waits for results.
    ///
    /// # Errors
    /// The violation, if there is one; the first by key.
    pub fn finish(&mut self) -> Judged<S> {
        let keys: Vec<_> = self.partitions.keys().cloned().collect();
        keys.into_iter().try_for_each(|key| {
            self.with_key(key, |partition, spec, budget| partition.finish(spec, budget))
        })
    }

    /// What can be said of everything that was judged so far.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The most steps that one event has cost.
    #[must_use]
    pub const fn most_steps(&self) -> u64 {
        self.most_steps
    }

    /// How many operations and configurations are kept.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.partitions.values().flatten().map(Partition::kept).sum()
    }

    fn with(
        &mut self,
        ticket: Ticket,
        take: impl FnOnce(&mut Partition<S>, &S, &Budget) -> Result<u64, Trouble<S>>,
    ) -> Judged<S> {
        let Some(key) = self.keys.remove(ticket) else { return Ok(()) };
        self.with_key(key, take)
    }

    fn with_key(
        &mut self,
        key: S::Key,
        take: impl FnOnce(&mut Partition<S>, &S, &Budget) -> Result<u64, Trouble<S>>,
    ) -> Judged<S> {
        let Some(Some(partition)) = self.partitions.get_mut(&key) else { return Ok(()) };
        match take(partition, &self.spec, &self.budget) {
            Ok(steps) => self.most_steps = self.most_steps.max(steps),
            Err(Trouble::Spent) => self.give_up(&key),
            Err(Trouble::Violated(violation)) => {
                self.give_up(&key);
                self.verdict = Verdict::NotLinearizable;
                return Err(violation);
            }
        }
        Ok(())
    }

    /// Nothing more can be said of `key`.
    fn give_up(&mut self, key: &S::Key) {
        self.partitions.insert(key.clone(), None);
        self.keys.retain(|of| of != key);
        self.verdict = self.verdict.max(Verdict::Unknown);
    }
}
