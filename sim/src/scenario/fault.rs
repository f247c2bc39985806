//! What can go wrong, in the words of scenario files: faults at set times, and faults drawn from the seed.

use super::{Delay, Duration, Ratio, Target};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One fault: when, for how long, and exactly one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// When it begins.
    pub at: Duration,
    /// How long it lasts; without this, until the calm phase (and beyond, outside its core).
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
    /// The number of the dice that it draws from, in a plan that was drawn before: what it draws then
    /// does not depend on its place in the list, and it need not make a difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dice: Option<u32>,
    /// Processes fall and, when the fault ends, start again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash: Option<Crash>,
    /// Nodes lose power: like a crash, and any subset of their unsynced writes is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_loss: Option<PowerLoss>,
    /// Processes stop between two effects and later go on as if nothing had happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// Links between nodes are cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<Partition>,
    /// Messages are lost, beyond what the network always loses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Lossy>,
    /// Messages are delivered twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplication: Option<Lossy>,
    /// Messages take longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Slow>,
}

impl Fault {
    /// The kinds, as scenario files write them.
    pub const KINDS: [&'static str; 7] =
        ["crash", "power_loss", "pause", "partition", "loss", "duplication", "delay"];

    /// The kinds given; a fault that was checked has exactly one.
    #[must_use]
    pub fn kinds(&self) -> Vec<&'static str> {
        let given = [
            self.crash.is_some(),
            self.power_loss.is_some(),
            self.pause.is_some(),
            self.partition.is_some(),
            self.loss.is_some(),
            self.duplication.is_some(),
            self.delay.is_some(),
        ];
        Self::KINDS
            .into_iter()
            .zip(given)
            .filter(|(_, given)| *given)
            .map(|(kind, _)| kind)
            .collect()
    }
}

/// Which processes fall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    /// Whom it strikes: whole nodes, or one process of a node.
    pub target: Target,
    /// Instead of falling between two steps, fall in the next step that has more effects than this,
    /// after so many of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_effects: Option<u32>,
}

/// Which nodes lose power.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PowerLoss {
    /// Whom it strikes; always whole nodes.
    pub target: Target,
    /// Instead of failing between two steps, fail in the next step of one of the node's processes
    /// that has more effects than this, after so many of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_effects: Option<u32>,
}

/// Which processes pause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// Whom it strikes.
    pub target: Target,
    /// Instead of pausing between two steps, pause in the next step that has more effects than this,
    /// after so many of them; the others follow when it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_effects: Option<u32>,
}

/// Which links are cut: give exactly one of `groups`, `isolate` and `from` with `to`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// Nodes hear only their own group; the nodes not listed form one more group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<Target>>,
    /// These nodes and all others do not hear each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolate: Option<Target>,
    /// Messages from these nodes ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Target>,
    /// ... to these are lost; the other direction works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Target>,
}

/// How many messages are struck.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lossy {
    /// The share of messages.
    pub ratio: Ratio,
    /// Only messages to or from these nodes; by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

/// How much longer messages take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slow {
    /// Added to each delay.
    pub extra: Delay,
    /// Only messages to or from these nodes; by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

/// Faults drawn from the seed: which kinds are on, how strong and how clustered differs by seed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chaos {
    /// How long faults are drawn.
    #[serde(rename = "for")]
    pub lasts: Duration,
    /// Whether to stay within what the system claims to survive.
    #[serde(default)]
    pub limits: Limits,
    /// The kinds to draw from; by default all that apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<ChaosKind>>,
}

/// A kind of drawn fault.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ChaosKind {
    /// Processes or nodes crash and restart, between steps or within one.
    Crash,
    /// Nodes lose power.
    PowerLoss,
    /// Processes pause.
    Pause,
    /// Links are cut: two-way, one-way, in groups.
    Partition,
    /// More messages are lost.
    Loss,
    /// Messages are delivered twice.
    Duplication,
    /// Messages take longer.
    Delay,
}

impl ChaosKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Crash,
        Self::PowerLoss,
        Self::Pause,
        Self::Partition,
        Self::Loss,
        Self::Duplication,
        Self::Delay,
    ];
}

/// Whether drawn faults stay within what the system claims to survive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Limits {
    /// Within it: everything must hold.
    #[default]
    Tolerated,
    /// Beyond it: only what must hold even then is checked.
    Beyond,
}
