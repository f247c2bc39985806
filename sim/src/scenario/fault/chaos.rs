//! How faults are drawn from the seed.

use super::ChaosKind;
use crate::scenario::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
