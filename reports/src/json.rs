//! The results of `run` as one JSON document, written run by run: nothing is kept. What it says of each
//! scenario is all that the other documents are made of, so that they can be made again from it alone.
//!
//! The bytes depend on scenarios, seeds and version alone: no times, no number of threads.

use crate::Record;
use crate::summary::Summary;
use interregnum_sim::verdict::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::io::{self, Write};

/// The version of this format. Fields are added without another number: who needs one that is not there says
/// that the results are of another version.
pub(crate) const FORMAT: u32 = 1;

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
            let scenario = Scenario { verdict: summary.verdict(), summary };
            scenario.serialize(&mut serde_json::Serializer::new(&mut self.to))?;
        }
        let (interrupted, error) = (end.interrupted, Value::from(end.error));
        let verdict = end.word();
        write!(self.to, "\n],\"interrupted\":{interrupted},\"error\":{error},")?;
        writeln!(self.to, "\"verdict\":\"{verdict}\"}}")?;
        self.to.flush()?;
        Ok(self.to)
    }
}

/// What is known when the last run is over.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// Each scenario's summary.
    pub summaries: &'a [Summary],
    /// Whether it was stopped before the last seed.
    pub interrupted: bool,
    /// What broke the simulation itself.
    pub error: Option<&'a str>,
}

impl End<'_> {
    /// The verdict on everything; none if nothing ran. What was not run to its end did not pass.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let verdicts = || self.summaries.iter().map(Summary::verdict);
        let worst = verdicts().flatten().max()?;
        let is_whole =
            !self.interrupted && self.error.is_none() && verdicts().all(|one| one.is_some());
        Some(if is_whole { worst } else { worst.max(Verdict::Inconclusive) })
    }

    /// The same in a word, which tells whether the simulation itself broke.
    pub(crate) fn word(&self) -> Word {
        Word::of(self.verdict(), self.error.is_some())
    }
}

/// The verdict on everything that a command did, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Word {
    Passed,
    Inconclusive,
    Failed,
    NothingRan,
    /// The simulation itself broke.
    Error,
}

impl Word {
    pub(crate) const fn of(verdict: Option<Verdict>, is_broken: bool) -> Self {
        match verdict {
            _ if is_broken => Self::Error,
            None => Self::NothingRan,
            Some(Verdict::Passed) => Self::Passed,
            Some(Verdict::Inconclusive) => Self::Inconclusive,
            Some(Verdict::Failed) => Self::Failed,
        }
    }

    /// For people.
    pub(crate) const fn told(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Inconclusive => "inconclusive",
            Self::Failed => "failed",
            Self::NothingRan => "nothing ran",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// One scenario with all its runs. The order of fields is the order in the document: a map of
/// `serde_json` would keep the order that some other crate's feature asks for.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Scenario<'s> {
    verdict: Option<Verdict>,
    #[serde(flatten)]
    summary: &'s Summary,
}

/// A document that was read again. Its runs are passed over: what other documents show is with the scenarios.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Results {
    /// The version of the command that wrote it.
    pub of: String,
    /// Each scenario's summary.
    pub scenarios: Vec<Summary>,
    /// Whether it was stopped before the last seed.
    pub interrupted: bool,
    /// What broke the simulation itself.
    pub error: Option<String>,
}

impl Results {
    /// What was known when the last run was over.
    #[must_use]
    pub fn end(&self) -> End<'_> {
        let (summaries, error) = (&self.scenarios, self.error.as_deref());
        End { summaries, interrupted: self.interrupted, error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fixture, github, html};
    use interregnum_sim::outcome::Observed;

    /// Every document on some scenarios that has a word for all of them.
    fn told(end: &End<'_>) -> [String; 3] {
        let page = html::of_run(end, "1.0.0").pop().unwrap().text;
        let part = |tag: &str| {
            let (_, rest) = page.split_once(&format!("<{tag}>")).unwrap();
            rest.split_once(&format!("</{tag}>")).unwrap().0.to_owned()
        };
        let summary = github::summary(end, "1.0.0", github::MOST_BYTES);
        [part("title"), part("h1"), summary.lines().next().unwrap().to_owned()]
    }

    #[test]
    fn what_broke_or_never_ran_did_not_pass() {
        let held = fixture::outcome(0, Observed::Held, 0);
        let passed = fixture::summary("t", 1, &[held]);
        let never = fixture::summary("u", 1, &[]);
        let end = |summaries, error| End { summaries, interrupted: false, error };
        let (one, two) = ([passed.clone()], [passed, never.clone()]);
        for (end, word) in [
            (end(&one, None), "passed"),
            (end(&one, Some("it broke")), "error"),
            (end(&two, None), "inconclusive"),
            (end(&two[1..], None), "nothing ran"),
            (end(&two[1..], Some("it broke")), "error"),
            (end(&[], Some("it broke")), "error"),
        ] {
            for text in told(&end) {
                assert!(text.contains(word), "{word}: {text}");
                assert!(word == "passed" || !text.contains("passed"), "{word}: {text}");
            }
            assert!(word == "passed" || end.verdict() != Some(Verdict::Passed), "{word}");
        }
    }
}
