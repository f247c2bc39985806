//! The audit: plants a known bug, and looks whether the property that must catch it does.
//!
//! Of each planted bug, the seeds of its scenario are run in order until one fails. The sound twin, the
//! same scenario without the bug and without what it expects, must then hold under the same seeds. A bug
//! that is not caught, is caught by something else, or was never put to the test, says that a green run
//! means less than it seems to.

use crate::campaign::{Broken, Campaign, Pace, Seeds};
use crate::outcome::{Observed, Outcome};
use crate::scenario::{self, Expect, Loaded, Problem, Scenario, identity, load};
use crate::subject::{Mutant, Registry, Subject};
use rayon::ThreadPool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// The count of a run that says how often its planted bug made a difference.
pub const DEVIATIONS: &str = "deviations";

/// The sound twin is run with at least so many seeds, unless fewer are allowed.
const TWIN_LEAST: u64 = 50;

/// A planted bug that can be tried.
#[derive(Debug)]
pub struct Row {
    /// The bug.
    pub mutant: &'static Mutant,
    /// Its scenario.
    pub planted: Loaded,
    /// The same scenario without it.
    pub sound: Loaded,
}

/// Why a planted bug cannot be tried.
#[derive(Debug)]
pub enum Unfit {
    /// Its system has no scenario of it.
    NoScenario,
    /// Its scenario, of which this is the text, cannot be read.
    Unreadable(&'static str, Vec<Problem>),
    /// Its scenario plants something else, or nothing.
    PlantsAnother(Option<String>),
}

impl Row {
    /// Makes `mutant` of `subject` ready.
    ///
    /// # Errors
    /// It cannot be tried.
    pub fn new(
        registry: &Registry,
        subject: &dyn Subject,
        mutant: &'static Mutant,
    ) -> Result<Self, Unfit> {
        let text = subject.scenario_of(mutant.id).ok_or(Unfit::NoScenario)?;
        let planted = load(text.as_bytes(), registry).map_err(|ps| Unfit::Unreadable(text, ps))?;
        if planted.scenario.mutant.as_deref() != Some(mutant.id) {
            return Err(Unfit::PlantsAnother(planted.scenario.mutant));
        }
        // What is sound with a planted bug is sound without it.
        let sound = twin(registry, &planted).ok_or(Unfit::NoScenario)?;
        Ok(Self { mutant, planted, sound })
    }
}

/// The same scenario without its planted bug and without what it expects; `None` if there is no such.
#[must_use]
pub fn twin(registry: &Registry, planted: &Loaded) -> Option<Loaded> {
    let scenario = sound(&planted.scenario);
    let prepared = registry.find(&scenario.system)?.prepare(&scenario).ok()?;
    Some(Loaded { hash: identity(&scenario), scenario, prepared })
}

/// The same scenario without its planted bug and without what it expects.
#[must_use]
pub fn sound(planted: &Scenario) -> Scenario {
    Scenario { mutant: None, expect: Expect::default(), ..planted.clone() }
}

/// What came of a planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Catch {
    /// A property that its row names caught it.
    Caught,
    /// It could not be told: the audit was cut short.
    Inconclusive,
    /// Something else went wrong first.
    CaughtByOther,
    /// Every seed passed, although the bug made a difference.
    Survived,
    /// The bug never made a difference, so that nothing was put to the test.
    NeverDeviated,
}

/// How a planted bug and its sound twin fared.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What came of the bug.
    pub catch: Catch,
    /// The run that failed.
    pub failed: Option<Outcome>,
    /// How many seeds were run.
    pub seeds: u64,
    /// How often the bug made a difference in them; `None` if its system does not count.
    pub deviations: Option<u64>,
    /// The sound twin.
    pub twin: Twin,
}

/// How the sound twin fared.
#[derive(Clone, Debug, Default)]
pub struct Twin {
    /// How many seeds were run.
    pub seeds: u64,
    /// How many of them ended before they could tell.
    pub undecided: u64,
    /// The first run that failed: either the system is wrong or a property is.
    pub failed: Option<Outcome>,
    /// Whether it was cut short.
    pub interrupted: bool,
}

impl Twin {
    /// Whether every seed that was to be run held.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.failed.is_none() && self.undecided == 0 && !self.interrupted
    }
}

impl Trial {
    /// Whether the bug was caught as it must be and the sound twin held.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.catch == Catch::Caught && self.twin.is_sound()
    }

    /// Whether something is wrong, rather than not known yet.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        !matches!(self.catch, Catch::Caught | Catch::Inconclusive) || self.twin.failed.is_some()
    }
}

/// Tries a planted bug with the seeds from 0 on, `most` at most, and then its sound twin.
///
/// # Errors
/// The simulation itself is at fault.
pub fn try_out(row: &Row, most: u64, pool: &ThreadPool, pace: &dyn Pace) -> Result<Trial, Broken> {
    let mut hunt = Hunt::default();
    let seeds = Seeds { first: 0, count: most };
    let campaign = Campaign { prepared: &*row.planted.prepared, seeds, verify: false };
    let ended = campaign.run(pool, pace, |outcome| hunt.take(outcome))?;
    let interrupted = ended.interrupted && hunt.failed.is_none();
    let mut trial = Trial {
        catch: hunt.judge(row, interrupted),
        seeds: hunt.seeds,
        deviations: hunt.deviations,
        failed: hunt.failed,
        twin: Twin { interrupted: true, ..Twin::default() },
    };
    if !pace.is_cancelled() {
        let seeds = trial.seeds.max(TWIN_LEAST.min(most));
        trial.twin = try_twin(row, Seeds { first: 0, count: seeds }, pool, pace)?;
    }
    Ok(trial)
}

fn try_twin(row: &Row, seeds: Seeds, pool: &ThreadPool, pace: &dyn Pace) -> Result<Twin, Broken> {
    let mut twin = Twin::default();
    let campaign = Campaign { prepared: &*row.sound.prepared, seeds, verify: false };
    let ended = campaign.run(pool, pace, |outcome| {
        twin.seeds += 1;
        match outcome.observed {
            Observed::Held => ControlFlow::Continue(()),
            Observed::Inconclusive(_) => {
                twin.undecided += 1;
                ControlFlow::Continue(())
            }
            Observed::Violated | Observed::Stalled | Observed::Panicked(_) => {
                twin.failed = Some(outcome);
                ControlFlow::Break(())
            }
        }
    })?;
    twin.interrupted = ended.interrupted && twin.failed.is_none();
    Ok(twin)
}

/// The seeds of a planted bug, one after the other.
#[derive(Debug, Default)]
struct Hunt {
    seeds: u64,
    undecided: u64,
    deviations: Option<u64>,
    failed: Option<Outcome>,
}

impl Hunt {
    fn take(&mut self, outcome: Outcome) -> ControlFlow<()> {
        self.seeds += 1;
        if let Some(count) = outcome.counts.get(DEVIATIONS) {
            let sum = self.deviations.get_or_insert(0);
            *sum = sum.saturating_add(*count);
        }
        match outcome.observed {
            Observed::Held => ControlFlow::Continue(()),
            Observed::Inconclusive(_) => {
                self.undecided += 1;
                ControlFlow::Continue(())
            }
            Observed::Violated | Observed::Stalled | Observed::Panicked(_) => {
                self.failed = Some(outcome);
                ControlFlow::Break(())
            }
        }
    }

    fn judge(&self, row: &Row, interrupted: bool) -> Catch {
        // A run that fails although the bug made no difference is a false alarm, not a catch.
        let idle = self.deviations == Some(0);
        match &self.failed {
            Some(_) if idle => Catch::NeverDeviated,
            Some(failed) if is_expected(row, failed) => Catch::Caught,
            Some(_) => Catch::CaughtByOther,
            None if interrupted || self.undecided > 0 || self.seeds == 0 => Catch::Inconclusive,
            None if idle => Catch::NeverDeviated,
            None => Catch::Survived,
        }
    }
}

/// Whether `failed` is what the row of the bug and its scenario expect.
fn is_expected(row: &Row, failed: &Outcome) -> bool {
    let Some(violation) = &failed.violation else { return false };
    let by = violation.invariant.as_str();
    let named = row.mutant.expected == by || row.mutant.also.iter().any(|(id, _)| *id == by);
    let wants_contradiction =
        row.planted.scenario.expect.observed == scenario::Observed::InconsistentEvidence;
    named && wants_contradiction == failed.is_inconsistent()
}
