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
    self, FORMAT, Lane, POINTER, PROMISED, Purpose, Record, SNAPSHOTS, Snapshot, VOLUME,
};
use super::rules::Rules;
use super::snapshot::Snapshots;
use super::{Config, Damage, Fact, Paxos, Role};
use crate::consensus::{App, Entry, LogSlot, Replica};
use crate::{Cell, Context, Image, Place, Slot};
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
        let voter = damage.is_none_or(|damage| config.rules.may_vote_after(damage));
        let proposer = voter || damage.is_some_and(|damage| config.rules.may_propose_after(damage));
        let base = base.filter(|_| voter).unwrap_or(Base::EMPTY);
        let mut machine = Self::on_base(config, copies, voter, &base);
        machine.election.may_lead = proposer;
        if let Some(damage) = damage {
            cx.probe("paxos/quarantined");
            cx.fact(Fact::Quarantined { damage });
        }
        if voter {
            machine.read_log(config, image, cx);
            machine.restore_pointer(image, cx);
            machine.keep_quiet(config, cx);
        }
        if proposer {
            machine.acceptor.sync(Ticket::Booted, cx);
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
                syncs_owed: 0,
                stalled_rounds: 0,
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
        let start = record::entry_place(self.log.start(), Lane::Zero);
        for (at, _) in image.range(VOLUME, start.slot.0..u64::MAX) {
            match record::purpose(at.0) {
                Purpose::Entry(slot, lane) | Purpose::Mirror(slot, lane) => {
                    self.read_entry(config, image, slot, lane, at);
                }
                _ => {}
            }
        }
        // Only now is the best copy of both lanes known.
        for (at, _) in image.range(VOLUME, start.slot.0..u64::MAX) {
            if let Purpose::Entry(slot, lane) = record::purpose(at.0) {
                self.read_damage(config, image, slot, lane, cx);
            }
        }
        for home in strays(image) {
            if let Purpose::Entry(slot, _) | Purpose::Mirror(slot, _) = record::purpose(home.slot.0)
            {
                self.mark_faulty(config, slot, cx);
            }
        }
        self.restore_mirrors(config, image, cx);
    }

    /// Takes in one copy of an entry, if it is good and better than the others of its slot.
    fn read_entry(
        &mut self,
        config: &Config<R>,
        image: &Image<Record<A>>,
        slot: LogSlot,
        lane: Lane,
        at: Slot,
    ) {
        let Some((ballot, entry)) = entry_at(image, slot, Place { volume: VOLUME, slot: at })
        else {
            return;
        };
        let promised = self.acceptor.promised;
        self.acceptor.promised = config.rules.promised_by_accepting(promised, ballot);
        // A chosen entry is above any ballot; its cell shows none.
        let chosen = ballot.is_none();
        let Some(cell) = self.log.reach(slot, config.reach()) else {
            return;
        };
        if !cell.chosen && (chosen || cell.ballot < ballot) {
            (cell.ballot, cell.entry) = (ballot, entry.clone());
            (cell.chosen, cell.stable, cell.lane) = (chosen, true, lane);
        }
    }

    /// Marks the slot if a lane lost an acceptance that others may count on.
    fn read_damage(
        &mut self,
        config: &Config<R>,
        image: &Image<Record<A>>,
        slot: LogSlot,
        lane: Lane,
        cx: &mut Context<'_, Self>,
    ) {
        let bad = |place| {
            entry_at(image, slot, place).is_none() && !matches!(image.cell(place), Cell::Empty)
        };
        if !bad(record::entry_place(slot, lane)) {
            return;
        }
        if config.settings().mirror && !bad(record::mirror_place(slot, lane)) {
            cx.probe("paxos/one-bad-copy");
        } else {
            self.mark_faulty(config, slot, cx);
        }
    }

    /// Completes what a crash left with one copy: once it is told of, the next rot must find two.
    fn restore_mirrors(
        &self,
        config: &Config<R>,
        image: &Image<Record<A>>,
        cx: &mut Context<'_, Self>,
    ) {
        if !config.settings().mirror {
            return;
        }
        for (slot, cell) in self.log.iter_from(self.log.start()) {
            if cell.ballot.is_none() {
                continue;
            }
            let lane = cell.lane;
            for place in [record::entry_place(slot, lane), record::mirror_place(slot, lane)] {
                if entry_at(image, slot, place) != Some((cell.ballot, &cell.entry)) {
                    let (ballot, entry) = (cell.ballot, cell.entry.clone());
                    cx.write(place, Record::Accepted { slot, ballot, entry });
                }
            }
        }
    }

    /// Where the pointer cannot be read it may come back, and name a snapshot that the next one would
    /// overwrite. No snapshot is written before boot's sync completes, and with it this.
    fn restore_pointer(&self, image: &Image<Record<A>>, cx: &mut Context<'_, Self>) {
        if !matches!(image.record(POINTER), Some(Record::Pointer { .. })) {
            let (place, applied) = (self.snapshots.place, self.applied);
            let log_start = applied.next();
            cx.write(POINTER, Record::Pointer { place, applied, log_start });
        }
    }

    /// Whatever is still there may be older than what was lost.
    fn mark_faulty(&mut self, config: &Config<R>, slot: LogSlot, cx: &mut Context<'_, Self>) {
        if let Some(cell) = self.log.reach(slot, config.reach()).filter(|cell| !cell.chosen) {
            cx.probe("paxos/faulty-slot");
            (cell.faulty, cell.ballot) = (true, Ballot::NONE);
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

/// The entry of `slot` at a place, if it is good, with its ballot; a chosen one has none.
fn entry_at<A: App>(
    image: &Image<Record<A>>,
    slot: LogSlot,
    place: Place,
) -> Option<(Ballot, &Entry<A>)> {
    match image.record(place)? {
        Record::Accepted { slot: of, ballot, entry } if *of == slot => Some((*ballot, entry)),
        Record::Chosen { slot: of, entry } if *of == slot => Some((Ballot::NONE, entry)),
        _ => None,
    }
}
