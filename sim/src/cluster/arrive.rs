//! What was in flight arrives.

use super::{BACKLOG_MAX, Cluster, Driver, Flight, Held, Parcel, Unhang};
use crate::scenario::Side;
use crate::seen::{Client, DiskEnd, DropCause, Seen};
use interregnum_core::{CallId, Input, Machine, Outcome, ProcessId};

/// A reply that reached its client, for the workload to act on.
pub(crate) struct Answer<M: Machine> {
    pub(crate) client: Client,
    pub(crate) id: CallId,
    pub(crate) reply: M::Reply,
}

impl<M: Machine> Cluster<M> {
    /// Lets another flight arrive; a client's answer is returned for its workload.
    #[inline(never)]
    pub(crate) fn arrive(&mut self, flight: u32, driver: &mut impl Driver<M>) -> Option<Answer<M>> {
        self.flights.get(flight)?;
        match self.flights.take(flight) {
            Flight::Parcel { to, parcel } => self.hand_over(to as usize, parcel, driver),
            Flight::Answer { client, id, reply } => {
                driver.see(self, &Seen::Answered { client, id, reply: &reply });
                return Some(Answer { client, id, reply });
            }
            Flight::Syncing { process, incarnation, volume, mark, ticket } => {
                let watched = !self.watches.is_empty();
                if watched && self.at_sync(process, incarnation, Side::Before, driver) {
                    return None;
                }
                let by = self.processes[process].id;
                let outcome = self.end_sync(by, by.node, volume, mark, driver);
                if watched {
                    self.at_sync(process, incarnation, Side::After, driver);
                }
                self.report_disk(process, incarnation, (ticket, outcome), driver);
            }
            Flight::Shared(request) => self.serve(request, driver),
            Flight::Spawning(process) => {
                self.processes[process].wanted = true;
                self.start(process, driver);
            }
            Flight::Late(flight) => self.unhang(Unhang::Late(flight), driver),
            Flight::Booting(process) => self.boot(process, driver),
        }
        None
    }

    /// Hands a parcel to its process: now, after its pause, or never.
    pub(super) fn hand_over(
        &mut self,
        index: usize,
        parcel: Parcel<M>,
        driver: &mut impl Driver<M>,
    ) {
        if let Input::Message { from, .. } = &parcel.input {
            let (from, to) = (from.node, self.processes[index].id.node);
            if self.network.is_cut(from, to) {
                self.bite_of_cut(from, to);
                return self.lose(index, &parcel, DropCause::Cut, driver);
            }
        }
        let process = &mut self.processes[index];
        if !process.up {
            return self.lose(index, &parcel, DropCause::Down, driver);
        }
        if let Some(&fault) = process.held_paused.first() {
            if process.backlog.len() >= BACKLOG_MAX {
                return self.lose(index, &parcel, DropCause::Backlog, driver);
            }
            process.backlog.push_back(Held::Parcel(parcel));
            return self.bite(fault);
        }
        self.deliver(index, parcel, driver);
    }

    /// Tells the process how its disk operation ended, if it is there to hear it; all else is as for any
    /// parcel.
    fn report_disk(
        &mut self,
        index: usize,
        incarnation: u32,
        (ticket, outcome): (M::Ticket, Outcome<M::Record>),
        driver: &mut impl Driver<M>,
    ) {
        let process = &self.processes[index];
        let hears = process.up && !process.is_paused() && process.incarnation == incarnation;
        let process = process.id;
        if !hears || !self.watches.is_empty() {
            let input = Input::Disk { ticket, outcome };
            return self.hand_over(index, Parcel::to(incarnation, input), driver);
        }
        let end = end_of(&outcome);
        driver.see(self, &Seen::DiskDone { process, ticket: &ticket, end });
        self.step(index, Input::Disk { ticket, outcome }, driver);
    }

    pub(super) fn lose(
        &mut self,
        index: usize,
        parcel: &Parcel<M>,
        why: DropCause,
        driver: &mut impl Driver<M>,
    ) {
        if let Input::Message { from, message } = &parcel.input {
            let (id, to) = (parcel.id, self.processes[index].id);
            driver.see(self, &Seen::Dropped { id, from: *from, to, message, why });
        }
    }

    /// Shows the parcel and lets the process act on it, unless it was meant for an earlier
    /// incarnation.
    pub(super) fn deliver(&mut self, index: usize, parcel: Parcel<M>, driver: &mut impl Driver<M>) {
        let process = &self.processes[index];
        if !parcel.is_for(process.incarnation) {
            return;
        }
        let seen = parcel.seen_by(process.id);
        if !self.watches.is_empty() {
            let seam = driver.seam(&seen);
            if self.is_struck_before(index, seam, driver) {
                return self.keep_from(index, parcel, driver);
            }
            driver.see(self, &seen);
            self.strike_after(index, seam);
        } else {
            driver.see(self, &seen);
        }
        self.step(index, parcel.input, driver);
    }

    /// Fires a timer if it is still armed: now, or after the process's pause.
    pub(crate) fn fire(&mut self, index: usize, timer: usize, driver: &mut impl Driver<M>) {
        let process = &mut self.processes[index];
        if !process.up {
            return;
        }
        if let Some(&fault) = process.held_paused.first() {
            if process.backlog.len() < BACKLOG_MAX {
                process.backlog.push_back(Held::Timer(timer));
                self.bite(fault);
            }
            return;
        }
        let Some(armed) = process.timers.get_mut(timer).filter(|armed| armed.armed) else { return };
        armed.armed = false;
        let (process, timer) = (process.id, armed.timer.clone());
        driver.see(self, &Seen::Fired { process, timer: &timer });
        self.step(index, Input::Timer(timer), driver);
    }
}

impl<M: Machine> Parcel<M> {
    /// Whether this incarnation of its process may have it.
    fn is_for(&self, incarnation: u32) -> bool {
        self.incarnation.is_none_or(|only| only == incarnation)
    }

    /// What is seen when `to` is handed it.
    fn seen_by(&self, to: ProcessId) -> Seen<'_, M> {
        match &self.input {
            Input::Message { from, message } => {
                Seen::Delivered { id: self.id, from: *from, to, message }
            }
            Input::Call { id, call } => Seen::Called { process: to, id: *id, call },
            Input::Notice { from, notice } => Seen::Noticed { from: *from, to, notice },
            Input::Exited(part) => Seen::ToldExit { process: to, exited: *part },
            Input::Timer(timer) => Seen::Fired { process: to, timer },
            Input::Disk { ticket, outcome } => {
                Seen::DiskDone { process: to, ticket, end: end_of(outcome) }
            }
        }
    }
}

fn end_of<R>(outcome: &Outcome<R>) -> DiskEnd {
    match outcome {
        Outcome::Synced => DiskEnd::Synced,
        Outcome::Read(_) => DiskEnd::Read,
        Outcome::Failed(error) => DiskEnd::Failed(*error),
    }
}
