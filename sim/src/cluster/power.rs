//! Processes start, fall, pause and go on; nodes lose power; watchdogs go off.

use super::arrive::show_durable;
use super::step::Course;
use super::storage::{Fate as Left, Stored, What};
use super::{Cluster, Driver, Flight, Held, Parcel, StepHost, number};
use crate::dice::Dice;
use crate::scenario::Ratio;
use crate::seen::{CrashCause, Seen};
use interregnum_core::{Cell, Context, Image, Input, Machine, NodeId, Place, Span, Volume};
use std::rc::Rc;

/// Interrupts the next step that has more effects than `after`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trip {
    pub(crate) after: usize,
    pub(crate) kind: Interruption,
    pub(crate) fault: u32,
}

/// How a step is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interruption {
    Crash,
    Pause,
    /// The process falls because its node's power fails; what else that means is up to whoever takes
    /// the node from [`Cluster::next_blackout`].
    Power,
}

impl<M: Machine> Cluster<M> {
    /// Makes what was deployed durable and starts every process that is to run.
    pub(crate) fn begin(&mut self, driver: &mut impl Driver<M>) {
        for node in NodeId::first(u8::try_from(self.nodes.len()).unwrap_or(u8::MAX)) {
            for volume in 0..self.volume_count(node) {
                let (at, which) = (node.index(), usize::from(volume));
                while let Some(change) = self.nodes[at].volumes[which].next_covered(u64::MAX) {
                    if let What::Write(Stored { home: at, record }) = &change.what {
                        driver.see(self, &Seen::Written { process: change.by, at: *at, record });
                    }
                    show_durable(self, node, volume, change, driver);
                    self.nodes[at].volumes[which].settle();
                }
            }
        }
        for index in 0..self.processes.len() {
            if self.processes[index].starts {
                self.start(index, driver);
            }
        }
    }

    fn volume_count(&self, node: NodeId) -> u8 {
        u8::try_from(self.nodes[node.index()].volumes.len()).unwrap_or(u8::MAX)
    }

    /// Starts a process that is down, unless a fault holds it down.
    pub(crate) fn start(&mut self, index: usize, driver: &mut impl Driver<M>) {
        let process = &mut self.processes[index];
        if process.up || !process.held_down.is_empty() {
            return;
        }
        process.incarnation += 1;
        let (id, incarnation) = (process.id, process.incarnation);
        driver.see(self, &Seen::Booted { process: id, incarnation });
        let image = self.image(id.node);
        let process = &mut self.processes[index];
        process.up = true;
        process.begin_step();
        let config = Rc::clone(&process.config);
        let mut host = StepHost { cluster: self, process: index, driver };
        let machine = M::boot(&config, &image, &mut Context::new(id, &mut host));
        let process = &mut self.processes[index];
        if process.up {
            process.machine = Some(Box::new(machine));
        }
    }

    fn image(&self, node: NodeId) -> Image<M::Record> {
        let mut image = Image::default();
        for (volume, storage) in (0..=u8::MAX).zip(&self.nodes[node.index()].volumes) {
            storage.for_each_readable(|slot, stored| {
                let at = Place { volume: Volume::Local(volume), slot };
                let Stored { home, record } = stored.clone();
                image.set(at, Cell::Intact { home, record });
            });
        }
        image
    }

    /// Ends a process. What it sent, and what its disk was asked to do, goes on without it.
    pub(crate) fn crash(&mut self, index: usize, why: CrashCause, driver: &mut impl Driver<M>) {
        if !self.processes[index].up {
            return;
        }
        self.clear(index, driver);
        driver.see(self, &Seen::Crashed { process: self.processes[index].id, why });
        if why != CrashCause::Power {
            self.tell_siblings(index, driver);
        }
    }

    pub(super) fn halt(&mut self, index: usize, reason: &'static str, driver: &mut impl Driver<M>) {
        self.clear(index, driver);
        driver.see(self, &Seen::Halted { process: self.processes[index].id, reason });
        self.tell_siblings(index, driver);
    }

    fn clear(&mut self, index: usize, driver: &mut impl Driver<M>) {
        let process = &mut self.processes[index];
        process.up = false;
        process.machine = None;
        process.course = Course::Fallen;
        process.tail.clear();
        process.backlog.clear();
        // A pause ends with the process that it stopped.
        process.held_paused.clear();
        process.trip = None;
        let timers = process.timers.len();
        process.timers.clear();
        (0..timers).for_each(|timer| driver.disarm(index, timer));
    }

    fn tell_siblings(&mut self, index: usize, driver: &mut impl Driver<M>) {
        let id = self.processes[index].id;
        for sibling in self.parts(id.node).filter(|sibling| *sibling != index) {
            let parcel = Parcel::new(Input::Exited(id.part));
            self.launch(Flight::Parcel { to: number(sibling), parcel }, Span::ZERO, driver);
        }
    }

    /// `fault` holds the process down: it falls if it is up, and does not start before `let_up`.
    /// True if it was up.
    pub(crate) fn hold_down(
        &mut self,
        index: usize,
        fault: u32,
        why: CrashCause,
        driver: &mut impl Driver<M>,
    ) -> bool {
        let was_up = self.processes[index].up;
        self.crash(index, why, driver);
        self.processes[index].held_down.push(fault);
        was_up
    }

    /// `fault` no longer holds the process down; it starts if that was the last one that did.
    pub(crate) fn let_up(&mut self, index: usize, fault: u32, driver: &mut impl Driver<M>) {
        let held = &mut self.processes[index].held_down;
        let before = held.len();
        held.retain(|by| *by != fault);
        if held.len() < before {
            self.start(index, driver);
        }
    }

    /// Sets or clears the interruption of a coming step.
    pub(crate) fn set_trip(&mut self, index: usize, trip: Trip) {
        if self.processes[index].up {
            self.processes[index].trip = Some(trip);
        }
    }

    /// Takes back what `set_trip` began for `fault`, if it has not struck.
    pub(crate) fn end_trip(&mut self, index: usize, fault: u32) {
        self.processes[index].trip.take_if(|trip| trip.fault == fault);
    }

    /// Takes back any interruption that has not struck.
    pub(crate) fn forget_trip(&mut self, index: usize) {
        self.processes[index].trip = None;
    }

    /// Stops a process between two effects, on behalf of `fault`.
    pub(crate) fn pause(&mut self, index: usize, fault: u32, driver: &mut impl Driver<M>) {
        let process = &mut self.processes[index];
        process.held_paused.push(fault);
        if process.held_paused.len() == 1 {
            driver.see(self, &Seen::Paused { process: self.processes[index].id });
        }
    }

    /// Takes back the pause of `fault`. When no other is left, the process goes on: first with the
    /// rest of the step it was stopped in, then with what has arrived since.
    pub(crate) fn resume(&mut self, index: usize, fault: u32, driver: &mut impl Driver<M>) {
        let process = &mut self.processes[index];
        let before = process.held_paused.len();
        process.held_paused.retain(|held| *held != fault);
        if before == 0 || process.is_paused() {
            return;
        }
        driver.see(self, &Seen::Resumed { process: self.processes[index].id });
        self.go_on(index, driver);
        while !self.processes[index].is_paused() {
            match self.processes[index].backlog.pop_front() {
                Some(Held::Parcel(parcel)) => self.deliver(index, parcel, driver),
                Some(Held::Timer(timer)) => self.fire(index, timer, driver),
                None => break,
            }
        }
    }

    /// A node whose power failed in the middle of a step, and the fault that did it.
    pub(crate) fn next_blackout(&mut self) -> Option<(u32, NodeId)> {
        self.blackouts.pop()
    }

    /// Wakes the process whatever holds it, and starts it if it is down.
    pub(crate) fn heal(&mut self, index: usize, driver: &mut impl Driver<M>) {
        self.processes[index].trip = None;
        self.processes[index].held_down.clear();
        while let Some(&fault) = self.processes[index].held_paused.first() {
            self.resume(index, fault, driver);
        }
        self.start(index, driver);
    }

    /// What is lost when the node's power fails: of the writes that are not synced, each one
    /// survives with probability `keep`. Its processes must have fallen before. True if anything was
    /// lost.
    pub(crate) fn lose_power(
        &mut self,
        node: NodeId,
        keep: Ratio,
        dice: &mut Dice,
        driver: &mut impl Driver<M>,
    ) -> bool {
        let mut lost = false;
        self.nodes[node.index()].power_cycles += 1;
        // A shared disk owns up to what its cache lost: the next sync of everyone who uses it fails.
        let paths = self.paths.iter_mut().filter(|((_, disk), _)| *disk == node);
        paths.for_each(|(_, path)| path.disk_lost_power());
        for volume in 0..self.volume_count(node) {
            while let Some((change, left)) = self.volume(node, volume).next_struck(keep, dice) {
                match (left, &change.what) {
                    (Left::Kept, _) => {
                        show_durable(self, node, volume, &change, driver);
                        self.volume(node, volume).apply(change);
                        continue;
                    }
                    (Left::Lost, What::Write(stored)) => {
                        let (at, by) = (stored.home, change.by);
                        driver.see(self, &Seen::Forgotten { node, at, by });
                    }
                    (Left::Lost, What::Erase(_)) => {}
                }
                lost = true;
            }
        }
        lost
    }

    /// Takes a shared disk off the network, or puts it back.
    pub(crate) fn set_disk_down(&mut self, node: NodeId, down: bool) {
        if node.0 >= self.computers {
            self.nodes[node.index()].disk_is_down = down;
        }
    }

    pub(super) fn set_watchdog(
        &mut self,
        node: NodeId,
        after: Option<Span>,
        driver: &mut impl Driver<M>,
    ) {
        let entry = &mut self.nodes[node.index()];
        entry.watchdog = entry.watchdog.wrapping_add(1);
        if let Some(after) = after {
            let (generation, after) = (entry.watchdog, entry.clock.real(after));
            driver.watch(node, generation, after);
        }
    }

    /// The node's watchdog goes off, unless it was set again since: every process falls, paused or
    /// not, and those that no fault holds down start again.
    pub(crate) fn watchdog(&mut self, node: NodeId, generation: u16, driver: &mut impl Driver<M>) {
        if self.nodes[node.index()].watchdog != generation {
            return;
        }
        self.nodes[node.index()].watchdog = generation.wrapping_add(1);
        for index in self.parts(node) {
            self.crash(index, CrashCause::Watchdog, driver);
        }
        for index in self.parts(node) {
            self.start(index, driver);
        }
    }
}
