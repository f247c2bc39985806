//! The trace event format of Chrome, which Perfetto and Firefox's profiler open, too.
//!
//! A node is a process and its processes are threads; clients are a process of their own. Whoever leads, is
//! down or paused has a span, a message is a flow from a slice to a slice, a fault is an asynchronous span with an
//! instant where it begins. Slices last a nanosecond, for flows are bound to slices.
//!
//! Times are microseconds with three decimals, written without floats.

use super::Memory;
use crate::highlights::{Bar, Bars};
use crate::place::{ends, node_of, part_of};
use crate::words::harmless;
use interregnum_sim::outcome::{HighlightKind, Outcome, TraceLine};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Where clients, faults and whatever has another name are.
const CLIENTS: u64 = 1_000;
const FAULTS: u64 = 1_001;
const OTHERS: u64 = 1_002;
/// Threads of a node for what lasts; its processes come before.
const LEADS: u64 = 300;
const DOWN: u64 = 301;
const PAUSED: u64 = 302;

/// A process and a thread.
type Track = (u64, u64);

/// A document being written; each part is told where to.
#[derive(Debug, Default)]
pub struct ChromeTrace {
    any: bool,
    /// Where and when lines stand that others follow from.
    lines: Memory<(Track, u64)>,
    /// The tracks that have a name by now.
    named: BTreeMap<Track, ()>,
}

#[derive(Default, Serialize)]
struct Event<'e> {
    name: &'e str,
    cat: &'e str,
    ph: &'e str,
    pid: u64,
    tid: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<Box<RawValue>>,
    /// What belongs together.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    /// `e`: a flow ends in the slice around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    bp: Option<&'e str>,
    /// `g`: an instant of everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Value>,
}

/// Nanoseconds as microseconds.
fn micros(nanos: u64) -> Option<Box<RawValue>> {
    RawValue::from_string(format!("{}.{:03}", nanos / 1_000, nanos % 1_000)).ok()
}

fn plain(text: &str) -> String {
    text.chars().map(harmless).collect()
}

impl ChromeTrace {
    /// Begins the document.
    ///
    /// # Errors
    /// The writer's.
    pub fn begin(&self, to: &mut dyn Write) -> io::Result<()> {
        to.write_all(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[")
    }

    fn event(&mut self, to: &mut dyn Write, event: &Event<'_>) -> io::Result<()> {
        to.write_all(if self.any { b",\n" } else { b"\n" })?;
        self.any = true;
        serde_json::to_writer(to, event)?;
        Ok(())
    }

    /// Names a track when it is met first.
    fn name(&mut self, to: &mut dyn Write, (pid, tid): Track) -> io::Result<()> {
        if self.named.insert((pid, tid), ()).is_some() {
            return Ok(());
        }
        let process = match pid {
            CLIENTS => "clients".to_owned(),
            FAULTS => "faults".to_owned(),
            OTHERS => "others".to_owned(),
            node => format!("n{}", node - 1),
        };
        let thread = match (pid, tid) {
            (CLIENTS, client) => format!("client-{client}"),
            (FAULTS | OTHERS, _) => process.clone(),
            (_, LEADS) => "leads".to_owned(),
            (_, DOWN) => "down".to_owned(),
            (_, PAUSED) => "paused".to_owned(),
            (_, part) => format!("p{part}"),
        };
        for (name, args) in [
            ("process_name", serde_json::json!({ "name": process })),
            ("process_sort_index", serde_json::json!({ "sort_index": pid })),
            ("thread_name", serde_json::json!({ "name": thread })),
        ] {
            let args = Some(args);
            self.event(
                to,
                &Event { name, cat: "__metadata", ph: "M", pid, tid, args, ..Event::default() },
            )?;
        }
        Ok(())
    }

    /// Adds a line.
    ///
    /// # Errors
    /// The writer's.
    pub fn line(&mut self, to: &mut dyn Write, line: &TraceLine) -> io::Result<()> {
        let [here, _] = ends(line);
        let (pid, tid) = here.map_or((FAULTS, 0), track);
        self.name(to, (pid, tid))?;
        let name =
            plain(&format!("{} {}", line.kind, line.what.split([' ', '{']).next().unwrap_or("")));
        let name = name.trim_end();
        let args = serde_json::json!({
            "line": line.line,
            "event": line.event,
            "peer": line.peer.as_deref().map(plain),
            "what": plain(&line.what),
            "found": line.state.as_deref().map(plain),
        });
        let (ts, dur) = (micros(line.at_ns), micros(1));
        let cat = plain(&line.kind);
        let slice = Event { name, cat: &cat, ph: "X", pid, tid, ts, dur, ..Event::default() };
        self.event(to, &Event { args: Some(args), ..slice })?;
        if line.kind == "fault-began" {
            let what = plain(&line.what);
            let ts = micros(line.at_ns);
            let instant =
                Event { name: &what, cat: "fault", ph: "i", pid, tid, ts, ..Event::default() };
            self.event(to, &Event { s: Some("g"), ..instant })?;
        }
        self.flow(to, line, (pid, tid))?;
        self.lines.put(line.line, ((pid, tid), line.at_ns), 0);
        Ok(())
    }

    /// The arrow from the line that this one follows from, if that is on another track.
    fn flow(&mut self, to: &mut dyn Write, line: &TraceLine, (pid, tid): Track) -> io::Result<()> {
        let from = line.cause.and_then(|cause| self.lines.get(cause)).copied();
        let Some((origin, at_ns)) = from.filter(|(origin, _)| *origin != (pid, tid)) else {
            return Ok(());
        };
        let (name, id) = (if line.kind == "dropped" { "lost" } else { "message" }, Some(line.line));
        let start = Event { name, cat: "message", ph: "s", id, ..Event::default() };
        self.event(to, &Event { pid: origin.0, tid: origin.1, ts: micros(at_ns), ..start })?;
        let end = Event { name, cat: "message", ph: "f", bp: Some("e"), id, ..Event::default() };
        self.event(to, &Event { pid, tid, ts: micros(line.at_ns), ..end })
    }

    /// Ends the document with what lasted in the run.
    ///
    /// # Errors
    /// The writer's.
    pub fn end(&mut self, to: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        let end = outcome.virtual_ns.max(1);
        let bars = Bars::of(outcome, end).map_or(Vec::new(), |bars| bars.bars);
        for (nth, bar) in (0..).zip(&bars) {
            self.bar(to, nth, bar)?;
        }
        self.close(to)
    }

    /// Ends the document of a run that was cut short: what lasted in it is not known.
    ///
    /// # Errors
    /// The writer's.
    pub fn close(&self, to: &mut dyn Write) -> io::Result<()> {
        to.write_all(b"\n]}\n")
    }

    fn bar(&mut self, to: &mut dyn Write, nth: u64, bar: &Bar) -> io::Result<()> {
        let name = plain(&bar.what);
        let Some(node) = bar.node else {
            self.name(to, (FAULTS, 0))?;
            for (ph, at) in [("b", bar.from), ("e", bar.to)] {
                let (pid, ts, id) = (FAULTS, micros(at), Some(nth));
                let half = Event { name: &name, cat: "fault", ph, pid, ts, id, ..Event::default() };
                self.event(to, &half)?;
            }
            return Ok(());
        };
        let tid = match bar.kind {
            HighlightKind::Down => DOWN,
            HighlightKind::Paused => PAUSED,
            _ => LEADS,
        };
        let pid = u64::from(node) + 1;
        self.name(to, (pid, tid))?;
        let (ts, dur) = (micros(bar.from), micros(bar.to.saturating_sub(bar.from)));
        let span =
            Event { name: &name, cat: "state", ph: "X", pid, tid, ts, dur, ..Event::default() };
        self.event(to, &span)
    }
}

fn track(name: &str) -> Track {
    let client = name.strip_prefix("client-").and_then(|number| number.parse().ok());
    match (client, node_of(name), part_of(name)) {
        (Some(client), ..) => (CLIENTS, client),
        (None, Some(node), Some(part)) => (u64::from(node) + 1, u64::from(part)),
        _ => (OTHERS, 0),
    }
}

/// The trace of a recording.
#[must_use]
pub fn chrome(lines: &[TraceLine], outcome: &Outcome) -> String {
    let (mut text, mut document) = (Vec::new(), ChromeTrace::default());
    // To write into memory does not fail.
    let _ = document.begin(&mut text);
    for line in lines {
        let _ = document.line(&mut text, line);
    }
    let _ = document.end(&mut text, outcome);
    String::from_utf8(text).unwrap_or_default()
}
