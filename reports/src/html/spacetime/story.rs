//! A recording as rows: what happened where, what it follows from, and which of it led to the failure.
//!
//! *What led to it* is found without knowing the protocol. It starts at the evidence and at the failure, and
//! goes back along two kinds of steps: from an effect to the input that the process was given (a message, a
//! timer, a call, the end of a sync), and from an input to where it came from (the sending, the write). So it
//! is a part of the causal past: that which was passed on, step by step. What else the processes had in
//! memory then is told by their states. To it belongs what came of the evidence, along the same steps, what
//! mentions the things that the failure names, and the latest faults, crashes and pauses, whomever they struck;
//! and, while there is room, what the same processes did last before.

use crate::place::{ends, node_of};
use interregnum_sim::outcome::{Evidence, Outcome, TraceLine};
use interregnum_sim::recording::{Names, Recording};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// So many rows are drawn at most: no recording has more.
const MOST_ROWS: usize = 700;
/// So many rows may lead to the failure,
const MOST_LED: usize = 60;
/// so many of those that follow from evidence are added,
const MOST_CAME: usize = 24;
/// and of those that mention what the failure names;
const MOST_NAMED: usize = 24;
/// and so few are filled up with what came before.
const LEAST_LED: usize = 40;
/// A row shows so many facts at most.
const MOST_SHOWN: usize = 12;
/// So many lanes are drawn; what happens elsewhere has none.
const MOST_LANES: usize = 24;

/// A recording, ready to be drawn.
#[derive(Debug)]
pub(super) struct Story<'r> {
    /// Processes, then clients.
    pub(super) lanes: Vec<&'r str>,
    pub(super) rows: Vec<Row<'r>>,
}

/// One line of the trace.
#[derive(Debug)]
pub(super) struct Row<'r> {
    pub(super) line: &'r TraceLine,
    /// The name of its place: the event's number, and for further lines of an event which one of them.
    pub(super) anchor: String,
    /// Where it happened, and where the other end is.
    pub(super) lane: Option<usize>,
    pub(super) peer: Option<usize>,
    /// The row that it follows from, besides the row before it in its lane.
    pub(super) cause: Option<usize>,
    /// Whether it led to the failure.
    pub(super) led: bool,
    /// The numbers of the facts that it shows, from 1 on.
    pub(super) evidence: Vec<usize>,
    /// The row that tells the state in which its process was found last, itself included.
    pub(super) found: Option<usize>,
    /// How many lines before it were not kept.
    pub(super) skipped: u64,
}

impl<'r> Story<'r> {
    pub(super) fn of(outcome: &'r Outcome, recording: &'r Recording) -> Self {
        let lines = &recording.lines[recording.lines.len().saturating_sub(MOST_ROWS)..];
        let mut rows = rows(lines);
        let facts = outcome.violation.as_ref().map_or(&[][..], |violation| &violation.evidence);
        mark_evidence(&mut rows, facts);
        mark_led(&mut rows, &Names::of(outcome));
        let lanes = lanes(&mut rows);
        Self { lanes, rows }
    }

    /// How many rows led to the failure.
    pub(super) fn led(&self) -> usize {
        self.rows.iter().filter(|row| row.led).count()
    }
}

/// Whether a line shows a fact: it happened then, and there.
fn shows(line: &TraceLine, fact: &Evidence) -> bool {
    let is_there = |node: u8| line.process.as_deref().and_then(node_of) == Some(node);
    line.at_ns == fact.at_ns && fact.node.is_none_or(is_there)
}

fn rows<'r>(lines: &'r [TraceLine]) -> Vec<Row<'r>> {
    let numbers: BTreeMap<u64, usize> =
        lines.iter().enumerate().map(|(index, line)| (line.line, index)).collect();
    let mut of_event: BTreeMap<u64, u64> = BTreeMap::new();
    let mut inputs: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rows: Vec<Row<'r>> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let nth = of_event.entry(line.event).or_default();
        let event = line.event;
        let anchor = if *nth == 0 { format!("e{event}") } else { format!("e{event}-{nth}") };
        *nth += 1;
        let process = line.process.as_deref().unwrap_or("");
        let told = line.cause.and_then(|cause| numbers.get(&cause).copied());
        let cause = told.filter(|cause| *cause < index).or_else(|| {
            let input = inputs.get(process).copied().filter(|_| is_output(&line.kind));
            input.filter(|input| lines[*input].event == event)
        });
        if is_input(&line.kind) {
            inputs.insert(process, index);
        }
        if line.state.is_some() {
            found.insert(process, index);
        }
        let last = index.checked_sub(1).map(|last| lines[last].line);
        let skipped = last.map_or(0, |last| line.line.saturating_sub(last.saturating_add(1)));
        rows.push(Row {
            line,
            anchor,
            lane: None,
            peer: None,
            cause,
            led: false,
            evidence: Vec::new(),
            found: found.get(process).copied(),
            skipped,
        });
    }
    rows
}

/// What a process is given.
fn is_input(kind: &str) -> bool {
    matches!(
        kind,
        "delivered" | "fired" | "called" | "noticed" | "disk-done" | "told-exit" | "booted"
    )
}

/// What a process does at once when it is given something.
fn is_output(kind: &str) -> bool {
    matches!(
        kind,
        "sent" | "written" | "replied" | "notified" | "fact" | "probe" | "erased" | "halted"
    )
}

/// What makes a difference to others, or outlasts a process: evidence is made of such things.
fn is_effect(kind: &str) -> bool {
    matches!(
        kind,
        "sent" | "written" | "durable" | "replied" | "answered" | "asked" | "fact" | "notified"
    )
}

/// What goes wrong by itself.
pub(super) fn is_trouble(kind: &str) -> bool {
    matches!(
        kind,
        "crashed"
            | "halted"
            | "booted"
            | "paused"
            | "resumed"
            | "clock-changed"
            | "fault-began"
            | "fault-ended"
            | "calm"
            | "damaged"
            | "replaced"
            | "misread"
            | "forgotten"
            | "erased"
    )
}

/// Of several lines at the moment of a fact, those count that the fact can be made of, and of those the ones
/// that have most words in common with it.
fn mark_evidence(rows: &mut [Row<'_>], facts: &[Evidence]) {
    let said: Vec<_> = rows.iter().map(|row| words(&row.line.what)).collect();
    for (number, fact) in (1..).zip(facts) {
        let wanted = words(&fact.what);
        let likeness = |(row, said): (&Row<'_>, &BTreeSet<&str>)| {
            let common = || said.intersection(&wanted).count();
            shows(row.line, fact).then(|| (is_effect(&row.line.kind), common()))
        };
        let alike: Vec<_> = rows.iter().zip(&said).map(likeness).collect();
        let Some(best) = alike.iter().max().copied().flatten() else { continue };
        let shown = rows.iter_mut().zip(&alike).filter(|(_, alike)| **alike == Some(best));
        for (row, _) in shown.filter(|(row, _)| row.evidence.len() < MOST_SHOWN) {
            row.evidence.push(number);
        }
    }
}

/// Names and numbers as they are written: `s25`, `b12.n3`, `Noop`.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_alphanumeric() || "._/".contains(c))).collect()
}

fn mark_led(rows: &mut [Row<'_>], names: &Names) {
    let mut led = BTreeSet::new();
    let evidence = (0..rows.len()).filter(|index| !rows[*index].evidence.is_empty());
    // What came last is where the failure was seen.
    let mut next: BinaryHeap<usize> = evidence.chain(rows.len().checked_sub(1)).collect();
    while let Some(index) = next.pop() {
        if led.len() < MOST_LED && led.insert(index) {
            next.extend(rows[index].cause);
        }
    }
    // What came of the evidence may be what the other evidence contradicts.
    let mut came = BTreeSet::new();
    for (index, row) in rows.iter().enumerate() {
        let follows = row.cause.is_some_and(|cause| came.contains(&cause));
        if (follows || !row.evidence.is_empty()) && came.len() < MOST_CAME {
            came.insert(index);
        }
    }
    led.extend(came);
    let counts: Vec<_> = rows.iter().map(|row| names.in_text(&row.line.what)).collect();
    let needed = names.needed(counts.iter().filter(|count| **count > 1).count());
    let named = (0..rows.len()).rev().filter(|index| counts[*index] >= needed);
    led.extend(named.take(MOST_NAMED));
    // A disk that rots does so in many places at once: one of them tells it.
    let is_new = |index: &usize| {
        let key = |row: &Row<'_>| (row.line.event, row.line.kind.clone(), row.line.process.clone());
        index.checked_sub(1).is_none_or(|last| key(&rows[last]) != key(&rows[*index]))
    };
    let trouble = (0..rows.len()).rev().filter(|index| is_trouble(&rows[*index].line.kind));
    let trouble = trouble.filter(is_new);
    led.extend(trouble.take(MOST_LED / 2));
    let involved: BTreeSet<&str> =
        led.iter().filter_map(|index| rows[*index].line.process.as_deref()).collect();
    for index in (0..rows.len()).rev() {
        let is_theirs =
            rows[index].line.process.as_deref().is_some_and(|process| involved.contains(process));
        if led.len() < LEAST_LED && is_theirs && !is_trouble(&rows[index].line.kind) {
            led.insert(index);
        }
    }
    led.into_iter().for_each(|index| rows[index].led = true);
}

/// Gives every row its lanes: processes first, in the order of their names, then clients.
fn lanes<'r>(rows: &mut [Row<'r>]) -> Vec<&'r str> {
    let mut names: BTreeMap<(bool, u64, &'r str), (bool, usize)> = BTreeMap::new();
    // Clients come by the dozen; those that have to do with it have a lane.
    let is_drawn =
        |((is_client, ..), (led, _)): &(&(bool, u64, &str), &(bool, usize))| *led || !*is_client;
    for row in rows.iter() {
        for name in ends(row.line).into_iter().flatten() {
            let seen = names.entry(order(name)).or_default();
            seen.0 |= row.led;
            seen.1 += 1;
        }
    }
    // Where there are too many, those count that have to do with the failure.
    let drawn = names.iter().filter(is_drawn);
    let mut by_weight: Vec<_> = drawn.map(|(key, weight)| (*weight, *key)).collect();
    by_weight.sort_by_key(|(weight, key)| (std::cmp::Reverse(*weight), *key));
    by_weight.truncate(MOST_LANES);
    let mut keys: Vec<_> = by_weight.into_iter().map(|(_, key)| key).collect();
    keys.sort_unstable();
    let lanes: Vec<&str> = keys.into_iter().map(|(_, _, name)| name).collect();
    for row in rows {
        let [here, there] = ends(row.line);
        let place = |name: Option<&str>| lanes.iter().position(|lane| Some(*lane) == name);
        (row.lane, row.peer) = (place(here), place(there));
    }
    lanes
}

/// Names as people order them: n2 before n10.
fn order(name: &str) -> (bool, u64, &str) {
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    (!name.starts_with('n'), digits.parse().unwrap_or(u64::MAX), name)
}
