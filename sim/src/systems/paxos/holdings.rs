//! A3 and A6: what is chosen stays on disks.
//!
//! **A3.** Once an entry is chosen, every majority has a member whose disk holds it: accepted in the ballot
//! that chose it or above, known to be chosen, or covered by the snapshot that the disk's pointer names. With
//! n nodes that is so exactly if more than n minus a majority hold it. It is evaluated when an entry becomes
//! chosen, and whenever a disk lets go of one: a record is overwritten or erased, a pointer moves. Damage
//! excuses: only majorities count whose members all still have what they made durable, so that those who do
//! not hold it, and are not excused, must be fewer than a majority.
//!
//! **A6.** The slots below a durable log start are inside the snapshot that the same pointer names, and
//! chosen. It is evaluated when a pointer becomes durable, and when a snapshot replaces the one pointed to,
//! unless a fault damaged that snapshot.
//!
//! Slots that every node's log has passed are not judged any more.

use super::ledger::Ledger;
use super::properties::{A3, A6};
use crate::check::{Failure, Tally};
use crate::clock::TrueTime;
use interregnum_core::consensus::{App, LogSlot};
use interregnum_core::{Fold, NodeId, NodeSet};

/// What a node's disk builds on.
#[derive(Clone, Copy, Debug, Fold)]
struct Base {
    /// The last slots of the snapshots at both places.
    snapshots: [LogSlot; 2],
    /// Which place the pointer names, and which last slot.
    place: usize,
    applied: LogSlot,
    log_start: LogSlot,
}

impl Base {
    /// The last slot inside the snapshot that the pointer names.
    fn covered(&self) -> LogSlot {
        let at = self.snapshots.get(self.place).copied();
        at.filter(|at| *at == self.applied).unwrap_or(LogSlot::ZERO)
    }
}

/// Judges disks.
#[derive(Clone, Debug, Fold)]
pub(super) struct Holdings {
    pub(super) kept: Tally,
    pub(super) cut: Tally,
    bases: Vec<Base>,
    /// So many nodes must hold what is chosen.
    needed: u32,
    /// Snapshots of so many nodes cover every slot up to this one.
    covered: LogSlot,
}

impl Holdings {
    pub(super) fn new(members: u8) -> Self {
        let base = Base {
            snapshots: [LogSlot::ZERO; 2],
            place: 0,
            applied: LogSlot::ZERO,
            log_start: LogSlot::FIRST,
        };
        let members = u32::from(members);
        Self {
            kept: Tally::new(&A3),
            cut: Tally::new(&A6),
            bases: vec![base; members as usize],
            needed: members - members / 2,
            covered: LogSlot::ZERO,
        }
    }

    /// A snapshot became durable at one of the two places.
    pub(super) fn snapshot<A: App>(
        &mut self,
        now: TrueTime,
        node: NodeId,
        (place, applied): (usize, LogSlot),
        ledger: &mut Ledger<A>,
    ) -> Option<Failure> {
        let base = self.bases.get_mut(node.index())?;
        let before = base.covered();
        *base.snapshots.get_mut(place)? = applied;
        ledger.losses.keep_snapshot(node, place);
        if base.place != place {
            return None;
        }
        self.moved(now, node, before, ledger)
    }

    /// A pointer became durable.
    pub(super) fn pointed<A: App>(
        &mut self,
        now: TrueTime,
        node: NodeId,
        (place, applied, log_start): (usize, LogSlot, LogSlot),
        ledger: &mut Ledger<A>,
    ) -> Option<Failure> {
        let base = self.bases.get_mut(node.index())?;
        let before = base.covered();
        (base.place, base.applied, base.log_start) = (place, applied, log_start);
        ledger.losses.covers(node, base.covered());
        self.moved(now, node, before, ledger)
    }

    /// The snapshot at `place` was damaged, or with the whole disk both are gone.
    pub(super) fn damaged<A: App>(&mut self, node: NodeId, place: usize, ledger: &mut Ledger<A>) {
        let Some(base) = self.bases.get_mut(node.index()) else { return };
        let covered = base.covered();
        if let Some(applied) = base.snapshots.get_mut(place) {
            *applied = LogSlot::ZERO;
        }
        // What the other place holds, or nothing points to, was not counted on.
        let upto = if base.place == place { covered } else { LogSlot::ZERO };
        ledger.losses.lose_snapshot(node, place, upto);
        self.count_covered();
    }

    fn count_covered(&mut self) {
        let mut all: Vec<_> = self.bases.iter().map(Base::covered).collect();
        all.sort_unstable();
        let at = all.len().saturating_sub(self.needed as usize);
        self.covered = all.get(at).copied().unwrap_or(LogSlot::ZERO);
    }

    /// What `node`'s disk builds on is another snapshot now.
    fn moved<A: App>(
        &mut self,
        now: TrueTime,
        node: NodeId,
        before: LogSlot,
        ledger: &Ledger<A>,
    ) -> Option<Failure> {
        let base = *self.bases.get(node.index())?;
        let covered = base.covered();
        self.count_covered();
        if ledger.losses.lost_snapshot(node, base.place) {
            self.cut.checked();
            return None;
        }
        self.cut.exercised(now);
        if base.log_start.before() > covered {
            self.cut.violated += 1;
            let what = format!("{node}'s log starts at {}, above its snapshot", base.log_start);
            let fact = format!(
                "durable: the log starts at {}, and the snapshot it builds on covers slots up to {covered}",
                base.log_start
            );
            return Some(Failure::new(&A6, what).because(now, node, fact));
        }
        self.lost(now, node, (covered.next(), before.next()), "its snapshot covers less", ledger)
    }

    /// `node`'s disk let go of the slots from `first` to before `end`.
    pub(super) fn lost<A: App>(
        &mut self,
        now: TrueTime,
        node: NodeId,
        (first, end): (LogSlot, LogSlot),
        how: &str,
        ledger: &Ledger<A>,
    ) -> Option<Failure> {
        let first = first.max(ledger.base());
        let end = end.min(ledger.end());
        // What enough snapshots cover need not be looked at one by one.
        let covered = self.covered.next().min(end);
        (first.0..covered.0).for_each(|_| self.kept.exercised(now));
        let mut rest = (first.max(covered).0..end.0).map(LogSlot);
        rest.find_map(|slot| self.held(now, node, slot, how, ledger))
    }

    /// Whether enough nodes still hold what is chosen in `slot`.
    #[inline]
    pub(super) fn held<A: App>(
        &mut self,
        now: TrueTime,
        node: NodeId,
        slot: LogSlot,
        how: &str,
        ledger: &Ledger<A>,
    ) -> Option<Failure> {
        let cell = ledger.cell(slot)?;
        let chosen = cell.chosen()?;
        self.kept.exercised(now);
        let mut holders = cell.holders();
        if holders.len() >= self.needed {
            return None;
        }
        let nodes = (0..=u8::MAX).map(NodeId).zip(&self.bases);
        holders = nodes
            .filter(|(_, base)| base.covered() >= slot)
            .map(|(node, _)| node)
            .collect::<NodeSet>()
            .union(holders);
        if holders.len() >= self.needed || holders.union(ledger.excused(slot)).len() >= self.needed
        {
            return None;
        }
        self.kept.violated += 1;
        let what = format!("{slot} was chosen, and only {holders} still hold what");
        let was = format!("{slot} {:?} was chosen in {}", chosen.entry, chosen.ballot);
        let failure = Failure::new(&A3, what).because(chosen.since, chosen.by, was);
        Some(failure.because(now, node, format!("lets go of {slot}: {how}")))
    }
}
