//! A process takes a step, and its effects are carried out in order, as they come.

use super::medium::{Change, Stored, What};
use super::power::Trip;
use super::{Armed, Cluster, Driver, Fate, Flight, Held, Interruption, Parcel, StepHost, number};
use crate::seen::{Client, CrashCause, DropCause, MessageId, Seen};
use interregnum_core::{CallId, Context, Effect, Input, Machine, ProcessId, Span, Volume, Window};
use std::rc::Rc;

/// How the effects of a process's present step are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// They are carried out.
    Free,
    /// So many more are, then a fault interrupts the step.
    Tripping(usize),
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
        let (id, config) = (process.id, Rc::clone(&process.config));
        process.begin_step();
        let mut host = StepHost { cluster: self, process: index, driver };
        machine.step(&config, input, &mut Context::new(id, &mut host));
        let process = &mut self.processes[index];
        if process.up {
            process.machine = Some(machine);
        }
    }

    /// Goes on with the effects of a step that was interrupted.
    pub(super) fn go_on(&mut self, index: usize, driver: &mut impl Driver<M>) {
        let rest = std::mem::take(&mut self.processes[index].tail);
        self.processes[index].begin_step();
        for effect in rest {
            self.emit(index, effect, driver);
        }
    }

    /// Takes the next effect of a process's present step.
    #[inline]
    pub(super) fn emit(&mut self, index: usize, effect: Effect<M>, driver: &mut impl Driver<M>) {
        if self.processes[index].course == Course::Free {
            self.perform(index, effect, driver);
        } else {
            self.emit_in_trouble(index, effect, driver);
        }
    }

    #[cold]
    fn emit_in_trouble(&mut self, index: usize, effect: Effect<M>, driver: &mut impl Driver<M>) {
        let process = &mut self.processes[index];
        if process.course == Course::Tripping(0) {
            self.interrupt(index, driver);
        }
        let process = &mut self.processes[index];
        match process.course {
            Course::Free => self.perform(index, effect, driver),
            Course::Tripping(left) => {
                process.course = Course::Tripping(left.saturating_sub(1));
                self.perform(index, effect, driver);
            }
            Course::Held => process.tail.push_back(effect),
            Course::Fallen => {}
        }
    }

    /// The fault that waited for this moment of the step strikes.
    fn interrupt(&mut self, index: usize, driver: &mut impl Driver<M>) {
        let process = &mut self.processes[index];
        process.course = Course::Free;
        let Some(Trip { fault, kind, .. }) = process.trip.take() else { return };
        self.bite(fault);
        match kind {
            Interruption::Crash => {
                self.hold_down(index, fault, CrashCause::Crash, driver);
            }
            Interruption::Power => {
                self.hold_down(index, fault, CrashCause::Power, driver);
                self.blackouts.push((fault, self.processes[index].id.node));
            }
            Interruption::Pause => {
                self.processes[index].course = Course::Held;
                self.pause(index, fault, driver);
            }
        }
    }

    fn perform(&mut self, index: usize, effect: Effect<M>, driver: &mut impl Driver<M>) {
        let me = self.processes[index].id;
        match effect {
            Effect::Send { to, message } => self.send(index, to, message, driver),
            Effect::Arm { timer, window } => self.arm(index, timer, window, driver),
            Effect::Cancel(timer) => self.cancel(index, &timer, driver),
            Effect::Read { at, ticket } => match at.volume {
                Volume::Local(volume) => self.read_local(index, volume, at.slot, ticket, driver),
                Volume::Shared(disk) => self.read_shared(index, disk, at.slot, ticket, driver),
            },
            Effect::Write { at, records } => {
                let mut at = at;
                let mut write = |record: M::Record| {
                    self.write(index, at, record, driver);
                    at = at.offset(1);
                };
                match records {
                    interregnum_core::Run::One(record) => write(record),
                    interregnum_core::Run::Many(records) => records.into_iter().for_each(write),
                }
            }
            Effect::Erase { volume, slots } => {
                self.change(index, volume, Change { by: me, what: What::Erase(slots) }, driver);
            }
            Effect::Sync { volume, ticket } => self.sync(index, volume, ticket, driver),
            Effect::Reply { call, reply } => self.reply(index, call, reply, driver),
            Effect::Notify { to, notice } => {
                driver.see(self, &Seen::Notified { from: me, to, notice: &notice });
                if let Some(to) = self.index(ProcessId { node: me.node, part: to }) {
                    let parcel = Parcel::new(Input::Notice { from: me.part, notice });
                    self.launch(Flight::Parcel { to: number(to), parcel }, Span::ZERO, driver);
                }
            }
            Effect::Spawn(part) => {
                if let Some(part) = self.index(ProcessId { node: me.node, part }) {
                    self.launch(Flight::Spawning(part), Span::ZERO, driver);
                }
            }
            Effect::Kill(part) => {
                if let Some(part) = self.index(ProcessId { node: me.node, part }) {
                    self.crash(part, CrashCause::Killed, driver);
                }
            }
            Effect::Watchdog(after) => self.set_watchdog(me.node, after, driver),
            Effect::Fact(fact) => driver.see(self, &Seen::Fact { process: me, fact: &fact }),
            Effect::Probe(name) => driver.see(self, &Seen::Probe { process: me, name }),
            Effect::Halt(reason) => self.halt(index, reason, driver),
        }
    }

    pub(super) fn launch(&mut self, flight: Flight<M>, after: Span, driver: &mut impl Driver<M>) {
        let flight = self.flights.insert(flight);
        driver.launch(flight, after);
    }

    fn send(
        &mut self,
        index: usize,
        to: ProcessId,
        message: M::Message,
        driver: &mut impl Driver<M>,
    ) {
        let from = self.processes[index].id;
        self.messages_sent += 1;
        let id = MessageId(self.messages_sent);
        driver.see(self, &Seen::Sent { id, from, to, message: &message });
        let lost = |why| Seen::Dropped { id, from, to, message: &message, why };
        let Some(target) = self.index(to) else {
            return driver.see(self, &lost(DropCause::Down));
        };
        if self.network.is_cut(from.node, to.node) {
            self.bite_of_cut(from.node, to.node);
            return driver.see(self, &lost(DropCause::Cut));
        }
        match driver.fate(self, self.endpoint(index), self.endpoint(target)) {
            Fate::Lost(why) => driver.see(self, &lost(why)),
            Fate::Arrives { after, again } => {
                let to = number(target);
                if let Some(again) = again {
                    let parcel = Parcel::message(id, from, message.clone());
                    self.launch(Flight::Parcel { to, parcel }, again, driver);
                }
                let parcel = Parcel::message(id, from, message);
                self.launch(Flight::Parcel { to, parcel }, after, driver);
            }
        }
    }

    fn arm(&mut self, index: usize, timer: M::Timer, window: Window, driver: &mut impl Driver<M>) {
        let process = &mut self.processes[index];
        let clock = &self.nodes[process.id.node.index()].clock;
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
    }

    fn cancel(&mut self, index: usize, timer: &M::Timer, driver: &mut impl Driver<M>) {
        let timers = &mut self.processes[index].timers;
        if let Some(slot) = timers.iter().position(|known| known.timer == *timer) {
            timers[slot].armed = false;
            driver.disarm(index, slot);
        }
    }

    fn write(
        &mut self,
        index: usize,
        at: interregnum_core::Place,
        record: M::Record,
        driver: &mut impl Driver<M>,
    ) {
        let by = self.processes[index].id;
        driver.see(self, &Seen::Written { process: by, at, record: &record });
        let what = What::Write(Stored { home: at, record });
        self.change(index, at.volume, Change { by, what }, driver);
    }

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
        let process = &self.processes[index];
        match volume {
            Volume::Local(volume) => {
                let (node, incarnation) = (process.id.node, process.incarnation);
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
        if let Fate::Arrives { after, .. } = driver.fate(self, from, to) {
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
