//! What was in flight arrives.

use super::{BACKLOG_MAX, Cluster, Driver, Flight, Held, Parcel, Unhang};
use crate::scenario::Side;
use crate::seen::{Client, DiskEnd, DropCause, Seen};
use interregnum_core::{CallId, Input, Machine, Outcome};

/// A reply that reached its client, for the workload to act on.
pub(crate) struct Answer<M: Machine> {
    pub(crate) client: Client,
    pub(crate) id: CallId,
    pub(crate) reply: M::Reply,
}

impl<M: Machine> Cluster<M> {
    /// Lets a flight arrive; a client's answer is returned for its workload.
    pub(crate) fn arrive(&mut self, flight: u32, driver: &mut impl Driver<M>) -> Option<Answer<M>> {
        match self.flights.take(flight)? {
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
                let input = Input::Disk { ticket, outcome };
                self.hand_over(process, Parcel::to(incarnation, input), driver);
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

    /// Hands a parcel to its process: now, after its pause, or never. Inlined, so that a message is
    /// moved once from where it was in flight to the machine.
    #[inline(always)]
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
    #[inline(always)]
    pub(super) fn deliver(&mut self, index: usize, parcel: Parcel<M>, driver: &mut impl Driver<M>) {
        let process = &self.processes[index];
        if parcel.incarnation.is_some_and(|only| only != process.incarnation) {
            return;
        }
        let to = process.id;
        let seen = match &parcel.input {
            Input::Message { from, message } => {
                Seen::Delivered { id: parcel.id, from: *from, to, message }
            }
            Input::Call { id, call } => Seen::Called { process: to, id: *id, call },
            Input::Notice { from, notice } => Seen::Noticed { from: *from, to, notice },
            Input::Exited(part) => Seen::ToldExit { process: to, exited: *part },
            Input::Timer(timer) => Seen::Fired { process: to, timer },
            Input::Disk { ticket, outcome } => {
                Seen::DiskDone { process: to, ticket, end: end_of(outcome) }
            }
        };
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

fn end_of<R>(outcome: &Outcome<R>) -> DiskEnd {
    match outcome {
        Outcome::Synced => DiskEnd::Synced,
        Outcome::Read(_) => DiskEnd::Read,
        Outcome::Failed(error) => DiskEnd::Failed(*error),
    }
}
