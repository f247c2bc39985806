//! What came of searching a scenario, as plain data.

use super::{Bounds, Choice, ClusterModel, Explore, Wrong, follow};
use crate::cluster::Misdeed;
use crate::explore::{Cut, End, Exercised, Limits, Search, Watch};
use crate::outcome::{Evidence, Outcome};
use crate::scenario::{Observed, Scenario};
use crate::subject::Mistake;
use crate::system::{ExplorableSystem, Setup};
use crate::trace::Recorder;
use crate::verdict::Verdict;
use rayon::ThreadPool;

/// How a scenario is searched.
#[derive(Clone, Copy)]
pub struct How<'a> {
    /// Within which bounds, and what is left out.
    pub explore: &'a Explore,
    /// By depth instead of by layers.
    pub deep: bool,
    /// The most bytes for states.
    pub memory_bytes: u64,
    /// The threads.
    pub pool: &'a ThreadPool,
    /// Who looks on, and may stop it.
    pub watch: &'a dyn Watch,
}

/// What can be done with a system besides running it.
pub struct Searchable<S: crate::system::System + ?Sized> {
    pub(crate) explore: fn(&S, Setup<'_, S>, How<'_>) -> Result<Exploration, String>,
    pub(crate) follow: Follow<S>,
    pub(crate) check: Check<S>,
}

type Follow<S> = fn(&S, &Setup<'_, S>, &[Choice], u64, Option<&mut dyn Recorder>) -> Outcome;

type Check<S> = fn(&S, Setup<'_, S>, &Explore) -> Vec<Mistake>;

fn said(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What is wrong with what a scenario says of its search.
fn check<S: ExplorableSystem>(system: &S, setup: Setup<'_, S>, explore: &Explore) -> Vec<Mistake> {
    let planted = setup.mutant;
    let model = ClusterModel::new(system, setup, explore.bounds, explore.reductions);
    let mut mistakes = model.err().unwrap_or_default();
    if planted.is_some_and(|mutant| Misdeed::of(mutant.id).is_some()) {
        let message = "the bug is the host's, and a search has no host that errs";
        mistakes.push(Mistake::new("mutant", message));
    }
    if explore.depth == Some(0) {
        mistakes.push(Mistake::new("explore.depth", "found `0`, expected at least 1"));
    }
    mistakes
}

impl<S: ExplorableSystem> Searchable<S> {
    /// Searches are made with what the system says of itself.
    #[must_use]
    pub const fn new() -> Self {
        Self { explore: explore::<S>, follow: follow::follow::<S>, check: check::<S> }
    }
}

impl<S: ExplorableSystem> Default for Searchable<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: crate::system::System> Clone for Searchable<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: crate::system::System> Copy for Searchable<S> {}

/// What came of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exploration {
    /// How it ended, in words for people, if not because everything was seen.
    pub ended: Option<String>,
    /// Whether everything within the bounds was seen, and nothing was wrong.
    pub complete: bool,
    /// How many states were visited.
    pub states: u64,
    /// How many of them differ in more than what is left of budgets.
    pub distinct: u64,
    /// How many choices were tried.
    pub transitions: u64,
    /// The most choices in a row.
    pub depth: u32,
    /// How many states were not gone on from, because of the limit on depth.
    pub cut_by_depth: u64,
    /// What the bounds ruled out, and how often.
    pub cuts: Vec<Cut>,
    /// How often each invariant could have been false, over all choices that were tried.
    pub exercised: Vec<Exercised>,
    /// The bounds.
    pub bounds: Bounds,
    /// The most bytes for states.
    pub peak_bytes: u64,
    /// What failed, if anything did.
    pub violated: Option<Violated>,
    /// The choices that lead to it; by layers, as few as possible.
    pub trace: Vec<Choice>,
}

/// A property that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violated {
    /// The property, or `panic`.
    pub invariant: String,
    /// What is wrong.
    pub what: String,
    /// What contradicts what.
    pub evidence: Vec<Evidence>,
}

/// A failure that was not expected, or not this one.
fn surprise(found: &Violated, scenario: &Scenario) -> String {
    let expected =
        scenario.expect.invariant.as_ref().map(|invariant| format!("expected {invariant}; "));
    format!("{}{}: {}", expected.unwrap_or_default(), found.invariant, found.what)
}

fn explore<S: ExplorableSystem>(
    system: &S,
    setup: Setup<'_, S>,
    how: How<'_>,
) -> Result<Exploration, String> {
    let Explore { bounds, depth, reductions, .. } = *how.explore;
    let model = ClusterModel::new(system, setup, bounds, reductions);
    let model = model.map_err(|mistakes| said(&mistakes))?;
    let limits = Limits { depth: depth.unwrap_or(u32::MAX), memory_bytes: how.memory_bytes };
    let search = Search { model: &model, limits, watch: how.watch };
    let found = if how.deep { search.deep() } else { search.layers(how.pool) };
    let complete = found.is_complete();
    let (violated, ended) = match found.end {
        End::Exhausted if found.cut_by_depth > 0 => {
            (None, Some("the limit on depth cut it short".to_owned()))
        }
        End::Exhausted => (None, None),
        End::Wrong(Wrong::Violated(wrong)) => {
            let invariant = wrong.property.id.to_owned();
            let violated = Violated { invariant, what: wrong.what, evidence: wrong.evidence };
            (Some(violated), None)
        }
        End::Wrong(Wrong::Panicked(what)) => {
            let invariant = "panic".to_owned();
            (Some(Violated { invariant, what, evidence: Vec::new() }), None)
        }
        End::Wrong(Wrong::Unknown(property)) => {
            (None, Some(format!("{property} could not be decided within its budget")))
        }
        End::Wrong(Wrong::Unfit(why)) => return Err(why),
        End::OutOfMemory => (None, Some("the memory for states is used up".to_owned())),
        End::Cancelled => (None, Some("it was interrupted".to_owned())),
    };
    Ok(Exploration {
        ended,
        complete,
        states: found.states,
        distinct: found.distinct,
        transitions: found.transitions,
        depth: found.depth,
        cut_by_depth: found.cut_by_depth,
        cuts: found.cuts.into_iter().filter(|cut| cut.times > 0).collect(),
        exercised: found.exercised,
        bounds,
        peak_bytes: found.peak_bytes,
        violated,
        trace: found.trace,
    })
}

impl Exploration {
    /// Whether it is what the scenario expects, and if not, why; `golden` is how many states there must be. A
    /// history that the scenario has must be as long as the one that was found.
    #[must_use]
    pub fn judge(&self, scenario: &Scenario, golden: Option<u64>) -> (Verdict, Option<String>) {
        let planted = scenario.expect.observed == Observed::Violated;
        if let Some(found) = &self.violated {
            let expected = scenario.expect.invariant.as_ref();
            let meant = planted && expected.is_none_or(|invariant| *invariant == found.invariant);
            let stored = scenario.choices.as_ref().map(Vec::len);
            if let Some(stored) = stored.filter(|stored| meant && *stored != self.trace.len()) {
                let found = self.trace.len();
                let why = format!("found after {found} choices; the history has {stored}");
                return (Verdict::Failed, Some(why));
            }
            return match meant {
                true => (Verdict::Passed, None),
                false => (Verdict::Failed, Some(surprise(found, scenario))),
            };
        }
        if let Some(ended) = &self.ended {
            return (Verdict::Inconclusive, Some(ended.clone()));
        }
        if planted {
            let why = "nothing is wrong within these bounds, but something should be";
            return (Verdict::Failed, Some(why.to_owned()));
        }
        if let Some(golden) = golden.filter(|golden| *golden != self.states) {
            let why = format!("{} states, where the scenario says {golden}", self.states);
            return (Verdict::Failed, Some(why));
        }
        self.judge_substance(scenario)
    }

    /// Whether a search that found nothing wrong was worth anything.
    fn judge_substance(&self, scenario: &Scenario) -> (Verdict, Option<String>) {
        if self.exercised.iter().all(|exercised| exercised.times == 0) {
            let why = "no invariant was exercised: within these bounds none could have been false";
            return (Verdict::Inconclusive, Some(why.to_owned()));
        }
        let (mut verdict, mut reason) = (Verdict::Passed, None);
        let at_least = scenario.explore.as_ref().map(|explore| &explore.at_least);
        for (name, want) in at_least.into_iter().flatten() {
            let counted = self.exercised.iter().find(|exercised| exercised.property == name);
            let (judged, why) = match counted.map(|exercised| exercised.times) {
                Some(times) if times >= *want => continue,
                Some(times) => (
                    Verdict::Failed,
                    format!("expected at least {want} of `{name}`, counted {times}"),
                ),
                // It would be a lie to call it zero.
                None => (Verdict::Inconclusive, format!("`{name}` is not counted in a search")),
            };
            if judged > verdict {
                (verdict, reason) = (judged, Some(why));
            }
        }
        (verdict, reason)
    }

    /// The scenario whose run follows what was found: what failed, step by step.
    #[must_use]
    pub fn counterexample(&self, scenario: &Scenario, explore: &Explore) -> Option<Scenario> {
        let found = self.violated.as_ref()?;
        let mut history = scenario.clone();
        let mut explore = explore.clone();
        (explore.states, explore.unreduced) = (None, None);
        explore.at_least.clear();
        history.schema = None;
        history.choices = Some(self.trace.clone());
        history.explore = Some(explore);
        history.title =
            format!("{}: {} after {} choices", scenario.title, found.invariant, self.trace.len());
        history.why = format!("Found by exhaustive search. {}", scenario.why).trim_end().to_owned();
        history.expect = crate::scenario::Expect {
            observed: Observed::Violated,
            invariant: Some(found.invariant.clone()).filter(|invariant| invariant != "panic"),
            ..Default::default()
        };
        Some(history)
    }
}
