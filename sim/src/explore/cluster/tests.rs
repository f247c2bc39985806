//! Searches in which time passes, of a machine that lives by its clock.

use super::director::Nobody;
use super::stage::Stage;
use super::{Bounds, Choice, ClusterModel, Reductions, State, Time, Wrong};
use crate::check::{Branching, Check, Failure, Report, Tally, View};
use crate::cluster::{Deployed, Deployment};
use crate::explore::{End, Explored, Model, Search, Step};
use crate::outcome::Property;
use crate::scenario::{Duration, Scenario};
use crate::seen::{Kind, Kinds, Seen};
use crate::subject::Mistake;
use crate::system::{Core, ExplorableSystem, NoOptions, Setup, System, Tolerance};
use crate::workload::Workload;
use interregnum_core::paxos_lease::rules::{AcceptorRules, ProposerRules};
use interregnum_core::paxos_lease::{
    Ballot, Call, Config, Fact, PaxosLease, Rules, Settings, Sound, Terms, record,
};
use interregnum_core::{
    Deadline, Fingerprint, Fold, Folder, Machine, NodeId, Ppm, ProcessId, Span, Window,
};
use proptest::prelude::*;
use std::fmt::Debug;

static ONE: Property = Property::invariant("L1", "one holder", "at most one node believes to hold");

/// No two nodes believe at once to hold the lease.
#[derive(Clone, Debug)]
struct OneHolder {
    tally: Tally,
    held: [Deadline; 3],
}

impl<M: Machine<Fact = Fact>> Check<M> for OneHolder {
    fn branching(self: Box<Self>) -> Option<Box<dyn Branching<M>>> {
        Some(self)
    }

    fn interest(&self) -> Kinds {
        Kinds::of(&[Kind::Fact, Kind::Crashed])
    }

    fn observe(&mut self, seen: &Seen<'_, M>, view: View<'_, M>, report: &mut Report) {
        match *seen {
            Seen::Fact { process, fact: Fact::Held { until, .. } } => {
                self.held[process.node.index()] = *until;
                let holds =
                    |node: &NodeId| !self.held[node.index()].is_passed(view.local_time(*node));
                if NodeId::first(3).filter(holds).count() > 1 {
                    report.fail(Failure::new(&ONE, "two nodes believe to hold"));
                }
            }
            Seen::Fact { process, fact: Fact::Lost { .. } } | Seen::Crashed { process, .. } => {
                self.held[process.node.index()] = Deadline::PASSED;
            }
            _ => {}
        }
    }

    fn tallies(&self) -> Vec<Tally> {
        vec![self.tally.clone()]
    }
}

impl<M: Machine<Fact = Fact>> Branching<M> for OneHolder {
    fn branch(&self) -> Box<dyn Branching<M>> {
        Box::new(self.clone())
    }

    fn fold(&self, view: View<'_, M>, into: &mut Folder) {
        for (node, held) in NodeId::first(3).zip(&self.held) {
            into.rebase(view.local_time(node));
            held.fold(into);
        }
    }
}

/// PaxosLease under rules `R`.
#[derive(Clone, Copy)]
struct Lease<R> {
    rules: R,
    terms: Terms,
}

impl<R: Rules + Debug + Copy> System for Lease<R> {
    type Process = PaxosLease<R>;
    type Settings = NoOptions;
    type Load = NoOptions;
    const ID: &'static str = "lease";
    const ABOUT: &'static str = "a lease";

    fn properties(&self) -> Vec<Property> {
        vec![ONE]
    }

    fn deploy(&self, _: &Setup<'_, Self>) -> Result<Deployment<Self::Process>, Vec<Mistake>> {
        let at_once = Window::between(Span::ZERO, Span::nanos(1));
        let settings =
            Settings { members: 3, terms: self.terms, attempt: at_once, renewal: at_once };
        let deployed = |node| Deployed {
            id: ProcessId::main(node),
            config: Config::new(node, settings, self.rules).expect("settings that hold"),
            records: vec![record::format()],
            running: true,
        };
        Ok(Deployment { processes: NodeId::first(3).map(deployed).collect(), shared_disks: 0 })
    }

    fn workload(
        &self,
        _: &Setup<'_, Self>,
    ) -> Result<Box<dyn Workload<Self::Process>>, Vec<Mistake>> {
        Err(Vec::new())
    }

    fn checks(&self, _: &Setup<'_, Self>) -> Vec<Box<dyn Check<Self::Process>>> {
        vec![Box::new(OneHolder { tally: Tally::new(&ONE), held: [Deadline::PASSED; 3] })]
    }

    fn tolerance(&self, _: &Setup<'_, Self>) -> Tolerance {
        Tolerance::of(&[])
    }

    fn core(&self, _: &Setup<'_, Self>, _: View<'_, Self::Process>) -> Core {
        Core::majority(3)
    }

    fn calm_bound(&self, _: &Setup<'_, Self>) -> Span {
        Span::ZERO
    }
}

impl<R: Rules + Debug + Copy> ExplorableSystem for Lease<R> {
    fn script(&self, _: &Setup<'_, Self>) -> Vec<Vec<Call>> {
        vec![vec![Call::Release]]
    }

    fn decided(&self, process: &Self::Process) -> Fingerprint {
        Fingerprint::of(&process.decisions().map(|(ballot, _)| ballot))
    }
}

fn scenario() -> Scenario {
    let text = r#"{"version": 1, "title": "t", "system": "lease", "cluster": {"nodes": 3}}"#;
    serde_json::from_str(text).expect("a scenario")
}

/// Calls `then` with the model of a lease with these terms.
fn with_model<R: Rules + Debug + Copy, T>(
    rules: R,
    terms: Terms,
    bounds: Bounds,
    then: impl FnOnce(&ClusterModel<'_, Lease<R>>) -> T,
) -> T {
    let (scenario, system) = (scenario(), Lease { rules, terms });
    let (settings, load) = (NoOptions::default(), NoOptions::default());
    let setup = Setup { scenario: &scenario, settings: &settings, load: &load, mutant: None };
    let model = ClusterModel::new(&system, setup, bounds, Reductions::ALL).expect("it can");
    then(&model)
}

fn search<R: Rules + Debug + Copy>(
    rules: R,
    terms: Terms,
    bounds: Bounds,
) -> Explored<Choice, Wrong> {
    with_model(rules, terms, bounds, |model| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
        Search::of(model).layers(&pool)
    })
}

/// A grant of so many ticks, by clocks that are right.
const fn ticks(grant: u64) -> Terms {
    Terms { grant: Span::nanos(grant), rate: Ppm(0) }
}

const fn time(beat: u64, rate_ppm: u32, beats: Option<u8>) -> Option<Time> {
    Some(Time { beat: Duration(Span::nanos(beat)), rate_ppm, beats })
}

fn assert_found(found: &Explored<Choice, Wrong>) {
    assert!(
        matches!(&found.end, End::Wrong(Wrong::Violated(wrong)) if wrong.property.id == "L1"),
        "{:?} after {} states",
        found.end,
        found.states
    );
}

/// Rules of which one is broken.
macro_rules! broken {
    ($($name:ident: $trait:ident / $other:ident { $($rule:tt)* })*) => {$(
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        struct $name;
        impl $trait for $name { $($rule)* }
        impl $other for $name {}
        impl Rules for $name {}
    )*};
}

broken! {
    WithoutMargin: ProposerRules / AcceptorRules {
        fn hold(&self, terms: &Terms) -> Span { terms.grant }
    }
    ShortSilence: AcceptorRules / ProposerRules {
        fn quarantine(&self, terms: &Terms) -> Span { terms.quarantine() - Span::nanos(1) }
    }
    Stubborn: AcceptorRules / ProposerRules {
        fn may_accept(&self, _: Ballot, _: Ballot) -> bool { true }
    }
}

/// Two nodes ask for the lease once each.
const TWO: Bounds =
    Bounds { timers: 2, timers_each: Some(1), active: Some(2), unsteady: Some(1), ..Bounds::NONE };

#[test]
fn a_machine_that_reads_a_clock_is_refused_where_time_does_not_pass() {
    let found = search(Sound, ticks(2), TWO);
    let End::Wrong(Wrong::Unfit(why)) = &found.end else { panic!("{:?}", found.end) };
    assert!(why.contains("reads a clock") && why.contains("bounds.time"), "{why}");
}

#[test]
fn a_lease_is_held_by_one_whatever_the_order_and_however_late() {
    let bounds = Bounds { time: time(1, 0, None), ..TWO };
    let found = search(Sound, ticks(2), bounds);
    assert!(found.is_complete(), "{:?}", found.end);
    assert_found(&search(Stubborn, ticks(2), bounds));
}

#[test]
fn a_holder_on_a_slow_clock_needs_a_margin_where_acceptors_are_fast() {
    let terms = Terms { grant: Span::nanos(5), rate: Ppm(250_000) };
    let bounds = Bounds { time: time(4, 250_000, None), ..TWO };
    let found = search(Sound, terms, bounds);
    assert!(found.is_complete(), "{:?}", found.end);
    assert_found(&search(WithoutMargin, terms, bounds));
}

#[test]
fn a_restarted_acceptor_is_silent_for_exactly_as_long_as_it_must() {
    let bounds = Bounds { time: time(1, 0, None), crashes: 1, ..TWO };
    let found = search(Sound, ticks(2), bounds);
    assert!(found.is_complete(), "{:?}", found.end);
    assert_found(&search(ShortSilence, ticks(2), bounds));
}

/// Lets time pass without a choice to be made of it.
fn wait<R: Rules + Debug + Copy>(
    model: &ClusterModel<'_, Lease<R>>,
    stage: &mut Stage<PaxosLease<R>, Nobody>,
    state: &State<PaxosLease<R>>,
    fast: u8,
) -> State<PaxosLease<R>> {
    // Also where that leads nowhere, the stage has worked out what it is.
    let _ = stage.pass(model, state, fast);
    stage.build(state)
}

/// Walks through a model twice: as the numbers say, and again so that whenever the passing of time makes no
/// difference to the first walk's fingerprint, more of it has passed in the second one. From then on the two differ in
/// what every clock and every deadline shows, and both must be offered the same choices, which must come to the
/// same.
fn walk_twice<R: Rules + Debug + Copy>(model: &ClusterModel<'_, Lease<R>>, numbers: &[u16]) -> u64 {
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
            false => with_model(Sound, terms, bounds, |model| walk_twice(model, &numbers)),
            true => with_model(WithoutMargin, terms, bounds, |model| walk_twice(model, &numbers)),
        };
    }
}

#[test]
fn the_two_walks_do_come_apart() {
    let bounds = Bounds { time: time(1, 0, None), timers: 31, timers_each: None, ..TWO };
    let numbers: Vec<_> = (0..200_u16).map(|nth| nth.wrapping_mul(40_503)).collect();
    let apart = with_model(Sound, ticks(2), bounds, |model| walk_twice(model, &numbers));
    assert!(apart > 3, "{apart}");
}
