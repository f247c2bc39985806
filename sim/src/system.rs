//! What a protocol must say about itself to be simulated, here or in another crate.

use crate::check::{Check, View};
use crate::cluster::Deployment;
use crate::outcome::{Property, PropertyKind};
use crate::scenario::{ChaosKind, Scenario};
use crate::seen::Seen;
use crate::subject::{Exempt, Mistake, Mutant};
use crate::workload::Workload;
use interregnum_core::{Explorable, Fingerprint, Machine, NodeSet, Place, ProcessId, Span};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;

/// Why a system claims nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndOfClaims {
    /// What happened, as a sentence without its full stop.
    pub why: &'static str,
    /// The kinds of faults that bring it about.
    pub kinds: &'static [ChaosKind],
}

/// A system under test: machines, what they are deployed with, who calls them, what must hold.
pub trait System: Send + Sync + 'static {
    /// The machine. Where kinds of process differ, an enum of machines.
    type Process: Machine;
    /// The `settings` of a scenario.
    type Settings: DeserializeOwned + JsonSchema + Default + Debug + Send + Sync;
    /// The `workload` of a scenario.
    type Load: DeserializeOwned + JsonSchema + Default + Debug + Send + Sync;

    /// What users type, in kebab-case.
    const ID: &'static str;
    /// What it is, in one line.
    const ABOUT: &'static str;

    /// How it writes what its traces are about, each with what it means: `b20.n1`, ballot 20 of node 1.
    const NOTATION: &'static [(&'static str, &'static str)] = &[];
    /// The classes that `message_class` sorts messages into, for faults that strike only one of them.
    const MESSAGE_CLASSES: &'static [&'static str] = &[];
    /// The seams that `seam` tells.
    const SEAMS: &'static [&'static str] = &[];

    /// Every property that it may check, in any setting.
    fn properties(&self) -> Vec<Property>;

    /// The processes, their configurations and what their disks hold before the first start.
    ///
    /// # Errors
    /// Every mistake in the settings, with the JSON path of the field.
    fn deploy(&self, setup: &Setup<'_, Self>) -> Result<Deployment<Self::Process>, Vec<Mistake>>;

    /// The clients.
    ///
    /// # Errors
    /// Every mistake in the workload, with the JSON path of the field.
    fn workload(
        &self,
        setup: &Setup<'_, Self>,
    ) -> Result<Box<dyn Workload<Self::Process>>, Vec<Mistake>>;

    /// What must hold under these settings.
    fn checks(&self, setup: &Setup<'_, Self>) -> Vec<Box<dyn Check<Self::Process>>>;

    /// What it claims to survive.
    fn tolerance(&self, setup: &Setup<'_, Self>) -> Tolerance;

    /// Which sets of nodes may be the core that the calm phase heals.
    fn core(&self, setup: &Setup<'_, Self>, view: View<'_, Self::Process>) -> Core;

    /// What a record at this place of a node's disk is part of.
    fn chunk(&self, setup: &Setup<'_, Self>, place: Place) -> Chunk {
        let _ = (setup, place);
        Chunk::Identity
    }

    /// How long after the faults every liveness property must have been met: the largest of their
    /// computed bounds.
    fn calm_bound(&self, setup: &Setup<'_, Self>) -> Span;

    /// The processes that `word` (with an argument, where the scenario gives one) means at this
    /// moment; none if nobody fits. A system without `target_words` has nothing to add.
    fn resolve(
        &self,
        word: &str,
        argument: Option<&Value>,
        view: View<'_, Self::Process>,
    ) -> Vec<ProcessId> {
        let _ = (word, argument, view);
        Vec::new()
    }

    /// The words that `resolve` knows.
    fn target_words(&self) -> &'static [&'static str] {
        &[]
    }

    /// The names of a node's processes, in the order of their parts.
    fn parts(&self) -> &'static [&'static str] {
        &["main"]
    }

    /// The class of a message, one of `MESSAGE_CLASSES`.
    fn message_class(message: &<Self::Process as Machine>::Message) -> &'static str {
        let _ = message;
        ""
    }

    /// The seam, one of `SEAMS`, that a process is at when this happens: a point that matters to the
    /// protocol, at which faults may strike. Asked only while such a fault waits, and only of what a
    /// process is handed and of what it does: records are asked about when they are written.
    fn seam(seen: &Seen<'_, Self::Process>) -> Option<&'static str> {
        let _ = seen;
        None
    }

    /// Why the system claims nothing any more once this has happened, if so: nothing is judged from then on,
    /// and a run is not passed for what came before unless its scenario says that it goes beyond the limits.
    fn ends_claims(seen: &Seen<'_, Self::Process>) -> Option<EndOfClaims> {
        let _ = seen;
        None
    }

    /// The state of a process in a few words, for people who read a trace.
    fn glance(process: &Self::Process) -> String {
        format!("{process:?}")
    }

    /// Whether `property` must hold even though drawn faults of the kinds `excess` went beyond what the
    /// system claims to survive.
    fn holds_beyond(&self, property: &Property, excess: &[ChaosKind]) -> bool {
        let _ = excess;
        property.kind == PropertyKind::Invariant
    }

    /// Its planted bugs.
    fn mutants(&self) -> &'static [Mutant] {
        &[]
    }

    /// The known bugs that it cannot have.
    fn exempt(&self) -> &'static [Exempt] {
        &[]
    }

    /// The scenario that must catch the planted bug `mutant`: the text of a scenario file.
    fn scenario_of(&self, mutant: &str) -> Option<&'static str> {
        let _ = mutant;
        None
    }

    /// The scenario within whose bounds an exhaustive search must find the planted bug `mutant`, with the
    /// shortest history that shows it; nothing for bugs that no small search shows.
    fn exploration_of(&self, mutant: &str) -> Option<&'static str> {
        let _ = mutant;
        None
    }

    /// What a host that forges facts makes of one; `None` keeps it back.
    fn forged(fact: &<Self::Process as Machine>::Fact) -> Option<<Self::Process as Machine>::Fact> {
        let _ = fact;
        None
    }

    /// The names of what its checks count, for `expect.at_least`.
    fn counters(&self) -> &'static [&'static str] {
        &[]
    }
}

/// What a system must say about itself, besides, to be searched exhaustively.
pub trait ExplorableSystem: System<Process: Explorable> {
    /// What each client calls, one call after the other.
    fn script(&self, setup: &Setup<'_, Self>) -> Vec<Vec<<Self::Process as Machine>::Call>>;

    /// Whether a client that is answered this knows that its call had no effect and never will.
    fn is_refusal(reply: &<Self::Process as Machine>::Reply) -> bool {
        let _ = reply;
        false
    }

    /// The system's own constraint: states with a process of which this is false are not gone on from.
    fn within(&self, process: &Self::Process) -> bool {
        let _ = process;
        true
    }

    /// What a process has decided, whatever else there is to it: searches that leave out what makes no
    /// difference must come to the same decisions.
    fn decided(&self, process: &Self::Process) -> Fingerprint;
}

/// A scenario with the system's own parts of it read.
#[derive(Debug)]
pub struct Setup<'a, S: System + ?Sized> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// Its settings.
    pub settings: &'a S::Settings,
    /// Its workload.
    pub load: &'a S::Load,
    /// The planted bug to run with.
    pub mutant: Option<&'static Mutant>,
}

/// What a system claims to survive. Drawn faults stay within it unless the scenario says otherwise.
#[derive(Clone, Debug)]
pub struct Tolerance {
    /// The kinds of drawn faults that it survives at all.
    pub kinds: &'static [ChaosKind],
    /// How many nodes may be struck at the same moment by faults that stop or restart processes;
    /// `None` if any number may.
    pub nodes_at_once: Option<u32>,
    /// How many parts per million a clock's rate may be off.
    pub clock_rate_ppm: u32,
    /// On how many nodes, over the whole run, the same chunk of data may be damaged, nodes included that
    /// lose their disk for good: membership is fixed, so what is lost is never made up for.
    pub damaged_copies: u32,
}

impl Tolerance {
    /// Faults of these kinds, any number of nodes at once, clocks of any rate, no data damaged.
    #[must_use]
    pub const fn of(kinds: &'static [ChaosKind]) -> Self {
        Self { kinds, nodes_at_once: None, clock_rate_ppm: 500_000, damaged_copies: 0 }
    }
}

/// Which records share a fate when disks are damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chunk {
    /// Without it a node is lost for good, as without its disk.
    Identity,
    /// One of several copies that the node itself keeps; it can spare one, and only one.
    Spare {
        /// Which one, from 0.
        number: u8,
        /// Of how many.
        of: u8,
    },
    /// One of the copies that several nodes keep of the same data, by number.
    Replicated(u64),
}

/// Which sets of nodes may be the calm core: any subset of `among` with at least `at_least` nodes.
#[derive(Clone, Copy, Debug)]
pub struct Core {
    /// Nodes that may belong to it. Never one that may not vote.
    pub among: NodeSet,
    /// Its smallest size.
    pub at_least: u32,
}

impl Core {
    /// Any majority of the first `nodes` nodes.
    #[must_use]
    pub fn majority(nodes: u8) -> Self {
        Self { among: NodeSet::first(nodes), at_least: u32::from(nodes) / 2 + 1 }
    }
}

/// The settings or workload of a system that has none: an empty object.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoOptions {}
