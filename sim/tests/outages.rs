//! What a node comes back with after an outage, and which faults do not count as having mattered.

use interregnum_sim::outcome::{Observed, Outcome, TraceLine};
use interregnum_sim::prelude::*;
use interregnum_sim::scenario::Scenario;
use serde_json::{Value, json};

const MARK: Place = Place::local(0, 0);

/// Answers calls, spawns nobody, and arms its node's watchdog on its very first boot only.
#[derive(Debug)]
struct Guard;

impl Machine for Guard {
    type Config = ();
    type Message = Never;
    type Timer = ();
    type Record = u8;
    type Ticket = ();
    type Call = ();
    type Reply = ();
    type Notice = ();
    type Fact = Never;

    fn boot((): &(), image: &Image<u8>, cx: &mut Context<'_, Self>) -> Self {
        if image.record(MARK).is_none() {
            cx.watchdog(Some(Span::millis(500)));
            cx.write(MARK, 1);
            cx.sync(MARK.volume, ());
        }
        Self
    }

    fn step(&mut self, (): &(), input: Input<Self>, cx: &mut Context<'_, Self>) {
        if let Input::Call { id, .. } = input {
            cx.reply(id, ());
        }
    }
}

static BOOTS: Property = Property::invariant("B1", "somebody boots", "a process boots");

struct Boots(Tally);

impl Check<Guard> for Boots {
    fn interest(&self) -> Kinds {
        Kinds::of(&[Kind::Booted])
    }

    fn observe(&mut self, _: &Seen<'_, Guard>, view: View<'_, Guard>, _: &mut Report) {
        self.0.exercised(view.now());
    }

    fn tallies(&self) -> Vec<Tally> {
        vec![self.0.clone()]
    }
}

/// Two nodes, on each a guard and a spare that runs only when it is spawned.
struct Guards;

impl System for Guards {
    type Process = Guard;
    type Settings = NoOptions;
    type Load = NoOptions;
    const ID: &'static str = "guards";
    const ABOUT: &'static str = "guards with spares";

    fn properties(&self) -> Vec<Property> {
        vec![BOOTS]
    }

    fn deploy(&self, _: &Setup<'_, Self>) -> Result<Deployment<Guard>, Vec<Mistake>> {
        let ids = NodeId::first(2).flat_map(|node| [0, 1].map(|part| (node, Part(part))));
        let processes = ids.map(|(node, part)| Deployed {
            id: ProcessId { node, part },
            config: (),
            records: Vec::new(),
            running: part == Part::MAIN,
        });
        Ok(Deployment { processes: processes.collect(), shared_disks: 0 })
    }

    fn workload(&self, _: &Setup<'_, Self>) -> Result<Box<dyn Workload<Guard>>, Vec<Mistake>> {
        let call = |client: Client, clients: &mut Clients<'_, Guard>| {
            clients.call(client, ProcessId::main(NodeId(1)), ());
        };
        let patience = Span::millis(100);
        Ok(Box::new(ClosedLoop { clients: 2, pause: Span::millis(10), patience, call }))
    }

    fn checks(&self, _: &Setup<'_, Self>) -> Vec<Box<dyn Check<Guard>>> {
        vec![Box::new(Boots(Tally::new(&BOOTS)))]
    }

    fn tolerance(&self, _: &Setup<'_, Self>) -> Tolerance {
        Tolerance::of(ChaosKind::ALL)
    }

    fn core(&self, _: &Setup<'_, Self>, _: View<'_, Guard>) -> Core {
        Core::majority(2)
    }

    fn calm_bound(&self, _: &Setup<'_, Self>) -> Span {
        Span::secs(1)
    }

    fn resolve(&self, _: &str, _: Option<&Value>, _: View<'_, Guard>) -> Vec<ProcessId> {
        Vec::new()
    }

    fn parts(&self) -> &'static [&'static str] {
        &["guard", "spare"]
    }
}

fn run(faults: Value) -> (Outcome, Vec<TraceLine>) {
    let scenario = json!({
        "version": 1, "title": "guards", "system": "guards", "cluster": { "nodes": 2 },
        "faults": faults,
    });
    let scenario: Scenario = serde_json::from_value(scenario).unwrap();
    let prepared = register(Guards).prepare(&scenario).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let mut lines = Vec::new();
    let outcome = prepared.trace(1, &mut |line| lines.push(line));
    assert_eq!(outcome.observed, Observed::Held);
    (outcome, lines)
}

fn of<'l>(lines: &'l [TraceLine], kind: &str, process: &str) -> Vec<&'l TraceLine> {
    let is_it = |line: &&TraceLine| line.kind == kind && line.process.as_deref() == Some(process);
    lines.iter().filter(is_it).collect()
}

#[test]
fn a_part_that_nobody_spawned_is_not_started_by_any_recovery() {
    let (_, lines) = run(json!([
        { "at": "1s", "for": "200ms", "crash": { "target": { "node": 0 } } },
        { "at": "2s", "for": "200ms", "crash": { "target": { "node": 0, "part": "spare" } } },
        { "at": "3s", "for": "200ms", "power_loss": { "target": { "node": 0 } } },
        { "at": "4s", "crash": { "target": { "node": 0 } } },
    ]));
    // Deployed, the watchdog, a crash, a power failure, the calm.
    assert_eq!(of(&lines, "booted", "n0").len(), 5);
    assert_eq!(of(&lines, "booted", "n1").len(), 2, "deployed and the watchdog");
    for spare in ["n0/p1", "n1/p1"] {
        assert_eq!(of(&lines, "booted", spare), [] as [&TraceLine; 0]);
    }
}

#[test]
fn a_watchdog_dies_with_the_power_and_the_clock_starts_anew() {
    let (outcome, lines) = run(json!([
        { "at": "200ms", "for": "100ms", "power_loss": { "target": { "node": 0 } } },
    ]));
    assert_eq!(outcome.idle_faults, [0_usize; 0]);
    let fell =
        |node| of(&lines, "crashed", node).iter().map(|line| &*line.what).collect::<Vec<_>>();
    assert_eq!((fell("n0"), fell("n1")), (vec!["Power"], vec!["Watchdog"]));
    let clocks = of(&lines, "clock-changed", "n0");
    assert_eq!(clocks.iter().filter(|line| line.what.contains("Restarted")).count(), 1);
}

#[test]
fn what_arrives_once_all_the_same_was_not_duplicated() {
    let (outcome, lines) = run(json!([
        { "at": "1s", "for": "2s", "duplication": { "ratio": "100%" } },
    ]));
    assert!(of(&lines, "called", "n1").len() > 100);
    assert_eq!(outcome.idle_faults, [0], "calls and answers are never delivered twice");
}
