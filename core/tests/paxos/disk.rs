//! The disk of the laboratory, on which anything may happen to what is not synced.

use interregnum_core::kv::Kv;
use interregnum_core::paxos::record::VOLUME;
use interregnum_core::paxos::{Record, Ticket};
use interregnum_core::{Cell, Image, Place, Slot};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

/// A disk: what is durable, and what was asked for since.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) durable: BTreeMap<Place, Cell<Record<Kv>>>,
    pub(crate) pending: VecDeque<Operation>,
}

/// What a power failure does to one write that was not synced.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Survives,
    Lost,
    Torn,
}

/// What was asked of it.
#[derive(Debug)]
pub(crate) enum Operation {
    Write(Place, Record<Kv>),
    Erase(Range<Slot>),
    Sync(Ticket),
}

impl Disk {
    pub(crate) fn image(&self) -> Image<Record<Kv>> {
        let mut seen = Self { durable: self.durable.clone(), pending: VecDeque::new() };
        for operation in &self.pending {
            match operation {
                Operation::Write(at, record) => {
                    seen.carry_out(Operation::Write(*at, record.clone()));
                }
                Operation::Erase(slots) => {
                    seen.carry_out(Operation::Erase(slots.clone()));
                }
                Operation::Sync(_) => {}
            }
        }
        let mut image = Image::default();
        for (place, cell) in seen.durable {
            image.set(place, cell);
        }
        image
    }

    pub(crate) fn carry_out(&mut self, operation: Operation) -> Option<Record<Kv>> {
        match operation {
            Operation::Write(home, record) => {
                self.durable.insert(home, Cell::Intact { home, record: record.clone() });
                Some(record)
            }
            Operation::Erase(slots) => {
                self.durable.retain(|place, _| !slots.contains(&place.slot));
                None
            }
            Operation::Sync(_) => None,
        }
    }

    pub(crate) fn complete(&mut self) -> Option<(Ticket, Vec<Record<Kv>>)> {
        self.settle(|_| true)
    }

    /// Carries out what comes before the oldest sync, as far as it survives.
    pub(crate) fn settle(
        &mut self,
        mut survives: impl FnMut(&Operation) -> bool,
    ) -> Option<(Ticket, Vec<Record<Kv>>)> {
        if !self.pending.iter().any(|operation| matches!(operation, Operation::Sync(_))) {
            return None;
        }
        let mut written = Vec::new();
        loop {
            match self.pending.pop_front()? {
                Operation::Sync(ticket) => return Some((ticket, written)),
                operation if survives(&operation) => written.extend(self.carry_out(operation)),
                _ => {}
            }
        }
    }

    pub(crate) fn spoil(&mut self, place: Place) {
        assert_eq!(place.volume, VOLUME);
        self.durable.insert(place, Cell::Damaged);
    }
}
