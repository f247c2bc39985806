//! The results of `audit` as data and as one JSON document.

use interregnum_sim::audit::{Catch, Trial};
use interregnum_sim::outcome::{Finding, Outcome};
use interregnum_sim::subject::{Exempt, Mutant};
use interregnum_sim::verdict::Verdict;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of this format.
const FORMAT: u32 = 1;

/// A planted bug and what came of it.
#[derive(Clone, Debug)]
pub struct Audited {
    /// The bug.
    pub mutant: &'static Mutant,
    /// What came of it; none if it has no scenario.
    pub trial: Option<Trial>,
    /// The command line that repeats the run that failed, or the first one.
    pub replay: Option<String>,
    /// The command line that repeats the failing run of the sound twin.
    pub twin_replay: Option<String>,
    /// The file with the failing run, reduced.
    pub reduced: Option<String>,
}

/// Everything an audit found.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// The planted bugs, in the order of their systems.
    pub rows: Vec<Audited>,
    /// The known bugs that a system cannot have.
    pub exempt: Vec<Exempt>,
    /// Whether it was cut short; rows may be missing.
    pub interrupted: bool,
    /// What broke the simulation itself.
    pub error: Option<String>,
}

impl Audited {
    /// The verdict in one word, as documents have it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match &self.trial {
            None => "no_scenario",
            Some(trial) => match trial.catch {
                Catch::Caught => "caught",
                Catch::Inconclusive => "inconclusive",
                Catch::CaughtByOther => "caught_by_other",
                Catch::Survived => "survived",
                Catch::NeverDeviated => "never_deviated",
            },
        }
    }

    /// Whether the bug was caught as it must be, and its sound twin held.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match &self.trial {
            Some(trial) if trial.is_passed() => Verdict::Passed,
            Some(trial) if !trial.is_failed() => Verdict::Inconclusive,
            _ => Verdict::Failed,
        }
    }

    /// The property that failed first, or `panic`.
    #[must_use]
    pub fn by(&self) -> Option<&str> {
        let failed = self.trial.as_ref()?.failed.as_ref()?;
        Some(failed.violation.as_ref().map_or("panic", |violation| &violation.invariant))
    }
}

impl Audit {
    /// The verdict on all rows; none if there are none.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let worst = self.rows.iter().map(Audited::verdict).max()?;
        Some(if self.interrupted { worst.max(Verdict::Inconclusive) } else { worst })
    }

    /// How many rows there are of each verdict; every word is there.
    #[must_use]
    pub fn summary(&self) -> BTreeMap<&'static str, u64> {
        let words = [
            "caught",
            "caught_by_other",
            "inconclusive",
            "never_deviated",
            "no_scenario",
            "survived",
            "twin_failed",
        ];
        let mut counts: BTreeMap<_, _> = words.into_iter().map(|word| (word, 0)).collect();
        for row in &self.rows {
            *counts.entry(row.word()).or_default() += 1;
            let failed = row.trial.as_ref().is_some_and(|trial| trial.twin.failed.is_some());
            *counts.entry("twin_failed").or_default() += u64::from(failed);
        }
        counts
    }

    /// The document, by the command of version `of`.
    ///
    /// # Errors
    /// Never: all of it is JSON.
    pub fn document(&self, of: &str) -> serde_json::Result<String> {
        let verdict = match (&self.error, self.verdict()) {
            (Some(_), _) => "error".to_owned(),
            (None, None) => "nothing-ran".to_owned(),
            (None, Some(verdict)) => verdict.to_string(),
        };
        let document = Document {
            version: FORMAT,
            command: "audit",
            of,
            mutants: self.rows.iter().map(Row::of).collect(),
            exempt: self.exempt.iter().map(Spared::of).collect(),
            summary: self.summary(),
            interrupted: self.interrupted,
            error: self.error.as_deref(),
            verdict,
        };
        Ok(serde_json::to_string_pretty(&document)? + "\n")
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Audit")]
pub(crate) struct Document<'a> {
    version: u32,
    command: &'static str,
    of: &'a str,
    mutants: Vec<Row<'a>>,
    exempt: Vec<Spared>,
    summary: BTreeMap<&'static str, u64>,
    interrupted: bool,
    error: Option<&'a str>,
    verdict: String,
}

#[derive(Serialize, JsonSchema)]
struct Row<'a> {
    id: &'static str,
    spec: &'static str,
    defect: &'static str,
    verdict: &'static str,
    expected: &'static str,
    also: Vec<&'static str>,
    by: Option<&'a str>,
    finding: Option<Finding>,
    seeds: u64,
    deviations: Option<u64>,
    seed: Option<String>,
    fingerprint: Option<String>,
    replay: Option<&'a str>,
    reduced: Option<&'a str>,
    twin: Option<Twin<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Twin<'a> {
    verdict: Verdict,
    seeds: u64,
    undecided: u64,
    by: Option<&'a str>,
    replay: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct Spared {
    id: &'static str,
    spec: &'static str,
    why: &'static str,
}

impl Spared {
    const fn of(exempt: &Exempt) -> Self {
        Self { id: exempt.id, spec: exempt.bug, why: exempt.why }
    }
}

impl<'a> Row<'a> {
    fn of(row: &'a Audited) -> Self {
        let mutant = row.mutant;
        let trial = row.trial.as_ref();
        let failed = trial.and_then(|trial| trial.failed.as_ref());
        let twin = trial.map(|trial| Twin {
            verdict: match &trial.twin {
                twin if twin.failed.is_some() => Verdict::Failed,
                twin if twin.is_sound() => Verdict::Passed,
                _ => Verdict::Inconclusive,
            },
            seeds: trial.twin.seeds,
            undecided: trial.twin.undecided,
            by: trial.twin.failed.as_ref().and_then(violated),
            replay: row.twin_replay.as_deref(),
        });
        Self {
            id: mutant.id,
            spec: mutant.bug,
            defect: mutant.defect,
            verdict: row.word(),
            expected: mutant.expected,
            also: mutant.also.iter().map(|(id, _)| *id).collect(),
            by: row.by(),
            finding: failed.and_then(finding),
            seeds: trial.map_or(0, |trial| trial.seeds),
            deviations: trial.and_then(|trial| trial.deviations),
            seed: failed.map(|failed| format!("{:#x}", failed.seed)),
            fingerprint: failed.map(|failed| failed.fingerprint.to_string()),
            replay: row.replay.as_deref(),
            reduced: row.reduced.as_deref(),
            twin,
        }
    }
}

fn violated(outcome: &Outcome) -> Option<&str> {
    outcome.violation.as_ref().map(|violation| violation.invariant.as_str())
}

/// What was found of the property that failed.
fn finding(outcome: &Outcome) -> Option<Finding> {
    let by = violated(outcome)?;
    outcome.properties.iter().find(|property| property.id == by).map(|property| property.verdict)
}
