//! Traces for other people's tools, read as those tools read them.

use interregnum::{Exit, Io, Program, builtin, command_from};
use interregnum_sim::outcome::TraceLine;
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Write, sink};
use std::sync::{Arc, Mutex};

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

/// A run with crashes, power failures, pauses and partitions, until it fails.
fn replay(form: &str) -> String {
    replay_of(form, &[])
}

/// As much of it as these options want.
fn replay_of(form: &str, more: &[&str]) -> String {
    let out = Memory::default();
    let mut io = Io::new(Box::new(out.clone()), Box::new(sink()));
    let args =
        ["interregnum", "replay", "paxos/accepted-not-durable", "--seed", "1", "--format", form];
    let args = args.iter().chain(more);
    let exit = command_from(&Program::new(builtin()), args, &mut io);
    assert!(matches!(exit, Exit::Passed | Exit::Failed), "{exit:?}");
    drop(io);
    String::from_utf8(out.0.lock().unwrap().clone()).unwrap()
}

fn lines() -> Vec<TraceLine> {
    lines_of(&[])
}

fn lines_of(more: &[&str]) -> Vec<TraceLine> {
    let text = replay_of("json", more);
    let count = text.lines().count() - 1;
    text.lines().take(count).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// An event as the description of the format has it; nothing else may be there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    name: String,
    cat: String,
    ph: char,
    pid: u64,
    tid: u64,
    #[serde(default)]
    ts: Option<f64>,
    #[serde(default)]
    dur: Option<f64>,
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    bp: Option<char>,
    #[serde(default)]
    s: Option<char>,
    #[serde(default)]
    args: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Trace {
    display_time_unit: String,
    trace_events: Vec<Event>,
}

#[test]
fn chrome_events_are_what_their_format_says() {
    let trace: Trace = serde_json::from_str(&replay("chrome")).unwrap();
    assert_eq!(trace.display_time_unit, "ns");
    let lines = lines();
    let of = |ph: char| trace.trace_events.iter().filter(move |event| event.ph == ph);
    assert!(trace.trace_events.iter().all(|event| "MXisfbe".contains(event.ph)));
    let named: BTreeSet<_> =
        of('M').filter(|e| e.name == "thread_name").map(|e| (e.pid, e.tid)).collect();
    for event in trace.trace_events.iter().filter(|event| event.ph != 'M') {
        assert!(event.ts.is_some_and(|ts| ts >= 0.0) && !event.cat.is_empty());
        assert!(named.contains(&(event.pid, event.tid)), "{}", event.name);
    }
    assert!(of('M').all(|event| event.args.len() == 1));
    let slices: Vec<_> = of('X').filter(|event| event.cat != "state").collect();
    assert_eq!(slices.len(), lines.len());
    assert!(slices.iter().all(|slice| slice.dur.is_some()));

    // An arrow has two ends, each on a slice, and time goes along it.
    let at: BTreeSet<_> = slices.iter().map(|e| (e.pid, e.tid, e.ts.unwrap().to_bits())).collect();
    let starts: BTreeMap<_, _> = of('s').map(|event| (event.id.unwrap(), event)).collect();
    let ends: Vec<_> = of('f').collect();
    assert_eq!((starts.len(), of('s').count()), (ends.len(), ends.len()));
    let delivered =
        lines.iter().filter(|line| ["delivered", "dropped"].contains(&line.kind.as_str()));
    assert!(ends.len() >= delivered.count(), "every message has one");
    for end in ends {
        let start = starts[&end.id.unwrap()];
        assert!(start.ts <= end.ts && end.bp == Some('e'));
        assert_ne!((start.pid, start.tid), (end.pid, end.tid));
        for event in [start, end] {
            assert!(at.contains(&(event.pid, event.tid, event.ts.unwrap().to_bits())));
        }
    }

    // What lasts does not overlap on a track; faults may, and are told apart by their numbers.
    let mut until: BTreeMap<_, f64> = BTreeMap::new();
    let mut states: Vec<_> = of('X').filter(|event| event.cat == "state").collect();
    states.sort_by(|one, other| one.ts.partial_cmp(&other.ts).unwrap());
    assert!(!states.is_empty());
    for state in states {
        let end = until.entry((state.pid, state.tid)).or_default();
        assert!(state.ts.unwrap() >= *end, "{}", state.name);
        *end = [state.ts, state.dur].into_iter().flatten().sum();
    }
    let ids = |ph: char| of(ph).map(|event| event.id.unwrap()).collect::<Vec<_>>();
    assert_eq!(ids('b'), ids('e'));
    assert!(of('i').all(|event| event.s == Some('g')));
    assert_eq!(of('i').count(), lines.iter().filter(|line| line.kind == "fault-began").count());
}

/// ShiViz knows nothing but the clocks: what they order must be what the trace orders.
#[test]
fn shiviz_clocks_order_what_the_trace_orders() {
    const MOST: usize = 1_500;
    let log = replay("shiviz");
    let mut log = log.lines();
    // ShiViz reads names of groups as Rust does.
    let expression = Regex::new(&format!("^{}$", log.next().unwrap())).unwrap();
    assert_eq!(log.next(), Some(""), "no delimiter");
    let events: Vec<(String, BTreeMap<String, u64>)> = log
        .map(|line| {
            let found = expression.captures(line).unwrap_or_else(|| panic!("{line}"));
            assert!(!found["event"].is_empty() && !found["event"].contains('"'));
            (found["host"].to_owned(), serde_json::from_str(&found["clock"]).unwrap())
        })
        .collect();
    let lines = lines();
    assert_eq!(events.len(), lines.len());
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (host, clock) in &events {
        let count = counts.entry(host).or_default();
        *count += 1;
        assert_eq!(clock[host], *count, "clocks of {host} count its events from 1 on");
    }

    // What came before a line, found the slow way: the line before it at its host, and its cause.
    let mut before: Vec<BTreeSet<usize>> = Vec::new();
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, (host, _)) in events.iter().enumerate().take(MOST) {
        let cause = lines[index].cause.map(|cause| usize::try_from(cause).unwrap());
        let mut all: BTreeSet<usize> = BTreeSet::new();
        for earlier in cause.into_iter().chain(last.get(host.as_str()).copied()) {
            all.insert(earlier);
            all.extend(before[earlier].iter());
        }
        before.push(all);
        last.insert(host, index);
    }
    let mut ordered = 0;
    for (late, (_, clock)) in events.iter().enumerate().take(MOST) {
        for (early, (host, own)) in events.iter().enumerate().take(late) {
            let by_clock = clock.get(host).is_some_and(|known| *known >= own[host]);
            assert_eq!(by_clock, before[late].contains(&early), "{early} and {late}");
            ordered += u64::from(by_clock);
        }
    }
    assert!(ordered > 10_000, "{ordered}");
}

/// What a client asks and is answered is about the node that it asked, and the one that replied.
#[test]
fn lines_of_a_node_are_about_it() {
    let all = lines();
    let at = |number: u64| all.iter().find(|line| line.line == number).unwrap();
    let is = |end: &Option<String>| end.as_deref() == Some("n2");
    let is_meant = |line: &&TraceLine| match line.kind.as_str() {
        "answered" => is(&at(line.cause.unwrap()).process),
        _ => is(&line.process) || is(&line.peer) || (&line.process, &line.peer) == (&None, &None),
    };
    let meant: Vec<_> = all.iter().filter(is_meant).cloned().collect();
    let answered = |lines: &[TraceLine]| lines.iter().filter(|l| l.kind == "answered").count();
    assert!(
        (1..answered(&all)).contains(&answered(&meant)),
        "clients are answered by several nodes"
    );
    assert_eq!(lines_of(&["--node", "n2"]), meant);
}

/// The spans of nodes are left out as their lines are, and nothing goes on after the end.
#[test]
fn chrome_spans_are_those_asked_for() {
    let spans = |more: &[&str]| -> Vec<Event> {
        let trace: Trace = serde_json::from_str(&replay_of("chrome", more)).unwrap();
        trace.trace_events.into_iter().filter(|event| event.ph != 'M').collect()
    };
    let of_states = |events: &[Event]| -> BTreeSet<u64> {
        events.iter().filter(|event| event.cat == "state").map(|event| event.pid).collect()
    };
    assert!(of_states(&spans(&[])).len() > 2);
    assert_eq!(of_states(&spans(&["--node", "1"])), BTreeSet::from([2]));

    let early = spans(&["--until", "3s"]);
    assert!(!of_states(&early).is_empty());
    for event in early {
        let end: f64 = [event.ts, event.dur].into_iter().flatten().sum();
        assert!(end <= 3_000_000.001, "{} ends at {end}", event.name);
    }
    assert!(spans(&["--quiet"]).is_empty());
    let some = spans(&["--grep", "Promised"]);
    assert!(some.iter().all(|event| event.cat != "state") && !some.is_empty());
}
