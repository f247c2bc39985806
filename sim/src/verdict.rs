//! From what a run showed to whether it passed. Nothing that was not tested is called passed.

use crate::outcome::{Finding, Observed, Outcome};
use crate::scenario::{self, Expect, Scenario};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether a run met its expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It did.
    Passed,
    /// It could not be told.
    Inconclusive,
    /// It did not.
    Failed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Passed => "passed",
            Self::Inconclusive => "inconclusive",
            Self::Failed => "failed",
        })
    }
}

/// A verdict with the reasons for it; a passed run needs none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is not better, most important first.
    pub reasons: Vec<String>,
}

impl Judgement {
    fn add(&mut self, verdict: Verdict, reason: String) {
        if verdict > self.verdict {
            self.verdict = verdict;
            self.reasons.insert(0, reason);
        } else {
            self.reasons.push(reason);
        }
    }
}

/// Judges one run on its own. Over a range of seeds, [`judge_range`] has the last word.
#[must_use]
pub fn judge(scenario: &Scenario, outcome: &Outcome) -> Judgement {
    let expect = &scenario.expect;
    let mut judgement = Judgement { verdict: Verdict::Passed, reasons: Vec::new() };
    judge_observed(expect, outcome, &mut judgement);
    for property in &outcome.properties {
        match property.verdict {
            Finding::Unknown => judgement.add(
                Verdict::Inconclusive,
                format!("{} could not be decided within the checker's budget", property.id),
            ),
            Finding::InconsistentEvidence => judgement.add(
                Verdict::Failed,
                format!("{}: the machine's claims contradict the evidence", property.id),
            ),
            Finding::Held | Finding::NotExercised | Finding::Violated => {}
        }
    }
    // A run that was cut short by what it was looking for owes nothing more.
    if matches!(outcome.observed, Observed::Held) {
        judge_substance(expect, outcome, &mut judgement);
    }
    judgement
}

fn judge_observed(expect: &Expect, outcome: &Outcome, judgement: &mut Judgement) {
    use scenario::Observed as Want;
    let named = |id: &str| expect.invariant.as_deref().is_none_or(|want| want == id);
    match (&outcome.observed, expect.observed) {
        (Observed::Inconclusive(why), _) => judgement.add(Verdict::Inconclusive, why.clone()),
        (Observed::Panicked(what), _) => {
            judgement.add(Verdict::Failed, format!("a machine panicked: {what}"));
        }
        (Observed::Held, Want::Held) => {}
        (Observed::Held, Want::Violated | Want::Stalled) => judgement.add(
            Verdict::Failed,
            "everything held, although the scenario expects a failure".to_owned(),
        ),
        (Observed::Violated, Want::Violated) | (Observed::Stalled, Want::Stalled) => {
            if let Some(violation) = &outcome.violation
                && !named(&violation.invariant)
            {
                judgement.add(
                    Verdict::Failed,
                    format!("{} failed instead of the expected property", violation.invariant),
                );
            }
        }
        (Observed::Violated | Observed::Stalled, _) => {
            let what = outcome.violation.as_ref().map_or_else(
                || "a property failed".to_owned(),
                |violation| format!("{} failed: {}", violation.invariant, violation.what),
            );
            judgement.add(Verdict::Failed, what);
        }
    }
}

/// Whether a run in which everything held was worth anything.
fn judge_substance(expect: &Expect, outcome: &Outcome, judgement: &mut Judgement) {
    if outcome.properties.iter().all(|property| property.exercised == 0) {
        judgement.add(Verdict::Inconclusive, "no property was exercised".to_owned());
    }
    for index in &outcome.idle_faults {
        judgement.add(
            Verdict::Inconclusive,
            format!("faults[{index}] made no difference: its target was absent or already struck"),
        );
    }
    for (name, want) in &expect.at_least {
        let got = count(outcome, name);
        if got < *want {
            judgement.add(
                Verdict::Failed,
                format!("expected at least {want} of `{name}`, counted {got}"),
            );
        }
    }
}

/// The count called `name`: one of the run's counts, or how often a property was exercised.
fn count(outcome: &Outcome, name: &str) -> u64 {
    outcome.counts.get(name).copied().unwrap_or_else(|| {
        outcome.properties.iter().find(|p| p.id == name).map_or(0, |property| property.exercised)
    })
}

/// Judges a range of seeds of one scenario, given each run's outcome and own judgement.
///
/// Where the scenario expects a failure, one seed that shows it is enough, as long as no other
/// property fails; every other scenario passes only if each of its runs does.
#[must_use]
pub fn judge_range<'a>(
    scenario: &Scenario,
    runs: impl Iterator<Item = (&'a Outcome, &'a Judgement)>,
) -> Verdict {
    let wants_failure = !matches!(scenario.expect.observed, scenario::Observed::Held);
    let (mut met, mut worst) = (false, Verdict::Passed);
    for (outcome, judgement) in runs {
        met |= judgement.verdict == Verdict::Passed;
        if !(wants_failure && matches!(outcome.observed, Observed::Held)) {
            worst = worst.max(judgement.verdict);
        }
    }
    if wants_failure && !met { worst.max(Verdict::Failed) } else { worst }
}
