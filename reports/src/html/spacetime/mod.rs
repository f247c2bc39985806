//! A failing run, step by step: lanes of processes beside a table of what happened, and where the nearest
//! run that held took another way.
//!
//! There is one table. What led to the failure is shown first, everything that was recorded on demand: a
//! switch without a script. Each row has an address, and whoever follows it sees the row whatever the switch
//! says, with its whole text and the state in which its process was found.

use crate::words::{counted, number, shortened, span};
use interregnum_sim::outcome::{Outcome, TraceLine};
use interregnum_sim::recording::Recording;
use maud::{Markup, html};
use story::{Row, Story};

mod neighbour;
mod picture;
mod story;

/// So many characters of a state are shown where it was not found just then.
const MOST_STATE: usize = 1_000;

/// A run that was recorded, to be told on a page.
pub(super) struct Told<'r> {
    outcome: &'r Outcome,
    recording: &'r Recording,
    /// What addresses begin with, so that several recordings have room on a page.
    prefix: &'r str,
    story: Story<'r>,
}

impl<'r> Told<'r> {
    /// Nothing if nothing was recorded.
    pub(super) fn of(
        outcome: &'r Outcome,
        recording: &'r Recording,
        prefix: &'r str,
    ) -> Option<Self> {
        let story = Story::of(outcome, recording);
        (!story.rows.is_empty()).then_some(Self { outcome, recording, prefix, story })
    }

    /// The whole section.
    pub(super) fn section(&self, notation: &[(String, String)]) -> Markup {
        section(self, notation)
    }

    /// The address of the first row of an event, if it is drawn.
    pub(super) fn event(&self, event: u64) -> Option<String> {
        self.address(|row| row.line.event == event)
    }

    /// The address of the first row that shows a fact, if one does.
    pub(super) fn fact(&self, number: usize) -> Option<String> {
        self.address(|row| row.evidence.contains(&number))
    }

    fn address(&self, is_it: impl Fn(&Row<'r>) -> bool) -> Option<String> {
        let row = self.story.rows.iter().find(|row| is_it(row))?;
        Some(format!("#{}{}", self.prefix, row.anchor))
    }
}

fn section(told: &Told<'_>, notation: &[(String, String)]) -> Markup {
    let Told { outcome, recording, prefix, story } = told;
    let (led, all) = (story.led(), story.rows.len());
    let name = format!("{prefix}steps");
    let width = picture::width(story);
    html! {
        section.spacetime id=(name) {
            h5 { "Step by step" }
            p.soft { (explanation(story, recording)) }
            input.led type="radio" name=(name) id={ (name) "-led" } checked;
            label for={ (name) "-led" } { "What led to it (" (led) ")" }
            input.all type="radio" name=(name) id={ (name) "-all" };
            label for={ (name) "-all" } { "Everything recorded (" (all) ")" }
            (legend())
            (names(notation))
            div.scroll { div.steps {
                (picture::picture(story, outcome, "ledlanes", false))
                (picture::picture(story, outcome, "alllanes", true))
                table {
                    thead { tr {
                        th style={ "min-width:" (width) "px" } { span.unseen { "Lanes" } }
                        th.n { "Event" } th.n { "Time" } th { "Where" } th { "What" }
                    } }
                    tbody { @for row in &story.rows { (step(story, row, prefix)) } }
                }
            } }
            @if let Some(violation) = &outcome.violation {
                p.wrongline { "✘ " (span(violation.at_ns)) ": " (violation.invariant) ": " (violation.what) }
            }
            (neighbour::section(recording))
        }
    }
}

fn explanation(story: &Story<'_>, recording: &Recording) -> String {
    let shown = story.rows.len() as u64;
    let missing = match recording.total.saturating_sub(shown) {
        0 => String::new(),
        missing => format!(
            " Of the {} of the trace {} are not part of this report: most of those before the last ones, except \
             where the evidence points at them or they mention what failed. The command line shows them.",
            counted(recording.total, "line"),
            number(missing)
        ),
    };
    format!(
        "Time goes down, every lane is a process, every arrow a message. Shown first: what the evidence \
         follows from, step by step, what came of it, and the latest faults among these lines; the time line \
         above has those that came before. Choose a line's number for its whole text and the state in which \
         its process was found.{missing}"
    )
}

fn legend() -> Markup {
    html! {
        p.legend {
            span { "● message or call" } span { "○ timer" } span { "□ written" }
            span { "■ durable, disk done" } span { "✕ lost" } span { "◆ fault, crash, start" }
            span { "◯ ringed: evidence" } span { "dotted frame: down" } span { "striped: paused" }
            span { "thin line: others in between" }
        }
    }
}

/// What is written in the lines, and means.
fn names(notation: &[(String, String)]) -> Markup {
    const OURS: [(&str, &str); 7] = [
        ("n1, n1/p2", "node 1; process 2 of it, where a node has several"),
        ("client-3, call-3.19", "client 3; its 19th call: a retry is another one"),
        ("vol0#16", "slot 16 of volume 0 of a disk"),
        ("disk-done", "a process is told that what it had synced is durable"),
        ("fact", "what a process reports to believe; nobody is judged by it alone"),
        ("probe", "a process took a branch that is rarely taken, by its name in the code"),
        (
            "event 2027",
            "when so many messages, timers, calls and disk completions had been delivered",
        ),
    ];
    html! {
        details {
            summary { "What the names mean" }
            dl {
                @for (name, what) in OURS { dt { (name) } dd { (what) } }
                @for (name, what) in notation { dt { (name) } dd { (what) } }
            }
        }
    }
}

fn step(story: &Story<'_>, row: &Row<'_>, prefix: &str) -> Markup {
    let line = row.line;
    let mut class = if row.led { String::from("led") } else { String::from("beside") };
    if !row.evidence.is_empty() {
        class.push_str(" evidence");
    }
    html! {
        @if row.skipped > 0 {
            tr class=(if row.led { "gap led" } else { "gap beside" }) { td {} td colspan="4" { "⋮ " (counted(row.skipped, "line")) " in between are not shown" } }
        }
        tr id={ (prefix) (row.anchor) } class=(class) {
            td {}
            td.n { a href={ "#" (prefix) (row.anchor) } { (line.event) } }
            td.n { (span(line.at_ns)) }
            td.where { (place(line)) }
            td.what { div.told {
                div.line {
                    @for fact in &row.evidence { b.fact { "✘" (fact) } " " }
                    code.kind { (line.kind) } " " (line.what)
                }
                (detail(story, row, prefix))
            } }
        }
    }
}

/// Where it happened, and where the other end is.
fn place(line: &TraceLine) -> String {
    let process = line.process.as_deref().unwrap_or("");
    match (&line.peer, line.kind.as_str()) {
        (None, _) => process.to_owned(),
        (Some(peer), "sent" | "notified") => format!("{process} → {peer}"),
        (Some(peer), "asked") => format!("{peer} → {process}"),
        (Some(peer), _) => format!("{process} ← {peer}").trim_start().to_owned(),
    }
}

/// What is shown of a row that was asked for.
fn detail(story: &Story<'_>, row: &Row<'_>, prefix: &str) -> Markup {
    let link = |index: usize| {
        let row = &story.rows[index];
        html! { a href={ "#" (prefix) (row.anchor) } { "event " (row.line.event) } }
    };
    html! {
        div.detail {
            "Line " (number(row.line.line)) " of the trace, counted from 0."
            @if let Some(cause) = row.cause { " It follows from " (link(cause)) "." }
            @if let Some(found) = row.found {
                br;
                @let process = row.line.process.as_deref().unwrap_or("it");
                (process) " as it was found at " (link(found)) ": "
                @let state = story.rows[found].line.state.as_deref().unwrap_or("");
                // It is told whole where it was found: a large one is the same for many rows.
                @let is_here = std::ptr::eq(row, &story.rows[found]);
                @match shortened(state, MOST_STATE).filter(|_| !is_here) {
                    Some(short) => { i { (short) "…" } " (that line has the whole of it)" },
                    None => i { (state) },
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
