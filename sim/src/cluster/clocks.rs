//! Clocks go wrong and are put right. Timers and watchdogs count on the node's clock, so that a change of
//! its rate changes when they are due.

use super::{Cluster, Driver};
use crate::clock::{Clock, ClockChange, TrueTime};
use crate::seen::Seen;
use interregnum_core::{LocalTime, Machine, NodeId};

/// What a fault does to a node's clocks while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockTrouble {
    /// The monotonic clock runs fast by so many parts per million.
    Rate(i32),
    /// The wall clock is ahead by so many nanoseconds.
    Step(i64),
}

/// The clocks of one node.
#[derive(Debug)]
pub(super) struct Clocks {
    pub(super) clock: Clock,
    /// The rate when no fault changes it, and the present one.
    base_ppm: i32,
    ppm: i32,
    /// Faults in effect; of those that change the rate, the last one counts.
    troubles: Vec<(u32, ClockTrouble)>,
}

impl Clocks {
    pub(super) const fn new(ppm: i32, clock: Clock) -> Self {
        Self { clock, base_ppm: ppm, ppm, troubles: Vec::new() }
    }

    /// The rate that the faults in effect lead to, and the fault that sets it.
    fn rate(&self) -> (i32, Option<u32>) {
        let rates = self.troubles.iter().rev().filter_map(|(fault, trouble)| match trouble {
            ClockTrouble::Rate(ppm) => Some((*ppm, Some(*fault))),
            ClockTrouble::Step(_) => None,
        });
        rates.into_iter().next().unwrap_or((self.base_ppm, None))
    }

    /// The fault because of which a reading of the monotonic clock, or a timer, differs.
    #[inline]
    pub(super) fn wrong_rate(&self) -> Option<u32> {
        if self.troubles.is_empty() {
            return None;
        }
        self.rate().1.filter(|_| self.ppm != self.base_ppm)
    }

    /// The fault because of which a reading of the wall clock differs.
    pub(super) fn wrong_wall(&self) -> Option<u32> {
        let steps = self.troubles.iter().rev();
        let step = |(fault, trouble): &(u32, ClockTrouble)| {
            matches!(trouble, ClockTrouble::Step(_)).then_some(*fault)
        };
        steps.filter_map(step).next().or_else(|| self.wrong_rate())
    }
}

impl<M: Machine> Cluster<M> {
    /// A process reads the monotonic clock: counts the fault because of which the answer differs.
    #[inline]
    pub(super) fn reads_monotonic(&mut self, process: usize) {
        let clocks = &self.nodes[self.processes[process].id.node.index()].clocks;
        if let Some(fault) = clocks.wrong_rate() {
            self.bite(fault);
        }
    }

    /// A process reads the wall clock.
    pub(super) fn reads_wall(&mut self, process: usize) {
        let clocks = &self.nodes[self.processes[process].id.node.index()].clocks;
        if let Some(fault) = clocks.wrong_wall() {
            self.bite(fault);
        }
    }

    /// `fault` puts the clocks of a node wrong.
    pub(crate) fn upset_clock(
        &mut self,
        node: NodeId,
        fault: u32,
        trouble: ClockTrouble,
        driver: &mut impl Driver<M>,
    ) {
        self.nodes[node.index()].clocks.troubles.push((fault, trouble));
        match trouble {
            ClockTrouble::Rate(_) => self.settle_rate(node, driver),
            ClockTrouble::Step(ns) => self.change_clock(node, ClockChange::Step(ns), driver),
        }
    }

    /// Takes back what `fault` does to the clocks of a node.
    pub(crate) fn restore_clock(&mut self, node: NodeId, fault: u32, driver: &mut impl Driver<M>) {
        let troubles = &mut self.nodes[node.index()].clocks.troubles;
        let Some(index) = troubles.iter().position(|(by, _)| *by == fault) else { return };
        match troubles.remove(index).1 {
            ClockTrouble::Rate(_) => self.settle_rate(node, driver),
            ClockTrouble::Step(ns) => {
                self.change_clock(node, ClockChange::Step(ns.saturating_neg()), driver);
            }
        }
    }

    /// Takes back what any fault does to the clocks of a node.
    pub(crate) fn heal_clock(&mut self, node: NodeId, driver: &mut impl Driver<M>) {
        while let Some(&(fault, _)) = self.nodes[node.index()].clocks.troubles.first() {
            self.restore_clock(node, fault, driver);
        }
    }

    /// The monotonic clock starts anew with its node's power.
    pub(super) fn restart_clock(
        &mut self,
        node: NodeId,
        shown: LocalTime,
        driver: &mut impl Driver<M>,
    ) {
        let showed = self.clock(node).monotonic(driver.now());
        self.change_clock(node, ClockChange::Restarted { showed, shows: shown }, driver);
    }

    /// The monotonic clock of `node` stands still and shows `shown`.
    pub(crate) fn stand_clock(&mut self, node: NodeId, shown: LocalTime) {
        self.nodes[node.index()].clocks.clock = Clock::standing(shown);
    }

    fn settle_rate(&mut self, node: NodeId, driver: &mut impl Driver<M>) {
        let clocks = &mut self.nodes[node.index()].clocks;
        let (ppm, fault) = clocks.rate();
        if ppm == clocks.ppm {
            return;
        }
        clocks.ppm = ppm;
        let old = clocks.clock.clone();
        self.change_clock(node, ClockChange::Rate(ppm), driver);
        let new = self.nodes[node.index()].clocks.clock.clone();
        let mut moved = self.move_watchdog(node, &old, &new, driver);
        for process in self.parts(node) {
            moved |= driver.retime(process, &old, &new);
        }
        if let Some(fault) = fault.filter(|_| moved) {
            self.bite(fault);
        }
    }

    fn change_clock(&mut self, node: NodeId, change: ClockChange, driver: &mut impl Driver<M>) {
        self.nodes[node.index()].clocks.clock.change(driver.now(), change);
        driver.see(self, &Seen::ClockChanged { node, change });
    }

    fn move_watchdog(
        &mut self,
        node: NodeId,
        old: &Clock,
        new: &Clock,
        driver: &mut impl Driver<M>,
    ) -> bool {
        let now = driver.now();
        let entry = &mut self.nodes[node.index()];
        let Some(due) = entry.watchdog_due.filter(|due| *due >= now) else { return false };
        let after = new.instead_of(old, now, due);
        entry.watchdog = entry.watchdog.wrapping_add(1);
        entry.watchdog_due = Some(now.after(after));
        driver.watch(node, entry.watchdog, after);
        true
    }

    pub(super) fn watchdog_is_off(&mut self, node: NodeId) {
        let entry = &mut self.nodes[node.index()];
        entry.watchdog = entry.watchdog.wrapping_add(1);
        entry.watchdog_due = None::<TrueTime>;
    }
}
