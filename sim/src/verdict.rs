//! From what a run showed to whether it passed. Nothing that was not tested is called passed.

use crate::clock::TrueTime;
use crate::outcome::{Caveat, Finding, Observed, Outcome, PropertyKind, PropertyOutcome};
use crate::scenario::{self, ChaosKind, Expect, Limits, Scenario};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether a run met its expectation.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// Judges one run; [`Tally`] has the last word on the scenario, be it the only one. Where the scenario expects
/// a failure, a run that does not show it says nothing by itself, however many others there are: the same run is
/// called the same wherever it is told of.
#[must_use]
pub fn judge(scenario: &Scenario, outcome: &Outcome) -> Judgement {
    let expect = &scenario.expect;
    let mut judgement = Judgement { verdict: Verdict::Passed, reasons: Vec::new() };
    judge_observed(expect, outcome, &mut judgement);
    let wants_inconsistency = expect.observed == scenario::Observed::InconsistentEvidence;
    for property in &outcome.properties {
        match property.verdict {
            Finding::Unknown => judgement.add(
                Verdict::Inconclusive,
                format!("{} could not be decided within the checker's budget", property.id),
            ),
            Finding::InconsistentEvidence if !wants_inconsistency => judgement.add(
                Verdict::Failed,
                format!("{}: the machine's claims contradict the evidence", property.id),
            ),
            Finding::InconsistentEvidence
            | Finding::Held
            | Finding::NotExercised
            | Finding::NotJudged
            | Finding::Violated => {}
        }
    }
    // A run that was cut short by what it was looking for owes nothing more, and neither does one
    // that did not find it.
    if outcome.observed == Observed::Held && !expects_failure(scenario) {
        judge_substance(scenario, outcome, &mut judgement);
    }
    judgement
}

fn expects_failure(scenario: &Scenario) -> bool {
    !matches!(scenario.expect.observed, scenario::Observed::Held)
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
        (Observed::Held, Want::Violated | Want::Stalled | Want::InconsistentEvidence) => {
            let what = "everything held, although the scenario expects a failure";
            judgement.add(Verdict::Inconclusive, what.to_owned());
        }
        (Observed::Violated, Want::InconsistentEvidence) if !outcome.is_inconsistent() => {
            let what =
                "an invariant was violated, although the scenario expects contradictory claims";
            judgement.add(Verdict::Failed, what.to_owned());
        }
        (Observed::Violated, Want::Violated | Want::InconsistentEvidence)
        | (Observed::Stalled, Want::Stalled) => {
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
fn judge_substance(scenario: &Scenario, outcome: &Outcome, judgement: &mut Judgement) {
    if !outcome.properties.iter().any(is_exercised_invariant) {
        judgement.add(Verdict::Inconclusive, "no invariant was exercised".to_owned());
    }
    let unmeant = |caveat: &&Caveat| caveat.ends_claims && !goes_beyond(scenario, &caveat.kinds);
    for caveat in outcome.caveats.iter().filter(unmeant) {
        let at = TrueTime(caveat.at_ns);
        let reason = format!(
            "at {at} {}; a scenario that means it names the kinds of such faults in `beyond`",
            caveat.what
        );
        judgement.add(Verdict::Inconclusive, reason);
    }
    for index in &outcome.idle_faults {
        judgement.add(
            Verdict::Inconclusive,
            format!(
                "faults[{index}] made no difference: its target was absent or already struck, or nobody \
                 met with what it did"
            ),
        );
    }
    for (name, want) in &scenario.expect.at_least {
        let got = count(outcome, name);
        if got < *want {
            judgement.add(
                Verdict::Failed,
                format!("expected at least {want} of `{name}`, counted {got}"),
            );
        }
    }
}

/// Whether the scenario says that faults of one of these kinds go beyond what the system claims to survive.
fn goes_beyond(scenario: &Scenario, kinds: &[ChaosKind]) -> bool {
    let meant = |named: &[ChaosKind]| named.iter().any(|kind| kinds.contains(kind));
    let drawn = scenario.chaos.as_ref().filter(|chaos| chaos.limits == Limits::Beyond);
    let drawn = drawn.map(|chaos| chaos.kinds.as_deref().unwrap_or(ChaosKind::ALL));
    meant(&scenario.beyond) || drawn.is_some_and(meant)
}

/// That progress was made does not show that safety was put to the test, and neither does what was seen
/// of a property that is not judged.
fn is_exercised_invariant(property: &PropertyOutcome) -> bool {
    property.kind == PropertyKind::Invariant
        && property.exercised > 0
        && property.verdict != Finding::NotJudged
}

/// The count called `name`: one of the run's counts, or how often a property was exercised.
fn count(outcome: &Outcome, name: &str) -> u64 {
    outcome.counts.get(name).copied().unwrap_or_else(|| {
        let judged = |p: &&PropertyOutcome| p.id == name && p.verdict != Finding::NotJudged;
        outcome.properties.iter().find(judged).map_or(0, |property| property.exercised)
    })
}

/// The verdict on a range of seeds of one scenario, one run after the other.
///
/// Where the scenario expects a failure, one seed that shows it is enough, as long as no run fails
/// otherwise; every other scenario passes only if each of its runs does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    expects_failure: bool,
    runs: u64,
    met: bool,
    worst: Verdict,
}

impl Tally {
    /// No run yet.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let expects_failure = expects_failure(scenario);
        Self { expects_failure, runs: 0, met: false, worst: Verdict::Passed }
    }

    /// Whether the scenario expects a failure.
    #[must_use]
    pub const fn expects_failure(&self) -> bool {
        self.expects_failure
    }

    /// Counts a run.
    pub fn add(&mut self, outcome: &Outcome, judgement: &Judgement) {
        self.runs += 1;
        self.met |= judgement.verdict == Verdict::Passed;
        // That nothing was found is judged once, at the end.
        let nothing_found = self.expects_failure && outcome.observed == Observed::Held;
        if !(nothing_found && judgement.reasons.len() == 1) {
            self.worst = self.worst.max(judgement.verdict);
        }
    }

    /// The verdict on the runs so far; no runs prove nothing.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.runs == 0 {
            Verdict::Inconclusive
        } else if self.expects_failure && !self.met {
            self.worst.max(Verdict::Failed)
        } else {
            self.worst
        }
    }
}
