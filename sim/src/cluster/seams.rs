//! Faults that strike at seams: just before or after something that a process is handed or does.
//!
//! While no fault waits for a seam nobody is asked where the seams are.

use super::power::{Interruption, Trip};
use super::step::Course;
use super::{Cluster, Driver, Held, Parcel};
use crate::scenario::{SYNC, Side};
use crate::seen::{CrashCause, DropCause, MessageId, Seen};
use interregnum_core::{Effect, Machine, Run};

/// A fault that waits for a seam.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) fault: u32,
    pub(crate) seam: String,
    pub(crate) side: Side,
    /// How often the seam must still be reached.
    pub(crate) left: u32,
    /// Whose seams.
    pub(crate) among: Vec<usize>,
    /// What the process that reaches it suffers; without, the fault strikes others.
    pub(crate) how: Option<Interruption>,
}

/// A fault that found its seam.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached {
    pub(crate) fault: u32,
    pub(crate) process: usize,
    /// Whether that process has been struck already.
    pub(crate) struck: bool,
}

impl<M: Machine> Cluster<M> {
    /// Lets a fault wait for its seam.
    pub(crate) fn watch_seam(&mut self, watch: Watch) {
        self.watches.push(watch);
    }

    /// `fault` no longer waits; true if it did.
    pub(crate) fn unwatch_seam(&mut self, fault: u32) -> bool {
        let before = self.watches.len();
        self.watches.retain(|watch| watch.fault != fault);
        self.watches.len() < before
    }

    /// Nobody waits any more.
    pub(crate) fn unwatch_seams(&mut self) {
        self.watches.clear();
    }

    /// The next fault that found its seam.
    pub(crate) fn next_reached(&mut self) -> Option<Reached> {
        self.reached.pop_front()
    }

    /// The process is at this side of the seam: counts, and returns the first fault that interrupts it.
    fn reach(&mut self, process: usize, side: Side, seam: &str) -> Option<(u32, Interruption)> {
        let mut interrupted = None;
        let mut index = 0;
        while let Some(watch) = self.watches.get_mut(index) {
            index += 1;
            let here = watch.side == side && watch.seam == seam && watch.among.contains(&process);
            if !here || (interrupted.is_some() && watch.how.is_some()) {
                continue;
            }
            watch.left = watch.left.saturating_sub(1);
            if watch.left > 0 {
                continue;
            }
            let (fault, how) = (watch.fault, watch.how);
            interrupted = interrupted.or(how.map(|how| (fault, how)));
            self.reached.push_back(Reached { fault, process, struck: how.is_some() });
            index -= 1;
            self.watches.remove(index);
        }
        interrupted
    }

    /// Takes the next effect of a step that somebody may interrupt, or has.
    #[cold]
    pub(super) fn emit_in_trouble(
        &mut self,
        index: usize,
        effect: Effect<M>,
        driver: &mut impl Driver<M>,
    ) {
        let mut seam = None;
        if let Course::Troubled(done) = self.processes[index].course {
            seam = self.seam_of(index, &effect, driver);
            let trip = self.next_trip(index, |trip| trip.after <= done);
            let before = || seam.and_then(|seam| self.reach(index, Side::Before, seam));
            if let Some(strike) = trip.or_else(before) {
                self.interrupt(index, strike, driver);
            }
        }
        match self.processes[index].course {
            Course::Free => self.perform(index, effect, driver),
            Course::Troubled(done) => {
                self.processes[index].course = Course::Troubled(done + 1);
                self.perform(index, effect, driver);
                let up = self.processes[index].up;
                let after = || seam.and_then(|seam| self.reach(index, Side::After, seam));
                if let Some(strike) = up.then(after).flatten() {
                    self.interrupt(index, strike, driver);
                }
            }
            Course::Held => self.processes[index].tail.push_back(effect),
            Course::Fallen => {}
        }
    }

    /// The step is over: what was to strike however few effects it has strikes now.
    #[inline]
    pub(super) fn end_step(&mut self, index: usize, driver: &mut impl Driver<M>) {
        if matches!(self.processes[index].course, Course::Troubled(_))
            && let Some(strike) = self.next_trip(index, |trip| trip.at_once)
        {
            self.interrupt(index, strike, driver);
        }
    }

    /// The first interruption, if one is due.
    fn next_trip(
        &mut self,
        index: usize,
        is_due: impl Fn(&Trip) -> bool,
    ) -> Option<(u32, Interruption)> {
        let trips = &mut self.processes[index].trips;
        let next = trips.iter().position(is_due)?;
        let Trip { fault, kind, .. } = trips.remove(next);
        Some((fault, kind))
    }

    /// Interrupts a process.
    pub(super) fn interrupt(
        &mut self,
        index: usize,
        (fault, kind): (u32, Interruption),
        driver: &mut impl Driver<M>,
    ) {
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

    /// The seam that an effect is, shown to the system as it will be seen.
    fn seam_of(
        &self,
        index: usize,
        effect: &Effect<M>,
        driver: &impl Driver<M>,
    ) -> Option<&'static str> {
        let process = self.processes[index].id;
        let seen = match effect {
            Effect::Send { to, message } => {
                let id = MessageId(self.messages_sent + 1);
                Seen::Sent { id, from: process, to: *to, message }
            }
            Effect::Write { at, records } => {
                let record = match records {
                    Run::One(record) => record,
                    Run::Many(records) => records.first()?,
                };
                Seen::Written { process, at: *at, record }
            }
            Effect::Reply { call, reply } => Seen::Replied { process, id: *call, reply },
            Effect::Notify { to, notice } => Seen::Notified { from: process, to: *to, notice },
            Effect::Fact(fact) => Seen::Fact { process, fact },
            Effect::Probe(name) => Seen::Probe { process, name },
            Effect::Halt(reason) => Seen::Halted { process, reason },
            _ => return None,
        };
        driver.seam(&seen)
    }

    /// Whether the process is struck before it is handed what is this seam.
    pub(super) fn is_struck_before(
        &mut self,
        index: usize,
        seam: Option<&'static str>,
        driver: &mut impl Driver<M>,
    ) -> bool {
        let strike = seam.and_then(|seam| self.reach(index, Side::Before, seam));
        strike.map(|strike| self.interrupt(index, strike, driver)).is_some()
    }

    /// The process that was to be handed something was struck: it gets that first of all when it goes
    /// on, or never.
    pub(super) fn keep_from(
        &mut self,
        index: usize,
        parcel: Parcel<M>,
        driver: &mut impl Driver<M>,
    ) {
        if self.processes[index].up {
            self.processes[index].backlog.push_front(Held::Parcel(parcel));
        } else {
            self.lose(index, &parcel, DropCause::Down, driver);
        }
    }

    /// The process was handed what is this seam: whoever waited strikes before any effect of that.
    pub(super) fn strike_after(&mut self, index: usize, seam: Option<&'static str>) {
        if let Some((fault, kind)) = seam.and_then(|seam| self.reach(index, Side::After, seam)) {
            let trip = Trip { after: 0, kind, fault, at_once: true };
            self.processes[index].trips.push(trip);
        }
    }

    /// A sync of the process's own disk is about to complete, or has; true if the power failed first.
    pub(super) fn at_sync(
        &mut self,
        index: usize,
        incarnation: u32,
        side: Side,
        driver: &mut impl Driver<M>,
    ) -> bool {
        let process = &self.processes[index];
        if !process.up || process.incarnation != incarnation || process.is_paused() {
            return false;
        }
        let Some(strike) = self.reach(index, side, SYNC) else { return false };
        self.interrupt(index, strike, driver);
        strike.1 == Interruption::Power
    }
}
