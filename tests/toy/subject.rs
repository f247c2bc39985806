//! A system with nothing behind it: its leaders rise and fall by the seed alone. It shows every way
//! in which a run can end, quickly.

use interregnum_core::Span;
use interregnum_sim::outcome::{Outcome, Property, PropertyKind};
use interregnum_sim::scenario::{Duration, Scenario, decode_settings};
use interregnum_sim::subject::{Exempt, Mistake, Mutant, Prepared, Subject};
use interregnum_sim::trace::Recorder;
use schemars::{JsonSchema, Schema, schema_for};
use serde::Deserialize;

#[path = "run.rs"]
mod run;

use run::Run;

/// The system `toy`.
pub(crate) struct Toy;

/// What can be set.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    /// How long a leader rules without a renewal.
    lease: Duration,
    /// The run ends otherwise.
    trouble: Option<Trouble>,
}

/// What goes wrong besides the faults.
#[derive(Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Trouble {
    /// A machine panics.
    MachinePanics,
    /// The simulator does.
    SimulatorPanics,
    /// No two runs are the same.
    Unrepeatable,
    /// The checker gives up.
    Undecided,
    /// Nothing is ever exercised.
    Idle,
}

impl Default for Settings {
    fn default() -> Self {
        Self { lease: Duration(Span::secs(2)), trouble: None }
    }
}

/// What the clients do.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Workload {
    /// How many there are.
    clients: u8,
}

const MUTANTS: &[Mutant] = &[
    Mutant {
        id: "toy/two-leaders",
        bug: "TP1",
        defect: "a leader that wakes up does not look at its lease",
        expected: "T1",
        also: &[],
    },
    Mutant {
        id: "toy/sleeper",
        bug: "TP2",
        defect: "nobody stands for election",
        expected: "TL1",
        also: &[],
    },
];

const T1: Property = Property {
    id: "T1",
    name: "one leader",
    formula: "at no instant do two nodes lead",
    kind: PropertyKind::Invariant,
};
const T2: Property = Property {
    id: "T2",
    name: "leases are renewed in time",
    formula: "no leader acts after its lease has run out",
    kind: PropertyKind::Invariant,
};
const TL1: Property = Property {
    id: "TL1",
    name: "a leader in the end",
    formula: "within the bound after the calm begins, some node leads",
    kind: PropertyKind::Liveness,
};

impl Subject for Toy {
    fn id(&self) -> &'static str {
        "toy"
    }

    fn about(&self) -> &'static str {
        "Leaders that rise and fall by the seed alone"
    }

    fn settings_schema(&self) -> Schema {
        schema_for!(Settings)
    }

    fn workload_schema(&self) -> Schema {
        schema_for!(Workload)
    }

    fn target_words(&self) -> &'static [&'static str] {
        &["leader", "follower"]
    }

    fn mutants(&self) -> &'static [Mutant] {
        MUTANTS
    }

    /// The sleeper has none, so that an audit has something to complain about.
    fn scenario_of(&self, mutant: &str) -> Option<&'static str> {
        let planted = include_str!("../transcripts/run.in/planted.json");
        (mutant == "toy/two-leaders").then_some(planted)
    }

    fn exempt(&self) -> &'static [Exempt] {
        &[Exempt { id: "toy/host-drops-facts", bug: "H5", why: "nobody tells any" }]
    }

    fn properties(&self) -> Vec<Property> {
        vec![T1, T2, TL1]
    }

    fn counters(&self) -> &'static [&'static str] {
        &["leader_changes"]
    }

    fn prepare(&self, scenario: &Scenario) -> Result<Box<dyn Prepared>, Vec<Mistake>> {
        let settings: Settings = decode_settings("settings", &scenario.settings)?;
        decode_settings::<Workload>("workload", &scenario.workload)?;
        let bound = settings.lease.0.times(4);
        if let Some(within) = scenario.calm.within.filter(|within| within.0 < bound) {
            let message = format!("found {within}, expected at least the computed bound {bound}");
            return Err(vec![Mistake::new("calm.within", message)]);
        }
        Ok(Box::new(Ready { scenario: scenario.clone(), settings, bound }))
    }
}

struct Ready {
    scenario: Scenario,
    settings: Settings,
    bound: Span,
}

impl Prepared for Ready {
    fn run(&self, seed: u64) -> Outcome {
        self.trace(seed, &mut |_| {})
    }

    fn trace(&self, seed: u64, sink: &mut dyn Recorder) -> Outcome {
        if self.settings.trouble == Some(Trouble::SimulatorPanics) {
            panic!("no such node");
        }
        let mut run = Run::new(self, seed, sink);
        run.faults();
        run.calm();
        run.outcome()
    }
}
