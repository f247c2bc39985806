//! A run that is kept whole, because it tells something.

use crate::words;
use interregnum_sim::outcome::{Observed, Outcome};
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
    /// When and how the run with these alone fails: the same property, perhaps sooner and over something else.
    #[serde(default)]
    pub shows: String,
    /// How many faults the run had.
    pub planned: u64,
}

impl Kept {
    /// The property that failed first; of a run in which none did, what it ended in: `panic`, `stalled`,
    /// `inconclusive`.
    #[must_use]
    pub fn by(&self) -> &str {
        let without = match &self.outcome.observed {
            Observed::Panicked(_) => "panic",
            other => words::observed(other),
        };
        self.outcome.violation.as_ref().map_or(without, |violation| &violation.invariant)
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture;
    use interregnum_sim::outcome::Observed;

    /// A run that was broken off is no panic, and no panic stands for it.
    #[test]
    fn a_run_without_a_violation_is_called_what_it_was() {
        let ends = [
            Observed::Violated,
            Observed::Panicked("no such node".to_owned()),
            Observed::Inconclusive("too many events".to_owned()),
            Observed::Stalled,
            Observed::Inconclusive("too many events".to_owned()),
        ];
        let outcomes: Vec<_> =
            (0..).zip(&ends).map(|(seed, end)| fixture::outcome(seed, end.clone(), 1)).collect();
        let mut by = Vec::new();
        for outcome in &outcomes {
            let summary = fixture::summary("t", 1, std::slice::from_ref(outcome));
            by.extend(summary.kept.first().map(|kept| kept.by().to_owned()));
        }
        assert_eq!(by, ["Z5", "panic", "inconclusive", "stalled", "inconclusive"]);
        let mut summary = fixture::summary("t", 5, &outcomes[1..]);
        let mut recorded: Vec<_> =
            summary.to_record().into_iter().map(|kept| kept.by().to_owned()).collect();
        recorded.sort_unstable();
        assert_eq!(recorded, ["inconclusive", "panic", "stalled"]);
    }
}
