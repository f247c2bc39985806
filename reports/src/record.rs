//! A run and the scenario it belongs to, as every document shows them.

use crate::words;
use interregnum_core::Fingerprint;
use interregnum_sim::outcome::{
    Caveat, FaultCount, Observed, Outcome, PropertyKind, PropertyOutcome, Violation, as_text,
};
use interregnum_sim::scenario::{self, Scenario};
use interregnum_sim::verdict::{Judgement, Verdict};
use schemars::JsonSchema;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;

/// A scenario as documents show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    /// The file, as the user named it.
    #[serde(rename = "scenario")]
    pub path: String,
    /// The title.
    pub title: String,
    /// Why the scenario exists.
    pub why: String,
    /// The system under test.
    pub system: String,
    /// The planted bug, if one is run.
    pub mutant: Option<String>,
    /// What is expected, in words.
    #[serde(rename = "expected")]
    pub expectation: String,
    /// The number of nodes.
    pub nodes: u8,
    /// How the system writes what its traces are about, each with what it means.
    #[serde(default)]
    pub notation: Vec<(String, String)>,
    /// The scenario's part of a run's identity.
    #[serde(rename = "scenario_hash", with = "as_text")]
    #[schemars(with = "String")]
    pub hash: Fingerprint,
}

impl Case {
    /// The scenario in the file at `path`.
    #[must_use]
    pub fn new(path: &str, scenario: &Scenario, hash: Fingerprint) -> Self {
        let expect = &scenario.expect;
        let property = expect.invariant.as_deref().unwrap_or("some property");
        let expectation = match expect.observed {
            scenario::Observed::Held => "everything holds".to_owned(),
            scenario::Observed::Violated => format!("{property} is violated"),
            scenario::Observed::Stalled => format!("{property} is not met in time"),
            scenario::Observed::InconsistentEvidence => {
                format!("claims about {property} contradict the evidence")
            }
        };
        Self {
            path: path.to_owned(),
            title: scenario.title.clone(),
            why: scenario.why.clone(),
            system: scenario.system.clone(),
            mutant: scenario.mutant.clone(),
            expectation,
            nodes: scenario.cluster.nodes,
            notation: Vec::new(),
            hash,
        }
    }

    /// The same with what its traces are about.
    #[must_use]
    pub fn noted(mut self, notation: &[(&str, &str)]) -> Self {
        let owned = |(name, what): &(&str, &str)| ((*name).to_owned(), (*what).to_owned());
        self.notation = notation.iter().map(owned).collect();
        self
    }
}

/// One run: what happened, whether that was right, and how to see it again.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its scenario.
    pub case: &'a Case,
    /// What happened.
    pub outcome: &'a Outcome,
    /// Whether it met the expectation.
    pub judgement: &'a Judgement,
    /// The command line that repeats it.
    pub replay: &'a str,
}

/// The run as one object of a JSON document.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Run")]
pub(crate) struct Json<'a> {
    scenario: &'a str,
    title: &'a str,
    system: &'a str,
    mutant: Option<&'a str>,
    scenario_hash: String,
    seed: String,
    verdict: Verdict,
    reasons: &'a [String],
    observed: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_because: Option<&'a str>,
    fingerprint: String,
    virtual_ns: u64,
    events: u64,
    replay: &'a str,
    invariants: Vec<&'a PropertyOutcome>,
    liveness: Vec<&'a PropertyOutcome>,
    faults: &'a [FaultCount],
    idle_faults: &'a [usize],
    counts: &'a BTreeMap<String, u64>,
    #[schemars(with = "BTreeMap<String, String>")]
    drawn: Pairs<'a>,
    violation: Option<&'a Violation>,
    caveats: &'a [Caveat],
}

/// Pairs as one object, in their order.
struct Pairs<'a>(&'a [(String, String)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { case, outcome, judgement, replay } = *self;
        let of_kind = |kind| outcome.properties.iter().filter(|p| p.kind == kind).collect();
        let because = match &outcome.observed {
            Observed::Inconclusive(why) | Observed::Panicked(why) => Some(why.as_str()),
            _ => None,
        };
        Json {
            scenario: &case.path,
            title: &case.title,
            system: &case.system,
            mutant: case.mutant.as_deref(),
            scenario_hash: case.hash.to_string(),
            seed: format!("{:#x}", outcome.seed),
            verdict: judgement.verdict,
            reasons: &judgement.reasons,
            observed: words::observed(&outcome.observed),
            observed_because: because,
            fingerprint: outcome.fingerprint.to_string(),
            virtual_ns: outcome.virtual_ns,
            events: outcome.events,
            replay,
            invariants: of_kind(PropertyKind::Invariant),
            liveness: of_kind(PropertyKind::Liveness),
            faults: &outcome.faults,
            idle_faults: &outcome.idle_faults,
            counts: &outcome.counts,
            drawn: Pairs(&outcome.drawn),
            violation: outcome.violation.as_ref(),
            caveats: &outcome.caveats,
        }
        .serialize(to)
    }
}
