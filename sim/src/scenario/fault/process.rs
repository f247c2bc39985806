//! Faults of processes and of the power of their nodes.

use super::{Fields, Strike};
use crate::scenario::Target;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

macro_rules! strikes_processes {
    ($($Type:ty),*) => {$(
        impl Strike for $Type {
            fn target(&self) -> Option<&Target> {
                Some(&self.target)
            }

            fn check(&self, fields: &mut Fields<'_, '_>) {
                fields.target("target", &self.target);
            }
        }
    )*};
}
strikes_processes!(Crash, PowerLoss, Pause);
