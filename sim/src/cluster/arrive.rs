//! What was in flight arrives.

use super::storage::{Change, What};
use super::{BACKLOG_MAX, Cluster, Driver, Flight, Parcel, input_of};
use crate::seen::{Client, DiskEnd, DropCause, Seen};
use interregnum_core::{CallId, Machine, NodeId, Outcome, Volume};

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
            Flight::Parcel { to, parcel } => self.hand_over(to, parcel, driver),
            Flight::Answer { client, id, reply } => {
                driver.see(self, &Seen::Answered { client, id, reply: &reply });
                return Some(Answer { client, id, reply });
            }
            Flight::Syncing { process, incarnation, volume, mark, ticket } => {
                self.complete_sync(self.processes[process].id.node, volume, mark, driver);
                let parcel = Parcel::Disk { incarnation, ticket, outcome: Outcome::Synced };
                self.hand_over(process, parcel, driver);
            }
            Flight::Shared(request) => self.serve(request, driver),
            Flight::Spawning(process) => self.start(process, driver),
        }
        None
    }

    /// Makes what a sync covers durable, showing each record.
    pub(super) fn complete_sync(
        &mut self,
        node: NodeId,
        volume: u8,
        mark: u64,
        driver: &mut impl Driver<M>,
    ) {
        let index = usize::from(volume);
        if index >= self.nodes[node.index()].volumes.len() {
            return;
        }
        // Lent out, because showing a change needs a look at the whole cluster.
        let volumes = &mut self.nodes[node.index()].volumes;
        let mut storage = std::mem::replace(&mut volumes[index], super::Storage::new());
        storage.sync(mark, |change| show_durable(self, node, volume, change, driver));
        self.nodes[node.index()].volumes[index] = storage;
    }

    /// Hands a parcel to its process: now, after its pause, or never.
    pub(super) fn hand_over(
        &mut self,
        index: usize,
        parcel: Parcel<M>,
        driver: &mut impl Driver<M>,
    ) {
        if let Parcel::Message { from, message } = &parcel {
            let (from, to) = (*from, self.processes[index].id);
            if self.network.is_cut(from.node, to.node) {
                self.bite_of_cut(from.node, to.node);
                let why = DropCause::Cut;
                return driver.see(self, &Seen::Dropped { from, to, message, why });
            }
        }
        let process = &mut self.processes[index];
        if process.machine.is_none() {
            return self.lose(index, &parcel, DropCause::Down, driver);
        }
        if let Some(&fault) = process.held_paused.first() {
            if process.backlog.len() >= BACKLOG_MAX {
                return self.lose(index, &parcel, DropCause::Backlog, driver);
            }
            process.backlog.push_back(parcel);
            return self.bite(fault);
        }
        self.deliver(index, parcel, driver);
    }

    fn lose(
        &mut self,
        index: usize,
        parcel: &Parcel<M>,
        why: DropCause,
        driver: &mut impl Driver<M>,
    ) {
        if let Parcel::Message { from, message } = parcel {
            let to = self.processes[index].id;
            driver.see(self, &Seen::Dropped { from: *from, to, message, why });
        }
    }

    /// Shows the parcel and lets the process act on it.
    pub(super) fn deliver(&mut self, index: usize, parcel: Parcel<M>, driver: &mut impl Driver<M>) {
        use interregnum_core::Input;
        let process = &mut self.processes[index];
        let to = process.id;
        let Some(input) = input_of(process, parcel) else { return };
        let seen = match &input {
            Input::Message { from, message } => Seen::Delivered { from: *from, to, message },
            Input::Call { id, call } => Seen::Called { process: to, id: *id, call },
            Input::Notice { from, notice } => Seen::Noticed { from: *from, to, notice },
            Input::Exited(part) => Seen::ToldExit { process: to, exited: *part },
            Input::Timer(timer) => Seen::Fired { process: to, timer },
            Input::Disk { ticket, outcome } => {
                Seen::DiskDone { process: to, ticket, end: end_of(outcome) }
            }
        };
        driver.see(self, &seen);
        self.step(index, input, driver);
    }
}

fn end_of<R>(outcome: &Outcome<R>) -> DiskEnd {
    match outcome {
        Outcome::Synced => DiskEnd::Synced,
        Outcome::Read(_) => DiskEnd::Read,
        Outcome::Failed(error) => DiskEnd::Failed(*error),
    }
}

/// Shows that a change became durable.
pub(super) fn show_durable<M: Machine>(
    cluster: &Cluster<M>,
    node: NodeId,
    volume: u8,
    change: &Change<M::Record>,
    driver: &mut impl Driver<M>,
) {
    let by = change.by;
    match &change.what {
        What::Write(stored) => {
            let seen = Seen::Durable { node, at: stored.home, by, record: &stored.record };
            driver.see(cluster, &seen);
        }
        What::Erase(slots) => {
            let volume = Volume::Local(volume);
            driver.see(cluster, &Seen::Erased { node, volume, slots, by });
        }
    }
}
