//! PaxosLease as the simulator sees it: nodes that agree who of them holds a lease, and clients with work that only
//! the holder may do.
//!
//! | module | holds |
//! | --- | --- |
//! | `settings`, `clients` | what a scenario says, and the clients it describes |
//! | `holders`, `watched` | who holds the lease, and by what right: L1, L2; what is known of each node |
//! | `silence` | who answers too soon after a start: L3 |
//! | `ballots` | in which ballots the lease is asked for: L5 |
//! | `spans` | how long what is judged lasts |
//! | `counts` | what runs count besides |
//! | `progress` | what must happen after the faults: V10 |
//! | `mutants`, `rows`, `hosts`, `trials` | planted bugs of the rules and of the host, and the scenario of each |
//! | `explore` | what exhaustive searches ask besides |
//!
//! Assumed of a scenario: clocks keep within the bound on their rate, and disks show when they lost the count of starts.
//! Everything else may fail at any number of nodes at once.
//!
//! Deliberately absent: a resource that tells late acts by a fencing token.

mod ballots;
mod clients;
mod counts;
mod explore;
mod holders;
mod hosts;
mod mutants;
mod progress;
pub mod properties;
mod rows;
mod settings;
mod silence;
mod spans;
#[cfg(test)]
mod tests;
mod trials;
mod watched;

pub use clients::ActLoad;
pub use mutants::{Bug, Planted, Variant};
pub use rows::MUTANTS;
pub use settings::{Pause, PaxosLeaseSettings};

use crate::check::{Check, View};
use crate::cluster::{Deployed, Deployment};
use crate::face::register_searchable;
use crate::outcome::{Property, PropertyKind};
use crate::planted::Deviations;
use crate::scenario::ChaosKind;
use crate::subject::{Exempt, Mistake, Mutant, Subject};
use crate::system::{Core, Setup, System, Tolerance};
use crate::workload::Workload;
use interregnum_core::paxos_lease::{Config, Fact, Message, PaxosLease, Sound, record};
use interregnum_core::{NodeId, ProcessId, Span};
use serde_json::Value;
use std::marker::PhantomData;

/// The lease negotiation under rules `R`.
#[derive(Clone, Copy, Debug)]
pub struct PaxosLeaseSystem<R>(PhantomData<fn() -> R>);

impl PaxosLeaseSystem<Sound> {
    /// The sound system.
    #[must_use]
    pub const fn sound() -> Self {
        Self(PhantomData)
    }
}

impl PaxosLeaseSystem<Planted> {
    /// The system with whichever planted bug a scenario names.
    #[must_use]
    pub const fn planted() -> Self {
        Self(PhantomData)
    }
}

/// The system with its planted bugs, for the registry.
#[must_use]
pub fn register() -> Box<dyn Subject> {
    register_searchable(PaxosLeaseSystem::sound(), PaxosLeaseSystem::planted())
}

/// Survived by any number of nodes at once. It reads no wall clock. Not survived is the loss of the count of starts:
/// a node without it never asks for the lease again.
const SURVIVED: &[ChaosKind] = &[
    ChaosKind::Crash,
    ChaosKind::PowerLoss,
    ChaosKind::Pause,
    ChaosKind::Partition,
    ChaosKind::Loss,
    ChaosKind::Duplication,
    ChaosKind::Delay,
    ChaosKind::Hold,
    ChaosKind::Clog,
    ChaosKind::Slow,
    ChaosKind::ClockRate,
    ChaosKind::TornWrite,
    ChaosKind::DiskError,
    ChaosKind::SlowDisk,
];

/// The classes of messages.
const CLASSES: &[&str] = &["prepare", "promise", "refused", "accept", "accepted", "release"];

impl<R: Variant> System for PaxosLeaseSystem<R> {
    type Process = PaxosLease<R>;
    type Settings = PaxosLeaseSettings;
    type Load = ActLoad;

    const ID: &'static str = "paxos-lease";
    const ABOUT: &'static str =
        "lease negotiation: one of several nodes holds the lease, and no disk knows which";
    const NOTATION: &'static [(&'static str, &'static str)] = properties::NOTATION;
    const MESSAGE_CLASSES: &'static [&'static str] = CLASSES;

    fn properties(&self) -> Vec<Property> {
        use properties::{L1, L2, L3, L5, V10};
        vec![L1, L2, L3, L5, V10]
    }

    fn deploy(&self, setup: &Setup<'_, Self>) -> Result<Deployment<Self::Process>, Vec<Mistake>> {
        let rules = R::of(setup.mutant);
        let deployed = |node: NodeId| -> Result<Deployed<Self::Process>, Vec<Mistake>> {
            let config = setup.settings.config(rules.clone(), node, setup.scenario)?;
            let records = vec![record::format()];
            Ok(Deployed { id: ProcessId::main(node), config, records, running: true })
        };
        let nodes = NodeId::first(setup.scenario.cluster.nodes.max(1));
        Ok(Deployment {
            processes: nodes.map(deployed).collect::<Result<_, _>>()?,
            shared_disks: 0,
        })
    }

    fn workload(
        &self,
        setup: &Setup<'_, Self>,
    ) -> Result<Box<dyn Workload<Self::Process>>, Vec<Mistake>> {
        let mistakes = setup.load.mistakes();
        if mistakes.is_empty() {
            Ok(Box::new(clients::Actors::new(setup.load, setup.scenario)))
        } else {
            Err(mistakes)
        }
    }

    fn checks(&self, setup: &Setup<'_, Self>) -> Vec<Box<dyn Check<Self::Process>>> {
        let nodes = setup.scenario.cluster.nodes;
        let holders = holders::Holders::new(nodes, setup.settings.terms());
        let ballots = ballots::Ballots::new(nodes);
        let progress = progress::Progress::new(self.calm_bound(setup));
        let mut checks: Vec<Box<dyn Check<Self::Process>>> =
            vec![Box::new(holders), Box::new(ballots), Box::new(progress)];
        if setup.mutant.is_some() {
            let counter = |config: &Config<R>| config.rules.deviations();
            checks.push(Box::new(Deviations::new(counter)));
        }
        checks
    }

    fn tolerance(&self, setup: &Setup<'_, Self>) -> Tolerance {
        let clock_rate_ppm = setup.settings.clock_rate_bound_ppm;
        Tolerance { clock_rate_ppm, ..Tolerance::of(SURVIVED) }
    }

    fn core(&self, setup: &Setup<'_, Self>, _: View<'_, Self::Process>) -> Core {
        Core::majority(setup.scenario.cluster.nodes)
    }

    fn calm_bound(&self, setup: &Setup<'_, Self>) -> Span {
        setup.settings.bound(setup.scenario) + setup.load.patience(setup.scenario)
    }

    fn resolve(
        &self,
        word: &str,
        _: Option<&Value>,
        view: View<'_, Self::Process>,
    ) -> Vec<ProcessId> {
        let holds = |process: &ProcessId| {
            let machine = view.machine(*process)?;
            let clock = view.local_time(process.node);
            machine.decisions().filter(|(_, until)| !until.is_passed(clock))
        };
        let holder = view.processes().find(|process| holds(process).is_some());
        match word {
            "holder" => holder.into_iter().collect(),
            "other" => view.processes().filter(|process| Some(*process) != holder).collect(),
            _ => Vec::new(),
        }
    }

    fn target_words(&self) -> &'static [&'static str] {
        &["holder", "other"]
    }

    fn message_class(message: &Message) -> &'static str {
        match message {
            Message::Prepare { .. } => "prepare",
            Message::Promise { .. } => "promise",
            Message::Refused { .. } => "refused",
            Message::Accept { .. } => "accept",
            Message::Accepted { .. } => "accepted",
            Message::Release { .. } => "release",
        }
    }

    fn glance(process: &Self::Process) -> String {
        process.to_string()
    }

    /// A lease is only as good as the clocks; how long a restarted node is silent, it alone counts. Ballots, and the
    /// silence itself, are only as good as the count of starts: a disk may lose it, but not take an older one for
    /// the last. Wall clocks are not looked at.
    fn holds_beyond(&self, property: &Property, excess: &[ChaosKind]) -> bool {
        let harmless = |kind: &ChaosKind| match kind {
            ChaosKind::ClockStep
            | ChaosKind::HungDisk
            | ChaosKind::FullDisk
            | ChaosKind::DeadDisk
            | ChaosKind::BadSector
            | ChaosKind::BlankDisk => true,
            ChaosKind::ClockRate => ["L3", "L5"].contains(&property.id),
            kind => SURVIVED.contains(kind),
        };
        property.kind == PropertyKind::Invariant && excess.iter().all(harmless)
    }

    fn mutants(&self) -> &'static [Mutant] {
        hosts::ALL
    }

    fn exempt(&self) -> &'static [Exempt] {
        hosts::EXEMPT
    }

    fn scenario_of(&self, mutant: &str) -> Option<&'static str> {
        trials::scenario_of(mutant)
    }

    fn exploration_of(&self, mutant: &str) -> Option<&'static str> {
        trials::exploration_of(mutant)
    }

    fn forged(fact: &Fact) -> Option<Fact> {
        Some(hosts::forged(fact))
    }

    fn counters(&self) -> &'static [&'static str] {
        counts::COUNTERS
    }
}
