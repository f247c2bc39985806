//! What faults do to media for good, or until they are written again: rot, torn writes, blank disks.

use super::medium::{Bad, Change, Fate, Medium, What};
use super::{Cluster, Driver};
use crate::dice::Dice;
use crate::scenario::Ratio;
use crate::seen::{Harm, Seen};
use interregnum_core::{Cell, LocalTime, Machine, NodeId, Place, Slot, Volume};
use std::ops::RangeInclusive;

/// Which records of a node's volumes are meant.
#[derive(Clone, Debug)]
pub(crate) struct Records {
    /// In these slots of any volume.
    pub(crate) slots: RangeInclusive<u64>,
    /// Of those, only so many in the highest slots in use.
    pub(crate) highest: Option<usize>,
    /// Of those, a share.
    pub(crate) ratio: Ratio,
}

/// What a fault does to records on a medium.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spoil {
    pub(crate) fault: u32,
    pub(crate) how: Bad,
}

/// Whether a record of a node may be damaged.
pub(crate) type May<'a> = &'a dyn Fn(NodeId, Place) -> bool;

impl<M: Machine> Cluster<M> {
    /// Spoils records that are on the medium, those that may be. How many were.
    pub(crate) fn spoil(
        &mut self,
        node: NodeId,
        records: &Records,
        spoil: Spoil,
        may: May<'_>,
        dice: &mut Dice,
        driver: &mut impl Driver<M>,
    ) -> usize {
        let mut spoilt = 0;
        for volume in 0..self.volume_count(node) {
            let name = self.name(node, volume);
            for slot in self.pick(node, volume, records) {
                let at = Place { volume: name, slot };
                // One word a record, whether or not it may be struck.
                if dice.chance(records.ratio) && may(node, at) {
                    self.volume(node, volume).put(slot, Medium::Bad(spoil.how, spoil.fault));
                    let harm = match spoil.how {
                        Bad::Damaged => Harm::Rotten,
                        Bad::Unreadable => Harm::Unreadable,
                    };
                    driver.see(self, &Seen::Damaged { node, at, harm });
                    spoilt += 1;
                }
            }
        }
        spoilt
    }

    fn pick(&mut self, node: NodeId, volume: u8, records: &Records) -> Vec<Slot> {
        let used = self.volume(node, volume).media().map(|(slot, _)| slot);
        let mut slots: Vec<_> = used.filter(|slot| records.slots.contains(&slot.0)).collect();
        let extra = records.highest.map_or(0, |highest| slots.len().saturating_sub(highest));
        slots.drain(..extra);
        slots
    }

    /// Replaces the node's disk by a blank one; its processes must have fallen before. True if there was
    /// anything on it.
    pub(crate) fn replace_disk(&mut self, node: NodeId, driver: &mut impl Driver<M>) -> bool {
        let mut lost = false;
        for volume in 0..self.volume_count(node) {
            let storage = self.volume(node, volume);
            lost |= !storage.is_blank();
            storage.replace();
        }
        self.power_cycled(node);
        self.nodes[node.index()].replaced |= lost;
        if lost {
            driver.see(self, &Seen::Replaced { node });
        }
        lost
    }

    /// A disk was without power: what it was working on never completes, and a shared disk owns up to what
    /// its cache lost: the next sync of everyone who uses it fails.
    fn power_cycled(&mut self, node: NodeId) {
        self.nodes[node.index()].power_cycles += 1;
        let paths = self.paths.iter_mut().filter(|((_, disk), _)| *disk == node);
        paths.for_each(|(_, path)| path.disk_lost_power());
    }

    /// What is lost when the node's power fails, of the writes that are not synced; the monotonic clock
    /// and the watchdog start anew. Its processes must have fallen before. The clock shows `shown`, and
    /// `fates` says what becomes of each write in turn. True if a write was lost.
    pub(crate) fn lose_power(
        &mut self,
        node: NodeId,
        fault: u32,
        shown: LocalTime,
        fates: &mut dyn FnMut() -> Fate,
        may_tear: May<'_>,
        driver: &mut impl Driver<M>,
    ) -> bool {
        let mut lost = false;
        self.power_cycled(node);
        self.forget_spawned(node);
        self.watchdog_is_off(node);
        self.restart_clock(node, shown, driver);
        for volume in 0..self.volume_count(node) {
            let everything = self.volume(node, volume).everything();
            while self.is_covered(node, volume, everything) {
                let fate = fates();
                if fate == Fate::Kept {
                    self.settle_next(node, volume, driver);
                    continue;
                }
                let Some(change) = self.volume(node, volume).drop_next() else { break };
                self.forget(node, &change, driver);
                lost = true;
                if fate == Fate::Torn {
                    self.tear(node, volume, fault, &change, may_tear, driver);
                }
            }
        }
        lost
    }

    fn tear(
        &mut self,
        node: NodeId,
        volume: u8,
        fault: u32,
        change: &Change<M::Record>,
        may: May<'_>,
        driver: &mut impl Driver<M>,
    ) {
        let (What::Write(stored) | What::Astray { stored, .. }) = &change.what else { return };
        let at = stored.home;
        if may(node, at) {
            self.volume(node, volume).put(at.slot, Medium::Bad(Bad::Damaged, fault));
            driver.see(self, &Seen::Damaged { node, at, harm: Harm::Torn });
        }
    }

    /// From now on the node's disk remembers what it held, for stale reads; or no longer.
    pub(crate) fn remember(&mut self, node: NodeId, whether: bool) {
        for volume in 0..self.volume_count(node) {
            self.volume(node, volume).remember(whether);
        }
    }

    /// The places of a node's volumes from which nothing good can be read, and where something is that
    /// belongs elsewhere.
    pub(crate) fn bad_places(&self, node: NodeId) -> impl Iterator<Item = Place> + '_ {
        let volumes = self.nodes.get(node.index()).map_or(&[][..], |node| &node.volumes);
        (0..=u8::MAX).zip(volumes).flat_map(move |(volume, storage)| {
            let name = self.name(node, volume);
            let bad = storage.media().filter(|(slot, medium)| match medium {
                Medium::Holds(stored) => stored.home.slot != *slot,
                Medium::Bad(..) => true,
            });
            bad.map(move |(slot, _)| Place { volume: name, slot })
        })
    }

    /// Whether a process of `node` that starts now finds something good at a place of its volumes: on the
    /// medium, or written and not yet there.
    pub(crate) fn reads_well(&self, node: NodeId, place: Place) -> bool {
        let Volume::Local(volume) = place.volume else { return false };
        let volumes = self.nodes.get(node.index()).map_or(&[][..], |node| &node.volumes);
        let storage = volumes.get(usize::from(volume));
        storage.is_some_and(|s| matches!(s.read(place.slot).0, Cell::Intact { .. }))
    }

    /// Whether a node's disk was ever replaced by a blank one.
    pub(crate) fn is_replaced(&self, node: NodeId) -> bool {
        self.nodes.get(node.index()).is_some_and(|node| node.replaced)
    }
}
