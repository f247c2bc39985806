//! What documents are made of, within bounds.
//!
//! Results are read from files, which may say anything, and as much of it as they like. Documents show some of
//! it in several places: so it is cut to a size that they can afford before any of them is made. Nothing is left
//! out of what `run` and `audit` store, unless a machine or a scenario is very talkative.
//!
//! What is left out is said: where a text ends, and of the rest among the reasons of its run.

use crate::audit::Audit;
use crate::words::{counted, number, shortened};
use crate::{Case, Kept, Summary};
use interregnum_sim::outcome::{Outcome, TraceLine};
use interregnum_sim::recording::Recording;
use std::collections::BTreeSet;

/// So many lines of a recording are told, those that came last,
const MOST_LINES: usize = 700;
/// so many of either run where two are set side by side,
const MOST_BESIDE: usize = 60;
/// and so many facts that contradict each other.
const MOST_FACTS: usize = 300;
/// How many runs of a scenario are told.
const MOST_KEPT: usize = 24;
/// So many of the first events of a time line, and so many of the last.
const FIRST_EVENTS: usize = 200;
const LAST_EVENTS: usize = 800;
/// So many stretches of time say how long clients waited.
const MOST_STRETCHES: usize = 256;
/// So many ways of writing are explained.
const MOST_NOTED: usize = 60;
/// How long a text may be in characters,
const MOST_TEXT: usize = 20_000;
/// one that stands on many pages, or beside many others,
const MOST_SENTENCE: usize = 2_000;
/// and a name, which may stand in every line.
const MOST_NAME: usize = 100;

/// The same scenarios, within bounds.
pub(crate) fn summaries(all: &[Summary]) -> Vec<Summary> {
    all.iter().map(summary).collect()
}

/// The same audit, within bounds.
pub(crate) fn audit(audit: &Audit) -> Audit {
    let mut audit = audit.clone();
    for row in &mut audit.rows {
        row.case.iter_mut().for_each(shorten_case);
        let twin = row.twin.as_mut().and_then(|twin| twin.failed.as_mut());
        row.failed.iter_mut().chain(twin).for_each(shorten);
    }
    audit
}

fn summary(summary: &Summary) -> Summary {
    let mut summary = summary.clone();
    shorten_case(&mut summary.case);
    summary.kept.truncate(MOST_KEPT);
    summary.kept.iter_mut().chain(&mut summary.example).for_each(shorten);
    // What a run says of a property stands with each that has its id.
    let mut ids = BTreeSet::new();
    summary.properties.retain(|sum| ids.insert(sum.total.id.clone()));
    summary
}

fn shorten_case(case: &mut Case) {
    let mut left = Left::default();
    for text in [&mut case.path, &mut case.title, &mut case.system, &mut case.expectation] {
        left.cut(text, MOST_SENTENCE);
    }
    left.cut(&mut case.why, MOST_TEXT);
    case.mutant.iter_mut().for_each(|mutant| left.cut(mutant, MOST_SENTENCE));
    case.notation.truncate(MOST_NOTED);
    for (name, what) in &mut case.notation {
        name_within(name);
        left.cut(what, MOST_SENTENCE);
    }
}

fn shorten(kept: &mut Kept) {
    let mut left = Left::default();
    left.outcome(&mut kept.outcome);
    kept.recording.iter_mut().for_each(|recording| left.recording(recording));
    kept.judgement.reasons.extend(left.said());
}

/// What was left out of a run.
#[derive(Default)]
struct Left {
    lines: u64,
    facts: u64,
    texts: u64,
}

impl Left {
    fn outcome(&mut self, outcome: &mut Outcome) {
        let all = outcome.highlights.len();
        if let Some(more) = all.checked_sub(FIRST_EVENTS + LAST_EVENTS).filter(|more| *more > 0) {
            outcome.highlights.drain(FIRST_EVENTS..all - LAST_EVENTS);
            outcome.highlights_gap = FIRST_EVENTS;
            outcome.highlights_left_out = outcome.highlights_left_out.saturating_add(more as u64);
        }
        outcome.latency.buckets.truncate(MOST_STRETCHES);
        if let Some(violation) = &mut outcome.violation {
            self.facts += violation.evidence.len().saturating_sub(MOST_FACTS) as u64;
            violation.evidence.truncate(MOST_FACTS);
            violation.evidence.iter_mut().for_each(|fact| self.cut(&mut fact.what, MOST_SENTENCE));
            for text in [&mut violation.name, &mut violation.formula, &mut violation.what] {
                self.cut(text, MOST_TEXT);
            }
        }
    }

    fn recording(&mut self, recording: &mut Recording) {
        let early = recording.lines.len().saturating_sub(MOST_LINES);
        self.lines += early as u64;
        recording.lines.drain(..early);
        recording.lines.iter_mut().for_each(|line| self.line(line));
        if let Some(neighbour) = &mut recording.neighbour {
            for lines in [&mut neighbour.here, &mut neighbour.there, &mut neighbour.meanwhile] {
                self.lines += lines.len().saturating_sub(MOST_BESIDE) as u64;
                lines.truncate(MOST_BESIDE);
                lines.iter_mut().for_each(|line| self.line(line));
            }
        }
    }

    fn line(&mut self, line: &mut TraceLine) {
        name_within(&mut line.kind);
        line.process.iter_mut().chain(&mut line.peer).for_each(name_within);
        self.cut(&mut line.what, MOST_TEXT);
        line.state.iter_mut().for_each(|state| self.cut(state, MOST_TEXT));
    }

    /// Cuts a text short that is too long, and says so where it ends.
    fn cut(&mut self, text: &mut String, most: usize) {
        if let Some(short) = shortened(text, most) {
            let more = number(text[short.len()..].chars().count() as u64);
            *text = format!("{short}… ({more} more characters are not part of this report)");
            self.texts += 1;
        }
    }

    /// What was left out, as a sentence; nothing if nothing was.
    fn said(&self) -> Option<String> {
        let parts =
            [(self.lines, "recorded line"), (self.facts, "fact"), (self.texts, "end of a text")];
        let parts: Vec<_> = parts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| counted(count, what).replace("end of a texts", "ends of texts"))
            .collect();
        let what = parts.join(", ");
        (!what.is_empty()).then(|| format!("too long for a report, which leaves out: {what}"))
    }
}

fn name_within(name: &mut String) {
    if let Some(short) = shortened(name, MOST_NAME) {
        *name = format!("{short}…");
    }
}

#[cfg(test)]
mod tests;
