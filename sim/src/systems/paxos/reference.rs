//! The reference replay: a fresh replica to which the chosen entries are applied, in order, each request
//! once. What it answers and what state it is in is what every node must answer and be in.
//!
//! The head is the state after the longest chosen prefix. Earlier states, which late snapshots and reads
//! of lagging leaders are compared with, are rebuilt from checkpoints; a cursor keeps the last one, so
//! that comparisons that advance slowly cost what they advance. Checkpoints are dropped with the
//! slots of the ledger, and the ledger keeps every slot that a checkpoint needs.

use super::ledger::Ledger;
use interregnum_core::Fold;
use interregnum_core::consensus::{App, Entry, LogSlot, Replica};
use std::collections::VecDeque;

/// A checkpoint is kept after so many slots.
const CHECKPOINT: u64 = 256;
/// The most slots kept in the ledger although no node's snapshot has passed them.
const WINDOW: u64 = 1 << 16;

/// A state and the slot after which it was reached.
#[derive(Clone, Debug, Fold)]
struct State<A: App> {
    slot: LogSlot,
    replica: Replica<A>,
}

/// The reference replay.
#[derive(Clone, Debug, Fold)]
pub(super) struct Reference<A: App> {
    head: State<A>,
    /// Never empty; the first is at the slot just below the ledger's base.
    checkpoints: VecDeque<State<A>>,
    cursor: Option<State<A>>,
}

impl<A: App> Reference<A> {
    pub(super) fn new() -> Self {
        let start = State { slot: LogSlot::ZERO, replica: Replica::default() };
        Self { head: start.clone(), checkpoints: VecDeque::from([start]), cursor: None }
    }

    /// Every slot up to this one is chosen.
    pub(super) const fn upto(&self) -> LogSlot {
        self.head.slot
    }

    /// The state after the last chosen slot of the prefix.
    pub(super) const fn head(&self) -> &Replica<A> {
        &self.head.replica
    }

    /// Applies whatever the ledger has chosen next, showing each entry.
    pub(super) fn advance(&mut self, ledger: &mut Ledger<A>, mut show: impl FnMut(&Entry<A>)) {
        loop {
            let slot = self.head.slot.next();
            let Some(cell) = ledger.cell_mut(slot) else { return };
            let Some(chosen) = cell.chosen() else { return };
            let outcome = self.head.replica.apply(slot, &chosen.entry);
            show(&chosen.entry);
            cell.outcome = Some(outcome);
            self.head.slot = slot;
            if slot.0.is_multiple_of(CHECKPOINT) {
                self.checkpoints.push_back(self.head.clone());
                let oldest = LogSlot(slot.0.saturating_sub(WINDOW));
                self.forget(ledger, oldest);
            }
        }
    }

    /// No slot below `oldest` will be asked for: drops what is older, checkpoint by checkpoint.
    pub(super) fn forget(&mut self, ledger: &mut Ledger<A>, oldest: LogSlot) {
        while self.checkpoints.get(1).is_some_and(|next| next.slot < oldest) {
            self.checkpoints.pop_front();
        }
        if let Some(first) = self.checkpoints.front() {
            ledger.drop_below(first.slot.next());
        }
    }

    /// The state after `slot`; `None` if it is dropped, or not everything up to it is chosen.
    pub(super) fn at(&mut self, ledger: &Ledger<A>, slot: LogSlot) -> Option<&Replica<A>> {
        if slot == self.head.slot {
            return Some(&self.head.replica);
        }
        if slot > self.head.slot || slot.next() < ledger.base() {
            return None;
        }
        let checkpoint = self.checkpoints.iter().rev().find(|state| state.slot <= slot)?;
        let near = self
            .cursor
            .as_ref()
            .is_some_and(|cursor| cursor.slot <= slot && cursor.slot >= checkpoint.slot);
        if !near {
            self.cursor = Some(checkpoint.clone());
        }
        let cursor = self.cursor.as_mut()?;
        while cursor.slot < slot {
            let next = cursor.slot.next();
            let chosen = ledger.cell(next)?.chosen()?;
            cursor.replica.apply(next, &chosen.entry);
            cursor.slot = next;
        }
        Some(&cursor.replica)
    }
}
