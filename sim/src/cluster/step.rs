//! A process takes a step, and its effects are carried out in order, as they come.

use super::medium::{Change, Stored, What};
use super::{Armed, Cargo, Cluster, Driver, Fate, Flight, Held, Parcel, StepHost, number};
use crate::seen::{Client, CrashCause, Seen};
use interregnum_core::{
    CallId, Context, Effect, Input, Machine, Part, Place, ProcessId, Span, Volume, Window,
};
use std::sync::Arc;

/// How the effects of a process's present step are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// They are carried out.
    Free,
    /// They are, but a fault may interrupt the step; so many have been.
    Troubled(usize),
    /// The process was paused: they are kept for when it goes on.
    Held,
    /// The process fell: they never happen.
    Fallen,
}

impl<M: Machine> Cluster<M> {
    /// Hands `input` to the process, whose effects are carried out as it takes the step.
    #[inline]
    pub(super) fn step(&mut self, index: usize, input: Input<M>, driver: &mut impl Driver<M>) {
        let process = &mut self.processes[index];
        // The machine is outside the cluster while it steps; `up` stands for it.
        let Some(mut machine) = process.machine.take() else { return };
        let (id, config) = (process.id, Arc::clone(&process.config));
        self.begin_step(index);
        let mut host = StepHost { cluster: self, process: index, driver };
        machine.step(&config, input, &mut Context::new(id, &mut host));
        let process = &mut self.processes[index];
        if process.up {
            process.machine = Some(machine);
        }
        self.end_step(index, driver);
    }

    /// Whether anybody may interrupt the coming step decides how its effects are taken.
    #[inline]
    pub(super) fn begin_step(&mut self, index: usize) {
        let process = &mut self.processes[index];
        let free = process.trips.is_empty() && self.watches.is_empty();
        process.course = if free { Course::Free } else { Course::Troubled(0) };
    }

    /// Goes on with the effects of a step that was interrupted.
    pub(super) fn go_on(&mut self, index: usize, driver: &mut impl Driver<M>) {
        let rest = std::mem::take(&mut self.processes[index].tail);
        self.begin_step(index);
        for effect in rest {
            if self.is_free(index) {
                self.perform(index, effect, driver);
            } else {
                self.emit_in_trouble(index, effect, driver);
            }
        }
    }

    /// Whether nobody may interrupt the process's present step.
    #[inline(always)]
    pub(super) fn is_free(&self, index: usize) -> bool {
        self.processes[index].course == Course::Free
    }

    /// Carries out an effect.
    #[inline(never)]
    pub(super) fn perform(&mut self, index: usize, effect: Effect<M>, driver: &mut impl Driver<M>) {
        let me = self.processes[index].id;
        match effect {
            Effect::Send { to, message } => {
                if let Some(envelope) = self.send(index, to, &message, driver) {
                    self.post(envelope, message, driver);
                }
            }
            Effect::Arm { timer, window } => self.arm(index, timer, window, driver),
            Effect::Cancel(timer) => self.cancel(index, &timer, driver),
            Effect::Read { at, ticket } => match at.volume {
                Volume::Local(volume) => self.read_local(index, volume, at.slot, ticket, driver),
                Volume::Shared(disk) => self.read_shared(index, disk, at.slot, ticket, driver),
            },
            Effect::Write { at, records } => {
                for (nth, record) in (0..).zip(records.into_vec()) {
                    let at = at.offset(nth);
                    self.show_written(index, at, &record, driver);
                    self.write(index, at, record, driver);
                }
            }
            Effect::Erase { volume, slots } => {
                self.change(index, volume, Change { by: me, what: What::Erase(slots) }, driver);
            }
            Effect::Sync { volume, ticket } => self.sync(index, volume, ticket, driver),
            Effect::Reply { call, reply } => self.reply(index, call, reply, driver),
            Effect::Notify { to, notice } => self.notify(me, to, notice, driver),
            Effect::Spawn(part) => {
                if let Some(part) = self.index(ProcessId { node: me.node, part }) {
                    self.launch(Flight::Spawning(part), Span::ZERO, driver);
                }
            }
            Effect::Kill(part) => {
                if let Some(part) = self.index(ProcessId { node: me.node, part }) {
                    self.processes[part].wanted = false;
                    self.crash(part, CrashCause::Killed, driver);
                }
            }
            Effect::Watchdog(after) => self.set_watchdog(me.node, after, driver),
            Effect::Fact(fact) => {
                if let Some(fact) = self.told(fact) {
                    driver.see(self, &Seen::Fact { process: me, fact: &fact });
                }
            }
            Effect::Probe(name) => driver.see(self, &Seen::Probe { process: me, name }),
            Effect::Halt(reason) => self.halt(index, reason, driver),
        }
    }

    #[inline(always)]
    pub(super) fn show_written(
        &mut self,
        index: usize,
        at: Place,
        record: &M::Record,
        driver: &mut impl Driver<M>,
    ) {
        driver.see(self, &Seen::Written { process: self.processes[index].id, at, record });
    }

    #[inline(always)]
    pub(super) fn write(
        &mut self,
        index: usize,
        at: Place,
        record: M::Record,
        driver: &mut impl Driver<M>,
    ) {
        let by = self.processes[index].id;
        let change = Change { by, what: What::Write(Stored { home: at, record }) };
        self.change(index, at.volume, change, driver);
    }

    fn notify(&mut self, me: ProcessId, to: Part, notice: M::Notice, driver: &mut impl Driver<M>) {
        driver.see(self, &Seen::Notified { from: me, to, notice: &notice });
        let to = self.index(ProcessId { node: me.node, part: to });
        if let Some(to) = to.filter(|_| !self.loses_notice()) {
            let parcel = Parcel::new(Input::Notice { from: me.part, notice });
            self.launch(Flight::Parcel { to: number(to), parcel }, Span::ZERO, driver);
        }
    }

    #[inline(never)]
    pub(super) fn launch(&mut self, flight: Flight<M>, after: Span, driver: &mut impl Driver<M>) {
        let flight = self.flights.insert(flight);
        driver.launch(flight, after);
    }

    fn arm(&mut self, index: usize, timer: M::Timer, window: Window, driver: &mut impl Driver<M>) {
        let window = self.window(window);
        let process = &mut self.processes[index];
        let clocks = &self.nodes[process.id.node.index()].clocks;
        let (clock, wrong) = (&clocks.clock, clocks.wrong_rate());
        let window = Window { min: clock.real(window.min), max: clock.real(window.max) };
        let slot = process.timers.iter().position(|known| known.timer == timer);
        // A timer that has fired leaves its slot to the next one of another name.
        let slot = slot.or_else(|| process.timers.iter().position(|known| !known.armed));
        let armed = Armed { timer, armed: true };
        let slot = if let Some(slot) = slot {
            process.timers[slot] = armed;
            slot
        } else {
            process.timers.push(armed);
            process.timers.len() - 1
        };
        // An arming that was due while the process was paused is replaced by this one.
        process.backlog.retain(|held| !matches!(held, Held::Timer(due) if *due == slot));
        driver.arm(index, slot, window);
        if let Some(fault) = wrong {
            self.bite(fault);
        }
    }

    fn cancel(&mut self, index: usize, timer: &M::Timer, driver: &mut impl Driver<M>) {
        let timers = &mut self.processes[index].timers;
        if let Some(slot) = timers.iter().position(|known| known.timer == *timer) {
            timers[slot].armed = false;
            driver.disarm(index, slot);
        }
    }

    #[inline(always)]
    fn change(
        &mut self,
        index: usize,
        volume: Volume,
        change: Change<M::Record>,
        driver: &mut impl Driver<M>,
    ) {
        match volume {
            Volume::Local(volume) => {
                let node = self.processes[index].id.node;
                self.take_change(node, volume, change, driver);
            }
            Volume::Shared(disk) => self.change_shared(index, disk, change, driver),
        }
    }

    fn sync(
        &mut self,
        index: usize,
        volume: Volume,
        ticket: M::Ticket,
        driver: &mut impl Driver<M>,
    ) {
        match volume {
            Volume::Local(volume) => {
                let node = self.processes[index].id.node;
                let incarnation = self.listener(index, volume, &ticket, driver);
                let mark = self.nodes[node.index()].volume(volume).mark();
                let after = driver.sync_time(node);
                let flight = Flight::Syncing { process: index, incarnation, volume, mark, ticket };
                self.launch_from_disk(node, node, flight, after, driver);
            }
            Volume::Shared(disk) => self.sync_shared(index, disk, ticket, driver),
        }
    }

    fn reply(&mut self, index: usize, id: CallId, reply: M::Reply, driver: &mut impl Driver<M>) {
        let process = self.processes[index].id;
        driver.see(self, &Seen::Replied { process, id, reply: &reply });
        let Some(client) = client_of(id).filter(|client| client.0 < self.clients) else { return };
        let (from, to) = (self.endpoint(index), self.client_endpoint(client));
        if let Fate::Arrives { after, .. } = driver.fate(self, from, to, Cargo::Reply) {
            self.launch(Flight::Answer { client, id, reply }, after, driver);
        }
    }
}

/// The client that made a call.
pub(crate) fn client_of(id: CallId) -> Option<Client> {
    u32::try_from(id.0 >> 32).ok().map(Client)
}

/// The `nth` call of a client.
pub(crate) const fn call_id(client: Client, nth: u32) -> CallId {
    CallId((client.0 as u64) << 32 | nth as u64)
}
