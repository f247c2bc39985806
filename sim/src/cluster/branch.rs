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
use crate::clock::TrueTime;
use crate::seen::MessageId;
use interregnum_core::{
    CallId, Deadline, Effect, Explorable, Fingerprint, Fold, Folder, Input, LocalTime, Machine,
    Outcome, ProcessId, Span,
};
use std::collections::VecDeque;

/// A node that runs one process.
#[derive(Debug)]
pub(crate) struct Branch<M: Machine> {
    pub(crate) machine: Option<Box<M>>,
    incarnation: u32,
    /// What its clock shows.
    pub(crate) clock: LocalTime,
    /// What is left of the step in which the process was paused; nothing, if it is not.
    pub(crate) tail: VecDeque<Effect<M>>,
    /// How many timers have fired here.
    pub(crate) fired: u8,
    /// The timers that are armed.
    pub(crate) timers: Vec<Alarm<M::Timer>>,
    volumes: Vec<Storage<M::Record>>,
    /// What its disk has been asked for and has not completed.
    pub(crate) under_way: Vec<UnderWay<M>>,
    pub(crate) print: Fingerprint,
}

/// A timer that is armed.
#[derive(Clone, Debug, Fold)]
pub(crate) struct Alarm<T> {
    timer: T,
    /// Not before this it fires.
    pub(crate) due: Deadline,
}

/// What came of a step besides what the cluster holds.
#[derive(Debug)]
pub(crate) struct Aftermath<'a> {
    /// When the step was taken.
    pub(crate) now: TrueTime,
    /// What the node's disk has been asked for, by flight.
    pub(crate) asked: &'a [u32],
    /// The timers that were armed: of which process, in which slot, and how long they take at least.
    pub(crate) armed: &'a [(usize, usize, Span)],
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
    /// Whether its process is up and may be handed something.
    pub(crate) fn is_awake(&self) -> bool {
        self.machine.is_some() && self.tail.is_empty()
    }

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

    /// The same when its clock has counted so much more, and nothing else has happened.
    pub(crate) fn later(&self, by: Span) -> Self {
        let mut later = Self {
            machine: self.machine.clone(),
            incarnation: self.incarnation,
            clock: self.clock.after(by),
            tail: self.tail.clone(),
            fired: self.fired,
            timers: self.timers.clone(),
            volumes: self.volumes.clone(),
            under_way: self.under_way.clone(),
            print: self.print,
        };
        later.sign();
        later
    }

    fn sign(&mut self) {
        // Not by when they are due: states that differ only in when they are have one order.
        self.timers.sort_by_cached_key(|alarm| Fingerprint::of(&alarm.timer));
        self.under_way.sort_by_cached_key(Fingerprint::of);
        let mut folder = Folder::new();
        folder.rebase(self.clock);
        self.machine.fold(&mut folder);
        (self.incarnation, self.fired).fold(&mut folder);
        self.timers.fold(&mut folder);
        self.volumes.fold(&mut folder);
        self.under_way.fold(&mut folder);
        for effect in &self.tail {
            effect.fold(&mut folder);
        }
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
        process.tail.clone_from(&branch.tail);
        process.held_paused.clear();
        process.held_paused.extend((!branch.tail.is_empty()).then_some(0));
        process.timers.clear();
        let armed = |alarm: &Alarm<M::Timer>| Armed { timer: alarm.timer.clone(), armed: true };
        process.timers.extend(branch.timers.iter().map(armed));
        let node = process.id.node.index();
        self.nodes[node].volumes.clone_from(&branch.volumes);
    }

    /// Takes the node with this process out after a step before which it was as in `was`. Of what was under
    /// way then, `before` still is; `fired` is how many timers have fired there.
    pub(crate) fn take(
        &mut self,
        index: usize,
        was: Option<&Branch<M>>,
        before: impl Iterator<Item = UnderWay<M>>,
        fired: u8,
        step: &Aftermath<'_>,
    ) -> Branch<M> {
        let clock = self.clock_of(index).monotonic(step.now);
        let process = &mut self.processes[index];
        let incarnation = process.incarnation;
        let timers = (0..).zip(process.timers.drain(..)).filter(|(_, timer)| timer.armed);
        let timers = timers.map(|(slot, timer)| Alarm {
            timer: timer.timer,
            due: step.due((index, slot), clock, was),
        });
        let timers = timers.collect();
        let machine = process.machine.take();
        let tail = std::mem::take(&mut process.tail);
        let node = process.id.node.index();
        let mut volumes = std::mem::take(&mut self.nodes[node].volumes);
        let is_up = machine.is_some();
        let mut under_way: Vec<_> = before.map(|operation| operation.since(&volumes)).collect();
        for flight in step.asked {
            let of = (incarnation, is_up);
            under_way.extend(UnderWay::of(self.flights.take(*flight), of, &volumes));
        }
        for volume in &mut volumes {
            (volume.settled, volume.failures) = (0, 0);
        }
        // Of a sync that nobody hears of and that covers nothing, nothing can come.
        under_way.retain(UnderWay::matters);
        let print = Fingerprint(0);
        let mut branch =
            Branch { machine, incarnation, clock, tail, fired, timers, volumes, under_way, print };
        branch.sign();
        branch
    }

    /// What disks were asked for and what else is on its way is forgotten, by flight.
    pub(crate) fn forget_flights(&mut self, flights: &[u32]) {
        for flight in flights {
            self.flights.take(*flight);
        }
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

impl Aftermath<'_> {
    /// When the timer of a process in a slot is due: as it was armed last, in this step or before.
    fn due<M: Machine>(
        &self,
        (process, slot): (usize, usize),
        clock: LocalTime,
        was: Option<&Branch<M>>,
    ) -> Deadline {
        let mut armed = self.armed.iter().rev();
        match armed.find(|(of, at, _)| (*of, *at) == (process, slot)) {
            Some((_, _, min)) => Deadline::after(clock, *min),
            None => was.and_then(|was| was.timers.get(slot)).map_or(Deadline::PASSED, |a| a.due),
        }
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
