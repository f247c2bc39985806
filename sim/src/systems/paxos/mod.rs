//! Paxos as the simulator sees it: the consensus service of the core replicating a small map.
//!
//! | module | holds |
//! | --- | --- |
//! | `settings`, `load`, `clients` | what a scenario says, and the clients it describes |
//! | `evidence` | what happened, in the terms of the protocol; also of a Paxos inside a stack |
//! | `ledger`, `cell`, `reference` | what is chosen, from durable records alone; what follows from it |
//! | `acceptors`, `ballots`, `holdings` | what nodes promise, own and keep: A1, A3, A4, A6 |
//! | `claims`, `states`, `answers` | what they call chosen, are in and answer: A2, A5, A7, A8, A9 |
//! | `leases`, `watched` | who holds the leader's lease, and by what right: L1, L2, L3; what is known of each node |
//! | `progress`, `catch_up` | what must happen after the faults: V1, V7 |
//! | `beliefs` | facts that are kept back |
//! | `judge`, `bench` | the one check that folds them all |
//! | `linear` | the check of answers by what clients see alone: A9 |
//! | `withheld`, `damage` | what damaged disks mean to evidence, and to who may vote |
//! | `seams` | classes of messages, and points at which faults strike |
//! | `mutants`, `hosts`, `trials` | planted bugs of the rules and of the host, and the scenario of each |
//!
//! Assumed of a scenario: disks do not lie about what they keep unless a checksum shows it, clocks keep
//! their rate where leases are on. Everything else may fail at any number of nodes at once: safety must hold
//! under all of it, liveness while a majority keeps its memory.
//!
//! Deliberately absent: wall clocks, and changes of membership.

mod acceptors;
mod answers;
mod ballots;
mod beliefs;
mod bench;
mod catch_up;
mod cell;
mod claims;
mod clients;
mod damage;
pub mod evidence;
mod explore;
mod holdings;
mod hosts;
mod judge;
mod leases;
mod ledger;
mod linear;
mod load;
mod losses;
mod mutants;
mod progress;
pub mod properties;
mod reference;
mod seams;
mod settings;
mod states;
mod trials;
mod watched;
mod withheld;

#[cfg(test)]
mod tests;

pub use catch_up::Policy;
pub use clients::KvClients;
pub use damage::Disks;
pub use judge::{COUNTERS, Judge};
pub use linear::Linear;
pub use load::KvLoad;
pub use mutants::{Bug, MUTANTS, Planted, Variant};
pub use progress::Bounds;
pub use settings::{Heartbeat, LeaseSettings, PaxosSettings};

use crate::check::{Check, View};
use crate::cluster::{Deployed, Deployment};
use crate::face::register_searchable;
use crate::linear::Budget;
use crate::outcome::Property;
use crate::planted::Deviations;
use crate::scenario::ChaosKind;
use crate::seen::Seen;
use crate::subject::{Exempt, Mistake, Mutant, Subject};
use crate::system::{Chunk, Core, EndOfClaims, Setup, System, Tolerance};
use crate::workload::Workload;
use beliefs::Beliefs;
use evidence::Whole;
use interregnum_core::kv::Kv;
use interregnum_core::paxos::{Ballot, Config, Fact, Message, Paxos, Sound, record};
use interregnum_core::{NodeId, Place, ProcessId, Span};
use leases::Leases;
use serde_json::Value;
use std::marker::PhantomData;

/// The consensus service under rules `R`.
#[derive(Clone, Copy, Debug)]
pub struct PaxosSystem<R>(PhantomData<fn() -> R>);

impl PaxosSystem<Sound> {
    /// The sound system.
    #[must_use]
    pub const fn sound() -> Self {
        Self(PhantomData)
    }
}

impl PaxosSystem<Planted> {
    /// The system with whichever planted bug a scenario names.
    #[must_use]
    pub const fn planted() -> Self {
        Self(PhantomData)
    }
}

/// The system with its planted bugs, for the registry.
#[must_use]
pub fn register() -> Box<dyn Subject> {
    register_searchable(PaxosSystem::sound(), PaxosSystem::planted())
}

/// Survived by any number of nodes at once. It reads no wall clock, so that steps of it mean nothing. Not
/// survived are disks that lie unnoticed: a lost or misdirected write or a stale read takes away what
/// others count on, and nothing tells.
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
    ChaosKind::Rot,
    ChaosKind::BadSector,
    ChaosKind::DiskError,
    ChaosKind::FullDisk,
    ChaosKind::SlowDisk,
    ChaosKind::HungDisk,
    ChaosKind::DeadDisk,
    ChaosKind::BlankDisk,
];

impl<R: Variant> System for PaxosSystem<R> {
    type Process = Paxos<Kv, R>;
    type Settings = PaxosSettings;
    type Load = KvLoad;

    const ID: &'static str = "paxos";
    const ABOUT: &'static str =
        "consensus service: a replicated log under one stable leader, with snapshots and leases";
    const NOTATION: &'static [(&'static str, &'static str)] = properties::NOTATION;
    const MESSAGE_CLASSES: &'static [&'static str] = seams::CLASSES;
    const SEAMS: &'static [&'static str] = seams::SEAMS;

    fn properties(&self) -> Vec<Property> {
        use properties::{A1, A2, A3, A4, A5, A6, A7, A8, A9, L1, L2, L3, V1, V7};
        vec![A1, A2, A3, A4, A5, A6, A7, A8, A9, L1, L2, L3, V1, V7]
    }

    fn deploy(&self, setup: &Setup<'_, Self>) -> Result<Deployment<Self::Process>, Vec<Mistake>> {
        let rules = R::of(setup.mutant);
        let deployed = |node: NodeId| -> Result<Deployed<Self::Process>, Vec<Mistake>> {
            let config = setup.settings.config(rules.clone(), node, setup.scenario)?;
            let records = record::format(config.cluster(), node).to_vec();
            Ok(Deployed { id: ProcessId::main(node), config, records, running: true })
        };
        let nodes = NodeId::first(setup.scenario.cluster.nodes.max(1));
        let processes = nodes.map(deployed).collect::<Result<_, _>>()?;
        Ok(Deployment { processes, shared_disks: 0 })
    }

    fn workload(
        &self,
        setup: &Setup<'_, Self>,
    ) -> Result<Box<dyn Workload<Self::Process>>, Vec<Mistake>> {
        let mistakes = setup.load.mistakes(setup.scenario);
        if mistakes.is_empty() {
            let leases = setup.settings.lease.is_some();
            Ok(Box::new(KvClients::new(setup.load, leases, setup.scenario)))
        } else {
            Err(mistakes)
        }
    }

    fn checks(&self, setup: &Setup<'_, Self>) -> Vec<Box<dyn Check<Self::Process>>> {
        let bounds = setup.settings.bounds(setup.load, setup.scenario);
        let disks = Disks::of(setup.scenario);
        let judge = Judge::<_, Whole<Kv>>::new(setup.scenario.cluster.nodes, bounds, disks)
            .mirrored(setup.settings.mirror);
        let linear = Linear::<_, Whole<Kv>>::new(Budget::default());
        let beliefs = Beliefs::<_, Whole<Kv>>::new(setup.scenario.cluster.nodes);
        let mut checks: Vec<Box<dyn Check<Self::Process>>> =
            vec![Box::new(judge), Box::new(linear), Box::new(beliefs)];
        if let Some(lease) = setup.settings.lease {
            let members = setup.scenario.cluster.nodes;
            checks.push(Box::new(Leases::<_, Whole<Kv>>::new(members, lease.grant.0)));
        }
        if setup.mutant.is_some() {
            let counter = |config: &Config<R>| config.rules.deviations();
            checks.push(Box::new(Deviations::new(counter)));
        }
        checks
    }

    /// Without leases safety reads no clock. Membership is fixed: whoever loses its disk is never made up
    /// for.
    fn tolerance(&self, setup: &Setup<'_, Self>) -> Tolerance {
        let damaged_copies = u32::from(setup.scenario.cluster.nodes.saturating_sub(1)) / 2;
        let any = Tolerance { damaged_copies, ..Tolerance::of(SURVIVED) };
        match setup.settings.lease {
            Some(_) => Tolerance { clock_rate_ppm: setup.settings.clock_rate_bound_ppm, ..any },
            None => any,
        }
    }

    fn core(&self, setup: &Setup<'_, Self>, view: View<'_, Self::Process>) -> Core {
        damage::core(setup.scenario.cluster.nodes, view)
    }

    fn chunk(&self, _: &Setup<'_, Self>, place: Place) -> Chunk {
        damage::chunk(place)
    }

    fn calm_bound(&self, setup: &Setup<'_, Self>) -> Span {
        let bounds = setup.settings.bounds(setup.load, setup.scenario);
        (bounds.leader + bounds.patience).max(bounds.catch_up.within)
    }

    fn resolve(
        &self,
        word: &str,
        _: Option<&Value>,
        view: View<'_, Self::Process>,
    ) -> Vec<ProcessId> {
        let leads = |process: &ProcessId| -> Option<Ballot> { view.machine(*process)?.leads() };
        let leader = view
            .processes()
            .filter_map(|process| Some((leads(&process)?, process)))
            .max_by_key(|(ballot, _)| *ballot)
            .map(|(_, process)| process);
        match word {
            "leader" => leader.into_iter().collect(),
            "follower" => view
                .processes()
                .filter(|process| view.is_up(*process) && Some(*process) != leader)
                .collect(),
            _ => Vec::new(),
        }
    }

    fn target_words(&self) -> &'static [&'static str] {
        &["leader", "follower"]
    }

    fn message_class(message: &Message<Kv>) -> &'static str {
        seams::class(&message.body)
    }

    fn seam(seen: &Seen<'_, Self::Process>) -> Option<&'static str> {
        seams::seam::<_, Whole<Kv>>(seen)
    }

    fn glance(process: &Self::Process) -> String {
        process.to_string()
    }

    fn ends_claims(seen: &Seen<'_, Self::Process>) -> Option<EndOfClaims> {
        damage::betrayal(seen)
    }

    /// What a leader reads under its lease is only as good as the clocks: the answers may be stale, and
    /// two may hold the lease. Nothing else reads a clock. Damage that shows costs progress, when too many
    /// copies are gone, and never safety.
    fn holds_beyond(&self, property: &Property, excess: &[ChaosKind]) -> bool {
        let clocks = excess.contains(&ChaosKind::ClockRate);
        !(clocks && matches!(property.id, "A9" | "L1" | "L2" | "L3"))
    }

    fn exploration_of(&self, mutant: &str) -> Option<&'static str> {
        explore::exploration_of(mutant)
    }

    fn scenario_of(&self, mutant: &str) -> Option<&'static str> {
        trials::scenario_of(mutant)
    }

    fn mutants(&self) -> &'static [Mutant] {
        hosts::ALL
    }

    fn exempt(&self) -> &'static [Exempt] {
        hosts::EXEMPT
    }

    fn forged(fact: &Fact) -> Option<Fact> {
        Some(hosts::forged(fact))
    }

    fn counters(&self) -> &'static [&'static str] {
        COUNTERS
    }
}
