//! Drawn faults of disks.

use super::Storm;
use crate::scenario::{
    ChaosKind, Disk, DiskErrors, DiskOperation, Fault, Records, SlowDisk, Target, TornWrite,
    Unavailable, Unfaithful,
};

/// Whether a kind damages what is durable.
pub(in crate::plan) const fn damages(kind: ChaosKind) -> bool {
    matches!(
        kind,
        ChaosKind::TornWrite
            | ChaosKind::Rot
            | ChaosKind::BadSector
            | ChaosKind::BlankDisk
            | ChaosKind::LostWrite
            | ChaosKind::MisdirectedWrite
    )
}

/// Whether what a fault damages is picked record by record.
pub(in crate::plan) const fn damages_records(fault: &Fault) -> bool {
    fault.rot.is_some() || fault.bad_sector.is_some() || fault.torn_write.is_some()
}

impl Storm<'_> {
    /// Makes it a fault of disks; nothing if there is nobody whom it may strike.
    pub(super) fn disk_fault(&mut self, fault: &mut Fault) -> Option<()> {
        let ratio = self.style.strength;
        match self.style.kind {
            ChaosKind::TornWrite => {
                let (mut target, after_effects) = self.process(fault);
                if fault.when.is_none() {
                    target = self.outage();
                }
                fault.torn_write = Some(TornWrite { target, ratio, after_effects });
            }
            ChaosKind::Rot => fault.rot = Some(self.records()),
            ChaosKind::BadSector => fault.bad_sector = Some(self.records()),
            ChaosKind::DiskError => {
                let target = self.any_node();
                let only = match self.dice.word() % 4 {
                    0 => None,
                    1 => Some(DiskOperation::Read),
                    2 => Some(DiskOperation::Write),
                    _ => Some(DiskOperation::Sync),
                };
                fault.disk_error = Some(DiskErrors { target, ratio, only, from: None });
            }
            ChaosKind::FullDisk => fault.full_disk = Some(Disk { target: self.any_node() }),
            ChaosKind::SlowDisk => {
                let (target, extra) = (self.any_node(), self.style.extra);
                fault.slow_disk = Some(SlowDisk { target, extra, from: None });
            }
            ChaosKind::HungDisk => fault.hung_disk = Some(self.unavailable()),
            ChaosKind::DeadDisk => fault.dead_disk = Some(self.unavailable()),
            ChaosKind::BlankDisk => {
                let doomed: Vec<_> = self.terrain.doomed.iter().collect();
                let target = Target::Node { node: self.dice.choose(&doomed)?.0, part: None };
                fault.blank_disk = Some(Disk { target });
            }
            ChaosKind::LostWrite => fault.lost_write = Some(self.unfaithful()),
            ChaosKind::MisdirectedWrite => fault.misdirected_write = Some(self.unfaithful()),
            ChaosKind::StaleRead => fault.stale_read = Some(self.unfaithful()),
            _ => return None,
        }
        Some(())
    }

    /// All records of a node, or those in its highest slots, which are often the newest.
    fn records(&mut self) -> Records {
        let (target, word) = (self.any_node(), self.dice.word());
        let highest = u32::try_from(1 + (word >> 32) % 16).ok().filter(|_| word & 1 == 0);
        Records { target, slots: None, highest, ratio: self.style.strength }
    }

    fn unavailable(&mut self) -> Unavailable {
        Unavailable { target: self.any_node(), from: None }
    }

    fn unfaithful(&mut self) -> Unfaithful {
        Unfaithful { target: self.any_node(), ratio: self.style.strength, from: None }
    }
}
