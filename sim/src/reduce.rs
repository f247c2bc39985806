//! A failing run, made smaller: faults that are not needed are dropped, and the run is shortened.
//!
//! Chaos is written out first, as a list of faults that each name their dice, so that dropping one
//! leaves what the others draw as it was. Every candidate is run; it is kept if the same property fails
//! in the same way. What remains is a scenario file that says what happens instead of how to draw it:
//! it goes on meaning the same when the drawing of faults changes.
//!
//! Deliberately absent: fewer nodes or clients, other times, weaker faults.

use crate::campaign::{Pace, run_once};
use crate::outcome::{Observed, Outcome};
use crate::scenario::{self, Duration, Expect, Scenario, Seed};
use crate::subject::Subject;
use interregnum_core::Span;
use std::fmt;

/// At most so many runs are spent on one failure.
const MOST_RUNS: u32 = 200;

/// A failing run, reduced.
#[derive(Clone, Debug)]
pub struct Reduced {
    /// The scenario: explicit faults, no chaos, the seed named.
    pub scenario: Scenario,
    /// What it shows.
    pub outcome: Outcome,
    /// How many faults were planned in the run.
    pub planned: usize,
    /// How many runs it took.
    pub runs: u32,
}

/// Why a run was not reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Irreducible {
    /// No property failed in it.
    NothingFailed,
    /// The system cannot write its plan out.
    NoPlan,
    /// With its plan written out, it does not fail as it did.
    Differs,
    /// There was no time for it.
    Cancelled,
}

impl fmt::Display for Irreducible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NothingFailed => "no property failed in it",
            Self::NoPlan => "its plan cannot be written out",
            Self::Differs => "with its plan written out, it does not fail in the same way",
            Self::Cancelled => "it was interrupted",
        })
    }
}

impl std::error::Error for Irreducible {}

/// Reduces the run of `scenario` that ended in `failed`, as far as `pace` lets it.
///
/// # Errors
/// The run cannot be reduced.
pub fn reduce(
    subject: &dyn Subject,
    scenario: &Scenario,
    failed: &Outcome,
    pace: &dyn Pace,
) -> Result<Reduced, Irreducible> {
    if failed.violation.is_none() {
        return Err(Irreducible::NothingFailed);
    }
    let prepared = subject.prepare(scenario).map_err(|_| Irreducible::NoPlan)?;
    let mut explicit = prepared.explicit(failed.seed).ok_or(Irreducible::NoPlan)?;
    let planned = explicit.faults.len();
    (explicit.schema, explicit.seed) = (None, Some(Seed(failed.seed)));
    explicit.expect = Expect::default();
    let mut search = Search { subject, wanted: failed, runs: 0, pace };
    let Some(outcome) = search.fails(&explicit) else {
        let cancelled = pace.is_cancelled();
        return Err(if cancelled { Irreducible::Cancelled } else { Irreducible::Differs });
    };
    let mut best = Best { scenario: explicit, outcome };
    search.drop_what_came_later(&mut best);
    search.drop_faults(&mut best);
    search.shorten(&mut best);
    let Best { mut scenario, outcome } = best;
    scenario.why = origin(&scenario, failed);
    scenario.expect = expectation(&scenario, failed);
    Ok(Reduced { scenario, outcome, planned, runs: search.runs })
}

/// A regression is expected to hold, once what it shows is mended; a planted bug stays planted.
fn expectation(scenario: &Scenario, failed: &Outcome) -> Expect {
    if scenario.mutant.is_none() {
        return Expect::default();
    }
    let observed = match failed.observed {
        Observed::Stalled => scenario::Observed::Stalled,
        _ if failed.is_inconsistent() => scenario::Observed::InconsistentEvidence,
        _ => scenario::Observed::Violated,
    };
    let invariant = failed.violation.as_ref().map(|violation| violation.invariant.clone());
    Expect { observed, invariant, ..Expect::default() }
}

fn origin(scenario: &Scenario, failed: &Outcome) -> String {
    let invariant = failed.violation.as_ref().map_or("a property", |found| &found.invariant);
    let seed = Seed(failed.seed);
    format!("Reduced from a run with seed {seed} in which {invariant} failed. {}", scenario.why)
        .trim_end()
        .to_owned()
}

/// The smallest scenario so far, and what it shows.
struct Best {
    scenario: Scenario,
    outcome: Outcome,
}

struct Search<'s> {
    subject: &'s dyn Subject,
    wanted: &'s Outcome,
    runs: u32,
    pace: &'s dyn Pace,
}

impl Search<'_> {
    /// What `scenario` shows, if it fails as wanted.
    fn fails(&mut self, scenario: &Scenario) -> Option<Outcome> {
        if self.runs >= MOST_RUNS || self.pace.is_cancelled() {
            return None;
        }
        let prepared = self.subject.prepare(scenario).ok()?;
        self.runs += 1;
        let outcome = run_once(&*prepared, self.wanted.seed, self.pace).ok()??;
        let name = |outcome: &Outcome| {
            let violation = outcome.violation.as_ref();
            violation.map(|violation| (violation.invariant.clone(), outcome.is_inconsistent()))
        };
        let same = outcome.observed == self.wanted.observed && name(&outcome) == name(self.wanted);
        same.then_some(outcome)
    }

    /// Takes `scenario` for the best if it fails as wanted.
    fn take(&mut self, best: &mut Best, scenario: Scenario) -> bool {
        let Some(outcome) = self.fails(&scenario) else { return false };
        *best = Best { scenario, outcome };
        true
    }

    /// What begins after the failure cannot have led to it.
    fn drop_what_came_later(&mut self, best: &mut Best) {
        let failed_at = failed_at(&best.outcome);
        let mut scenario = best.scenario.clone();
        scenario.faults.retain(|fault| fault.at.0 <= failed_at);
        if scenario.faults.len() < best.scenario.faults.len() {
            self.take(best, scenario);
        }
    }

    /// Drops ever smaller pieces of the list, until no single fault can be dropped.
    fn drop_faults(&mut self, best: &mut Best) {
        let mut size = best.scenario.faults.len();
        while size > 0 && self.runs < MOST_RUNS {
            let (mut start, mut dropped) = (0, false);
            while start < best.scenario.faults.len() {
                let mut scenario = best.scenario.clone();
                let end = scenario.faults.len().min(start + size);
                scenario.faults.drain(start..end);
                if self.take(best, scenario) {
                    dropped = true;
                } else {
                    start += size;
                }
            }
            if size > 1 {
                size = size.div_ceil(2);
            } else if !dropped {
                break;
            }
        }
    }

    /// Lets the calm begin just after the failure; where it is the calm that failed, as early as the
    /// faults that are left allow.
    fn shorten(&mut self, best: &mut Best) {
        let Some(Duration(mut long)) = best.scenario.duration else { return };
        let failed_at = failed_at(&best.outcome);
        let last = best.scenario.faults.iter().map(|fault| fault.at.0).max();
        let mut short = whole_millis(last.unwrap_or(Span::ZERO));
        if failed_at < long {
            short = short.max(whole_millis(failed_at));
        }
        while short < long && self.runs < MOST_RUNS {
            let scenario = Scenario { duration: Some(Duration(short)), ..best.scenario.clone() };
            if self.take(best, scenario) {
                return;
            }
            // Half of what could be saved, and so on, down to a second.
            let saved = Span::nanos((long - short).as_nanos() / 2);
            if saved < Span::secs(1) {
                return;
            }
            (short, long) = (whole_millis(short + saved), long);
        }
    }
}

fn failed_at(outcome: &Outcome) -> Span {
    outcome.violation.as_ref().map_or(Span::ZERO, |violation| Span::nanos(violation.at_ns))
}

/// The next whole millisecond.
fn whole_millis(span: Span) -> Span {
    Span::millis(span.as_nanos() / 1_000_000 + 1)
}
