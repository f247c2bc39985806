//! What damaged disks mean to Paxos: which records share a fate, and who may still vote.
//!
//! Judged by what faults did to the disks, never by what a machine says of itself.

use crate::check::View;
use crate::scenario::{ChaosKind, Scenario};
use crate::seen::{Harm, Seen};
use crate::system::{Chunk, Core, EndOfClaims};
use interregnum_core::paxos::record::{FORMAT, PROMISED, Purpose, VOLUME, purpose};
use interregnum_core::{Fold, Machine, NodeId, NodeSet, Place};
use std::collections::BTreeMap;

/// What a record is part of: the promise is kept twice, an entry by every node, and all else makes the
/// node what it is.
pub(super) fn chunk(place: Place) -> Chunk {
    if place.volume != VOLUME {
        return Chunk::Identity;
    }
    match purpose(place.slot.0) {
        Purpose::Promised => Chunk::Spare { number: u8::from(place.slot.0 == 2), of: 2 },
        Purpose::Entry(slot, _) | Purpose::Mirror(slot, _) => Chunk::Replicated(slot.0),
        Purpose::Format | Purpose::Pointer | Purpose::Snapshot | Purpose::Unused => Chunk::Identity,
    }
}

/// Majorities of those who may vote, so large that whichever is drawn, a majority of it still has its
/// copy of every entry.
pub(super) fn core<M: Machine>(members: u8, view: View<'_, M>) -> Core {
    let mut voters = NodeSet::first(members);
    let mut damaged: BTreeMap<u64, NodeSet> = BTreeMap::new();
    for node in NodeId::first(members) {
        let mut spared = 2_u8;
        for place in view.bad_places(node) {
            match chunk(place) {
                Chunk::Identity => spared = 0,
                Chunk::Spare { .. } => spared = spared.saturating_sub(1),
                Chunk::Replicated(slot) => {
                    damaged.entry(slot).or_insert(NodeSet::EMPTY).insert(node);
                }
            }
        }
        if spared == 0 || view.is_replaced(node) {
            voters.remove(node);
        }
    }
    let lost = damaged.values().map(|nodes| nodes.intersection(voters).len()).max().unwrap_or(0);
    let majority = u32::from(members) / 2 + 1;
    if voters.len() < majority + lost {
        // Whatever is healed, some slot may stay open for good: nothing is owed.
        return Core { among: NodeSet::EMPTY, at_least: 0 };
    }
    Core { among: voters, at_least: majority + lost }
}

/// Whether records of a run can get lost or be misread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Fold)]
pub enum Disks {
    /// What is durable stays.
    Sound,
    /// No more than the faults leave.
    MayFail,
}

impl Disks {
    /// What the faults of a scenario may do.
    pub(super) fn of(scenario: &Scenario) -> Self {
        const FAILS: &[ChaosKind] = &[
            ChaosKind::TornWrite,
            ChaosKind::Rot,
            ChaosKind::BadSector,
            ChaosKind::DiskError,
            ChaosKind::DeadDisk,
            ChaosKind::BlankDisk,
            ChaosKind::LostWrite,
            ChaosKind::MisdirectedWrite,
            ChaosKind::StaleRead,
        ];
        if may_strike(scenario, FAILS) { Self::MayFail } else { Self::Sound }
    }
}

/// Whether a fault of one of these kinds is scripted, or may be drawn.
pub(super) fn may_strike(scenario: &Scenario, kinds: &[ChaosKind]) -> bool {
    let is_one = |kind: &ChaosKind| kinds.contains(kind);
    let scripted = scenario.faults.iter().filter_map(|fault| Some(fault.what()?.kind()));
    let drawn =
        scenario.chaos.as_ref().map(|chaos| chaos.kinds.as_deref().unwrap_or(ChaosKind::ALL));
    scripted.into_iter().any(|kind| is_one(&kind))
        || drawn.is_some_and(|drawn| drawn.iter().any(is_one))
}

/// Whether a process of `node` that starts now cannot read whose disk it has, or neither copy of its promise.
pub(super) fn forgot<M: Machine>(view: View<'_, M>, node: NodeId) -> bool {
    let reads = |place| view.reads_well(node, place);
    !reads(FORMAT) || !PROMISED.into_iter().any(reads)
}

/// Whether a disk lied in a way that nothing gives away: from then on Paxos promises nothing.
pub(super) const fn betrayal<M: Machine>(seen: &Seen<'_, M>) -> Option<EndOfClaims> {
    const ASTRAY: ChaosKind = ChaosKind::MisdirectedWrite;
    let kinds: &[ChaosKind] = match seen {
        Seen::Damaged { harm: Harm::Lost, .. } => &[ChaosKind::LostWrite, ASTRAY],
        Seen::Damaged { harm: Harm::Overwritten, .. } => &[ASTRAY],
        Seen::Misread { stale: true, .. } => &[ChaosKind::StaleRead],
        _ => return None,
    };
    Some(EndOfClaims { why: "a disk lied, and nothing gave it away", kinds })
}
