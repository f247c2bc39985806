//! One node as a value: taken out of the cluster and put in again, so that a search can go on from any state in
//! several ways.
//!
//! What only has to be compared with itself is brought into one form, so that states that differ in nothing else
//! are the same: how many changes a disk has settled, how many of its syncs have failed, the order in which
//! operations under way were asked for.
//!
//! Deliberately absent: nodes with several processes, shared disks, faults that last. A search has no use for
//! the latter: whatever they bring about is one of its choices.

use super::medium::{Bad, Change, Medium, Stored, What};
use super::storage::{Mark, Storage};
use super::{Armed, Cluster, Driver, Flight, Parcel};
use crate::seen::MessageId;
use interregnum_core::{
    CallId, Explorable, Fingerprint, Fold, Folder, Input, Machine, Outcome, ProcessId,
};

/// A node that runs one process.
#[derive(Debug)]
pub(crate) struct Branch<M: Machine> {
    pub(crate) machine: Option<Box<M>>,
    incarnation: u32,
    /// How many timers have fired here.
    pub(crate) fired: u8,
    /// The timers that are armed.
    pub(crate) timers: Vec<M::Timer>,
    volumes: Vec<Storage<M::Record>>,
    /// What its disk has been asked for and has not completed.
    pub(crate) under_way: Vec<UnderWay<M>>,
    pub(crate) print: Fingerprint,
}

/// Something that a disk has been asked for.
#[derive(Clone, Debug)]
pub(crate) enum UnderWay<M: Machine> {
    Sync {
        volume: u8,
        /// How many of the changes that are not durable it covers.
        covers: u64,
        /// Whether it is bound to fail, because another one did.
        doomed: bool,
        ticket: M::Ticket,
        /// Whether who asked for it is there to hear of it.
        heard: bool,
    },
    Read {
        ticket: M::Ticket,
        outcome: Outcome<M::Record>,
        heard: bool,
    },
}

impl<M: Machine> Fold for UnderWay<M> {
    fn fold(&self, into: &mut Folder) {
        match self {
            Self::Sync { volume, covers, doomed, ticket, heard } => {
                (*volume, *covers, *doomed, *heard).fold(into);
                ticket.fold(into);
            }
            Self::Read { ticket, outcome, heard } => {
                into.word(u64::MAX);
                heard.fold(into);
                ticket.fold(into);
                outcome.fold(into);
            }
        }
    }
}

impl<M: Explorable> Branch<M> {
    /// How many changes of each volume are not durable.
    pub(crate) fn unsynced(&self) -> usize {
        self.volumes.iter().map(|volume| volume.unsynced.len()).sum()
    }

    /// About how many bytes it takes.
    pub(crate) fn weight(&self) -> usize {
        let durable: usize = self.volumes.iter().map(|volume| volume.media().count()).sum();
        size_of::<Self>()
            + size_of::<M>()
            + (durable + self.unsynced()) * size_of::<Change<M::Record>>()
    }

    fn sign(&mut self) {
        self.timers.sort_by_cached_key(Fingerprint::of);
        self.under_way.sort_by_cached_key(Fingerprint::of);
        let mut folder = Folder::new();
        self.machine.fold(&mut folder);
        (self.incarnation, self.fired).fold(&mut folder);
        self.timers.fold(&mut folder);
        self.volumes.fold(&mut folder);
        self.under_way.fold(&mut folder);
        self.print = folder.fingerprint();
    }
}

impl<M: Explorable> Cluster<M> {
    /// Puts a node in the place of the one with this process.
    pub(crate) fn put(&mut self, index: usize, branch: &Branch<M>) {
        let process = &mut self.processes[index];
        process.up = branch.machine.is_some();
        process.machine.clone_from(&branch.machine);
        process.incarnation = branch.incarnation;
        process.trips.clear();
        process.timers.clear();
        let armed = |timer: &M::Timer| Armed { timer: timer.clone(), armed: true };
        process.timers.extend(branch.timers.iter().map(armed));
        let node = process.id.node.index();
        self.nodes[node].volumes.clone_from(&branch.volumes);
    }

    /// Takes the node with this process out. `before` was under way before the step, `asked` is what it has
    /// asked its disk for since, by flight, `fired` how many timers have fired there.
    pub(crate) fn take(
        &mut self,
        index: usize,
        before: impl Iterator<Item = UnderWay<M>>,
        asked: &[u32],
        fired: u8,
    ) -> Branch<M> {
        let process = &mut self.processes[index];
        let incarnation = process.incarnation;
        let armed = process.timers.drain(..).filter(|timer| timer.armed).map(|timer| timer.timer);
        let timers = armed.collect();
        let machine = process.machine.take();
        let node = process.id.node.index();
        let mut volumes = std::mem::take(&mut self.nodes[node].volumes);
        let is_up = machine.is_some();
        let mut under_way: Vec<_> = before.map(|operation| operation.since(&volumes)).collect();
        for flight in asked {
            let of = (incarnation, is_up);
            under_way.extend(UnderWay::of(self.flights.take(*flight), of, &volumes));
        }
        for volume in &mut volumes {
            (volume.settled, volume.failures) = (0, 0);
        }
        // Of a sync that nobody hears of and that covers nothing, nothing can come.
        under_way.retain(UnderWay::matters);
        let print = Fingerprint(0);
        let mut branch = Branch { machine, incarnation, fired, timers, volumes, under_way, print };
        branch.sign();
        branch
    }

    /// A message arrives that was sent at some time.
    pub(crate) fn deliver_message(
        &mut self,
        index: usize,
        (id, from, message): (MessageId, ProcessId, M::Message),
        driver: &mut impl Driver<M>,
    ) {
        self.hand_over(index, Parcel::message(id, from, message), driver);
    }

    /// A call arrives.
    pub(crate) fn deliver_call(
        &mut self,
        index: usize,
        (id, call): (CallId, M::Call),
        driver: &mut impl Driver<M>,
    ) {
        self.hand_over(index, Parcel::new(Input::Call { id, call }), driver);
    }

    /// A disk completes what it was asked for.
    pub(crate) fn complete(
        &mut self,
        index: usize,
        operation: UnderWay<M>,
        driver: &mut impl Driver<M>,
    ) {
        // Nobody has an incarnation of zero.
        let incarnation = |heard| if heard { self.processes[index].incarnation } else { 0 };
        let flight = match operation {
            UnderWay::Sync { volume, covers, doomed, ticket, heard } => {
                let node = self.processes[index].id.node;
                let incarnation = incarnation(heard);
                let failures = self.volume(node, volume).failures.wrapping_sub(u32::from(doomed));
                let mark = Mark { upto: covers, failures };
                Flight::Syncing { process: index, incarnation, volume, mark, ticket }
            }
            UnderWay::Read { ticket, outcome, heard } => {
                let to = super::number(index);
                let parcel = Parcel::to(incarnation(heard), Input::Disk { ticket, outcome });
                Flight::Parcel { to, parcel }
            }
        };
        let flight = self.flights.insert(flight);
        self.arrive(flight, driver);
    }

    /// Takes a message out that was just sent: which one, from whom, to whom, what.
    pub(crate) fn take_letter(&mut self, letter: u32) -> (MessageId, ProcessId, u32, M::Message) {
        self.letters.take(letter).into_parts()
    }

    /// Whether something on its way concerns the disk of this process's node.
    pub(crate) fn is_of(&self, flight: u32, index: usize) -> bool {
        match self.flights.get(flight) {
            Some(Flight::Syncing { process, .. }) => *process == index,
            Some(Flight::Parcel { to, .. }) => *to as usize == index,
            _ => false,
        }
    }

    /// The flights that are answers to clients, and those that are not.
    pub(crate) fn is_answer(&self, flight: u32) -> bool {
        matches!(self.flights.get(flight), Some(Flight::Answer { .. }))
    }
}

impl<M: Machine> UnderWay<M> {
    /// What a process has asked its disk for.
    fn of(
        flight: Flight<M>,
        (incarnation, is_up): (u32, bool),
        volumes: &[Storage<M::Record>],
    ) -> Option<Self> {
        match flight {
            Flight::Syncing { incarnation: of, volume, mark, ticket, .. } => {
                let storage = volumes.get(usize::from(volume))?;
                let covers = mark.upto.saturating_sub(storage.settled);
                let doomed = storage.is_doomed(mark);
                let heard = is_up && of == incarnation;
                Some(Self::Sync { volume, covers, doomed, ticket, heard })
            }
            Flight::Parcel { parcel, .. } => {
                let heard = is_up && parcel.incarnation == Some(incarnation);
                match parcel.input {
                    Input::Disk { ticket, outcome } => Some(Self::Read { ticket, outcome, heard }),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The same after a step in which a disk may have settled changes and failed syncs.
    fn since(mut self, volumes: &[Storage<M::Record>]) -> Self {
        if let Self::Sync { volume, covers, doomed, .. } = &mut self
            && let Some(storage) = volumes.get(usize::from(*volume))
        {
            *covers = covers.saturating_sub(storage.settled);
            *doomed |= storage.failures != 0;
        }
        self
    }

    /// The same when its process has fallen.
    pub(crate) fn unheard(mut self) -> Self {
        let (Self::Sync { heard, .. } | Self::Read { heard, .. }) = &mut self;
        *heard = false;
        self
    }

    const fn matters(&self) -> bool {
        match self {
            Self::Sync { covers, heard, .. } => *heard || *covers > 0,
            Self::Read { heard, .. } => *heard,
        }
    }
}

impl<R: Fold> Fold for Storage<R> {
    fn fold(&self, into: &mut Folder) {
        // Marks are relative to what is settled, and nobody compares failures of different states.
        let Self { durable, unsynced, settled: _, has_failed: _, failures: _, owed, .. } = self;
        for (slot, medium) in durable.iter() {
            into.word(slot.0);
            medium.fold(into);
        }
        into.word(u64::MAX);
        unsynced.fold(into);
        owed.fold(into);
    }
}

impl<R: Fold> Fold for Medium<R> {
    fn fold(&self, into: &mut Folder) {
        match self {
            Self::Holds(stored) => stored.fold(into),
            Self::Bad(bad, _) => into.word(1 + u64::from(*bad == Bad::Damaged)),
        }
    }
}

impl<R: Fold> Fold for Stored<R> {
    fn fold(&self, into: &mut Folder) {
        self.home.fold(into);
        self.record.fold(into);
    }
}

impl<R: Fold> Fold for Change<R> {
    fn fold(&self, into: &mut Folder) {
        self.by.fold(into);
        match &self.what {
            What::Write(stored) => stored.fold(into),
            What::Erase(slots) => slots.fold(into),
            What::Astray { stored, lands, .. } => {
                stored.fold(into);
                lands.fold(into);
            }
            What::Failed(error) => error.fold(into),
            What::Nothing => into.word(0),
        }
    }
}
