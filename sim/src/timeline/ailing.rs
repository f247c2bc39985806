//! What faults do to disk operations while they last.

use super::Timeline;
use crate::cluster::{Cluster, Operation, Stall, Turn};
use crate::dice::{DelayLaw, Dice, within};
use crate::scenario::Ratio;
use interregnum_core::{DiskError, Machine, NodeId, NodeSet, Span};

/// A fault of some disks.
#[derive(Debug)]
pub(crate) struct Ailment {
    pub(crate) fault: u32,
    pub(crate) disks: NodeSet,
    /// It strikes only what processes of these nodes ask of the disks.
    pub(crate) from: NodeSet,
    pub(crate) what: Illness,
    pub(crate) dice: Dice,
}

/// What is wrong with a disk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Illness {
    /// Operations fail now and then.
    Errors { ratio: Ratio, reads: bool, writes: bool, syncs: bool },
    /// Every write fails for want of space.
    Full,
    /// Every operation fails.
    Dead,
    /// Operations take longer.
    Slow(DelayLaw),
    /// Nothing completes.
    Hung,
    /// Writes are acknowledged and not carried out.
    LosesWrites(Ratio),
    /// Writes are acknowledged and carried out in another slot.
    Misdirects(Ratio),
    /// Reads see what was there when the fault began.
    Stale(Ratio),
}

impl Illness {
    /// What it makes of an operation, given a word of its dice.
    fn turn(self, fault: u32, operation: Operation, word: u64) -> Turn {
        use Operation::{Erase, Read, Sync, Write};
        let fails = |error| Turn::Fails { error, survivors: word };
        let struck = |ratio| within(word >> 32, ratio);
        match (self, operation) {
            (Self::Errors { ratio, reads: true, .. }, Read)
            | (Self::Errors { ratio, writes: true, .. }, Write | Erase)
            | (Self::Errors { ratio, syncs: true, .. }, Sync)
                if struck(ratio) =>
            {
                // The low half decides what survives; the high half was spent.
                Turn::Fails { error: DiskError::Io, survivors: word << 32 | word & 0xffff_ffff }
            }
            (Self::Full, Write) => fails(DiskError::Full),
            (Self::Dead, _) => Turn::Fails { error: DiskError::Io, survivors: 0 },
            (Self::LosesWrites(ratio), Write) if struck(ratio) => Turn::Lost { fault },
            (Self::Misdirects(ratio), Write) if struck(ratio) => {
                Turn::Strays { fault, word: word & 0xffff_ffff }
            }
            (Self::Stale(ratio), Read) if struck(ratio) => Turn::Stale { fault },
            _ => Turn::Well,
        }
    }
}

impl<M: Machine> Timeline<'_, M> {
    /// The disks of these nodes, and shared disks, are well from now on.
    pub(crate) fn cure(&mut self, disks: NodeSet) {
        for ailment in &mut self.ailments {
            ailment.disks = ailment.disks.difference(disks);
        }
        self.ailments.retain(|ailment| !ailment.disks.is_empty());
    }

    /// The first ailment that has its way with an operation; each throws its dice all the same.
    pub(super) fn ail(
        &mut self,
        cluster: &mut Cluster<M>,
        disk: NodeId,
        from: NodeId,
        operation: Operation,
    ) -> Turn {
        let mut turn = Turn::Well;
        for ailment in self.ailments.iter_mut().filter(|ailment| ailment.strikes(disk, from)) {
            let word = ailment.dice.word();
            if turn != Turn::Well {
                continue;
            }
            turn = ailment.what.turn(ailment.fault, operation, word);
            if let Turn::Fails { .. } = turn {
                cluster.bite(ailment.fault);
            }
        }
        turn
    }

    pub(super) fn hold_up(
        &mut self,
        cluster: &mut Cluster<M>,
        disk: NodeId,
        from: NodeId,
    ) -> Stall {
        let mut longer = Span::ZERO;
        for ailment in self.ailments.iter_mut().filter(|ailment| ailment.strikes(disk, from)) {
            match ailment.what {
                Illness::Hung => {
                    cluster.bite(ailment.fault);
                    return Stall::WhileLasts(ailment.fault);
                }
                Illness::Slow(law) => {
                    cluster.bite(ailment.fault);
                    longer = longer + law.draw(ailment.dice.word());
                }
                _ => {}
            }
        }
        Stall::For(longer)
    }
}

impl Ailment {
    const fn strikes(&self, disk: NodeId, from: NodeId) -> bool {
        self.disks.contains(disk) && self.from.contains(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_illness_strikes_what_it_is_about() {
        let always = Ratio::ppm(1_000_000);
        let reads = Illness::Errors { ratio: always, reads: true, writes: false, syncs: false };
        for (what, operation, well) in [
            (reads, Operation::Read, false),
            (reads, Operation::Sync, true),
            (Illness::Full, Operation::Erase, true),
            (Illness::Full, Operation::Write, false),
            (Illness::Dead, Operation::Erase, false),
            (Illness::LosesWrites(always), Operation::Read, true),
            (Illness::Misdirects(always), Operation::Write, false),
            (Illness::Misdirects(Ratio::default()), Operation::Write, true),
            (Illness::Stale(always), Operation::Write, true),
            (Illness::Hung, Operation::Sync, true),
        ] {
            let turn = what.turn(0, operation, 0x1234_5678_9abc_def0);
            assert_eq!(turn == Turn::Well, well, "{what:?} {operation:?}");
        }
    }
}
