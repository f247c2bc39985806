//! One history, choice by choice, shown like any run.
//!
//! Time is only shown: every choice takes a millisecond; where there are beats, and long ones, they take their time,
//! and choices a microsecond.

use super::director::Onlooker;
use super::stage::Stage;
use super::step::guarded;
use super::{Choice, ClusterModel, Explore, What, Wrong};
use crate::clock::TrueTime;
use crate::cluster::Cluster;
use crate::explore::Step;
use crate::outcome::{Observed, Outcome};
use crate::run::outcome::{property, tallies, undeployable, violated, violation};
use crate::seen::Seen;
use crate::system::{ExplorableSystem, Setup};
use crate::tap::Tap;
use crate::trace::{Recorder, Tracer};
use interregnum_core::{Machine, Span};

/// A beat that is shown as long as it is: many choices fit in.
const LONG_BEAT: Span = Span::millis(1);

/// Everything that is made of a run, along this history.
struct Shown<'r, M: Machine> {
    tap: Tap<'r, M>,
    now: TrueTime,
}

impl<M: Machine> Onlooker<M> for Shown<'_, M> {
    fn now(&self) -> TrueTime {
        self.now
    }

    fn see(&mut self, cluster: &Cluster<M>, seen: &Seen<'_, M>) {
        self.tap.see(cluster, self.now, seen);
    }
}

/// Follows the choices; what is wrong with one that leads nowhere is that it was made by another version.
pub(super) fn follow<S: ExplorableSystem>(
    system: &S,
    setup: &Setup<'_, S>,
    choices: &[Choice],
    seed: u64,
    recorder: Option<&mut dyn Recorder>,
) -> Outcome {
    let Setup { scenario, settings, load, mutant } = *setup;
    let own = Setup { scenario, settings, load, mutant };
    let Explore { bounds, reductions, .. } = scenario.explore.clone().unwrap_or_default();
    let model = match ClusterModel::new(system, own, bounds, reductions) {
        Ok(model) => model,
        Err(mistakes) => return undeployable(seed, &mistakes),
    };
    let mut tap = Tap::new(system.checks(setup), recorder.map(|to| Tracer::new(to, S::glance)));
    tap.ends_claims = S::ends_claims;
    let mut stage = Stage::new(&model, Shown { tap, now: TrueTime::ZERO });
    let observed = guarded(|| walk(&model, &mut stage, choices));
    let observed = observed.unwrap_or_else(|wrong| match wrong {
        Wrong::Panicked(what) => Observed::Panicked(what),
        other => Observed::Inconclusive(format!("{other:?}")),
    });
    outcome(stage.onlooker, seed, observed)
}

fn walk<'r, S: ExplorableSystem>(
    model: &ClusterModel<'_, S>,
    stage: &mut Stage<S::Process, Shown<'r, S::Process>>,
    choices: &[Choice],
) -> Observed {
    let mut state = stage.begin(model);
    let mut cuts = vec![0; super::bounds::BOUNDS.len()];
    let beat = model.bounds.time.map(|time| time.beat.0).filter(|beat| *beat >= LONG_BEAT);
    let mut began = TrueTime::ZERO;
    for (number, choice) in (1..).zip(choices) {
        let passes = matches!(choice.what, What::Pass(_));
        began = beat.filter(|_| passes).map_or(began, |beat| began.after(beat));
        let choice_takes = if beat.is_some() { Span::micros(1) } else { Span::millis(1) };
        stage.onlooker.now = began.after(choice_takes.times(number));
        match stage.step(model, &state, *choice, &mut cuts) {
            Step::To(_) => state = stage.build(&state),
            Step::Wrong(Wrong::Panicked(what)) => return Observed::Panicked(what),
            Step::Wrong(Wrong::Violated(_)) => break,
            Step::Wrong(Wrong::Unknown(property)) => {
                return Observed::Inconclusive(format!("{property} could not be decided"));
            }
            Step::Wrong(Wrong::Unfit(why)) => return Observed::Inconclusive(why),
            Step::Same | Step::Beyond(_) => {
                let why = format!(
                    "choice {number} cannot be made here: the machine does something else by now, or other bounds made \
                     this history"
                );
                return Observed::Inconclusive(why);
            }
        }
    }
    let (cluster, now) = (&stage.cluster, stage.onlooker.now);
    if stage.onlooker.tap.failure.is_none() {
        stage.onlooker.tap.finish(cluster, now);
    }
    let failure = stage.onlooker.tap.failure.as_ref();
    match failure.is_some_and(|(failure, _)| !failure.is_stall()) {
        true => Observed::Violated,
        false => Observed::Held,
    }
}

fn outcome<M: Machine>(shown: Shown<'_, M>, seed: u64, observed: Observed) -> Outcome {
    let Shown { mut tap, now } = shown;
    let failure = tap.failure.take().filter(|(failure, _)| !failure.is_stall());
    let judged = failure.as_ref().map(|(failure, _)| failure);
    let properties = tallies(&tap.checks).iter().map(|tally| property(tally, judged)).collect();
    let (mut highlights, highlights_left_out, highlights_gap) = tap.highlights.take();
    let events = tap.events();
    let violation = failure.map(|(failure, at)| violation(failure, at, events));
    highlights.extend(violation.iter().map(violated));
    Outcome {
        observed,
        fingerprint: tap.folder.fingerprint(),
        virtual_ns: now.0,
        events,
        properties,
        counts: tap.all_counts(),
        violation,
        highlights,
        highlights_left_out,
        highlights_gap,
        latency: tap.waits.take(),
        ..undeployable(seed, &[])
    }
}
