//! The shape of a scenario file. Every field that can have a sane default is optional; what is not
//! named here is refused.
//!
//! No type uses serde's `flatten` or untagged enums: both lose the position of a mistake.

use super::{Chaos, ChaosKind, Duration, Fault, Ratio, Seed};
use crate::explore::cluster::{Choice, Explore};
use interregnum_core::{NodeSet, Span};
use schemars::JsonSchema;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A scenario: a system, a cluster, what goes wrong, and what is expected.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Where editors find the schema; not part of the scenario's identity.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// What the scenario is called.
    pub title: String,
    /// Why it exists: what it would show if it failed.
    #[serde(default)]
    pub why: String,
    /// The system under test.
    pub system: String,
    /// The planted bug to run instead of the sound system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant: Option<String>,
    /// The seed to run with where nobody names one: the run that this file was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
    /// The nodes.
    #[serde(default)]
    pub cluster: Cluster,
    /// The system's own settings.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// What the clients do, in the system's own terms.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub workload: serde_json::Map<String, serde_json::Value>,
    /// The network when nothing is wrong with it.
    #[serde(default)]
    pub network: Network,
    /// The disks when nothing is wrong with them.
    #[serde(default)]
    pub disks: Disks,
    /// The clocks.
    #[serde(default)]
    pub clocks: Clocks,
    /// How long the run lasts before the calm phase; by default long enough for every fault listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Duration>,
    /// Faults at set times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// Faults drawn from the seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chaos: Option<Chaos>,
    /// The kinds in which the faults listed go beyond what the system claims to survive: what need not
    /// hold then is not judged. Written where faults that were drawn beyond the limits are listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beyond: Vec<ChaosKind>,
    /// How every order of what may happen is searched, with `interregnum explore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explore: Option<Explore>,
    /// A history that a search has found, choice by choice. It is what a run follows then, instead of a seed
    /// and faults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<Choice>>,
    /// The phase after the faults, in which liveness must hold.
    #[serde(default)]
    pub calm: Calm,
    /// What the run must show to pass.
    #[serde(default)]
    pub expect: Expect,
    /// How many events a run may take; a run that needs more is inconclusive.
    #[serde(default = "default_events", skip_serializing_if = "is_default_events")]
    #[schemars(range(min = 1))]
    pub max_events: u64,
}

const fn default_events() -> u64 {
    20_000_000
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_default_events(events: &u64) -> bool {
    *events == default_events()
}

/// The nodes of the cluster and the groups that share a fate.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cluster {
    /// How many nodes run the system.
    #[schemars(range(min = 1, max = 128))]
    #[serde(deserialize_with = "nodes")]
    pub nodes: u8,
    /// Named groups of nodes, such as racks or sites.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Vec<u8>>,
}

/// A number of nodes that no cluster can have is refused in the same words however large it is.
fn nodes<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    struct Nodes;
    impl Visitor<'_> for Nodes {
        type Value = u8;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number from 1 to 128")
        }

        fn visit_u64<E: de::Error>(self, nodes: u64) -> Result<u8, E> {
            u8::try_from(nodes)
                .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(nodes), &"1 to 128 nodes"))
        }
    }
    from.deserialize_u8(Nodes)
}

impl Cluster {
    /// Whether it has as many nodes as a cluster can have.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        1 <= self.nodes && self.nodes <= NodeSet::CAPACITY
    }
}

impl Default for Cluster {
    fn default() -> Self {
        Self { nodes: 5, groups: BTreeMap::new() }
    }
}

/// A delay: at least `min`, on average `mean`, at most `max`, exponential in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a delay such as {\"min\": \"1ms\", \"mean\": \"4ms\"}")]
pub struct Delay {
    /// The shortest delay.
    pub min: Duration,
    /// The mean delay before the cap; at least `min`.
    pub mean: Duration,
    /// The longest delay; by default ten times the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Duration>,
}

impl Delay {
    /// The longest delay.
    #[must_use]
    pub fn cap(&self) -> Span {
        self.max.map_or(self.mean.0.times(10), |max| max.0)
    }
}

/// The network when nothing is wrong with it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// How long a message travels, drawn for each one, so that messages overtake each other.
    pub delay: Delay,
    /// The share of messages lost.
    pub loss: Ratio,
    /// The share of messages delivered a second time.
    pub duplicate: Ratio,
}

impl Default for Network {
    fn default() -> Self {
        let millis = |ms| Duration(Span::millis(ms));
        Self {
            delay: Delay { min: millis(1), mean: millis(4), max: None },
            loss: Ratio::default(),
            duplicate: Ratio::default(),
        }
    }
}

/// The disks when nothing is wrong with them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Disks {
    /// How long a sync takes.
    pub sync: Delay,
}

impl Default for Disks {
    fn default() -> Self {
        let micros = |us| Duration(Span::micros(us));
        Self { sync: Delay { min: micros(200), mean: micros(1000), max: None } }
    }
}

/// The clocks.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Clocks {
    /// Each node's clock rate is drawn within this bound, in parts per million.
    #[schemars(range(max = 500_000))]
    pub rate_ppm: u32,
    /// Each node's wall clock is set wrong, either way, by at most this.
    #[serde(skip_serializing_if = "is_zero")]
    pub wall_offset: Duration,
}

fn is_zero(duration: &Duration) -> bool {
    duration.0 == Span::ZERO
}

/// The phase after the faults.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Calm {
    /// How long the system may take to recover; may only lengthen the computed bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
}

/// What a run must show to pass.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// What must happen.
    pub observed: Observed,
    /// For all but `held`: the invariant or liveness property that must fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invariant: Option<String>,
    /// Counts below which the run proves nothing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub at_least: BTreeMap<String, u64>,
}

/// What happened, or must happen, in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Observed {
    /// Every invariant held and every liveness property was met.
    #[default]
    Held,
    /// An invariant was violated.
    Violated,
    /// A liveness property was not met within its bound.
    Stalled,
    /// What the machines claim contradicts what they did: neither can be relied on.
    InconsistentEvidence,
}
