//! Shared disks: nodes of their own on the network, which any process may read and write.
//!
//! Requests of one process to one disk arrive in order. If a write is lost on the way, or in the disk's
//! cache when its power fails, the next sync on the same path fails: a later good sync does not cover it. A
//! lost read or sync never completes, nor does a sync that the disk was working on when its power failed.
//! Requests that are under way when their process falls still take effect.

use super::medium::Change;
use super::storage::Mark;
use super::{Cargo, Cluster, Driver, Fate, Flight, Parcel, number as dense};
use crate::clock::TrueTime;
use interregnum_core::{DiskError, Input, Machine, NodeId, Outcome, Slot, Span};

/// The way from one process to one disk. Requests are numbered as they are issued.
#[derive(Debug, Default)]
pub(crate) struct Path {
    issued: u64,
    /// The latest request that the disk has taken.
    taken: u64,
    /// Numbers of the first and the last write that were lost and that no sync has failed for yet.
    lost: Option<(u64, u64)>,
    last_arrival: TrueTime,
}

impl Path {
    fn lose(&mut self, number: u64) {
        let (first, last) = self.lost.unwrap_or((number, number));
        self.lost = Some((first.min(number), last.max(number)));
    }

    /// Whether the sync of this number covers a lost write; the loss is then told. Of those after it only
    /// the last is known exactly, so that a sync between may fail needlessly, which is always allowed.
    fn owns_up(&mut self, sync: u64) -> bool {
        let Some((_, last)) = self.lost.filter(|(first, _)| *first < sync) else { return false };
        self.lost = (last > sync).then_some((sync + 1, last));
        true
    }

    /// The disk's power failed: what it took may be lost.
    pub(super) fn disk_lost_power(&mut self) {
        if self.taken > 0 {
            self.lose(self.taken);
        }
    }
}

/// A request on its way to a disk, or being worked on by it.
#[derive(Debug)]
pub(crate) struct Request<M: Machine> {
    process: usize,
    incarnation: u32,
    disk: NodeId,
    number: u64,
    what: Wish<M>,
}

#[derive(Debug)]
enum Wish<M: Machine> {
    Change(Change<M::Record>),
    Read(Slot, M::Ticket),
    /// A read that a fault has held up.
    Look(Slot, M::Ticket),
    Sync(M::Ticket),
    /// The disk is flushing what came before this mark, in this cycle of its power.
    Flush {
        mark: Mark,
        cycle: u32,
        ticket: M::Ticket,
    },
}

impl<M: Machine> Cluster<M> {
    pub(super) fn change_shared(
        &mut self,
        process: usize,
        disk: NodeId,
        change: Change<M::Record>,
        driver: &mut impl Driver<M>,
    ) {
        self.request(process, disk, Wish::Change(change), driver);
    }

    pub(super) fn read_shared(
        &mut self,
        process: usize,
        disk: NodeId,
        slot: Slot,
        ticket: M::Ticket,
        driver: &mut impl Driver<M>,
    ) {
        self.request(process, disk, Wish::Read(slot, ticket), driver);
    }

    pub(super) fn sync_shared(
        &mut self,
        process: usize,
        disk: NodeId,
        ticket: M::Ticket,
        driver: &mut impl Driver<M>,
    ) {
        self.request(process, disk, Wish::Sync(ticket), driver);
    }

    fn request(
        &mut self,
        process: usize,
        disk: NodeId,
        what: Wish<M>,
        driver: &mut impl Driver<M>,
    ) {
        let path = self.paths.entry((process, disk)).or_default();
        path.issued += 1;
        let (number, is_under_way) = (path.issued, path.taken + 1 < path.issued);
        let incarnation = match &what {
            Wish::Sync(ticket) => {
                // Whatever this process wrote is on its way to the disk, or in the disk's cache.
                let is_early = self.acks_early()
                    && (is_under_way || self.is_disk(disk) && !self.volume(disk, 0).is_synced());
                self.told_of_sync(process, is_early, ticket, driver)
            }
            _ => self.processes[process].incarnation,
        };
        let request = Request { process, incarnation, disk, number, what };
        if !self.is_disk(disk) || self.stopped(process, disk) {
            return self.lose_request(&request);
        }
        let fate = driver.fate(self, self.endpoint(process), self.disk_endpoint(disk), Cargo::Disk);
        let Fate::Arrives { after, .. } = fate else {
            return self.lose_request(&request);
        };
        let path = self.paths.entry((process, disk)).or_default();
        let arrival = driver.now().after(after).max(path.last_arrival);
        path.last_arrival = arrival;
        let after = arrival.since(driver.now());
        self.launch(Flight::Shared(request), after, driver);
    }

    fn is_disk(&self, node: NodeId) -> bool {
        node.0 >= self.computers && node.index() < self.nodes.len()
    }

    /// Whether the way to the disk is cut; counts the bite if so.
    fn stopped(&mut self, process: usize, disk: NodeId) -> bool {
        let from = self.processes[process].id.node;
        let cut = self.network.is_cut(from, disk);
        if cut {
            self.bite_of_cut(from, disk);
        }
        cut
    }

    fn lose_request(&mut self, request: &Request<M>) {
        if matches!(request.what, Wish::Change(_)) {
            let path = self.paths.entry((request.process, request.disk)).or_default();
            path.lose(request.number);
        }
    }

    /// A request reaches the disk, or the disk has done what it was working on.
    pub(super) fn serve(&mut self, request: Request<M>, driver: &mut impl Driver<M>) {
        let Request { process, incarnation, disk, number, .. } = request;
        let down = self.nodes[disk.index()].disk_held_down.first().copied();
        let there = matches!(request.what, Wish::Flush { .. } | Wish::Look(..));
        if let Some(fault) = down {
            self.bite(fault);
            return self.lose_request(&request);
        }
        if !there && self.stopped(process, disk) {
            return self.lose_request(&request);
        }
        let path = self.paths.entry((process, disk)).or_default();
        path.taken = path.taken.max(number);
        match request.what {
            Wish::Change(change) => self.take_change(disk, 0, change, driver),
            Wish::Read(slot, ticket) if driver.disks_ail() => {
                let from = self.processes[process].id.node;
                let what = Wish::Look(slot, ticket);
                let request = Request { process, incarnation, disk, number, what };
                self.launch_from_disk(disk, from, Flight::Shared(request), Span::ZERO, driver);
            }
            Wish::Read(slot, ticket) | Wish::Look(slot, ticket) => {
                let by = self.processes[process].id;
                let outcome = self.look(disk, 0, slot, by, driver);
                self.respond(process, incarnation, disk, ticket, outcome, driver);
            }
            Wish::Sync(ticket) => {
                if path.owns_up(number) {
                    let failed = Outcome::Failed(DiskError::Io);
                    return self.respond(process, incarnation, disk, ticket, failed, driver);
                }
                let mark = self.nodes[disk.index()].volume(0).mark();
                let after = driver.sync_time(disk);
                let cycle = self.nodes[disk.index()].power_cycles;
                let what = Wish::Flush { mark, cycle, ticket };
                let request = Request { process, incarnation, disk, number, what };
                let from = self.processes[process].id.node;
                self.launch_from_disk(disk, from, Flight::Shared(request), after, driver);
            }
            Wish::Flush { cycle, .. } if cycle != self.nodes[disk.index()].power_cycles => {}
            Wish::Flush { mark, ticket, .. } => {
                let by = self.processes[process].id;
                let outcome = self.end_sync(by, disk, 0, mark, driver);
                self.respond(process, incarnation, disk, ticket, outcome, driver);
            }
        }
    }

    fn respond(
        &mut self,
        process: usize,
        incarnation: u32,
        disk: NodeId,
        ticket: M::Ticket,
        outcome: Outcome<M::Record>,
        driver: &mut impl Driver<M>,
    ) {
        let to = self.processes[process].id.node;
        if self.network.is_cut(disk, to) {
            return self.bite_of_cut(disk, to);
        }
        let fate = driver.fate(self, self.disk_endpoint(disk), self.endpoint(process), Cargo::Disk);
        if let Fate::Arrives { after, .. } = fate {
            let parcel = Parcel::to(incarnation, Input::Disk { ticket, outcome });
            self.launch(Flight::Parcel { to: dense(process), parcel }, after, driver);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_told_to_the_first_sync_after_it_and_to_no_earlier_one() {
        let mut path = Path::default();
        path.lose(3);
        assert!(!path.owns_up(2), "a sync that was issued before the write");
        assert!(path.owns_up(4));
        assert!(!path.owns_up(5), "told once");
        path.lose(6);
        path.lose(9);
        assert!(path.owns_up(7));
        assert!(path.owns_up(10));
    }
}
