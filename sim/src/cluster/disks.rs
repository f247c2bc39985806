//! What disks do with what they are asked for, also where a fault interferes.
//!
//! A write that fails is told by the next sync of its process. When a sync fails, any subset of what it
//! covered is durable and the rest is gone, and every sync under way on that volume fails with it; what is
//! read afterwards is what the medium holds. No host reports a time-out: what hangs just does not complete.

use super::medium::{Change, What};
use super::storage::Mark;
use super::{Cluster, Driver, Flight, Operation, Parcel, Stall, Turn, number};
use crate::seen::{Harm, Seen};
use interregnum_core::{
    Cell, DiskError, Image, Input, Machine, NodeId, NodeSet, Outcome, Place, ProcessId, Slot, Span,
    Volume,
};
use std::collections::BTreeSet;

/// A flight that a fault holds up at a disk.
#[derive(Debug)]
pub(super) struct Hung {
    /// The fault with which it ends; a slow operation ends by itself.
    fault: Option<u32>,
    disk: NodeId,
    flight: u32,
}

/// What goes on that hung.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unhang {
    /// What this fault held up.
    By(u32),
    /// What any fault held up at these disks.
    At(NodeSet),
    /// This flight, whose time has come.
    Late(u32),
}

impl<M: Machine> Cluster<M> {
    /// A process reads one of its node's own volumes.
    pub(super) fn read_local(
        &mut self,
        index: usize,
        volume: u8,
        slot: Slot,
        ticket: M::Ticket,
        driver: &mut impl Driver<M>,
    ) {
        let (me, incarnation) = (self.processes[index].id, self.processes[index].incarnation);
        let outcome = self.look(me.node, volume, slot, me, driver);
        let parcel = Parcel::to(incarnation, Input::Disk { ticket, outcome });
        let after = driver.sync_time(me.node);
        let flight = Flight::Parcel { to: number(index), parcel };
        self.launch_from_disk(me.node, me.node, flight, after, driver);
    }

    /// What a read of `by` sees.
    pub(super) fn look(
        &mut self,
        disk: NodeId,
        volume: u8,
        slot: Slot,
        by: ProcessId,
        driver: &mut impl Driver<M>,
    ) -> Outcome<M::Record> {
        if driver.disks_ail() {
            match driver.disk_turn(self, disk, by.node, Operation::Read) {
                Turn::Fails { error, .. } => return Outcome::Failed(error),
                Turn::Stale { fault } => {
                    if let Some(cell) = self.volume(disk, volume).read_stale(slot) {
                        self.bite(fault);
                        let at = Place { volume: self.name(disk, volume), slot };
                        driver.see(self, &Seen::Misread { process: by, at, stale: true });
                        return Outcome::Read(Box::new(cell));
                    }
                }
                _ => {}
            }
        }
        let (cell, blame) = self.volume(disk, volume).read(slot);
        blame.into_iter().for_each(|fault| self.bite(fault));
        Outcome::Read(Box::new(cell))
    }

    /// How the disk takes a change.
    #[inline(always)]
    pub(super) fn take_change(
        &mut self,
        disk: NodeId,
        volume: u8,
        change: Change<M::Record>,
        driver: &mut impl Driver<M>,
    ) {
        if driver.disks_ail() {
            let change = self.ailing(disk, volume, change, driver);
            self.volume(disk, volume).change_in_trouble(change);
        } else {
            self.volume(disk, volume).change(change);
        }
    }

    #[inline(never)]
    fn ailing(
        &mut self,
        disk: NodeId,
        volume: u8,
        change: Change<M::Record>,
        driver: &mut impl Driver<M>,
    ) -> Change<M::Record> {
        let Change { by, what } = change;
        let operation =
            if matches!(what, What::Write(_)) { Operation::Write } else { Operation::Erase };
        let turn = driver.disk_turn(self, disk, by.node, operation);
        let what = match (turn, what) {
            (Turn::Fails { error, .. }, _) => What::Failed(error),
            (Turn::Lost { fault }, What::Write(stored)) => {
                What::Astray { stored, lands: None, fault }
            }
            (Turn::Strays { fault, word }, What::Write(stored)) => {
                match self.another_slot(disk, volume, stored.home.slot, word) {
                    lands @ Some(_) => What::Astray { stored, lands, fault },
                    None => What::Write(stored),
                }
            }
            (_, what) => what,
        };
        Change { by, what }
    }

    /// Some slot that is in use, other than this one.
    fn another_slot(&mut self, disk: NodeId, volume: u8, not: Slot, word: u64) -> Option<Slot> {
        let storage = self.volume(disk, volume);
        let used: Vec<_> =
            storage.media().map(|(slot, _)| slot).filter(|slot| *slot != not).collect();
        let which = word.checked_rem(u64::try_from(used.len()).ok()?)?;
        used.get(usize::try_from(which).ok()?).copied()
    }

    /// A sync that `by` asked for ends. What it covers is durable now, unless it fails.
    pub(super) fn end_sync(
        &mut self,
        by: ProcessId,
        disk: NodeId,
        volume: u8,
        mark: Mark,
        driver: &mut impl Driver<M>,
    ) -> Outcome<M::Record> {
        let owed = self.volume(disk, volume).owns_up(by, mark);
        if driver.disks_ail()
            && let Turn::Fails { error, survivors } =
                driver.disk_turn(self, disk, by.node, Operation::Sync)
        {
            self.fail_sync(by, (disk, volume), mark, survivors, driver);
            return Outcome::Failed(error);
        }
        while self.is_covered(disk, volume, mark) {
            self.settle_next(disk, volume, driver);
        }
        owed.map_or(Outcome::Synced, Outcome::Failed)
    }

    fn fail_sync(
        &mut self,
        by: ProcessId,
        (disk, volume): (NodeId, u8),
        mark: Mark,
        survivors: u64,
        driver: &mut impl Driver<M>,
    ) {
        let mut survivors = survivors;
        while self.is_covered(disk, volume, mark) {
            let survives = survivors & 1 == 1;
            survivors = survivors.rotate_right(1);
            let is_write = !self.volume(disk, volume).has_failed_next();
            if survives || !is_write {
                self.settle_next(disk, volume, driver);
                continue;
            }
            let Some(change) = self.volume(disk, volume).drop_next() else { break };
            if change.by != by {
                self.volume(disk, volume).owe(change.by, DiskError::Io);
            }
            self.forget(disk, &change, driver);
        }
        self.volume(disk, volume).fail();
    }

    /// Shows that an unsynced change is lost.
    pub(super) fn forget(
        &self,
        node: NodeId,
        change: &Change<M::Record>,
        driver: &mut impl Driver<M>,
    ) {
        if let What::Write(stored) | What::Astray { stored, .. } = &change.what {
            let (at, by) = (stored.home, change.by);
            driver.see(self, &Seen::Forgotten { node, at, by });
        }
    }

    pub(super) fn is_covered(&self, disk: NodeId, volume: u8, mark: Mark) -> bool {
        let volume = self.nodes[disk.index()].volumes.get(usize::from(volume));
        volume.is_some_and(|volume| volume.next_covered(mark).is_some())
    }

    /// Makes the oldest change durable, or what a fault makes of it, and shows that.
    #[inline]
    pub(super) fn settle_next(&mut self, node: NodeId, volume: u8, driver: &mut impl Driver<M>) {
        let (at, which) = (node.index(), usize::from(volume));
        let storage = &self.nodes[at].volumes[which];
        let blame = storage
            .next_covered(storage.everything())
            .and_then(|change| self.show_durable(node, volume, change, driver));
        blame.into_iter().for_each(|fault| self.bite(fault));
        self.nodes[at].volumes[which].settle();
    }

    /// Shows that a change became durable; the fault to blame if it did not quite.
    fn show_durable(
        &self,
        node: NodeId,
        volume: u8,
        change: &Change<M::Record>,
        driver: &mut impl Driver<M>,
    ) -> Option<u32> {
        let by = change.by;
        match &change.what {
            What::Write(stored) => {
                let seen = Seen::Durable { node, at: stored.home, by, record: &stored.record };
                driver.see(self, &seen);
            }
            What::Erase(slots) => {
                let volume = Volume::Local(volume);
                driver.see(self, &Seen::Erased { node, volume, slots, by });
            }
            What::Astray { stored, lands, fault } => {
                let at = stored.home;
                driver.see(self, &Seen::Durable { node, at, by, record: &stored.record });
                driver.see(self, &Seen::Damaged { node, at, harm: Harm::Lost });
                if let Some(slot) = *lands {
                    let at = Place { volume: at.volume, slot };
                    driver.see(self, &Seen::Damaged { node, at, harm: Harm::Overwritten });
                }
                return Some(*fault);
            }
            What::Failed(_) | What::Nothing => {}
        }
        None
    }

    /// What a booting process finds on its node's volumes.
    pub(super) fn image(&mut self, index: usize, driver: &mut impl Driver<M>) -> Image<M::Record> {
        let node = self.processes[index].id.node;
        let (mut image, mut blamed) = (Image::default(), Vec::new());
        for (volume, storage) in (0..=u8::MAX).zip(&self.nodes[node.index()].volumes) {
            storage.for_each_readable(|slot, medium| {
                let (cell, blame) = medium.cell();
                image.set(Place { volume: Volume::Local(volume), slot }, cell);
                blamed.extend(blame);
            });
        }
        blamed.into_iter().for_each(|fault| self.bite(fault));
        self.processes[index].misread = false;
        if driver.disks_ail() {
            self.misread(index, &mut image, driver);
        }
        image
    }

    /// Spoils what faults that will pass keep a booting process from reading.
    fn misread(&mut self, index: usize, image: &mut Image<M::Record>, driver: &mut impl Driver<M>) {
        let process = self.processes[index].id;
        for volume in 0..self.volume_count(process.node) {
            let range = image.range(Volume::Local(volume), 0..u64::MAX);
            let in_use = range.map(|(slot, _)| slot);
            let changed = self.volume(process.node, volume).changed();
            let slots: BTreeSet<_> = in_use.chain(changed).collect();
            for slot in slots {
                let at = Place { volume: Volume::Local(volume), slot };
                let turn = driver.disk_turn(self, process.node, process.node, Operation::Read);
                let (cell, stale) = match turn {
                    // An empty slot is not read.
                    Turn::Fails { .. } if matches!(image.cell(at), Cell::Empty) => continue,
                    Turn::Fails { .. } => (Cell::Unreadable, false),
                    Turn::Stale { fault } => {
                        let cell = self.volume(process.node, volume).read_stale(slot);
                        let Some(cell) = cell else { continue };
                        self.bite(fault);
                        (cell, true)
                    }
                    _ => continue,
                };
                image.set(at, cell);
                self.processes[index].misread = true;
                driver.see(self, &Seen::Misread { process, at, stale });
            }
        }
    }

    /// Lets a flight leave a disk, later if faults hold it up.
    pub(super) fn launch_from_disk(
        &mut self,
        disk: NodeId,
        from: NodeId,
        flight: Flight<M>,
        after: Span,
        driver: &mut impl Driver<M>,
    ) {
        let stall = if driver.disks_ail() {
            driver.disk_stall(self, disk, from)
        } else {
            Stall::For(Span::ZERO)
        };
        if stall == Stall::For(Span::ZERO) {
            return self.launch(flight, after, driver);
        }
        let flight = self.flights.insert(flight);
        let fault = match stall {
            Stall::WhileLasts(fault) => Some(fault),
            // The disk may be repaired before it comes to an end.
            Stall::For(longer) => {
                self.launch(Flight::Late(flight), after + longer, driver);
                None
            }
        };
        self.hung.push(Hung { fault, disk, flight });
    }

    /// What hung goes on.
    pub(crate) fn unhang(&mut self, whom: Unhang, driver: &mut impl Driver<M>) {
        let (go_on, stay) =
            std::mem::take(&mut self.hung).into_iter().partition(|hung| match whom {
                Unhang::By(fault) => hung.fault == Some(fault),
                Unhang::At(disks) => disks.contains(hung.disk),
                Unhang::Late(flight) => hung.fault.is_none() && hung.flight == flight,
            });
        self.hung = stay;
        let go_on: Vec<Hung> = go_on;
        go_on.into_iter().for_each(|hung| driver.launch(hung.flight, Span::ZERO));
    }

    /// How processes name a volume of `disk`.
    pub(super) const fn name(&self, disk: NodeId, volume: u8) -> Volume {
        if disk.0 < self.computers { Volume::Local(volume) } else { Volume::Shared(disk) }
    }
}
