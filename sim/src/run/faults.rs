//! Faults begin and end.

use super::Run;
use super::targets::Struck;
use crate::clock::TrueTime;
use crate::cluster::Driver as _;
use crate::cluster::{Interruption, Trip};
use crate::dice::{DelayLaw, Dice, Source};
use crate::scenario::{Fault, Partition, Ratio, Target};
use crate::seen::{CrashCause, Seen};
use crate::system::System;
use crate::timeline::{Disturbance, Event, Trouble};
use interregnum_core::{NodeId, NodeSet};

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
    dice: Option<Dice>,
}

impl Fault {
    /// The kind, as scenario files write it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self { crash: Some(_), .. } => "crash",
            Self { power_loss: Some(_), .. } => "power_loss",
            Self { pause: Some(_), .. } => "pause",
            Self { partition: Some(_), .. } => "partition",
            Self { loss: Some(_), .. } => "loss",
            Self { duplication: Some(_), .. } => "duplication",
            Self { delay: Some(_), .. } => "delay",
            _ => "none",
        }
    }
}

impl<S: System> Run<'_, S> {
    pub(super) fn begin_fault(&mut self, number: u32) {
        if self.calm_since.is_some() {
            return;
        }
        let planned = &self.plan.faults[number as usize];
        let (fault, dice_number) = (planned.fault.clone(), planned.dice);
        let mut dice = Dice::new(self.seed, Source::Fault(dice_number));
        let struck = self.whom(&fault, &mut dice);
        if struck.is_empty() {
            return;
        }
        let nodes = struck.nodes;
        let effects = &mut self.effects[number as usize];
        (effects.fired, effects.active) = (true, true);
        effects.struck = struck.clone();
        // By the number of its dice, so that a plan that was written out is the same run.
        let began = Seen::FaultBegan { index: dice_number, kind: fault.kind(), nodes };
        self.timeline.see(&self.cluster, &began);
        if let Some(lasts) = fault.lasts {
            let end = self.timeline.time().after(lasts.0);
            self.timeline.schedule(end, Event::FaultEnds(number));
        }
        self.strike(number, &fault, &struck, dice);
    }

    /// The fault's target; for those that strike links, the nodes at their ends.
    fn whom(&self, fault: &Fault, dice: &mut Dice) -> Struck {
        let of = |target: &Option<Target>, dice: &mut Dice| {
            self.resolve(target.as_ref().unwrap_or(&Target::All), dice)
        };
        match fault {
            Fault { crash: Some(crash), .. } => self.resolve(&crash.target, dice),
            Fault { power_loss: Some(loss), .. } => self.resolve(&loss.target, dice),
            Fault { pause: Some(pause), .. } => self.resolve(&pause.target, dice),
            Fault { loss: Some(lossy), .. } | Fault { duplication: Some(lossy), .. } => {
                of(&lossy.target, dice)
            }
            Fault { delay: Some(slow), .. } => of(&slow.target, dice),
            Fault { partition: Some(partition), .. } => self.sides(partition, dice),
            _ => Struck::default(),
        }
    }

    fn strike(&mut self, number: u32, fault: &Fault, struck: &Struck, dice: Dice) {
        match fault {
            Fault { crash: Some(crash), .. } => {
                self.stop(number, struck, crash.after_effects, Interruption::Crash);
            }
            Fault { pause: Some(pause), .. } => {
                self.stop(number, struck, pause.after_effects, Interruption::Pause);
            }
            Fault { power_loss: Some(loss), .. } => {
                self.effects[number as usize].dice = Some(dice);
                match loss.after_effects {
                    Some(_) => {
                        self.stop(number, struck, loss.after_effects, Interruption::Power);
                    }
                    None => struck.nodes.iter().for_each(|node| self.black_out(number, node)),
                }
            }
            Fault { partition: Some(_), .. } => {
                for (from, to) in &struck.cuts {
                    self.cluster.network.cut(number, *from, *to);
                }
            }
            Fault { loss: Some(lossy), .. } => {
                self.disturb(number, struck, Trouble::Loss(lossy.ratio), dice);
            }
            Fault { duplication: Some(lossy), .. } => {
                self.disturb(number, struck, Trouble::Duplication(lossy.ratio), dice);
            }
            Fault { delay: Some(slow), .. } => {
                let law = DelayLaw::new(&slow.extra);
                self.disturb(number, struck, Trouble::Delay(law), dice);
            }
            _ => {}
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

    fn fell(&mut self, process: usize, fault: u32, why: CrashCause) {
        if self.cluster.hold_down(process, fault, why, &mut self.timeline) {
            self.cluster.bite(fault);
        }
    }

    /// The power of a node fails: its processes fall, and what was not synced may be lost.
    pub(super) fn black_out(&mut self, fault: u32, node: NodeId) {
        for process in self.cluster.parts(node) {
            self.fell(process, fault, CrashCause::Power);
        }
        self.cluster.set_disk_down(node, true);
        let Some(dice) = &mut self.effects[fault as usize].dice else { return };
        // Nothing, a quarter, half, three quarters or all of what was not synced survives.
        let keep = Ratio::ppm(u32::try_from(dice.word() % 5).unwrap_or(0) * 250_000);
        if self.cluster.lose_power(node, keep, dice, &mut self.timeline) {
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
        let planned = &self.plan.faults[number as usize];
        let kind = planned.fault.kind();
        self.timeline.see(&self.cluster, &Seen::FaultEnded { index: planned.dice, kind });
        self.cluster.network.mend(number);
        self.timeline.disturbances.retain(|trouble| trouble.fault != number);
        for node in struck.nodes.iter().filter(|_| kind == "power_loss") {
            self.cluster.set_disk_down(node, false);
        }
        // A power failure takes all of a node's processes, whichever of them it was aimed at.
        let siblings = struck.nodes.iter().filter(|_| kind == "power_loss");
        let siblings = siblings.flat_map(|node| self.cluster.parts(node)).collect::<Vec<_>>();
        for process in struck.processes.into_iter().chain(siblings) {
            self.cluster.end_trip(process, number);
            self.cluster.resume(process, number, &mut self.timeline);
            self.cluster.let_up(process, number, &mut self.timeline);
        }
    }
}

/// Whether there is a link from one set to the other: a node always hears itself.
fn cuts_anything(from: NodeSet, to: NodeSet) -> bool {
    from.iter().any(|node| !to.is_subset([node].into_iter().collect()))
}
