//! Faults begin and end.

use super::Run;
use super::targets::Struck;
use crate::clock::TrueTime;
use crate::cluster::Driver as _;
use crate::cluster::{Interruption, Trip};
use crate::dice::{DelayLaw, Dice, Source};
use crate::scenario::{Partition, Target, What};
use crate::seen::{CrashCause, Seen};
use crate::system::System;
use crate::timeline::{Disturbance, Event, Trouble};
use interregnum_core::NodeSet;

/// What a fault of the plan has done so far.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// It began and found a target.
    pub(super) fired: bool,
    /// It is in effect.
    pub(super) active: bool,
    /// When it last ended, for those that want to know what happened shortly before.
    pub(super) ended: Option<TrueTime>,
    /// Whom it struck.
    pub(super) struck: Struck,
    /// What it draws while it is in effect.
    pub(super) dice: Option<Dice>,
}

impl<S: System> Run<'_, S> {
    pub(super) fn begin_fault(&mut self, number: u32) {
        if self.calm_since.is_some() {
            return;
        }
        let fault = self.plan.faults[number as usize].fault.clone();
        let Some(what) = fault.what() else { return };
        let mut dice = Dice::new(self.seed, Source::Fault(number));
        let struck = self.whom(what, &mut dice);
        if struck.is_empty() {
            return;
        }
        let nodes = struck.nodes;
        let effects = &mut self.effects[number as usize];
        (effects.fired, effects.active) = (true, true);
        effects.struck = struck.clone();
        let began = Seen::FaultBegan { index: number, kind: fault.kind(), nodes };
        self.timeline.see(&self.cluster, &began);
        if let Some(lasts) = fault.lasts {
            let end = self.timeline.time().after(lasts.0);
            self.timeline.schedule(end, Event::FaultEnds(number));
        }
        self.strike(number, what, &struck, dice);
    }

    /// The fault's target; for those that strike links, the nodes at their ends.
    fn whom(&self, what: What<'_>, dice: &mut Dice) -> Struck {
        match what {
            What::Partition(partition) => self.sides(partition, dice),
            what => self.resolve(what.strike().target().unwrap_or(&Target::All), dice),
        }
    }

    fn strike(&mut self, number: u32, what: What<'_>, struck: &Struck, dice: Dice) {
        match what {
            What::Crash(crash) => {
                self.stop(number, struck, crash.after_effects, Interruption::Crash);
            }
            What::Pause(pause) => {
                self.stop(number, struck, pause.after_effects, Interruption::Pause);
            }
            What::PowerLoss(loss) => self.cut_power(number, struck, loss.after_effects, dice),
            What::TornWrite(torn) => self.cut_power(number, struck, torn.after_effects, dice),
            What::BlankDisk(_) => self.cut_power(number, struck, None, dice),
            What::Partition(_) => {
                for (from, to) in &struck.cuts {
                    self.cluster.network.cut(number, *from, *to);
                }
            }
            What::Loss(lossy) => self.disturb(number, struck, Trouble::Loss(lossy.ratio), dice),
            What::Duplication(lossy) => {
                self.disturb(number, struck, Trouble::Duplication(lossy.ratio), dice);
            }
            What::Delay(slow) => {
                let law = DelayLaw::new(&slow.extra);
                self.disturb(number, struck, Trouble::Delay(law), dice);
            }
            what => self.strike_disks(number, what, struck, dice),
        }
    }

    fn cut_power(&mut self, number: u32, struck: &Struck, after_effects: Option<u32>, dice: Dice) {
        self.effects[number as usize].dice = Some(dice);
        match after_effects {
            Some(_) => self.stop(number, struck, after_effects, Interruption::Power),
            None => struck.nodes.iter().for_each(|node| self.black_out(number, node)),
        }
    }

    fn stop(
        &mut self,
        fault: u32,
        struck: &Struck,
        after_effects: Option<u32>,
        kind: Interruption,
    ) {
        let after = after_effects.and_then(|after| usize::try_from(after).ok());
        for &process in &struck.processes {
            match (after, kind) {
                (Some(after), _) => self.cluster.set_trip(process, Trip { after, kind, fault }),
                (None, Interruption::Pause) => {
                    if self.cluster.process_at(process).up {
                        self.cluster.pause(process, fault, &mut self.timeline);
                    }
                }
                (None, Interruption::Crash) => self.fell(process, fault, CrashCause::Crash),
                (None, Interruption::Power) => {}
            }
        }
    }

    pub(super) fn fell(&mut self, process: usize, fault: u32, why: CrashCause) {
        if self.cluster.hold_down(process, fault, why, &mut self.timeline) {
            self.cluster.bite(fault);
        }
    }

    fn disturb(&mut self, fault: u32, struck: &Struck, what: Trouble, dice: Dice) {
        let nodes = struck.nodes;
        self.timeline.disturbances.push(Disturbance { fault, nodes, what, dice });
    }

    /// The links that a partition cuts, and the nodes that it names.
    fn sides(&self, partition: &Partition, dice: &mut Dice) -> Struck {
        let total = u8::try_from(self.cluster.node_count()).unwrap_or(NodeSet::CAPACITY);
        let everyone = NodeSet::first(total);
        let both = |inside: NodeSet| {
            let outside = everyone.difference(inside);
            [(inside, outside), (outside, inside)]
        };
        let (nodes, cuts) = if let Some(isolate) = &partition.isolate {
            let inside = self.resolve(isolate, dice).nodes;
            (inside, both(inside).to_vec())
        } else if let (Some(from), Some(to)) = (&partition.from, &partition.to) {
            let from = self.resolve(from, dice).nodes;
            (from, vec![(from, self.resolve(to, dice).nodes)])
        } else {
            let (mut named, mut cuts) = (NodeSet::EMPTY, Vec::new());
            for group in partition.groups.iter().flatten() {
                // A node listed twice belongs to the first of its groups.
                let group = self.resolve(group, dice).nodes.difference(named);
                named = named.union(group);
                cuts.extend(both(group));
            }
            (named, cuts)
        };
        let cuts: Vec<_> =
            cuts.into_iter().filter(|(from, to)| cuts_anything(*from, *to)).collect();
        let nodes = if cuts.is_empty() { NodeSet::EMPTY } else { nodes };
        Struck { processes: Vec::new(), nodes, cuts }
    }

    pub(super) fn end_fault(&mut self, number: u32) {
        let effects = &mut self.effects[number as usize];
        if self.calm_since.is_some() || !std::mem::take(&mut effects.active) {
            return;
        }
        effects.ended = Some(self.timeline.time());
        let struck = std::mem::take(&mut effects.struck);
        let kind = self.plan.faults[number as usize].fault.kind();
        self.timeline.see(&self.cluster, &Seen::FaultEnded { index: number, kind });
        self.cluster.network.mend(number);
        self.timeline.disturbances.retain(|trouble| trouble.fault != number);
        let dark = self.plan.faults[number as usize].fault.what().is_some_and(cuts_power);
        let dark = if dark { struck.nodes } else { NodeSet::EMPTY };
        dark.iter().for_each(|node| self.cluster.set_disk_down(node, false));
        // A power failure takes all of a node's processes, whichever of them it was aimed at.
        let siblings = dark.iter();
        let siblings = siblings.flat_map(|node| self.cluster.parts(node)).collect::<Vec<_>>();
        for process in struck.processes.into_iter().chain(siblings) {
            self.cluster.end_trip(process, number);
            self.cluster.resume(process, number, &mut self.timeline);
            self.cluster.let_up(process, number, &mut self.timeline);
        }
        self.cure(number, struck.nodes);
    }
}

/// Whether a fault takes the power of whole nodes.
const fn cuts_power(what: What<'_>) -> bool {
    matches!(what, What::PowerLoss(_) | What::TornWrite(_) | What::BlankDisk(_))
}

/// Whether there is a link from one set to the other: a node always hears itself.
fn cuts_anything(from: NodeSet, to: NodeSet) -> bool {
    from.iter().any(|node| !to.is_subset([node].into_iter().collect()))
}
