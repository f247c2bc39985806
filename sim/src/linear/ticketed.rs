//! What is kept of operations until they are judged, by their tickets.

use super::Ticket;
use interregnum_core::Fold;

/// A map whose keys are put in in ascending order and which as a rule holds a handful of values: a tree
/// would search and rebalance for each.
#[derive(Clone, Debug, Fold)]
pub(super) struct Ticketed<T>(Vec<(Ticket, T)>);

impl<T> Ticketed<T> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds a value; its ticket is later than all others.
    pub(super) fn push(&mut self, ticket: Ticket, value: T) {
        debug_assert!(self.0.last().is_none_or(|(last, _)| *last < ticket), "tickets only grow");
        self.0.push((ticket, value));
    }

    pub(super) fn get(&self, ticket: Ticket) -> Option<&T> {
        self.place(ticket).map(|place| &self.0[place].1)
    }

    pub(super) fn get_mut(&mut self, ticket: Ticket) -> Option<&mut T> {
        self.place(ticket).map(|place| &mut self.0[place].1)
    }

    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<T> {
        self.place(ticket).map(|place| self.0.remove(place).1)
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.0.retain(|(_, value)| keep(value));
    }

    fn place(&self, ticket: Ticket) -> Option<usize> {
        self.0.binary_search_by_key(&ticket, |(ticket, _)| *ticket).ok()
    }
}
