//! Searches in which time passes: of a machine that lives by its clock.

use super::super::{
    ActLoad, MUTANTS, Pause, PaxosLeaseSettings, PaxosLeaseSystem, Planted, Variant,
};
use crate::explore::cluster::{
    Bounds, Choice, ClusterModel, Reductions, Stage, State, Time, What, Wrong,
};
use crate::explore::{End, Explored, Model, Search, Step};
use crate::scenario::{Duration, Scenario};
use crate::system::Setup;
use interregnum_core::paxos_lease::{PaxosLease, Sound, Terms};
use interregnum_core::{Ppm, Span};
use proptest::prelude::*;

fn scenario() -> Scenario {
    let text = r#"{"version": 1, "title": "t", "system": "paxos-lease", "cluster": {"nodes": 3}}"#;
    serde_json::from_str(text).expect("a scenario")
}

const fn sound() -> PaxosLeaseSystem<Sound> {
    PaxosLeaseSystem::<Sound>::sound()
}

const fn planted() -> PaxosLeaseSystem<Planted> {
    PaxosLeaseSystem::<Planted>::planted()
}

/// Calls `then` with the model of a lease with these terms, and the planted bug of this name.
fn with_model<R: Variant, T>(
    system: PaxosLeaseSystem<R>,
    bug: Option<&str>,
    terms: Terms,
    bounds: Bounds,
    then: impl FnOnce(&ClusterModel<'_, PaxosLeaseSystem<R>>) -> T,
) -> T {
    let at_once = Pause { min: Duration(Span::ZERO), max: Duration(Span::nanos(1)) };
    let settings = PaxosLeaseSettings {
        grant: Duration(terms.grant),
        clock_rate_bound_ppm: terms.rate.0,
        attempt: Some(at_once),
        renewal: Some(at_once),
    };
    let (scenario, load) = (scenario(), ActLoad { clients: 2, ..ActLoad::default() });
    let id = bug.map(|bug| format!("paxos-lease/{bug}"));
    let mutant = MUTANTS.iter().find(|mutant| Some(mutant.id) == id.as_deref());
    assert_eq!(mutant.is_some(), bug.is_some());
    let setup = Setup { scenario: &scenario, settings: &settings, load: &load, mutant };
    let model = ClusterModel::new(&system, setup, bounds, Reductions::ALL).expect("it can");
    then(&model)
}

fn search(bug: Option<&str>, terms: Terms, bounds: Bounds) -> Explored<Choice, Wrong> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
    match bug {
        None => with_model(sound(), None, terms, bounds, |model| Search::of(model).layers(&pool)),
        Some(_) => {
            with_model(planted(), bug, terms, bounds, |model| Search::of(model).layers(&pool))
        }
    }
}

/// A grant of so many ticks, by clocks that are right.
const fn ticks(grant: u64) -> Terms {
    Terms { grant: Span::nanos(grant), rate: Ppm(0) }
}

const fn time(beat: u64, rate_ppm: u32, beats: Option<u8>) -> Option<Time> {
    Some(Time { beat: Duration(Span::nanos(beat)), rate_ppm, beats })
}

/// The sound machine keeps its word in every order, and the bug does not.
fn assert_told_apart(bug: &str, property: &str, terms: Terms, bounds: Bounds) {
    let found = search(None, terms, bounds);
    assert!(found.is_complete(), "{:?}", found.end);
    let found = search(Some(bug), terms, bounds);
    assert!(
        matches!(&found.end, End::Wrong(Wrong::Violated(wrong)) if wrong.property.id == property),
        "{bug}: {:?} after {} states",
        found.end,
        found.states
    );
}

/// Two nodes ask for the lease once each.
const TWO: Bounds =
    Bounds { timers: 2, timers_each: Some(1), active: Some(2), unsteady: Some(1), ..Bounds::NONE };

#[test]
fn a_machine_that_reads_a_clock_is_refused_where_time_does_not_pass() {
    let found = search(None, ticks(2), TWO);
    let End::Wrong(Wrong::Unfit(why)) = &found.end else { panic!("{:?}", found.end) };
    assert!(why.contains("reads a clock") && why.contains("bounds.time"), "{why}");
    let time = time(1, 0, Some(1));
    let found = search(Some("wall-clock"), ticks(2), Bounds { time, ..TWO });
    let End::Wrong(Wrong::Unfit(why)) = &found.end else { panic!("{:?}", found.end) };
    assert!(why.contains("wall clock"), "{why}");
}

#[test]
fn a_lease_is_held_by_one_whatever_the_order_and_however_late() {
    let bounds = Bounds { time: time(1, 0, None), ..TWO };
    assert_told_apart("accept-ignores-promise", "L2", ticks(2), bounds);
}

#[test]
fn a_holder_on_a_slow_clock_needs_a_margin_where_acceptors_are_fast() {
    let terms = Terms { grant: Span::nanos(5), rate: Ppm(250_000) };
    let bounds = Bounds { time: time(4, 250_000, None), ..TWO };
    assert_told_apart("held-without-margin", "L2", terms, bounds);
}

#[test]
fn a_restarted_acceptor_is_silent_for_exactly_as_long_as_it_must() {
    let bounds = Bounds { time: time(1, 0, Some(3)), crashes: 1, ..TWO };
    assert_told_apart("silence-a-tick-short", "L3", ticks(2), bounds);
}

#[test]
fn a_clock_counts_whole_nanoseconds_or_there_is_no_search() {
    for (time, why) in [
        (time(3, 250_000, None), "does not count whole nanoseconds"),
        (time(0, 0, None), "expected between 1ns and 1000s"),
        (time(4, 500_001, None), "expected at most 500000"),
    ] {
        let (scenario, load) = (scenario(), ActLoad::default());
        let settings = PaxosLeaseSettings::default();
        let setup = Setup { scenario: &scenario, settings: &settings, load: &load, mutant: None };
        let system = sound();
        let model = ClusterModel::new(&system, setup, Bounds { time, ..TWO }, Reductions::ALL);
        let refused = model.err().unwrap_or_default();
        let refused: Vec<_> = refused.iter().map(ToString::to_string).collect();
        assert!(refused.join("; ").contains(why), "{refused:?}");
    }
}

/// Lets time pass without a choice to be made of it.
fn wait<R: Variant>(
    model: &ClusterModel<'_, PaxosLeaseSystem<R>>,
    stage: &mut Stage<PaxosLease<R>>,
    state: &State<PaxosLease<R>>,
    fast: u8,
) -> State<PaxosLease<R>> {
    // Also where that leads nowhere, the stage has worked out what it is.
    let pass = Choice { what: What::Pass(fast), dice: 0, crash_after: None, pause_after: None };
    let mut cuts = vec![0; model.bounds().len()];
    let _ = model.step(stage, state, &pass, &mut cuts);
    model.build(stage, state)
}

/// Walks through a model twice: as the numbers say, and again so that whenever the passing of time makes no
/// difference to the first walk's fingerprint, more of it has passed in the second one. From then on the two differ in
/// what every clock and every deadline shows, and both must be offered the same choices, which must come to the
/// same.
fn walk_twice<R: Variant>(model: &ClusterModel<'_, PaxosLeaseSystem<R>>, numbers: &[u16]) -> u64 {
    let (mut stage, mut cuts) = (model.workspace(), vec![0; model.bounds().len()]);
    let mut first = model.initial(&mut stage);
    let mut second = model.initial(&mut model.workspace());
    let (mut choices, mut also, mut apart) = (Vec::new(), Vec::new(), 0);
    for number in numbers {
        let fast = u8::try_from(number % 8).unwrap_or(0);
        let later = wait(model, &mut stage, &second, fast);
        if model.key(&later) == model.key(&second) {
            second = later;
            apart += 1;
        }
        choices.clear();
        also.clear();
        model.choices(&first, &mut choices, &mut cuts);
        model.choices(&second, &mut also, &mut cuts);
        assert_eq!(choices, also);
        let Some(choice) = choices.get(usize::from(*number) % choices.len().max(1)) else { break };
        let one = model.step(&mut stage, &first, choice, &mut cuts);
        if matches!(one, Step::To(_)) {
            first = model.build(&mut stage, &first);
        }
        let other = model.step(&mut stage, &second, choice, &mut cuts);
        match (one, other) {
            (Step::To(one), Step::To(other)) => {
                assert_eq!(one, other, "after {choice:?}");
                second = model.build(&mut stage, &second);
            }
            (Step::Same, Step::Same) => {}
            (Step::Wrong(_), Step::Wrong(_)) => break,
            (one, other) => panic!("{choice:?} leads to {one:?} and to {other:?}"),
        }
    }
    apart
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whether clocks are set back to zero and deadlines with them, or all of them run on: what a step leads to
    /// is the same.
    #[test]
    fn rebasing_commutes_with_stepping(
        grant in 4_u64..12,
        broken in any::<bool>(),
        numbers in prop::collection::vec(any::<u16>(), 1..120),
    ) {
        let terms = Terms { grant: Span::nanos(grant), rate: Ppm(250_000) };
        let bounds = Bounds {
            time: time(4, 250_000, None),
            timers: 31,
            timers_each: None,
            crashes: 3,
            pauses: 3,
            effects: 3,
            unsteady: None,
            clients: 1,
            calls: 1,
            duplicates: 3,
            ..TWO
        };
        match broken {
            false => with_model(sound(), None, terms, bounds, |model| walk_twice(model, &numbers)),
            true => with_model(planted(), Some("held-without-margin"), terms, bounds, |model| {
                walk_twice(model, &numbers)
            }),
        };
    }
}

#[test]
fn the_two_walks_do_come_apart() {
    let bounds = Bounds { time: time(1, 0, None), timers: 31, timers_each: None, ..TWO };
    let numbers: Vec<_> = (0..200_u16).map(|nth| nth.wrapping_mul(40_503)).collect();
    let apart = with_model(sound(), None, ticks(2), bounds, |model| walk_twice(model, &numbers));
    assert!(apart > 3, "{apart}");
}
