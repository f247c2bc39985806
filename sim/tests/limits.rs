//! What the simulator does with machines that misbehave, and what a fingerprint can tell apart.

use interregnum_sim::campaign::{Broken, Cancelled, Pace, Patient, run_once};
use interregnum_sim::outcome::{Observed, Outcome};
use interregnum_sim::prelude::*;
use interregnum_sim::scenario::Scenario;
use interregnum_sim::subject::Prepared;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// How the machine behaves.
#[derive(Clone, Copy, Debug)]
enum Mood {
    /// Node 0 sends this byte to node 1 every 100 ms.
    Sends(u8),
    /// Talks to itself without end, in no time.
    Babbles,
    /// Panics after a second.
    Panics,
    /// Is sound, but the one who judges it panics: in the middle of a machine's step, or at the end.
    IsMisjudged,
    IsMisjudgedInTheEnd,
    /// Is sound, and claims no more than to recover at some time.
    TakesAges,
    /// Is sound, but its clients panic.
    IsMiscalled,
    /// Never stops sending to a node that takes for ever.
    Floods,
    /// Names processes and disks that do not exist.
    Strays,
}

#[derive(Debug)]
struct Moody;

impl Machine for Moody {
    type Config = Mood;
    type Message = Vec<u8>;
    type Timer = ();
    type Record = u8;
    type Ticket = ();
    type Call = Never;
    type Reply = ();
    type Notice = ();
    type Fact = Never;

    fn boot(_: &Mood, _: &Image<u8>, cx: &mut Context<'_, Self>) -> Self {
        cx.arm((), Window::exactly(Span::millis(100)));
        Self
    }

    fn step(&mut self, mood: &Mood, _: Input<Self>, cx: &mut Context<'_, Self>) {
        let other = ProcessId::main(NodeId(1 - cx.me().node.0.min(1)));
        match mood {
            Mood::Sends(byte) if cx.me().node == NodeId(0) => cx.send(other, vec![1, *byte]),
            Mood::IsMisjudged => cx.send(other, Vec::new()),
            Mood::Sends(_) | Mood::TakesAges => {}
            Mood::IsMisjudgedInTheEnd | Mood::IsMiscalled => {}
            Mood::Babbles => return cx.notify(Part::MAIN, ()),
            Mood::Panics => panic!("out of ideas"),
            Mood::Floods => (0..5000).for_each(|_| cx.send(other, Vec::new())),
            Mood::Strays => {
                cx.send(ProcessId { node: NodeId(99), part: Part(9) }, Vec::new());
                cx.notify(Part(7), ());
                cx.spawn(Part(8));
                cx.kill(Part(9));
                cx.reply(CallId(u64::MAX), ());
                let nowhere = Place { volume: Volume::Shared(NodeId(77)), slot: Slot(u64::MAX) };
                cx.write(nowhere, 1);
                cx.sync(nowhere.volume, ());
                cx.write_run(Place::local(255, u64::MAX), [1, 2]);
                cx.erase(Volume::Local(3), Slot(9)..Slot(2));
            }
        }
        cx.arm((), Window::exactly(Span::millis(100)));
    }
}

static ALIVE: Property = Property::invariant("Z1", "something happens", "a timer fires");

struct Alive(Tally, Mood);

impl Check<Moody> for Alive {
    fn interest(&self) -> Kinds {
        Kinds::of(&[Kind::Fired, Kind::Sent])
    }

    fn observe(&mut self, seen: &Seen<'_, Moody>, view: View<'_, Moody>, _: &mut Report) {
        match (seen, self.1) {
            (Seen::Sent { .. }, Mood::IsMisjudged) => panic!("out of evidence"),
            (Seen::Fired { .. }, _) => self.0.exercised(view.now()),
            _ => {}
        }
    }

    fn finish(&mut self, _: View<'_, Moody>, _: &mut Report) {
        assert!(!matches!(self.1, Mood::IsMisjudgedInTheEnd), "out of time");
    }

    fn tallies(&self) -> Vec<Tally> {
        vec![self.0.clone()]
    }
}

/// No clients, or such that panic.
struct Nobody(Mood);

impl Workload<Moody> for Nobody {
    fn clients(&self) -> u32 {
        0
    }

    fn begin(&mut self, _: &mut Clients<'_, Moody>) {
        assert!(!matches!(self.0, Mood::IsMiscalled), "out of money");
    }

    fn on_wake(&mut self, _: Client, _: &mut Clients<'_, Moody>) {}

    fn on_answer(&mut self, _: Client, _: CallId, (): &(), _: &mut Clients<'_, Moody>) {}
}

impl System for Mood {
    type Process = Moody;
    type Settings = NoOptions;
    type Load = NoOptions;
    const ID: &'static str = "moody";
    const ABOUT: &'static str = "misbehaves";

    fn properties(&self) -> Vec<Property> {
        vec![ALIVE]
    }

    fn deploy(&self, _: &Setup<'_, Self>) -> Result<Deployment<Moody>, Vec<Mistake>> {
        Ok(Deployment::one_each(2, |_| *self))
    }

    fn workload(&self, _: &Setup<'_, Self>) -> Result<Box<dyn Workload<Moody>>, Vec<Mistake>> {
        Ok(Box::new(Nobody(*self)))
    }

    fn checks(&self, _: &Setup<'_, Self>) -> Vec<Box<dyn Check<Moody>>> {
        vec![Box::new(Alive(Tally::new(&ALIVE), *self))]
    }

    fn tolerance(&self, _: &Setup<'_, Self>) -> Tolerance {
        Tolerance::of(ChaosKind::ALL)
    }

    fn core(&self, _: &Setup<'_, Self>, _: View<'_, Moody>) -> Core {
        Core::majority(2)
    }

    fn calm_bound(&self, _: &Setup<'_, Self>) -> Span {
        if matches!(self, Mood::TakesAges) { Span::MAX } else { Span::secs(1) }
    }

    fn resolve(&self, _: &str, _: Option<&Value>, _: View<'_, Moody>) -> Vec<ProcessId> {
        Vec::new()
    }
}

fn scenario(more: &[(&str, Value)]) -> Scenario {
    let mut scenario = json!({
        "version": 1, "title": "moody", "system": "moody", "cluster": { "nodes": 2 },
        "max_events": 100_000,
    });
    more.iter().for_each(|(field, value)| scenario[*field] = value.clone());
    serde_json::from_value(scenario).unwrap()
}

fn prepare(mood: Mood, more: &[(&str, Value)]) -> Box<dyn Prepared> {
    register(mood).prepare(&scenario(more)).unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

fn run(mood: Mood, more: &[(&str, Value)]) -> Outcome {
    prepare(mood, more).run(7)
}

fn why_inconclusive(outcome: &Outcome) -> &str {
    match &outcome.observed {
        Observed::Inconclusive(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_byte_of_one_message_makes_another_fingerprint() {
    let (one, same, other) =
        (run(Mood::Sends(1), &[]), run(Mood::Sends(1), &[]), run(Mood::Sends(2), &[]));
    assert_eq!(one, same);
    assert_eq!(one.events, other.events, "nothing else differs");
    assert_ne!(one.fingerprint, other.fingerprint);
}

#[test]
fn a_livelock_ends_as_inconclusive_and_says_why() {
    let outcome = run(Mood::Babbles, &[]);
    let why = why_inconclusive(&outcome);
    assert!(why.contains("the budget of 100000 events was spent at 0.100000s"), "{why}");
}

/// Nobody fails because virtual time has come to its end.
#[test]
fn a_run_ends_before_time_does() {
    let century = json!("36500d");
    let long = scenario(&[("duration", century.clone()), ("calm", json!({ "within": century }))]);
    assert!(register(Mood::Sends(1)).prepare(&long).is_ok());
    let Err(wrong) = register(Mood::TakesAges).prepare(&scenario(&[])) else { panic!() };
    let [Mistake { path, message, .. }] = wrong.as_slice() else { panic!("{wrong:?}") };
    assert_eq!(path, "duration");
    assert!(message.starts_with("the run would last longer than 400 years: 5s"), "{message}");
}

#[test]
fn a_flood_ends_as_inconclusive_and_says_why() {
    let slow = json!({ "delay": { "min": "1h", "mean": "1h", "max": "1h" } });
    let outcome = run(Mood::Floods, &[("network", slow), ("duration", json!("5m"))]);
    assert!(why_inconclusive(&outcome).contains("a flood"));
}

#[test]
fn a_panic_of_a_machine_is_an_outcome() {
    let outcome = run(Mood::Panics, &[]);
    assert_eq!(outcome.observed, Observed::Panicked("n0: out of ideas".to_owned()));
    assert!(outcome.events > 0);
}

#[test]
fn a_panic_of_whoever_judges_or_calls_a_machine_says_nothing_of_it() {
    for (mood, what) in [
        (Mood::IsMisjudged, "the check of Z1 panicked: out of evidence"),
        (Mood::IsMisjudgedInTheEnd, "the check of Z1 panicked: out of time"),
        (Mood::IsMiscalled, "the workload panicked: out of money"),
    ] {
        let broken = run_once(&*prepare(mood, &[]), 7, &Patient).unwrap_err();
        assert_eq!(broken, Broken { seed: 7, what: what.to_owned() });
    }
}

/// Cancels when it has been asked so often.
struct Impatient {
    asked: AtomicU64,
    most: u64,
}

impl Pace for Impatient {
    fn is_cancelled(&self) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed) >= self.most
    }

    fn finished(&self, _: &Outcome) {}
}

#[test]
fn a_run_without_end_is_cancelled_within_few_events() {
    let endless = prepare(Mood::Babbles, &[("max_events", json!(u64::MAX))]);
    let pace = |most| Impatient { asked: AtomicU64::new(0), most };
    let Err(Cancelled { at_ns, events }) = endless.run_until(7, &pace(50)) else { panic!() };
    assert!(at_ns == 100_000_000 && (10_000..1_000_000).contains(&events), "{at_ns} {events}");
    let mut lines = 0;
    let traced = endless.trace_until(7, &mut |_| lines += 1, &pace(50));
    assert_eq!(traced, Err(Cancelled { at_ns, events }));
    assert!(lines > events);
    let whole = prepare(Mood::Sends(1), &[]);
    assert_eq!(whole.run_until(7, &pace(u64::MAX)).as_ref(), Ok(&whole.run(7)));
}

#[test]
fn places_that_do_not_exist_hurt_nobody() {
    let outcome = run(Mood::Strays, &[("chaos", json!({ "for": "5s" }))]);
    assert_eq!(outcome.observed, Observed::Held);
    assert!(outcome.counts["dropped"] > 0);
}

/// Taking out one fault leaves the dice of everything else where they were: until it would have
/// begun, and for all draws that do not depend on it, the runs are the same.
#[test]
fn a_fault_that_is_left_out_moves_nothing_before_it() {
    let fault = json!([{ "at": "4s", "for": "100ms", "loss": { "ratio": "100%" } }]);
    let lines = |faults: Value| {
        let scenario = json!({
            "version": 1, "title": "moody", "system": "moody", "cluster": { "nodes": 2 },
            "faults": faults, "duration": "5s",
        });
        let scenario: Scenario = serde_json::from_value(scenario).unwrap();
        let prepared = register(Mood::Sends(1)).prepare(&scenario).ok().unwrap();
        let mut lines = Vec::new();
        prepared.trace(7, &mut |line| lines.push(line));
        lines.retain(|line| line.kind == "delivered");
        lines
    };
    let (with, without) = (lines(fault), lines(json!([])));
    assert!(with.len() < without.len());
    let times = |lines: &[interregnum_sim::outcome::TraceLine]| -> Vec<u64> {
        lines.iter().map(|line| line.at_ns).collect()
    };
    let without = times(&without);
    assert!(times(&with).iter().all(|at| without.contains(at)), "no delay was drawn anew");
}
