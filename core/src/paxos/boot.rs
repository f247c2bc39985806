//! Boot: what the disk says, and what it must not be trusted with.
//!
//! After a crash of the process alone, records that were written and never synced are still readable, and
//! a later power failure may take them away. So the first thing boot does is to sync; until that
//! completes, no reply relies on anything that was read.
//!
//! A disk without its format record may be a blank replacement; one without an intact copy of the
//! promise, or without the snapshot that its log builds on, forgot what others count on. Such a node
//! neither votes, grants nor proposes under its name ever again; it only learns, and keeps what it
//! learns in memory. A node that lost single entries still votes, but tells that it lost them.

use super::acceptor::Acceptor;
use super::election::Election;
use super::log::Log;
use super::message::{Ballot, Ticket};
use super::record::{
    self, FORMAT, POINTER, PROMISED, Purpose, Record, SNAPSHOTS, Snapshot, VOLUME,
};
use super::rules::Rules;
use super::snapshot::Snapshots;
use super::{Config, Damage, Fact, Paxos, Role};
use crate::consensus::{App, LogSlot, Replica};
use crate::{Cell, Context, Image, Place};
use alloc::sync::Arc;
use core::marker::PhantomData;

/// What the log builds on. It starts above the snapshot, although records of a few slots below may still
/// be there: nothing tells which of those hold what was chosen.
struct Base<A: App> {
    snapshot: Option<Arc<Snapshot<A>>>,
    place: u8,
}

impl<A: App, R: Rules> Paxos<A, R> {
    pub(super) fn recover(
        config: &Config<R>,
        image: &Image<Record<A>>,
        cx: &mut Context<'_, Self>,
    ) -> Self {
        let copies = PROMISED.map(|place| match image.record(place) {
            Some(Record::Promised { ballot }) => Some(*ballot),
            _ => None,
        });
        let base = base(image);
        let damage = damage(config, image, copies, base.is_some());
        let voter = damage.is_none() || config.rules.may_vote_without_memory();
        let base = base.filter(|_| voter).unwrap_or(Base::EMPTY);
        let mut machine = Self::on_base(config, copies, voter, &base);
        if let Some(damage) = damage {
            cx.probe("paxos/quarantined");
            cx.fact(Fact::Quarantined { damage });
        }
        if voter {
            machine.read_log(config, image, cx);
            machine.keep_quiet(config, cx);
            cx.sync(VOLUME, Ticket::Booted);
        }
        machine.election.elected = machine.acceptor.promised;
        machine.advance(config, cx);
        machine.begin_round(config, cx);
        machine
    }

    fn on_base(
        config: &Config<R>,
        copies: [Option<Ballot>; 2],
        voter: bool,
        base: &Base<A>,
    ) -> Self {
        let copies = copies.map(|copy| copy.unwrap_or(Ballot::NONE));
        let promised = copies[0].max(copies[1]);
        let applied = base.snapshot.as_ref().map_or(LogSlot::ZERO, |s| s.applied);
        let replica = base.snapshot.as_ref().map_or_else(Replica::default, |s| s.replica.clone());
        Self {
            acceptor: Acceptor {
                voter,
                promised,
                copies,
                settled: false,
                flushing: false,
                owed_promise: None,
                owed_grant: None,
                granted: None,
                quiet_until: None,
            },
            log: Log::new(applied.next()),
            replica,
            applied,
            snapshots: Snapshots {
                latest: base.snapshot.clone(),
                pointed: applied,
                place: base.place,
                saving: None,
                disk_start: LogSlot::FIRST,
            },
            election: Election::new(config.settings().members, promised),
            role: Role::Follower,
            rules: PhantomData,
        }
    }

    /// Takes in the log above the snapshot. A slot whose record is bad is *faulty* if it may have been
    /// acknowledged, and empty if it is the torn end of a write that nobody was told of.
    fn read_log(
        &mut self,
        config: &Config<R>,
        image: &Image<Record<A>>,
        cx: &mut Context<'_, Self>,
    ) {
        let start = record::entry_place(self.log.start());
        for (at, cell) in image.range(VOLUME, start.slot.0..u64::MAX) {
            if let Purpose::Entry(slot) = record::purpose(at.0) {
                let place = Place { volume: VOLUME, slot: at };
                self.read_entry(config, image, place, slot, cell, cx);
            }
        }
        for home in strays(image) {
            if let Purpose::Entry(slot) = record::purpose(home.slot.0) {
                self.mark_faulty(config, slot, cx);
            }
        }
    }

    fn read_entry(
        &mut self,
        config: &Config<R>,
        image: &Image<Record<A>>,
        place: Place,
        slot: LogSlot,
        cell: &Cell<Record<A>>,
        cx: &mut Context<'_, Self>,
    ) {
        let (ballot, entry) = match cell {
            Cell::Intact { home, record: Record::Accepted { slot: of, ballot, entry } }
                if *home == place && *of == slot =>
            {
                (*ballot, entry.clone())
            }
            Cell::Intact { home, record: Record::Chosen { slot: of, entry } }
                if *home == place && *of == slot =>
            {
                (Ballot::NONE, entry.clone())
            }
            _ if config.settings().stubs && !has_stub(image, slot) => {
                cx.probe("paxos/torn-entry-dropped");
                return;
            }
            _ => return self.mark_faulty(config, slot, cx),
        };
        let promised = self.acceptor.promised;
        self.acceptor.promised = config.rules.promised_by_accepting(promised, ballot);
        if let Some(cell) = self.log.reach(slot, config.reach()) {
            (cell.ballot, cell.entry) = (ballot, entry);
            (cell.chosen, cell.stable) = (ballot.is_none(), !ballot.is_none());
        }
    }

    fn mark_faulty(&mut self, config: &Config<R>, slot: LogSlot, cx: &mut Context<'_, Self>) {
        cx.probe("paxos/faulty-slot");
        // Whatever is at its place may be older than what was lost.
        if let Some(cell) = self.log.reach(slot, config.reach()).filter(|cell| !cell.chosen) {
            (cell.faulty, cell.ballot, cell.stable) = (true, Ballot::NONE, false);
        }
    }

    /// An earlier life may have granted a lease, unless it never promised anything.
    fn keep_quiet(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        if let Some(lease) = config.settings().lease
            && !self.acceptor.promised.is_none()
        {
            let silence = config.rules.silence_after_restart(&lease);
            self.acceptor.quiet_until = Some(cx.now().after(silence));
        }
    }
}

impl<A: App> Base<A> {
    const EMPTY: Self = Self { snapshot: None, place: 0 };
}

/// What is lost that a voter needs.
fn damage<A: App, R: Rules>(
    config: &Config<R>,
    image: &Image<Record<A>>,
    copies: [Option<Ballot>; 2],
    has_base: bool,
) -> Option<Damage> {
    let format = match image.record(FORMAT) {
        Some(Record::Format { cluster, node }) => {
            *cluster == config.cluster() && *node == config.me()
        }
        _ => false,
    };
    // The write of a stray is missing where it belongs. One copy of the promise can be spared.
    let strayed = |place: Place| strays(image).any(|home| home == place);
    if !format {
        Some(Damage::Format)
    } else if copies == [None; 2] {
        Some(Damage::Promise)
    } else if !has_base || strayed(POINTER) || SNAPSHOTS.into_iter().any(strayed) {
        Some(Damage::Snapshot)
    } else {
        None
    }
}

/// The snapshot that the pointer names and where the log starts; `None` if that is lost.
fn base<A: App>(image: &Image<Record<A>>) -> Option<Base<A>> {
    match image.record(POINTER) {
        Some(Record::Pointer { applied: LogSlot::ZERO, place, .. }) => {
            Some(Base { snapshot: None, place: *place })
        }
        Some(Record::Pointer { place, applied, .. }) => {
            let snapshot = snapshot_at(image, *place).filter(|s| s.applied == *applied)?;
            Some(Base { snapshot: Some(snapshot), place: *place })
        }
        _ => unpointed_base(image),
    }
}

/// Without its pointer, the newer snapshot holds, if both places can be read: it was complete before the
/// pointer was touched, and the log was never cut beyond it.
fn unpointed_base<A: App>(image: &Image<Record<A>>) -> Option<Base<A>> {
    let bad = |place: &Place| {
        image.record(*place).is_none() && !matches!(image.cell(*place), Cell::Empty)
    };
    if SNAPSHOTS.iter().any(bad) {
        return None;
    }
    let found = [0, 1].map(|place| snapshot_at(image, place).map(|snapshot| (place, snapshot)));
    let (place, snapshot) = found.into_iter().flatten().max_by_key(|(_, s)| s.applied)?;
    Some(Base { snapshot: Some(snapshot), place })
}

fn snapshot_at<A: App>(image: &Image<Record<A>>, place: u8) -> Option<Arc<Snapshot<A>>> {
    match image.record(*SNAPSHOTS.get(usize::from(place))?) {
        Some(Record::Snapshot(snapshot)) => Some(Arc::clone(snapshot)),
        _ => None,
    }
}

/// The homes of records that were written elsewhere.
fn strays<A: App>(image: &Image<Record<A>>) -> impl Iterator<Item = Place> {
    image.range(VOLUME, 0..u64::MAX).filter_map(|(slot, cell)| match cell {
        Cell::Intact { home, .. } if *home != (Place { volume: VOLUME, slot }) => Some(*home),
        _ => None,
    })
}

fn has_stub<A: App>(image: &Image<Record<A>>, slot: LogSlot) -> bool {
    matches!(
        image.record(record::stub_place(slot)),
        Some(Record::Stub { slot: of, .. }) if *of == slot
    )
}
