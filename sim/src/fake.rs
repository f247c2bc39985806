//! A system for tests: no cluster behind it, only answers.

use crate::outcome::{Observed, Outcome, Property, PropertyKind};
use crate::scenario::{Scenario, decode_settings};
use crate::subject::{Mistake, Mutant, Prepared, Registry, Subject};
use crate::trace::Recorder;
use interregnum_core::Fingerprint;
use schemars::{JsonSchema, Schema, schema_for};
use serde::Deserialize;

/// A prepared scenario that answers with a function of the seed.
pub(crate) struct Fake(pub(crate) fn(u64) -> Outcome);

impl Prepared for Fake {
    fn run(&self, seed: u64) -> Outcome {
        self.0(seed)
    }

    fn trace(&self, seed: u64, _: &mut dyn Recorder) -> Outcome {
        self.0(seed)
    }
}

/// A run in which nothing happened.
pub(crate) fn outcome(seed: u64) -> Outcome {
    Outcome {
        seed,
        observed: Observed::Held,
        fingerprint: Fingerprint::of(&seed),
        virtual_ns: 0,
        events: 0,
        properties: Vec::new(),
        faults: Vec::new(),
        idle_faults: Vec::new(),
        counts: std::collections::BTreeMap::new(),
        drawn: Vec::new(),
        violation: None,
        highlights: Vec::new(),
        highlights_left_out: 0,
        highlights_gap: 0,
        latency: Default::default(),
        caveats: Vec::new(),
    }
}

/// Settings with a nested type, so that schemas have definitions to move.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    lease: crate::scenario::Duration,
    batch: Batch,
}

impl Default for Settings {
    fn default() -> Self {
        Self { lease: "2s".parse().unwrap(), batch: Batch { most: 1 } }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Batch {
    most: u32,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Workload {
    clients: u8,
}

/// The system `fake`.
pub(crate) struct FakeSystem;

impl Subject for FakeSystem {
    fn id(&self) -> &'static str {
        "fake"
    }

    fn about(&self) -> &'static str {
        "Answers for tests"
    }

    fn settings_schema(&self) -> Schema {
        schema_for!(Settings)
    }

    fn workload_schema(&self) -> Schema {
        schema_for!(Workload)
    }

    fn target_words(&self) -> &'static [&'static str] {
        &["leader", "follower", "holder"]
    }

    fn message_classes(&self) -> &'static [&'static str] {
        &["promise", "accepted"]
    }

    fn seams(&self) -> &'static [&'static str] {
        &["promise-sent"]
    }

    fn mutants(&self) -> &'static [Mutant] {
        const {
            &[Mutant {
                id: "fake/forgetful",
                bug: "X1",
                defect: "forgets",
                expected: "X1",
                also: &[],
            }]
        }
    }

    fn properties(&self) -> Vec<Property> {
        let property = |id, kind| Property { id, name: "a name", formula: "a formula", kind };
        vec![property("X1", PropertyKind::Invariant), property("XL", PropertyKind::Liveness)]
    }

    fn counters(&self) -> &'static [&'static str] {
        &["leader_changes"]
    }

    fn prepare(&self, scenario: &Scenario) -> Result<Box<dyn Prepared>, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let settings: Settings =
            decode_settings("settings", &scenario.settings).unwrap_or_else(|wrong| {
                mistakes.extend(wrong);
                Settings::default()
            });
        let workload: Workload =
            decode_settings("workload", &scenario.workload).unwrap_or_else(|wrong| {
                mistakes.extend(wrong);
                Workload::default()
            });
        if settings.batch.most == 0 || workload.clients > 9 {
            mistakes.push(Mistake::new("settings.batch.most", "too small, or too many clients"));
        }
        if scenario.calm.within.is_some_and(|within| within.0 < settings.lease.0) {
            mistakes.push(Mistake::new("calm.within", "shorter than the bound"));
        }
        if mistakes.is_empty() { Ok(Box::new(Fake(outcome))) } else { Err(mistakes) }
    }
}

/// A registry with nothing but `fake`.
pub(crate) fn registry() -> Registry {
    Registry::new().with(Box::new(FakeSystem))
}
