//! Faults of disks begin and end.

use super::Run;
use super::targets::Struck;
use crate::cluster::{Bad, Odds, Records, Spoil, Unhang};
use crate::dice::{DelayLaw, Dice};
use crate::scenario::{self, DiskOperation, Ratio, Target, What};
use crate::seen::CrashCause;
use crate::system::System;
use crate::timeline::{Ailment, Illness};
use interregnum_core::{LocalTime, NodeId, NodeSet};

impl<S: System> Run<'_, S> {
    /// Begins a fault that strikes disks and nothing else.
    pub(super) fn strike_disks(
        &mut self,
        number: u32,
        what: What<'_>,
        struck: &Struck,
        dice: Dice,
    ) {
        match what {
            What::Rot(records) => self.spoil(number, Bad::Damaged, records, struck, dice),
            What::BadSector(records) => self.spoil(number, Bad::Unreadable, records, struck, dice),
            What::StaleRead(disks) => {
                for node in struck.nodes.iter() {
                    self.cluster.remember(node, true);
                }
                self.ail(number, Illness::Stale(disks.ratio), &disks.from, struck, dice);
            }
            what => {
                let none = None;
                if let Some((illness, from)) = illness(what, &none) {
                    self.ail(number, illness, from, struck, dice);
                }
            }
        }
    }

    fn ail(
        &mut self,
        fault: u32,
        what: Illness,
        from: &Option<Target>,
        struck: &Struck,
        mut dice: Dice,
    ) {
        let from = match from {
            Some(from) => self.resolve(from, &mut dice).nodes,
            None => NodeSet::first(NodeSet::CAPACITY),
        };
        let ailment = Ailment { fault, disks: struck.nodes, from, what, dice };
        self.timeline.ailments.push(ailment);
    }

    fn spoil(
        &mut self,
        fault: u32,
        how: Bad,
        records: &scenario::Records,
        struck: &Struck,
        mut dice: Dice,
    ) {
        let [first, last] = records.slots.unwrap_or([0, u64::MAX]);
        let highest = records.highest.and_then(|highest| usize::try_from(highest).ok());
        let records = Records { slots: first..=last, highest, ratio: records.ratio };
        let (plan, system, setup) = (&self.plan, self.system, self.setup);
        let may = |node, at| plan.may_damage(fault, node, system.chunk(setup, at));
        for node in struck.nodes.iter() {
            let (cluster, timeline) = (&mut self.cluster, &mut self.timeline);
            cluster.spoil(node, &records, Spoil { fault, how }, &may, &mut dice, timeline);
        }
    }

    /// The power of a node fails: its processes fall, and what was not synced may be lost, or worse.
    pub(super) fn black_out(&mut self, fault: u32, node: NodeId) {
        for process in self.cluster.parts(node) {
            self.fell(process, fault, CrashCause::Power);
        }
        self.cluster.hold_disk_down(node, fault);
        let Some(dice) = &mut self.effects[fault as usize].dice else { return };
        // Nothing, a quarter, half, three quarters or all of what was not synced survives.
        let keep = Ratio::ppm(u32::try_from(dice.word() % 5).unwrap_or(0) * 250_000);
        let what = self.plan.faults[fault as usize].fault.what();
        let odds = match what {
            Some(What::TornWrite(torn)) => Odds { keep, torn: torn.ratio },
            _ => Odds { keep, torn: Ratio::default() },
        };
        let (plan, system, setup) = (&self.plan, self.system, self.setup);
        let may = |node, at| plan.may_damage(fault, node, system.chunk(setup, at));
        // Any reading, so that nobody gets away with comparing it with an earlier one.
        let shown = LocalTime(dice.word() >> 16);
        let fates = &mut || odds.draw(dice);
        let mut bit = self.cluster.lose_power(node, fault, shown, fates, &may, &mut self.timeline);
        if let Some(What::BlankDisk(_)) = what {
            bit |= self.cluster.replace_disk(node, &mut self.timeline);
        }
        if bit {
            self.cluster.bite(fault);
        }
    }

    /// The disks that a fault struck are well again. What it kept from starting, or stopped, starts anew,
    /// and so does what could not read its disk when it started.
    pub(super) fn cure(&mut self, fault: u32, nodes: NodeSet) {
        let before = self.timeline.ailments.len();
        self.timeline.ailments.retain(|ailment| ailment.fault != fault);
        if self.timeline.ailments.len() == before {
            return;
        }
        let is_stale = |ailment: &Ailment| matches!(ailment.what, Illness::Stale(_));
        for node in nodes.iter() {
            let mut others = self.timeline.ailments.iter().filter(|ailment| is_stale(ailment));
            if !others.any(|ailment| ailment.disks.contains(node)) {
                self.cluster.remember(node, false);
            }
        }
        self.cluster.unhang(Unhang::By(fault), &mut self.timeline);
        for process in nodes.iter().flat_map(|node| self.cluster.parts(node)).collect::<Vec<_>>() {
            self.cluster.start_anew(process, &mut self.timeline);
        }
    }
}

/// What lasts as long as the fault does, and for whom.
fn illness<'f>(
    what: What<'f>,
    everyone: &'f Option<Target>,
) -> Option<(Illness, &'f Option<Target>)> {
    Some(match what {
        What::DiskError(errors) => {
            let strikes = |one| errors.only.is_none_or(|only| only == one);
            let illness = Illness::Errors {
                ratio: errors.ratio,
                reads: strikes(DiskOperation::Read),
                writes: strikes(DiskOperation::Write),
                syncs: strikes(DiskOperation::Sync),
            };
            (illness, &errors.from)
        }
        What::FullDisk(_) => (Illness::Full, everyone),
        What::SlowDisk(slow) => (Illness::Slow(DelayLaw::new(&slow.extra)), &slow.from),
        What::HungDisk(disks) => (Illness::Hung, &disks.from),
        What::DeadDisk(disks) => (Illness::Dead, &disks.from),
        What::LostWrite(disks) => (Illness::LosesWrites(disks.ratio), &disks.from),
        What::MisdirectedWrite(disks) => (Illness::Misdirects(disks.ratio), &disks.from),
        _ => return None,
    })
}
