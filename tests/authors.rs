//! What the author of a system may get wrong, and what no built-in system can show: planted bugs whose
//! scenarios are unfit, shared disks that take the room of nodes, more clients than there may be.

#[path = "toy/subject.rs"]
mod subject;

use interregnum::{Exit, Io, Program, builtin, command_from};
use interregnum_sim::prelude::*;
use interregnum_sim::scenario::Scenario;
use interregnum_sim::subject::{Prepared, Registry};
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use std::fs;
use std::io::Write;
use std::sync::{Arc, Mutex};

/// A stream that can be looked at afterwards.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Exit code, results, complaints.
fn run(registry: Registry, args: &[&str]) -> (Exit, String, String) {
    let (out, err) = (Memory::default(), Memory::default());
    let mut io = Io::new(Box::new(out.clone()), Box::new(err.clone()));
    let exit = command_from(&Program::new(registry), ["interregnum"].iter().chain(args), &mut io);
    drop(io);
    let text = |memory: Memory| String::from_utf8(memory.0.lock().unwrap().clone()).unwrap();
    (exit, text(out), text(err))
}

/// What is said of a scenario file that cannot be run.
fn mistakes(registry: Registry, scenario: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.json");
    fs::write(&path, scenario).unwrap();
    let (exit, text, complaint) = run(registry, &["run", &path.display().to_string()]);
    assert_eq!((exit, text.as_str()), (Exit::Usage, ""), "{complaint}");
    complaint
}

/// The toy, with another scenario for its first planted bug.
struct Unfit(&'static str);

impl Subject for Unfit {
    fn id(&self) -> &'static str {
        "toy"
    }

    fn about(&self) -> &'static str {
        subject::Toy.about()
    }

    fn settings_schema(&self) -> Schema {
        subject::Toy.settings_schema()
    }

    fn workload_schema(&self) -> Schema {
        subject::Toy.workload_schema()
    }

    fn target_words(&self) -> &'static [&'static str] {
        subject::Toy.target_words()
    }

    fn mutants(&self) -> &'static [Mutant] {
        &subject::Toy.mutants()[..1]
    }

    fn scenario_of(&self, _: &str) -> Option<&'static str> {
        Some(self.0)
    }

    fn properties(&self) -> Vec<Property> {
        subject::Toy.properties()
    }

    fn counters(&self) -> &'static [&'static str] {
        subject::Toy.counters()
    }

    fn prepare(&self, scenario: &Scenario) -> Result<Box<dyn Prepared>, Vec<Mistake>> {
        subject::Toy.prepare(scenario)
    }
}

#[test]
fn an_audit_refuses_planted_bugs_whose_scenarios_are_unfit() {
    for (scenario, said) in [
        (
            r#"{ "version": 1, "title": "t", "system": "toy" }"#,
            "error: toy/two-leaders: its scenario plants nothing; its `mutant` must be toy/two-leaders\n",
        ),
        (
            r#"{ "version": 1, "title": "t", "system": "toy", "mutant": "toy/two-leader" }"#,
            "  × unknown planted bug `toy/two-leader` of system `toy`\n   ╭─[toy/two-leaders:1:58]\n",
        ),
        ("{", "  × this is not JSON: EOF while parsing an object\n   ╭─[toy/two-leaders:1:1]\n"),
    ] {
        let (exit, text, complaint) =
            run(Registry::new().with(Box::new(Unfit(scenario))), &["audit"]);
        assert_eq!((exit, text.as_str()), (Exit::Usage, ""), "{complaint}");
        assert!(complaint.starts_with(said), "{complaint}");
    }
}

#[test]
fn a_planted_bug_of_another_system_is_known_there() {
    let both = builtin().with(Box::new(subject::Toy));
    let text = r#"{ "version": 1, "title": "t", "system": "paxos", "mutant": "toy/sleeper" }"#;
    let said = mistakes(both, text);
    assert!(said.contains("unknown planted bug `toy/sleeper` of system `paxos`"), "{said}");
    assert!(said.contains("help: it is a planted bug of system `toy`"), "{said}");
}

/// A machine that answers with what it was asked.
#[derive(Debug)]
struct Echo;

impl Machine for Echo {
    type Config = ();
    type Message = Never;
    type Timer = Never;
    type Record = Never;
    type Ticket = Never;
    type Call = u64;
    type Reply = u64;
    type Notice = Never;
    type Fact = Never;

    fn boot((): &(), _: &Image<Never>, _: &mut Context<'_, Self>) -> Self {
        Self
    }

    fn step(&mut self, (): &(), input: Input<Self>, cx: &mut Context<'_, Self>) {
        if let Input::Call { id, call } = input {
            cx.reply(id, call);
        }
    }
}

/// A system of echoes, with as many shared disks as one likes.
struct Echoes;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Shared {
    disks: u8,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Askers {
    clients: u32,
}

impl System for Echoes {
    type Process = Echo;
    type Settings = Shared;
    type Load = Askers;

    const ID: &'static str = "echoes";
    const ABOUT: &'static str = "what was asked is answered";

    fn properties(&self) -> Vec<Property> {
        Vec::new()
    }

    fn deploy(&self, setup: &Setup<'_, Self>) -> Result<Deployment<Echo>, Vec<Mistake>> {
        Ok(Deployment { processes: Vec::new(), shared_disks: setup.settings.disks })
    }

    fn workload(&self, setup: &Setup<'_, Self>) -> Result<Box<dyn Workload<Echo>>, Vec<Mistake>> {
        let call = |_: Client, _: &mut Clients<'_, Echo>| {};
        let (pause, patience) = (Span::secs(1), Span::secs(1));
        Ok(Box::new(ClosedLoop { clients: setup.load.clients, pause, patience, call }))
    }

    fn checks(&self, _: &Setup<'_, Self>) -> Vec<Box<dyn Check<Echo>>> {
        Vec::new()
    }

    fn tolerance(&self, _: &Setup<'_, Self>) -> Tolerance {
        Tolerance::of(&[])
    }

    fn core(&self, setup: &Setup<'_, Self>, _: View<'_, Echo>) -> Core {
        Core::majority(setup.scenario.cluster.nodes)
    }

    fn calm_bound(&self, _: &Setup<'_, Self>) -> Span {
        Span::secs(1)
    }
}

#[test]
fn what_a_system_does_not_have_is_said_with_what_to_do() {
    let echoes = || Registry::new().with(register(Echoes));
    let with = |fields: &str| {
        mistakes(
            echoes(),
            &format!(r#"{{ "version": 1, "title": "t", "system": "echoes", {fields} }}"#),
        )
    };
    for (fields, expected) in [
        (
            r#""cluster": { "nodes": 100 }, "settings": { "disks": 40 }"#,
            ["found `100`, expected at most 88 nodes", "help: there are 40 shared disks besides"],
        ),
        (
            r#""workload": { "clients": 1001 }"#,
            ["found `1001`, expected at most 1000 clients", "workload.clients"],
        ),
        (
            r#""mutant": "echoes/deaf""#,
            [
                "unknown planted bug `echoes/deaf` of system `echoes`",
                "help: the system has none: leave it out",
            ],
        ),
        (
            r#""faults": [{ "at": "1s", "crash": { "target": { "any": "leader" } } }]"#,
            [
                "unknown target `leader` of system `echoes`",
                r#"help: the system names none: give {"random": 1}"#,
            ],
        ),
    ] {
        let said = with(fields);
        for expected in expected {
            assert!(said.contains(expected), "{expected}: {said}");
        }
    }
}
