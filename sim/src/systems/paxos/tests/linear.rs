//! A9 by what clients see: on hand-written histories, and in runs that nothing else judges.

use super::super::evidence::Whole;
use super::super::linear::{Histories, Linear};
use super::super::{KvLoad, MUTANTS, PaxosSettings, PaxosSystem, Planted, Variant};
use super::runs::{run_of, stormy, with};
use crate::check::{Check, Failure, View};
use crate::clock::TrueTime;
use crate::cluster::Deployment;
use crate::face::register_with_planted;
use crate::linear::Budget;
use crate::outcome::{Finding, Observed, Outcome, Property};
use crate::seen::Client;
use crate::subject::{Mistake, Mutant};
use crate::system::{Core, Setup, System, Tolerance};
use crate::verdict::{Verdict, judge};
use crate::workload::Workload;
use interregnum_core::consensus::{ClientId, LogSlot, RequestId};
use interregnum_core::kv::{Kv, KvCommand, KvOutput, KvQuery};
use interregnum_core::paxos::{Call, Paxos, ReadMode, Reply, Sound};
use interregnum_core::{CallId, ProcessId, Span};
use serde_json::{Value, json};

/// Client, number of its call.
type Id = (u32, u32);

/// A history: calls and answers in order.
struct Tale {
    histories: Histories,
    now: TrueTime,
    failure: Option<Failure>,
}

impl Tale {
    fn new() -> Self {
        Self::within(Budget::default())
    }

    fn within(budget: Budget) -> Self {
        Self { histories: Histories::new(budget), now: TrueTime(0), failure: None }
    }

    fn call(&mut self, (client, number): Id, call: &Call<Kv>) -> &mut Self {
        self.now.0 += 1;
        let found = self.histories.asked(self.now, Client(client), id((client, number)), call);
        self.failure = self.failure.take().or(found);
        self
    }

    fn put(&mut self, of: Id, request: u64, value: u64) -> &mut Self {
        let command = KvCommand::Put { key: 1, value };
        self.call(
            of,
            &Call::Submit { client: ClientId(of.0), request: RequestId(request), command },
        )
    }

    fn get(&mut self, of: Id, request: u64, mode: ReadMode) -> &mut Self {
        let query = KvQuery::Get { key: 1 };
        let (client, request) = (ClientId(of.0), RequestId(request));
        self.call(of, &Call::Read { client, request, query, mode })
    }

    fn answer(&mut self, of: Id, reply: &Reply<Kv>) -> &mut Self {
        self.now.0 += 1;
        let found = self.histories.answered(self.now, Client(of.0), id(of), reply);
        self.failure = self.failure.take().or(found);
        self
    }

    /// The slot that an answer names is wrong throughout: nothing may depend on it.
    fn put_was(&mut self, of: Id, before: Option<u64>) -> &mut Self {
        let (slot, output) = (LogSlot(77), KvOutput::Value(before));
        self.answer(of, &Reply::Applied { slot, output })
    }

    fn got(&mut self, of: Id, value: Option<u64>) -> &mut Self {
        let (as_of, output) = (LogSlot(77), KvOutput::Value(value));
        self.answer(of, &Reply::Read { as_of, output })
    }

    fn is_fine(&mut self) -> &mut Self {
        let failure = self.failure.take().or_else(|| self.histories.finish());
        assert!(failure.is_none(), "{failure:?}");
        self
    }

    fn is_wrong(&mut self, what: &str) -> Failure {
        let failure = self.failure.take().expect("a failure");
        assert_eq!(failure.property.id, "A9");
        assert!(failure.what.contains(what), "{failure:?}");
        failure
    }
}

fn id((client, number): Id) -> CallId {
    CallId(u64::from(client) << 32 | u64::from(number))
}

const UNKNOWN: Reply<Kv> = Reply::Unknown { hint: None };
const NOT_LEADER: Reply<Kv> = Reply::NotLeader { hint: None };

#[test]
fn a_stale_answer_is_caught() {
    for mode in [ReadMode::Log, ReadMode::Lease] {
        let mut tale = Tale::new();
        tale.put((1, 0), 1, 5).put_was((1, 0), None);
        tale.put((1, 1), 2, 6).put_was((1, 1), Some(5));
        tale.get((2, 0), 1, mode).got((2, 0), Some(6)).is_fine();
        tale.get((3, 0), 1, mode).got((3, 0), Some(5));
        let failure = tale.is_wrong("client 3: Get { key: 1 } gave Value(Some(5))");
        assert!(failure.what.ends_with("the key held Some(6)"), "{}", failure.what);
        let told: Vec<_> = failure.evidence.iter().map(|fact| fact.at_ns).collect();
        assert!(told.is_sorted() && told.len() == 8, "{:?}", failure.evidence);
    }
}

#[test]
fn an_early_answer_is_caught_and_a_concurrent_one_is_fine() {
    let mut tale = Tale::new();
    tale.put((1, 0), 1, 5).get((2, 0), 1, ReadMode::Log).got((2, 0), Some(5));
    tale.get((3, 0), 1, ReadMode::Log).put_was((1, 0), None).got((3, 0), Some(5)).is_fine();
    tale.get((4, 0), 1, ReadMode::Log).got((4, 0), Some(6)).is_wrong("client 4");
}

#[test]
fn a_repeated_write_takes_effect_once() {
    let mut tale = Tale::new();
    tale.put((1, 0), 1, 5).answer((1, 0), &UNKNOWN);
    tale.get((2, 0), 1, ReadMode::Log).got((2, 0), Some(5));
    tale.put((2, 1), 2, 6).put_was((2, 1), Some(5));
    // The first attempt took effect before; the second one repeats its answer.
    tale.put((1, 1), 1, 5).put_was((1, 1), None);
    tale.get((2, 2), 3, ReadMode::Log).got((2, 2), Some(6)).is_fine();
    tale.get((2, 3), 4, ReadMode::Log).got((2, 3), Some(5)).is_wrong("client 2");
}

#[test]
fn every_answer_to_one_request_is_the_same_unless_it_read_the_state() {
    let mut twice = Tale::new();
    twice.put((1, 0), 1, 5).put((1, 1), 1, 5).put_was((1, 0), None).put_was((1, 1), None).is_fine();
    twice.put_was((1, 1), Some(5)).is_wrong("after Value(None)");

    for (mode, fine) in [(ReadMode::Lease, true), (ReadMode::Log, false)] {
        let mut tale = Tale::new();
        tale.get((1, 0), 1, mode).get((1, 1), 1, mode).got((1, 0), None);
        tale.put((2, 0), 1, 5).put_was((2, 0), None).got((1, 1), Some(5));
        if fine {
            tale.is_fine();
        } else {
            tale.is_wrong("after Value(None)");
        }
    }
}

#[test]
fn what_was_refused_did_not_happen() {
    let mut tale = Tale::new();
    tale.put((1, 0), 1, 5).answer((1, 0), &NOT_LEADER);
    tale.get((2, 0), 1, ReadMode::Log).got((2, 0), Some(5)).is_wrong("client 2");

    let mut again = Tale::new();
    again.get((1, 0), 1, ReadMode::Lease).answer((1, 0), &NOT_LEADER);
    again.put((2, 0), 1, 5).put_was((2, 0), None);
    again.get((1, 1), 1, ReadMode::Lease).got((1, 1), None).is_wrong("client 1");

    let mut unsure = Tale::new();
    unsure.put((1, 0), 1, 5).put((1, 1), 1, 5).answer((1, 0), &NOT_LEADER);
    unsure.get((2, 0), 1, ReadMode::Log).got((2, 0), Some(5)).put_was((1, 1), None).is_fine();

    let mut both = Tale::new();
    both.put((1, 0), 1, 5).answer((1, 0), &NOT_LEADER).put_was((1, 0), None);
    both.is_wrong("which was refused");
}

#[test]
fn what_was_given_up_may_happen_later_or_never() {
    for late in [Some(5), None] {
        let mut tale = Tale::new();
        tale.put((1, 0), 1, 5).answer((1, 0), &Reply::Forgotten);
        tale.get((1, 1), 2, ReadMode::Log).got((1, 1), None);
        tale.get((2, 0), 1, ReadMode::Log).got((2, 0), late).is_fine();
        let opposite = if late.is_some() { None } else { Some(6) };
        tale.get((2, 1), 2, ReadMode::Log).got((2, 1), opposite).is_wrong("client 2");
    }
}

#[test]
fn what_is_kept_does_not_grow_with_answers_or_attempts() {
    let mut tale = Tale::new();
    let mut value = None;
    for number in 0..5_000 {
        tale.put((1, number), u64::from(number), u64::from(number)).put_was((1, number), value);
        tale.get((2, number), 1, ReadMode::Log);
        value = Some(u64::from(number));
        tale.is_fine();
    }
    let kept = tale.histories.kept();
    assert!(kept < 100, "{kept} things are kept");
}

/// Paxos, judged by what clients see and nothing else.
struct ClientsOnly<R>(PaxosSystem<R>, Budget);

impl<R: Variant> ClientsOnly<R> {
    const fn inner<'a>(setup: &Setup<'a, Self>) -> Setup<'a, PaxosSystem<R>> {
        let Setup { scenario, settings, load, mutant } = *setup;
        Setup { scenario, settings, load, mutant }
    }
}

impl<R: Variant> System for ClientsOnly<R> {
    type Process = Paxos<Kv, R>;
    type Settings = PaxosSettings;
    type Load = KvLoad;

    const ID: &'static str = "paxos";
    const ABOUT: &'static str = "what clients see";

    fn properties(&self) -> Vec<Property> {
        self.0.properties()
    }

    fn deploy(&self, setup: &Setup<'_, Self>) -> Result<Deployment<Self::Process>, Vec<Mistake>> {
        self.0.deploy(&Self::inner(setup))
    }

    fn workload(
        &self,
        setup: &Setup<'_, Self>,
    ) -> Result<Box<dyn Workload<Self::Process>>, Vec<Mistake>> {
        self.0.workload(&Self::inner(setup))
    }

    fn checks(&self, _: &Setup<'_, Self>) -> Vec<Box<dyn Check<Self::Process>>> {
        vec![Box::new(Linear::<_, Whole<Kv>>::new(self.1))]
    }

    fn tolerance(&self, setup: &Setup<'_, Self>) -> Tolerance {
        self.0.tolerance(&Self::inner(setup))
    }

    fn core(&self, setup: &Setup<'_, Self>, view: View<'_, Self::Process>) -> Core {
        self.0.core(&Self::inner(setup), view)
    }

    fn calm_bound(&self, setup: &Setup<'_, Self>) -> Span {
        self.0.calm_bound(&Self::inner(setup))
    }

    fn resolve(
        &self,
        word: &str,
        argument: Option<&Value>,
        view: View<'_, Self::Process>,
    ) -> Vec<ProcessId> {
        self.0.resolve(word, argument, view)
    }

    fn target_words(&self) -> &'static [&'static str] {
        self.0.target_words()
    }

    fn mutants(&self) -> &'static [Mutant] {
        MUTANTS
    }
}

fn run(scenario: &Value, seed: u64, budget: Budget) -> Outcome {
    let sound = ClientsOnly(PaxosSystem::<Sound>::sound(), budget);
    let planted = ClientsOnly(PaxosSystem::<Planted>::planted(), budget);
    run_of(&*register_with_planted(sound, planted), scenario, seed)
}

#[test]
fn clients_alone_notice_lost_writes() {
    for id in ["paxos/ignores-reported-value", "paxos/minority-quorum", "paxos/acknowledges-early"]
    {
        let planted = with(&stormy(3), &["mutant"], json!(id));
        let caught = (0..100).map(|seed| run(&planted, seed, Budget::default()));
        let caught = caught.filter_map(|outcome| outcome.violation).next();
        assert_eq!(caught.map(|violation| violation.invariant).as_deref(), Some("A9"), "{id}");
    }
}

#[test]
fn a_spent_budget_makes_a_run_inconclusive() {
    let scenario = stormy(3);
    let both = (0..20).map(|seed| {
        let tight = Budget { steps: 1, ..Budget::default() };
        (run(&scenario, seed, Budget::default()), run(&scenario, seed, tight))
    });
    // Where clients' operations overlap, one step does not do.
    let is_spent = |(_, spent): &(Outcome, Outcome)| spent.properties[0].verdict != Finding::Held;
    let (whole, spent) = { both }.find(is_spent).expect("in some run they overlap");
    assert_eq!((whole.observed, whole.properties[0].verdict), (Observed::Held, Finding::Held));
    assert_eq!(spent.fingerprint, whole.fingerprint);
    assert_eq!(spent.properties[0].verdict, Finding::Unknown);
    let scenario = serde_json::from_value(scenario).expect("a scenario");
    assert_eq!(judge(&scenario, &spent).verdict, Verdict::Inconclusive);
}
