//! A run that is kept whole, because it tells something.

use interregnum_sim::outcome::Outcome;
use interregnum_sim::recording::Recording;
use interregnum_sim::verdict::Judgement;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A run that is kept whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// What happened.
    pub outcome: Outcome,
    /// Whether it was right.
    pub judgement: Judgement,
    /// The command line that repeats it.
    pub replay: String,
    /// What happened in it, step by step, if it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<Recording>,
    /// What is left of its faults that is enough for the same failure, if it was reduced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduction: Option<Reduction>,
}

/// What a failing run was reduced to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reduction {
    /// The scenario file with what is left.
    pub file: String,
    /// The faults that are left, as that file says them.
    pub faults: Vec<String>,
    /// How many faults the run had.
    pub planned: u64,
}

impl Kept {
    /// The property that failed first, or `panic`; for a run that failed.
    #[must_use]
    pub fn by(&self) -> &str {
        self.outcome.violation.as_ref().map_or("panic", |violation| &violation.invariant)
    }
}
