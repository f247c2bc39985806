//! A failing run, recorded: what led to the failure, and the nearest run that does not fail.
//!
//! The run is made again. What came last before the failure is kept; whatever happened where and when the
//! evidence says that something did, however long ago; and what mentions the things that the failure names, as
//! `s25` or `b11.n1`. So a recording stays small however long the run was.
//!
//! The *neighbour* differs in one thing and held: a run without the planted bug, without one of the faults,
//! or with other luck under the same faults. Where the two first differ is where to look.
//!
//! Deliberately absent: a search for the smallest difference. Candidates are tried in a fixed order.

mod keeper;
mod neighbour;

pub use keeper::Names;

use crate::campaign::{Cancelled, Pace};
use crate::outcome::{Observed, Outcome, TraceLine, as_hex};
use crate::scenario::Scenario;
use crate::subject::{Prepared, Subject};
use crate::trace::Recorder;
use interregnum_core::Fingerprint;
use keeper::Keeper;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A failing run, recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recording {
    /// The lines, in order; numbers that are missing were left out.
    pub lines: Vec<TraceLine>,
    /// How many lines the whole trace has, to the failure.
    pub total: u64,
    /// The nearest run that held, if one was found.
    pub neighbour: Option<Neighbour>,
    /// Whether the search for one was interrupted: that none was found says nothing then.
    #[serde(default)]
    pub interrupted: bool,
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
    /// The number of the first line in which it differs, or, where no difference was found, of the first that
    /// was not compared.
    pub differs_at: u64,
    /// Whether no difference was found: the two may part later, out of reach.
    #[serde(default)]
    pub alike: bool,
    /// The failing run from a little before that line on.
    pub here: Vec<TraceLine>,
    /// The neighbour from a little before that line on.
    pub there: Vec<TraceLine>,
    /// What the neighbour did on the nodes that the failure names, up to the moment of the failure.
    #[serde(default)]
    pub meanwhile: Vec<TraceLine>,
}

/// Records the run of `scenario` that ended in `failed`; nothing if it did not fail, or `pace` cancelled it before
/// the run had been made again. What is cancelled later is the search for a run that held.
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
    again(&*prepared, failed.seed, &mut keeper, pace).ok()?;
    let trace = (&*keeper.prints, keeper.total);
    let found = neighbour::find(subject, scenario, (&*prepared, failed), trace, pace);
    let (interrupted, neighbour) = (found.is_err(), found.ok().flatten());
    let total = keeper.total;
    Some(Recording { lines: keeper.lines(), total, neighbour, interrupted })
}

/// Makes a run again for `recorder`; how it went is known, even if it ends in a panic.
fn again(
    prepared: &dyn Prepared,
    seed: u64,
    recorder: &mut dyn Recorder,
    pace: &dyn Pace,
) -> Result<(), Cancelled> {
    let ran = catch_unwind(AssertUnwindSafe(|| prepared.trace_until(seed, recorder, pace)));
    ran.map_or(Ok(()), |ran| ran.map(drop))
}

/// The half of a fingerprint that is compared.
fn high(print: Fingerprint) -> u64 {
    u64::try_from(print.0 >> 64).unwrap_or_default()
}
