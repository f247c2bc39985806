//! Processes start, fall, pause and go on; nodes lose power; watchdogs go off.

use super::medium::{Stored, What};
use super::step::Course;
use super::{Cluster, Driver, Flight, Held, Parcel, Process, StepHost, number};
use crate::seen::{CrashCause, Seen};
use interregnum_core::{Context, Input, Machine, NodeId, Span};
use std::sync::Arc;

/// Interrupts the next step that has more effects than `after`, after so many of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trip {
    pub(crate) after: usize,
    pub(crate) kind: Interruption,
    pub(crate) fault: u32,
    /// However few effects the step has.
    pub(crate) at_once: bool,
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
                let everything = self.volume(node, volume).everything();
                while let Some(change) = self.nodes[at].volumes[which].next_covered(everything) {
                    if let What::Write(Stored { home: at, record }) = &change.what {
                        driver.see(self, &Seen::Written { process: change.by, at: *at, record });
                    }
                    self.settle_next(node, volume, driver);
                }
            }
        }
        for index in 0..self.processes.len() {
            if self.processes[index].starts {
                self.start(index, driver);
            }
        }
    }

    pub(super) fn volume_count(&self, node: NodeId) -> u8 {
        u8::try_from(self.nodes[node.index()].volumes.len()).unwrap_or(u8::MAX)
    }

    /// Starts a process that is down, unless a fault holds it down.
    pub(crate) fn start(&mut self, index: usize, driver: &mut impl Driver<M>) {
        let process = &mut self.processes[index];
        if process.up || !process.held_down.is_empty() {
            return;
        }
        let node = process.id.node;
        if driver.disks_ail() {
            // A slow disk holds the start up.
            return self.launch_from_disk(node, node, Flight::Booting(index), Span::ZERO, driver);
        }
        self.boot(index, driver);
    }

    /// Starts a process whose disk is ready, unless it is up or held down by now.
    pub(super) fn boot(&mut self, index: usize, driver: &mut impl Driver<M>) {
        let process = &mut self.processes[index];
        if process.up || !process.wanted || !process.held_down.is_empty() {
            return;
        }
        process.incarnation += 1;
        let (id, incarnation) = (process.id, process.incarnation);
        driver.see(self, &Seen::Booted { process: id, incarnation });
        for volume in 0..self.volume_count(id.node) {
            self.volume(id.node, volume).forgive(id);
        }
        let image = self.image(index, driver);
        let process = &mut self.processes[index];
        process.up = true;
        let config = Arc::clone(&process.config);
        self.begin_step(index);
        let mut host = StepHost { cluster: self, process: index, driver };
        let machine = M::boot(&config, &image, &mut Context::new(id, &mut host));
        let process = &mut self.processes[index];
        if process.up {
            process.machine = Some(Box::new(machine));
        }
        self.end_step(index, driver);
    }

    /// Starts a process that is down and wanted, unless a fault holds it down.
    fn start_if_wanted(&mut self, index: usize, driver: &mut impl Driver<M>) {
        if self.processes[index].wanted {
            self.start(index, driver);
        }
    }

    /// The node starts anew: only those run that need not be spawned.
    pub(super) fn forget_spawned(&mut self, node: NodeId) {
        for index in self.parts(node) {
            self.processes[index].wanted = self.processes[index].starts;
        }
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
            self.start_if_wanted(index, driver);
        }
    }

    /// Sets an interruption of a coming step, of this incarnation or a later one.
    pub(crate) fn set_trip(&mut self, index: usize, trip: Trip) {
        self.processes[index].trips.push(trip);
    }

    /// Takes back what `set_trip` began for `fault`, if it has not struck.
    pub(crate) fn end_trip(&mut self, index: usize, fault: u32) {
        self.processes[index].trips.retain(|trip| trip.fault != fault);
    }

    /// Takes back all interruptions that have not struck.
    pub(crate) fn forget_trips(&mut self, index: usize) {
        self.processes[index].trips.clear();
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

    /// Whoever repairs a disk starts the processes that were deployed to run and are down, and restarts
    /// those that could not read the disk when they started, whose writes it refused, or who wait for a
    /// sync that failed with another one: they would stop as soon as they are told, with nobody there.
    pub(crate) fn start_anew(&mut self, index: usize, driver: &mut impl Driver<M>) {
        let Process { id, misread, .. } = self.processes[index];
        let volumes = &self.nodes[id.node.index()].volumes;
        let owed = volumes.iter().any(|volume| volume.is_in_debt_to(id));
        if misread || owed || self.waits_for_failure(index) {
            self.crash(index, CrashCause::Crash, driver);
        }
        self.start_if_wanted(index, driver);
    }

    fn waits_for_failure(&self, index: usize) -> bool {
        let Process { id, incarnation, .. } = self.processes[index];
        let volumes = &self.nodes[id.node.index()].volumes;
        self.flights.iter().any(|flight| match flight {
            Flight::Syncing { process, incarnation: of, volume, mark, .. } => {
                let storage = volumes.get(usize::from(*volume));
                *process == index
                    && *of == incarnation
                    && storage.is_some_and(|storage| storage.is_doomed(*mark))
            }
            _ => false,
        })
    }

    /// Wakes the process whatever holds it, and starts it if it is down.
    pub(crate) fn heal(&mut self, index: usize, driver: &mut impl Driver<M>) {
        self.processes[index].trips.clear();
        self.processes[index].held_down.clear();
        while let Some(&fault) = self.processes[index].held_paused.first() {
            self.resume(index, fault, driver);
        }
        self.start_anew(index, driver);
    }

    /// `fault` takes a shared disk off the network.
    pub(crate) fn hold_disk_down(&mut self, node: NodeId, fault: u32) {
        if node.0 >= self.computers {
            self.nodes[node.index()].disk_held_down.push(fault);
        }
    }

    /// `fault` no longer does.
    pub(crate) fn let_disk_up(&mut self, node: NodeId, fault: u32) {
        self.nodes[node.index()].disk_held_down.retain(|by| *by != fault);
    }

    /// Nothing keeps the disk off the network any more.
    pub(crate) fn heal_disk(&mut self, node: NodeId) {
        self.nodes[node.index()].disk_held_down.clear();
    }

    pub(super) fn set_watchdog(
        &mut self,
        node: NodeId,
        after: Option<Span>,
        driver: &mut impl Driver<M>,
    ) {
        self.watchdog_is_off(node);
        let entry = &mut self.nodes[node.index()];
        if let Some(after) = after {
            let (generation, after) = (entry.watchdog, entry.clocks.clock.real(after));
            entry.watchdog_due = Some(driver.now().after(after));
            driver.watch(node, generation, after);
        }
    }

    /// The node's watchdog goes off, unless it was set again since: every process falls, paused or
    /// not, and those that no fault holds down start again.
    pub(crate) fn watchdog(&mut self, node: NodeId, generation: u16, driver: &mut impl Driver<M>) {
        if self.nodes[node.index()].watchdog != generation {
            return;
        }
        self.watchdog_is_off(node);
        self.forget_spawned(node);
        for index in self.parts(node) {
            self.crash(index, CrashCause::Watchdog, driver);
        }
        for index in self.parts(node) {
            self.start_if_wanted(index, driver);
        }
    }
}
