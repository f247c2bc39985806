//! Faults begin and end.

use super::Run;
use super::targets::Struck;
use crate::clock::TrueTime;
use crate::cluster::Driver as _;
use crate::cluster::{ClockTrouble, Interruption, Reached, Trip, Watch};
use crate::dice::{DelayLaw, Dice, Source};
use crate::scenario::{Fault, Hold, Lossy, Only, Slow, Target, What, When};
use crate::seen::{CrashCause, Seen};
use crate::system::System;
use crate::timeline::{Disturbance, Event, Trouble, Whom};
use interregnum_core::NodeSet;

/// What a fault of the plan has done so far.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// It began and found a target.
    pub(super) fired: bool,
    /// It is in effect.
    pub(super) active: bool,
    /// When it ends, if it does.
    ends: Option<TrueTime>,
    /// When it last ended, for those that want to know what happened shortly before.
    pub(super) ended: Option<TrueTime>,
    /// Whom it struck.
    pub(super) struck: Struck,
    /// The nodes that it struck, which others may refer to after it has ended.
    pub(super) hit: NodeSet,
    /// What it draws while it is in effect.
    pub(super) dice: Option<Dice>,
}

impl<S: System> Run<'_, S> {
    /// The time of a fault has come: it strikes, or waits for its seam.
    pub(super) fn begin_fault(&mut self, number: u32) {
        if self.calm_since.is_some() {
            return;
        }
        let fault = self.plan.faults[number as usize].fault.clone();
        match &fault.when {
            None => self.set_off(number, &fault),
            Some(when) => self.await_seam(number, &fault, when),
        }
    }

    fn set_off(&mut self, number: u32, fault: &Fault) {
        let Some(what) = fault.what() else { return };
        let mut dice = self.fault_dice(number);
        let struck = self.whom(what, &mut dice);
        if !struck.is_empty() {
            self.in_effect(number, fault, &struck);
            self.strike(number, what, &struck, dice);
        }
    }

    fn fault_dice(&self, number: u32) -> Dice {
        Dice::new(self.seed, Source::Fault(self.plan.faults[number as usize].dice))
    }

    /// Notes that a fault strikes, and when it ends.
    fn in_effect(&mut self, number: u32, fault: &Fault, struck: &Struck) {
        let now = self.timeline.time();
        let effects = &mut self.effects[number as usize];
        (effects.fired, effects.active) = (true, true);
        effects.struck = struck.clone();
        effects.hit = struck.nodes;
        effects.ends = fault.lasts.map(|lasts| now.after(lasts.0));
        let ends = effects.ends;
        // By the number of its dice, so that a plan that was written out is the same run.
        let index = self.plan.faults[number as usize].dice;
        let began = Seen::FaultBegan { index, kind: fault.kind(), nodes: struck.nodes };
        self.timeline.see(&self.cluster, &began);
        if let Some(end) = ends {
            self.timeline.schedule(end, Event::FaultEnds(number));
        }
    }

    /// A fault that stops processes strikes the one of its targets that reaches the seam; the others
    /// strike whom they say when anybody does.
    fn await_seam(&mut self, number: u32, fault: &Fault, when: &When) {
        let how = match fault.what() {
            Some(What::Crash(_)) => Some(Interruption::Crash),
            Some(What::Pause(_)) => Some(Interruption::Pause),
            Some(what) if cuts_power(what) => Some(Interruption::Power),
            _ => None,
        };
        let mut dice = self.fault_dice(number);
        let among = match fault.what() {
            Some(what) if how.is_some() => self.whom(what, &mut dice),
            _ => self.resolve(&Target::All, &mut dice),
        };
        self.effects[number as usize].dice = Some(dice);
        let (seam, side, left) = (when.seam.clone(), when.side, when.nth);
        let among = among.processes;
        self.cluster.watch_seam(Watch { fault: number, seam, side, left, among, how });
        if let Some(within) = when.within {
            let end = self.timeline.time().after(within.0);
            self.timeline.schedule(end, Event::FaultEnds(number));
        }
    }

    /// A fault has found its seam.
    pub(super) fn reach_seam(&mut self, reached: Reached) {
        let Reached { fault: number, process, struck } = reached;
        let fault = self.plan.faults[number as usize].fault.clone();
        if struck {
            let nodes = [self.cluster.process_at(process).id.node].into_iter().collect();
            let struck = Struck { processes: vec![process], nodes, cuts: Vec::new() };
            self.in_effect(number, &fault, &struck);
        } else {
            self.set_off(number, &fault);
        }
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
            What::Loss(Lossy { ratio, only, .. }) => {
                self.disturb(number, struck, only.as_ref(), Trouble::Loss(*ratio), dice);
            }
            What::Duplication(Lossy { ratio, only, .. }) => {
                self.disturb(number, struck, only.as_ref(), Trouble::Duplication(*ratio), dice);
            }
            What::Delay(Slow { extra, only, .. }) => {
                let trouble = Trouble::Delay(DelayLaw::new(extra));
                self.disturb(number, struck, only.as_ref(), trouble, dice);
            }
            What::Hold(Hold { ratio, extra, only, .. }) => {
                let trouble = Trouble::Hold(*ratio, DelayLaw::new(extra));
                self.disturb(number, struck, only.as_ref(), trouble, dice);
            }
            What::Clog(clog) => {
                let trouble = Trouble::Clog(self.ends(number));
                self.disturb(number, struck, clog.only.as_ref(), trouble, dice);
            }
            What::Slow(slow) => {
                let trouble = Trouble::Slow(slow.times, self.ends(number));
                self.disturb(number, struck, None, trouble, dice);
            }
            What::ClockRate(rate) => {
                self.upset_clocks(number, struck, ClockTrouble::Rate(rate.ppm));
            }
            What::ClockStep(step) => {
                self.upset_clocks(number, struck, ClockTrouble::Step(step.by_ns()));
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

    /// When a fault that has begun ends, or is ended by the calm.
    fn ends(&self, number: u32) -> TrueTime {
        let calm = self.plan.calm_at;
        self.effects[number as usize].ends.map_or(calm, |ends| ends.min(calm))
    }

    fn upset_clocks(&mut self, number: u32, struck: &Struck, trouble: ClockTrouble) {
        for node in struck.nodes.iter() {
            self.cluster.upset_clock(node, number, trouble, &mut self.timeline);
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
                (Some(after), _) => {
                    self.cluster.set_trip(process, Trip { after, kind, fault, at_once: false })
                }
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

    fn disturb(
        &mut self,
        fault: u32,
        struck: &Struck,
        only: Option<&Only>,
        what: Trouble,
        mut dice: Dice,
    ) {
        let peer = only.and_then(|only| only.peer.as_ref());
        let peer = peer.map(|peer| self.resolve(peer, &mut dice).nodes);
        let class = only.and_then(|only| only.class.clone());
        let links = only.and_then(|only| only.links);
        let whom = Whom { nodes: struck.nodes, peer, class, links };
        self.timeline.disturbances.push(Disturbance { fault, whom, what, dice });
    }

    pub(super) fn end_fault(&mut self, number: u32) {
        let now = self.timeline.time();
        self.cluster.unwatch_seam(number);
        let effects = &mut self.effects[number as usize];
        // What waited for a seam may have been told to give up, and found it since.
        let is_over = effects.ends.is_some_and(|ends| ends <= now);
        if self.calm_since.is_some() || !is_over || !std::mem::take(&mut effects.active) {
            return;
        }
        effects.ended = Some(now);
        let struck = std::mem::take(&mut effects.struck);
        let planned = &self.plan.faults[number as usize];
        let kind = planned.fault.kind();
        self.timeline.see(&self.cluster, &Seen::FaultEnded { index: planned.dice, kind });
        self.cluster.network.mend(number);
        self.timeline.disturbances.retain(|trouble| trouble.fault != number);
        for node in struck.nodes.iter() {
            self.cluster.let_disk_up(node, number);
            self.cluster.restore_clock(node, number, &mut self.timeline);
        }
        let dark = self.plan.faults[number as usize].fault.what().is_some_and(cuts_power);
        let dark = if dark { struck.nodes } else { NodeSet::EMPTY };
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
