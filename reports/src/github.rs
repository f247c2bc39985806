//! Results for GitHub Actions: a summary of the step in Markdown, and annotations.
//!
//! GitHub reads what is printed line by line and takes some lines for commands, and it reads Markdown as
//! widely as it can. So whatever comes from a scenario or a machine is escaped, and never stands at the
//! beginning of a line.
//!
//! A summary has a limit, above which GitHub refuses all of it: what does not fit is left out, the least
//! important first, and the last line says so.

use crate::audit::{Audit, Audited};
use crate::json::{End, Word};
use crate::terminal::{Look, failure};
use crate::words::{counted, number};
use crate::{Summary, why};
use interregnum_sim::verdict::Verdict;
use std::cmp::Reverse;

mod escape;

use escape::{data, fenced, inline, property};

/// How large a summary may be in bytes. GitHub refuses more than a mebibyte.
pub const MOST_BYTES: usize = 999_999;
/// How many annotations GitHub shows of a step.
const MOST_ANNOTATIONS: usize = 10;
/// How many failures of one scenario are told.
const MOST_FAILURES: usize = 3;
/// What is kept free for the line that says what was left out, and what a table may take of the rest.
const RESERVE: usize = 200;
const FOR_TABLE: usize = 4;

/// The summary of everything that a command of this version ran, in at most `room` bytes.
#[must_use]
pub fn summary(end: &End<'_>, version: &str, room: usize) -> String {
    let worst_first = worst_first(end.summaries);
    let mut page = Page::new(room);
    let runs = end.summaries.iter().map(|s| s.runs).fold(0, u64::saturating_add);
    let scenarios = counted(end.summaries.len() as u64, "scenario");
    let sum = format!("{} of {scenarios}", counted(runs, "run"));
    page.head("run", whole_badge(end.word()), &sum, version);
    page.whole(end.interrupted, end.error);
    let head = "| Verdict | Scenario | System | Runs | Passed | Failed | Inconclusive |\n\
        | --- | --- | --- | ---: | ---: | ---: | ---: |\n";
    page.table(head, worst_first.iter().map(|summary| row(summary)), "scenarios");
    for summary in &worst_first {
        page.section_of(|| section(summary));
    }
    page.end()
}

/// The summary of an audit, in at most `room` bytes.
#[must_use]
pub fn audit_summary(audit: &Audit, room: usize) -> String {
    let mut rows: Vec<_> = audit.rows.iter().collect();
    rows.sort_by_key(|row| Reverse(row.verdict()));
    let mut page = Page::new(room);
    let bugs = counted(rows.len() as u64, "planted bug");
    page.head("audit", whole_badge(audit.word()), &bugs, &audit.of);
    page.whole(audit.interrupted, audit.error.as_deref());
    let head = "| Verdict | Planted bug | Spec | By | Seeds | Deviated | Sound twin |\n\
        | --- | --- | --- | --- | ---: | ---: | --- |\n";
    page.table(head, rows.iter().map(|row| bug_row(row)), "planted bugs");
    for row in rows.iter().filter(|row| row.verdict() != Verdict::Passed) {
        page.section_of(|| bug_section(row));
    }
    for exempt in &audit.exempt {
        let (id, bug, why) = (inline(&exempt.id), inline(&exempt.spec), inline(&exempt.why));
        page.section(&format!("{id} ({bug}) does not apply: {why}\n\n"));
    }
    page.end()
}

/// Annotations on what did not pass, the worst first, and how many more there are.
#[must_use]
pub fn annotations(end: &End<'_>) -> String {
    let broken = end.error.iter().map(|error| annotation(None, "internal error", error));
    let wrong = worst_first(end.summaries);
    let wrong = wrong.iter().filter(|summary| summary.verdict() != Some(Verdict::Passed));
    let scenarios = wrong.map(|summary| {
        let verdict = summary.verdict().map_or("nothing ran".to_owned(), |v| v.to_string());
        let title = format!("{verdict}: {}", summary.case.title);
        let replay = summary.telling().next().map(|kept| kept.replay.as_str());
        annotation(Some(&summary.case.path), &title, &with(&why::scenario(summary), replay))
    });
    printed(broken.chain(scenarios))
}

/// Annotations on planted bugs that were not caught as they must be.
#[must_use]
pub fn audit_annotations(audit: &Audit) -> String {
    let broken = audit.error.iter().map(|error| annotation(None, "internal error", error));
    let mut rows: Vec<_> = audit.rows.iter().collect();
    rows.retain(|row| row.verdict() != Verdict::Passed);
    rows.sort_by_key(|row| Reverse(row.verdict()));
    let rows = rows.into_iter().map(|row| {
        let title = format!("{}: {}", row.told(), row.bug.id);
        annotation(None, &title, &with(&reasons(row).join("; "), replay(row)))
    });
    printed(broken.chain(rows))
}

fn worst_first(summaries: &[Summary]) -> Vec<&Summary> {
    let mut sorted: Vec<_> = summaries.iter().collect();
    // What was not run at all says less than what was, but more than what passed.
    sorted.sort_by_key(|s| Reverse(s.verdict().unwrap_or(Verdict::Inconclusive)));
    sorted
}

/// The command line below what it repeats.
fn with(what: &str, replay: Option<&str>) -> String {
    replay.map_or_else(|| what.to_owned(), |replay| format!("{what}\n{replay}"))
}

fn annotation(file: Option<&str>, title: &str, what: &str) -> String {
    let file = file.map_or(String::new(), |file| format!("file={},", property(file)));
    format!("::error {file}title={}::{}\n", property(title), data(what))
}

fn printed(annotations: impl Iterator<Item = String>) -> String {
    let all: Vec<_> = annotations.collect();
    let shown = all.len().min(MOST_ANNOTATIONS);
    let mut text = all[..shown].concat();
    if all.len() > shown {
        let more = all.len() - shown;
        text.push_str(&format!("{more} more did not pass; the summary names them\n"));
    }
    text
}

const fn badge(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Passed) => "✅ passed",
        Some(Verdict::Failed) => "❌ failed",
        Some(Verdict::Inconclusive) => "⚠️ inconclusive",
        None => "⚠️ nothing ran",
    }
}

/// The same for everything that a command did, which may have broken off.
const fn whole_badge(word: Word) -> &'static str {
    match word {
        Word::Passed => badge(Some(Verdict::Passed)),
        Word::Failed => badge(Some(Verdict::Failed)),
        Word::Inconclusive => badge(Some(Verdict::Inconclusive)),
        Word::NothingRan => badge(None),
        Word::Error => "❌ error",
    }
}

fn row(summary: &Summary) -> String {
    let case = &summary.case;
    let (title, path) = (inline(&case.title), inline(&case.path));
    let system = inline(case.mutant.as_ref().unwrap_or(&case.system));
    let verdict = badge(summary.verdict());
    let counts = [summary.runs, summary.passed, summary.failed, summary.undecided()];
    let counts = counts.map(number).join(" | ");
    format!("| {verdict} | {title}<br>{path} | {system} | {counts} |\n")
}

/// One scenario: its properties and faults, folded away if it passed, and what is wrong.
fn section(summary: &Summary) -> String {
    let case = &summary.case;
    let verdict = summary.verdict();
    let heading = format!("{} · {}", badge(verdict), inline(&case.title));
    let mut text = if verdict == Some(Verdict::Passed) {
        format!("<details><summary>{heading}</summary>\n\n")
    } else {
        format!("### {heading}\n\n")
    };
    let seeds = inline(&summary.seeds_run());
    let expected = inline(&case.expectation);
    text.push_str(&format!("File {}, {seeds}; expected: {expected}.\n\n", inline(&case.path)));
    if !summary.properties.is_empty() {
        text.push_str("| Property | Verdict | Checked | Exercised | Violated |\n");
        text.push_str("| --- | --- | ---: | ---: | ---: |\n");
        for sum in &summary.properties {
            let total = &sum.total;
            let name = inline(&format!("{} {}", total.id, total.name));
            let finding = crate::words::finding(total.verdict);
            let counts = [total.checked, total.exercised, total.violated].map(number).join(" | ");
            text.push_str(&format!("| {name} | {finding} | {counts} |\n"));
        }
        text.push('\n');
    }
    if !summary.faults.is_empty() {
        text.push_str("| Fault | Offered | Fired | Bit |\n| --- | ---: | ---: | ---: |\n");
        for (kind, sum) in &summary.faults {
            let counts = [sum.offered, sum.fired, sum.bit].map(number).join(" | ");
            text.push_str(&format!("| {} | {counts} |\n", inline(kind)));
        }
        text.push('\n');
    }
    for caveat in summary.caveat_lines() {
        text.push_str(&format!("Note: {}\n\n", inline(&caveat)));
    }
    if verdict == Some(Verdict::Passed) {
        text.push_str("</details>\n\n");
        return text;
    }
    text.push_str(&format!("Why: {}\n\n", inline(&why::scenario(summary))));
    for kept in summary.telling().take(MOST_FAILURES) {
        text.push_str(&fenced(&failure(Look::PLAIN, kept)));
    }
    text
}

fn bug_row(row: &Audited) -> String {
    let by = row.by().map_or("–".to_owned(), inline);
    let by = if row.by() == Some(&row.bug.expected) {
        by
    } else {
        format!("{by} (for {})", inline(&row.bug.expected))
    };
    let seeds = row.catch.map_or("–".to_owned(), |_| number(row.seeds));
    let deviated = row.deviations.map_or("–".to_owned(), number);
    let twin = row.twin.as_ref().map_or("–".to_owned(), |twin| {
        let held = || format!("{} held", number(twin.seeds));
        why::twin(twin).map_or_else(held, |why| inline(&why))
    });
    let sign = match row.verdict() {
        Verdict::Passed => "✅",
        Verdict::Failed => "❌",
        Verdict::Inconclusive => "⚠️",
    };
    let word = row.told();
    let (id, spec) = (inline(&row.bug.id), inline(&row.bug.spec));
    format!("| {sign} {word} | {id} | {spec} | {by} | {seeds} | {deviated} | {twin} |\n")
}

fn bug_section(row: &Audited) -> String {
    let mut text = format!("### {}\n\n", inline(&row.bug.id));
    text.push_str(&format!("Defect: {}\n\n", inline(&row.bug.defect)));
    text.push_str(&format!("Why: {}\n\n", inline(&reasons(row).join("; "))));
    let planted = row.failed.as_ref().filter(|_| why::bug(row).is_some());
    let shown: Vec<_> = planted.into_iter().chain(row.twin_failed()).collect();
    for kept in &shown {
        text.push_str(&fenced(&failure(Look::PLAIN, kept)));
    }
    if let Some(line) = row.replay.as_ref().filter(|_| shown.is_empty()) {
        text.push_str(&fenced(line));
    }
    text
}

fn reasons(row: &Audited) -> Vec<String> {
    let twin = row.twin.as_ref().and_then(why::twin);
    why::bug(row).into_iter().chain(twin).collect()
}

fn replay(row: &Audited) -> Option<&str> {
    if why::bug(row).is_none() { row.twin_replay() } else { row.replay.as_deref() }
}

/// A document that does not become too large.
struct Page {
    text: String,
    room: usize,
    left_out: u64,
}

impl Page {
    fn new(room: usize) -> Self {
        Self { text: String::new(), room: room.saturating_sub(RESERVE), left_out: 0 }
    }

    fn head(&mut self, command: &str, badge: &str, sum: &str, version: &str) {
        let version = inline(version);
        self.section(&format!(
            "## Interregnum {command}: {badge}\n\nCommand {version}: {sum}.\n\n"
        ));
    }

    fn whole(&mut self, interrupted: bool, error: Option<&str>) {
        if interrupted {
            self.section("⚠️ Interrupted: not everything that was asked for was run.\n\n");
        }
        if let Some(error) = error {
            self.section(&format!("❌ {}\n\n", inline(error)));
        }
    }

    /// A table may take a part of the room, so that there is some for what it is about.
    fn table(&mut self, head: &str, rows: impl ExactSizeIterator<Item = String>, what: &str) {
        let total = rows.len();
        if total == 0 {
            return;
        }
        let mut table = head.to_owned();
        let mut shown = 0;
        for row in rows {
            if table.len() + row.len() > self.room / FOR_TABLE {
                break;
            }
            table.push_str(&row);
            shown += 1;
        }
        table.push('\n');
        if shown < total {
            table.push_str(&format!("{} more {what} have no line here.\n\n", total - shown));
        }
        self.section(&table);
    }

    fn section(&mut self, text: &str) {
        // What came after something that did not fit is less important, even where it would.
        if self.left_out == 0 && self.text.len() + text.len() <= self.room {
            self.text.push_str(text);
        } else {
            self.left_out += 1;
        }
    }

    /// A section that is made only if there is room.
    fn section_of(&mut self, text: impl FnOnce() -> String) {
        let text = if self.left_out == 0 { text() } else { String::new() };
        self.section(&text);
    }

    fn end(mut self) -> String {
        if self.left_out > 0 {
            let sections = counted(self.left_out, "more section");
            self.text.push_str(&format!(
                "Cut short: {sections} did not fit, for GitHub takes no summary above 1 MiB.\n"
            ));
        }
        self.text
    }
}

#[cfg(test)]
mod tests;
