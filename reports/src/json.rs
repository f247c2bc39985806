//! The results of `run` as one JSON document, written run by run: nothing is kept.
//!
//! The bytes depend on scenarios, seeds and version alone: no times, no number of threads.

use crate::Record;
use crate::summary::Summary;
use interregnum_sim::verdict::Verdict;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::io::{self, Write};

/// The version of this format.
const FORMAT: u32 = 1;

/// A document being written.
#[derive(Debug)]
pub struct RunDocument<W: Write> {
    to: W,
    any: bool,
}

impl<W: Write> RunDocument<W> {
    /// Begins a document by the command of this version.
    ///
    /// # Errors
    /// The writer's.
    pub fn begin(mut to: W, of: &str) -> io::Result<Self> {
        let of = Value::from(of);
        write!(to, "{{\"version\":{FORMAT},\"command\":\"run\",\"of\":{of},\"runs\":[")?;
        Ok(Self { to, any: false })
    }

    /// Goes on with a document that was begun on this writer; `any` tells whether it has a run.
    pub const fn resume(to: W, any: bool) -> Self {
        Self { to, any }
    }

    /// Adds a run.
    ///
    /// # Errors
    /// The writer's.
    pub fn run(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.to.write_all(if self.any { b",\n" } else { b"\n" })?;
        self.any = true;
        record.serialize(&mut serde_json::Serializer::new(&mut self.to))?;
        Ok(())
    }

    /// Ends the document with each scenario's verdict and the one on all of them.
    ///
    /// # Errors
    /// The writer's.
    pub fn end(mut self, end: &End<'_>) -> io::Result<W> {
        self.to.write_all(b"\n],\"scenarios\":[")?;
        for (index, summary) in end.summaries.iter().enumerate() {
            self.to.write_all(if index > 0 { b",\n" } else { b"\n" })?;
            Scenario::of(summary).serialize(&mut serde_json::Serializer::new(&mut self.to))?;
        }
        let (interrupted, error) = (end.interrupted, Value::from(end.error));
        let verdict = Value::from(verdict(end));
        write!(self.to, "\n],\"interrupted\":{interrupted},\"error\":{error},")?;
        writeln!(self.to, "\"verdict\":{verdict}}}")?;
        self.to.flush()?;
        Ok(self.to)
    }
}

/// What is known when the last run is over.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// Each scenario's summary.
    pub summaries: &'a [Summary],
    /// The verdict on everything; none if nothing ran.
    pub verdict: Option<Verdict>,
    /// Whether it was stopped before the last seed.
    pub interrupted: bool,
    /// What broke the simulation itself.
    pub error: Option<&'a str>,
}

fn verdict(end: &End<'_>) -> String {
    match (end.error, end.verdict) {
        (Some(_), _) => "error".to_owned(),
        (None, None) => "nothing-ran".to_owned(),
        (None, Some(verdict)) => verdict.to_string(),
    }
}

/// One scenario with all its runs. The order of these fields is the order in the document: a map
/// of `serde_json` would keep the order that some other crate's feature asks for.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Scenario<'s> {
    scenario: &'s str,
    title: &'s str,
    system: &'s str,
    mutant: Option<&'s str>,
    verdict: Option<Verdict>,
    seeds: Range,
    runs: u64,
    passed: u64,
    failed: u64,
    inconclusive: u64,
    silent: u64,
    events: u64,
}

#[derive(Serialize, JsonSchema)]
struct Range {
    first: String,
    count: u64,
}

impl<'s> Scenario<'s> {
    fn of(summary: &'s Summary) -> Self {
        let case = &summary.case;
        Self {
            scenario: &case.path,
            title: &case.title,
            system: &case.system,
            mutant: case.mutant.as_deref(),
            verdict: summary.verdict(),
            seeds: Range {
                first: format!("{:#x}", summary.seeds.first),
                count: summary.seeds.count,
            },
            runs: summary.runs,
            passed: summary.passed,
            failed: summary.failed,
            inconclusive: summary.inconclusive,
            silent: summary.silent,
            events: summary.events,
        }
    }
}
