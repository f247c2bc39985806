//! Drawn faults of disks.

use super::Storm;
use crate::scenario::{
    ChaosKind, Disk, DiskErrors, DiskOperation, Fault, Records, SlowDisk, Target, TornWrite,
    Unavailable, Unfaithful,
};

/// Whether a kind damages what is durable.
pub(super) const fn damages(kind: ChaosKind) -> bool {
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

/// Whether the strength of a kind is the share of what it strikes.
pub(super) const fn has_ratio(kind: ChaosKind) -> bool {
    matches!(
        kind,
        ChaosKind::TornWrite
            | ChaosKind::Rot
            | ChaosKind::BadSector
            | ChaosKind::DiskError
            | ChaosKind::LostWrite
            | ChaosKind::MisdirectedWrite
            | ChaosKind::StaleRead
    )
}

impl Storm<'_> {
    /// Makes it a fault of disks; nothing if there is nobody whom it may strike.
    pub(super) fn disk_fault(&mut self, fault: &mut Fault) -> Option<()> {
        let ratio = self.strength;
        match self.kind {
            ChaosKind::TornWrite => {
                let (target, after_effects) = (self.outage(), self.seam());
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
                let (target, extra) = (self.any_node(), self.extra);
                fault.slow_disk = Some(SlowDisk { target, extra, from: None });
            }
            ChaosKind::HungDisk => fault.hung_disk = Some(self.unavailable()),
            ChaosKind::DeadDisk => fault.dead_disk = Some(self.unavailable()),
            ChaosKind::BlankDisk => {
                let doomed: Vec<_> = self.whom.doomed.iter().collect();
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
        Records { target, slots: None, highest, ratio: self.strength }
    }

    fn unavailable(&mut self) -> Unavailable {
        Unavailable { target: self.any_node(), from: None }
    }

    fn unfaithful(&mut self) -> Unfaithful {
        Unfaithful { target: self.any_node(), ratio: self.strength, from: None }
    }
}
