//! The results of `audit` as data: what is stored, and what every document is made of.

use crate::json::{FORMAT, Word};
use crate::{Case, Kept, Reduction};
use interregnum_sim::audit::{Catch, Trial};
use interregnum_sim::outcome::{Finding, Outcome};
use interregnum_sim::recording::Recording;
use interregnum_sim::subject::{Exempt, Mutant};
use interregnum_sim::verdict::{Judgement, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::to_string as json;
use std::collections::BTreeMap;

mod row;

use row::Row;

/// A planted bug and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Row", from = "Row")]
pub struct Audited {
    /// The bug.
    pub bug: Bug,
    /// Its scenario, if it has one.
    pub case: Option<Case>,
    /// What came of it; none if it has no scenario.
    pub catch: Option<Catch>,
    /// How many seeds were run.
    pub seeds: u64,
    /// How often the bug made a difference in them; `None` if its system does not count.
    pub deviations: Option<u64>,
    /// The run that failed.
    pub failed: Option<Kept>,
    /// The command line that repeats the run that failed, or the first one.
    pub replay: Option<String>,
    /// The file with the failing run, reduced.
    pub reduced: Option<String>,
    /// The sound twin, if the bug has a scenario.
    pub twin: Option<Twin>,
}

/// A planted bug, as its row names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bug {
    /// Its id: `paxos/two-leaders`.
    pub id: String,
    /// The known bug that it plants.
    pub spec: String,
    /// What is wrong with it.
    pub defect: String,
    /// The property that must catch it.
    pub expected: String,
    /// Those that may catch it first.
    pub also: Vec<String>,
}

/// How the sound twin of a planted bug fared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Twin {
    /// How many seeds were run.
    pub seeds: u64,
    /// How many of them ended before they could tell.
    pub undecided: u64,
    /// Whether it was cut short.
    pub interrupted: bool,
    /// The first run that failed: either the system is wrong or a property is.
    pub failed: Option<Kept>,
}

/// A known bug that a system cannot have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Spared {
    /// Its id.
    pub id: String,
    /// The known bug.
    pub spec: String,
    /// Why the system cannot have it.
    pub why: String,
}

/// Everything an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Audit {
    /// The version of the command that made it.
    pub of: String,
    /// The planted bugs, in the order of their systems.
    #[serde(rename = "mutants")]
    pub rows: Vec<Audited>,
    /// The known bugs that a system cannot have.
    pub exempt: Vec<Spared>,
    /// Whether it was cut short; rows may be missing.
    pub interrupted: bool,
    /// What broke the simulation itself.
    pub error: Option<String>,
}

impl From<&Mutant> for Bug {
    fn from(mutant: &Mutant) -> Self {
        Self {
            id: mutant.id.to_owned(),
            spec: mutant.bug.to_owned(),
            defect: mutant.defect.to_owned(),
            expected: mutant.expected.to_owned(),
            also: mutant.also.iter().map(|(id, _)| (*id).to_owned()).collect(),
        }
    }
}

impl From<&Exempt> for Spared {
    fn from(exempt: &Exempt) -> Self {
        let (spec, why) = (exempt.bug.to_owned(), exempt.why.to_owned());
        Self { id: exempt.id.to_owned(), spec, why }
    }
}

impl Twin {
    /// Whether every seed that was to be run held.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.failed.is_none() && self.undecided == 0 && !self.interrupted
    }

    /// The verdict on it.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        if self.failed.is_some() {
            Verdict::Failed
        } else if self.is_sound() {
            Verdict::Passed
        } else {
            Verdict::Inconclusive
        }
    }
}

/// A run that failed, with the command line that repeats it.
fn kept(outcome: Outcome, replay: String) -> Kept {
    let judgement = Judgement { verdict: Verdict::Failed, reasons: Vec::new() };
    Kept { outcome, judgement, replay, recording: None, reduction: None }
}

impl Audited {
    /// A planted bug that was not tried.
    #[must_use]
    pub fn untried(mutant: &Mutant) -> Self {
        Self {
            bug: mutant.into(),
            case: None,
            catch: None,
            seeds: 0,
            deviations: None,
            failed: None,
            replay: None,
            reduced: None,
            twin: None,
        }
    }

    /// What came of it. `planted` and `sound` make the command lines that repeat a run.
    #[must_use]
    pub fn tried(
        mutant: &Mutant,
        case: Case,
        trial: Trial,
        planted: impl Fn(Option<&Outcome>) -> String,
        sound: impl Fn(&Outcome) -> String,
    ) -> Self {
        let replay = planted(trial.failed.as_ref());
        let twin = Twin {
            seeds: trial.twin.seeds,
            undecided: trial.twin.undecided,
            interrupted: trial.twin.interrupted,
            failed: trial.twin.failed.map(|outcome| {
                let replay = sound(&outcome);
                kept(outcome, replay)
            }),
        };
        Self {
            case: Some(case),
            catch: Some(trial.catch),
            seeds: trial.seeds,
            deviations: trial.deviations,
            failed: trial.failed.map(|outcome| kept(outcome, replay.clone())),
            replay: Some(replay),
            twin: Some(twin),
            ..Self::untried(mutant)
        }
    }

    /// Adds what happened in the run that tells most, step by step, and what it was reduced to.
    pub fn record(&mut self, recording: Option<Recording>, reduction: Option<Reduction>) {
        self.reduced = reduction.as_ref().map(|reduction| reduction.file.clone());
        let twin = self.twin.as_mut().and_then(|twin| twin.failed.as_mut());
        if let Some(kept) = twin.or(self.failed.as_mut()) {
            kept.recording = recording;
            kept.reduction = reduction;
        }
    }

    /// The verdict in one word, as documents have it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self.catch {
            None => "no_scenario",
            Some(Catch::Caught) => "caught",
            Some(Catch::Inconclusive) => "inconclusive",
            Some(Catch::CaughtByOther) => "caught_by_other",
            Some(Catch::Survived) => "survived",
            Some(Catch::NeverDeviated) => "never_deviated",
        }
    }

    /// The same for people, who must not read that a bug was caught where that is not enough.
    #[must_use]
    pub fn told(&self) -> String {
        let twin = self.twin.as_ref().map(Twin::verdict);
        let but = match twin.filter(|_| self.catch == Some(Catch::Caught)) {
            Some(Verdict::Failed) => ", but its sound twin failed",
            Some(Verdict::Inconclusive) => ", its sound twin is not known to hold",
            Some(Verdict::Passed) | None => "",
        };
        format!("{}{but}", self.word().replace('_', " "))
    }

    /// Whether the bug was caught as it must be, and its sound twin held.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let caught = match self.catch {
            Some(Catch::Caught) => Verdict::Passed,
            Some(Catch::Inconclusive) => Verdict::Inconclusive,
            None | Some(Catch::CaughtByOther | Catch::Survived | Catch::NeverDeviated) => {
                Verdict::Failed
            }
        };
        self.twin.as_ref().map_or(caught, |twin| caught.max(twin.verdict()))
    }

    /// The property that failed first, or `panic`.
    #[must_use]
    pub fn by(&self) -> Option<&str> {
        self.failed.as_ref().map(Kept::by)
    }

    /// The command line that repeats the failing run of the sound twin.
    #[must_use]
    pub fn twin_replay(&self) -> Option<&str> {
        self.twin_failed().map(|kept| kept.replay.as_str())
    }

    /// The failing run of the sound twin.
    #[must_use]
    pub fn twin_failed(&self) -> Option<&Kept> {
        self.twin.as_ref()?.failed.as_ref()
    }

    /// What was found of the property that failed.
    fn finding(&self) -> Option<Finding> {
        let outcome = &self.failed.as_ref()?.outcome;
        let by = &outcome.violation.as_ref()?.invariant;
        let mut properties = outcome.properties.iter();
        properties.find(|property| property.id == *by).map(|property| property.verdict)
    }
}

impl Audit {
    /// The verdict on all rows; none if there are none. What broke off did not pass.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let worst = self.rows.iter().map(Audited::verdict).max()?;
        let is_whole = !self.interrupted && self.error.is_none();
        Some(if is_whole { worst } else { worst.max(Verdict::Inconclusive) })
    }

    /// The same in a word, which tells whether the simulation itself broke.
    pub(crate) fn word(&self) -> Word {
        Word::of(self.verdict(), self.error.is_some())
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
            *counts.entry("twin_failed").or_default() += u64::from(row.twin_failed().is_some());
        }
        counts
    }

    /// The document.
    ///
    /// # Errors
    /// Never: all of it is JSON.
    pub fn document(&self) -> serde_json::Result<String> {
        let of = json(&self.of)?;
        // A line for each planted bug: with its run it is too long to be spread out.
        let rows: Result<Vec<_>, _> = self.rows.iter().map(json).collect();
        let (rows, exempt) = (rows?.join(",\n"), json(&self.exempt)?);
        let (summary, error) = (json(&self.summary())?, json(&self.error)?);
        let verdict = self.word();
        let interrupted = self.interrupted;
        Ok(format!(
            "{{\"version\":{FORMAT},\"command\":\"audit\",\"of\":{of},\"mutants\":[\n{rows}\n],\n\
             \"exempt\":{exempt},\n\"summary\":{summary},\n\
             \"interrupted\":{interrupted},\"error\":{error},\"verdict\":\"{verdict}\"}}\n"
        ))
    }
}

/// The document, for its schema.
#[derive(JsonSchema)]
#[schemars(rename = "Audit")]
#[expect(dead_code, reason = "the document is written row by row")]
pub(crate) struct Document {
    version: u32,
    command: String,
    of: String,
    mutants: Vec<Row>,
    exempt: Vec<Spared>,
    summary: BTreeMap<String, u64>,
    interrupted: bool,
    error: Option<String>,
    verdict: Word,
}
