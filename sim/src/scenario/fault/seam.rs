//! When a fault strikes, if not at a set time: at a seam, a point in what a process does that matters
//! to the protocol.

use super::{Fault, Fields, What};
use crate::scenario::Duration;
use interregnum_core::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The seam that every system has: a sync of a node's own disk completes. Before it, nothing that it
/// covers is durable; after it everything is, but the process has not been told.
pub const SYNC: &str = "sync";

/// Which seam a fault waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a seam such as {\"seam\": \"sync\"}")]
pub struct When {
    /// The seam: `sync`, or one that the system names.
    pub seam: String,
    /// Whether to strike just before or just after it.
    #[serde(default)]
    pub side: Side,
    /// Which time the seam is reached, counted from `at`; by default the first.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    #[schemars(range(min = 1))]
    pub nth: u32,
    /// How long to wait for it; without this, until the calm phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
}

/// On which side of a seam.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// It was about to happen.
    Before,
    /// It has happened, and nothing else has.
    #[default]
    After,
}

const fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_first(nth: &u32) -> bool {
    *nth == 1
}

impl When {
    pub(crate) fn check(&self, fault: &Fault, fields: &mut Fields<'_, '_>) {
        fields.seam("seam", &self.seam);
        if self.nth == 0 {
            fields.wrong("nth", "found `0`, expected at least 1", None);
        }
        if self.within.is_some_and(|within| within.0 == Span::ZERO) {
            let help = Some("without `within`, it is waited for until the calm phase");
            fields.wrong("within", "a seam that is waited for no time", help);
        }
        let after_effects = match fault.what() {
            Some(What::Crash(crash)) => crash.after_effects,
            Some(What::PowerLoss(loss)) => loss.after_effects,
            Some(What::Pause(pause)) => pause.after_effects,
            Some(What::TornWrite(torn)) => torn.after_effects,
            _ => None,
        };
        if after_effects.is_some() {
            let help = "leave out `after_effects`: the seam says where in a step";
            fields.wrong("", "both a seam and `after_effects`", Some(help));
        }
    }
}
