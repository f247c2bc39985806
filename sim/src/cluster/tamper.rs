//! A host that does not keep its word, whatever protocol it hosts: planted bugs that are the host's.
//!
//! A machine relies on what its host promises: that a sync is reported when it is done, that a timer
//! fires within its window, that a notice arrives, that what it says of itself is passed on. A planted
//! bug that bears one of these names breaks one of these promises, everywhere and always.
//!
//! Deliberately absent: dice. How a host errs is not drawn, so that its runs differ from the sound ones
//! in nothing else.

use super::{Cluster, Driver, Flight, Parcel, number};
use interregnum_core::{Fingerprint, Input, Machine, Outcome, Window};

/// What a host does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misdeed {
    /// It reports a sync, of a node's own volume or of a shared disk, as done before anything is durable.
    AcksBeforeSync,
    /// Its timers fire after a quarter of the shortest time that was asked for.
    FiresTimersEarly,
    /// It loses the notices between the processes of a node.
    DropsNotices,
    /// It passes on other facts than the machine told.
    ForgesFacts,
    /// It passes on no facts.
    DropsFacts,
}

impl Misdeed {
    /// Every one, with the name of the planted bug after that of the system: `paxos/host-drops-facts`.
    pub const ALL: [(&'static str, Self); 5] = [
        ("host-acks-before-sync", Self::AcksBeforeSync),
        ("host-fires-timers-early", Self::FiresTimersEarly),
        ("host-drops-notices", Self::DropsNotices),
        ("host-forges-facts", Self::ForgesFacts),
        ("host-drops-facts", Self::DropsFacts),
    ];

    /// The one that the planted bug `mutant` means, if it is one of the host's.
    #[must_use]
    pub fn of(mutant: &str) -> Option<Self> {
        let (_, name) = mutant.split_once('/')?;
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, misdeed)| *misdeed)
    }
}

/// A host's misdeed, under way.
#[derive(Debug)]
pub(crate) struct Tamper<M: Machine> {
    misdeed: Misdeed,
    /// What the system makes of a fact that is to be forged.
    forge: fn(&M::Fact) -> Option<M::Fact>,
    /// How often it made a difference.
    deviations: u64,
}

/// No incarnation of a process is ever this one.
const NOBODY: u32 = u32::MAX;

impl<M: Machine> Tamper<M> {
    pub(crate) const fn new(misdeed: Misdeed, forge: fn(&M::Fact) -> Option<M::Fact>) -> Self {
        Self { misdeed, forge, deviations: 0 }
    }
}

impl<M: Machine> Cluster<M> {
    /// Lets the host err from now on.
    pub(crate) fn tamper(&mut self, tamper: Tamper<M>) {
        self.tamper = Some(tamper);
    }

    /// How often the host made a difference; `None` if it keeps its word.
    pub(crate) fn deviations(&self) -> Option<u64> {
        self.tamper.as_ref().map(|tamper| tamper.deviations)
    }

    /// Whether the host errs in this way.
    fn errs(&self, misdeed: Misdeed) -> bool {
        self.tamper.as_ref().is_some_and(|tamper| tamper.misdeed == misdeed)
    }

    fn deviate(&mut self) {
        if let Some(tamper) = &mut self.tamper {
            tamper.deviations += 1;
        }
    }

    /// The incarnation that is to hear when a sync of the node's own volume is done.
    pub(super) fn listener(
        &mut self,
        index: usize,
        volume: u8,
        ticket: &M::Ticket,
        driver: &mut impl Driver<M>,
    ) -> u32 {
        let node = self.processes[index].id.node;
        let is_early = self.acks_early() && !self.volume(node, volume).is_synced();
        self.told_of_sync(index, is_early, ticket, driver)
    }

    /// Whether syncs are reported as done too early.
    pub(super) fn acks_early(&self) -> bool {
        self.errs(Misdeed::AcksBeforeSync)
    }

    /// The incarnation that is to hear when a sync is done: none, if it is told already.
    pub(super) fn told_of_sync(
        &mut self,
        index: usize,
        is_early: bool,
        ticket: &M::Ticket,
        driver: &mut impl Driver<M>,
    ) -> u32 {
        let incarnation = self.processes[index].incarnation;
        if !is_early {
            return incarnation;
        }
        self.deviate();
        let input = Input::Disk { ticket: ticket.clone(), outcome: Outcome::Synced };
        let parcel = Parcel::to(incarnation, input);
        let flight = Flight::Parcel { to: number(index), parcel };
        self.launch(flight, interregnum_core::Span::ZERO, driver);
        NOBODY
    }

    /// The window in which a timer really fires.
    pub(super) fn window(&mut self, window: Window) -> Window {
        if !self.errs(Misdeed::FiresTimersEarly) {
            return window;
        }
        let early = window.min.scaled_down(1, 4);
        if early == window.min {
            return window;
        }
        self.deviate();
        Window::exactly(early)
    }

    /// Whether a notice is lost.
    pub(super) fn loses_notice(&mut self) -> bool {
        let loses = self.errs(Misdeed::DropsNotices);
        if loses {
            self.deviate();
        }
        loses
    }

    /// The fact that is passed on.
    pub(super) fn told(&mut self, fact: M::Fact) -> Option<M::Fact> {
        let told = match &self.tamper {
            Some(Tamper { misdeed: Misdeed::ForgesFacts, forge, .. }) => forge(&fact),
            Some(Tamper { misdeed: Misdeed::DropsFacts, .. }) => None,
            _ => return Some(fact),
        };
        let same = |told: &M::Fact| Fingerprint::of(told) == Fingerprint::of(&fact);
        if !told.as_ref().is_some_and(same) {
            self.deviate();
        }
        told
    }
}
