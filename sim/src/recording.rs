//! A failing run, recorded: what led to the failure, and the nearest run that does not fail.
//!
//! The run is made again. What came last before the failure is kept, and whatever happened where and when the
//! evidence says that something did, however long ago; so a recording stays small however long the run was.
//!
//! The *neighbour* differs in one thing and held: a run without the planted bug, without one of the faults,
//! or with other luck under the same faults. Where the two first differ is where to look.
//!
//! Deliberately absent: a search for the smallest difference. Candidates are tried in a fixed order.

use crate::audit::sound;
use crate::campaign::{Pace, run_once};
use crate::outcome::{Observed, Outcome, TraceLine, as_hex};
use crate::scenario::{Scenario, Seed};
use crate::seen::Kind;
use crate::subject::{Prepared, Subject};
use crate::trace::Recorder;
use interregnum_core::Fingerprint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// So many lines before the failure are kept,
const MOST_LINES: usize = 600;
/// so many of those that the evidence points at,
const MOST_WITNESSES: usize = 100;
/// so many before a divergence, and so many after.
const BEFORE: u64 = 8;
const AFTER: u64 = 30;
/// Neighbours are compared for so many lines: what differs later is not found.
const MOST_COMPARED: usize = 4_000_000;
/// So many neighbours are tried, and no more once they have had so many events together: a recording must not
/// take much longer than the run.
const MOST_EVENTS: u64 = 5_000_000;
const MOST_NEIGHBOURS: usize = 24;

/// A failing run, recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recording {
    /// The lines, in order; numbers that are missing were left out.
    pub lines: Vec<TraceLine>,
    /// How many lines the whole trace has, to the failure.
    pub total: u64,
    /// The nearest run that held, if one was found.
    pub neighbour: Option<Neighbour>,
}

/// A run that differs from a failing one in one thing and held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Neighbour {
    /// What is different: `without the planted bug`.
    pub what: String,
    /// Its seed.
    #[serde(with = "as_hex")]
    #[schemars(with = "String")]
    pub seed: u64,
    /// Its fingerprint.
    pub fingerprint: String,
    /// The number of the first line in which it differs.
    pub differs_at: u64,
    /// The failing run from a little before that line on.
    pub here: Vec<TraceLine>,
    /// The neighbour from a little before that line on.
    pub there: Vec<TraceLine>,
}

/// Records the run of `scenario` that ended in `failed`; nothing if it did not fail, or `pace` cancelled it.
#[must_use]
pub fn record(
    subject: &dyn Subject,
    scenario: &Scenario,
    failed: &Outcome,
    pace: &dyn Pace,
) -> Option<Recording> {
    if failed.observed == Observed::Held {
        return None;
    }
    let prepared = subject.prepare(scenario).ok()?;
    let mut keeper = Keeper::new(failed);
    again(&*prepared, failed.seed, &mut keeper, pace)?;
    let neighbour = neighbour(subject, scenario, (&*prepared, failed), &keeper.prints, pace);
    let total = keeper.total;
    Some(Recording { lines: keeper.lines(), total, neighbour })
}

/// Makes a run again for `recorder`; how it went is known, even if it ends in a panic.
fn again(
    prepared: &dyn Prepared,
    seed: u64,
    recorder: &mut dyn Recorder,
    pace: &dyn Pace,
) -> Option<()> {
    let ran = catch_unwind(AssertUnwindSafe(|| prepared.trace_until(seed, recorder, pace)));
    if matches!(ran, Ok(Err(_))) { None } else { Some(()) }
}

/// Keeps the last lines, and those that the evidence points at.
struct Keeper {
    last: VecDeque<TraceLine>,
    witnesses: Vec<TraceLine>,
    /// When and where something contradicts something.
    evidence: BTreeSet<u64>,
    prints: Vec<u64>,
    /// How many lines there will be, if that is known: the text of most need not be made.
    expected: Option<u64>,
    total: u64,
}

impl Keeper {
    fn new(failed: &Outcome) -> Self {
        let violation = failed.violation.as_ref();
        let evidence = violation.into_iter().flat_map(|violation| &violation.evidence);
        let seen = Kind::ALL.iter().filter_map(|kind| failed.counts.get(kind.name()));
        let expected: u64 = seen.sum();
        Self {
            last: VecDeque::new(),
            witnesses: Vec::new(),
            evidence: evidence.map(|fact| fact.at_ns).collect(),
            prints: Vec::new(),
            expected: Some(expected).filter(|lines| *lines > 0),
            total: 0,
        }
    }

    fn lines(self) -> Vec<TraceLine> {
        self.witnesses.into_iter().chain(self.last).collect()
    }
}

impl Recorder for Keeper {
    fn wants(&mut self, line: u64, at_ns: u64, so_far: Fingerprint) -> bool {
        self.total = line + 1;
        if self.prints.len() < MOST_COMPARED {
            self.prints.push(high(so_far));
        }
        let early = self.expected.is_some_and(|all| line + (MOST_LINES as u64) < all);
        !early || self.evidence.contains(&at_ns)
    }

    fn wants_states(&self) -> bool {
        true
    }

    fn take(&mut self, line: TraceLine) {
        self.last.push_back(line);
        if self.last.len() <= MOST_LINES {
            return;
        }
        let old = self.last.pop_front();
        let witness = old.filter(|old| self.evidence.contains(&old.at_ns));
        if self.witnesses.len() < MOST_WITNESSES {
            self.witnesses.extend(witness);
        }
    }
}

/// The half of a fingerprint that is compared.
fn high(print: Fingerprint) -> u64 {
    u64::try_from(print.0 >> 64).unwrap_or_default()
}

fn neighbour(
    subject: &dyn Subject,
    scenario: &Scenario,
    (prepared, failed): (&dyn Prepared, &Outcome),
    prints: &[u64],
    pace: &dyn Pace,
) -> Option<Neighbour> {
    let mut events = 0;
    for (what, scenario, seed) in candidates(scenario, prepared, failed) {
        if events > MOST_EVENTS {
            return None;
        }
        let Ok(other) = subject.prepare(&scenario) else { continue };
        let outcome = run_once(&*other, seed, pace).ok()??;
        events += outcome.events;
        if outcome.observed != Observed::Held {
            continue;
        }
        let mut compared = Compared { prints, differs_at: None };
        again(&*other, seed, &mut compared, pace)?;
        let Some(differs_at) = compared.differs_at else { continue };
        let around = |of: &dyn Prepared, seed| {
            let mut around = Around { differs_at, lines: Vec::new() };
            again(of, seed, &mut around, pace).map(|()| around.lines)
        };
        let fingerprint = outcome.fingerprint.to_string();
        let (here, there) = (around(prepared, failed.seed)?, around(&*other, seed)?);
        return Some(Neighbour { what, seed, fingerprint, differs_at, here, there });
    }
    None
}

/// What may hold in place of the run that failed, the nearest first: later faults are left out before
/// earlier ones, for what they change comes later.
fn candidates(
    scenario: &Scenario,
    prepared: &dyn Prepared,
    failed: &Outcome,
) -> Vec<(String, Scenario, u64)> {
    let mut found = Vec::new();
    if scenario.mutant.is_some() {
        found.push(("without the planted bug".to_owned(), sound(scenario), failed.seed));
    }
    let Some(explicit) = prepared.explicit(failed.seed) else { return found };
    let at = failed.violation.as_ref().map_or(u64::MAX, |violation| violation.at_ns);
    let faults = explicit.faults.iter().enumerate().rev();
    let before = faults.filter(|(_, fault)| fault.at.0.as_nanos() <= at);
    for (index, fault) in before.take(MOST_NEIGHBOURS) {
        let mut without = explicit.clone();
        without.faults.remove(index);
        let when = crate::clock::TrueTime(fault.at.0.as_nanos());
        found.push((format!("without the {} at {when}", fault.kind()), without, failed.seed));
    }
    for more in 1..=MOST_NEIGHBOURS as u64 {
        let mut other = explicit.clone();
        let seed = failed.seed.wrapping_add(more);
        other.seed = Some(Seed(seed));
        found.push(("with the same faults and another seed".to_owned(), other, seed));
    }
    found.truncate(MOST_NEIGHBOURS);
    found
}

/// Finds the first line in which a run differs.
struct Compared<'p> {
    prints: &'p [u64],
    differs_at: Option<u64>,
}

impl Recorder for Compared<'_> {
    fn wants(&mut self, line: u64, _: u64, so_far: Fingerprint) -> bool {
        let there = usize::try_from(line).ok().and_then(|line| self.prints.get(line));
        if self.differs_at.is_none() && there != Some(&high(so_far)) {
            self.differs_at = Some(line);
        }
        false
    }

    fn take(&mut self, _: TraceLine) {}
}

/// Keeps the lines around a divergence.
struct Around {
    differs_at: u64,
    lines: Vec<TraceLine>,
}

impl Recorder for Around {
    fn wants(&mut self, line: u64, _: u64, _: Fingerprint) -> bool {
        line.saturating_add(BEFORE) >= self.differs_at
            && line <= self.differs_at.saturating_add(AFTER)
    }

    fn take(&mut self, line: TraceLine) {
        self.lines.push(line);
    }
}
