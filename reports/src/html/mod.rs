//! One page that explains the runs to somebody who was not there.
//!
//! One file: no script, no request to anywhere (its own policy forbids both), every text from a
//! scenario or a machine escaped by maud. Its size is bounded: only so many runs are drawn, those
//! that did not pass first; so many more have a line; all are counted.

mod run;
mod scenario;
mod timeline;

use crate::Summary;
use crate::documents::File;
use crate::json::End;
use crate::words::{counted, harmless, number, span};
use interregnum_sim::outcome::Finding;
use interregnum_sim::verdict::Verdict;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// How many runs are drawn on one page.
const MOST_DRAWN: usize = 40;
/// How many scenarios are explained on one page; the others have their line in the first table.
const MOST_EXPLAINED: usize = 200;
/// How many runs have a line on one page.
const MOST_LINES: usize = 5_000;

const STYLE: &str = include_str!("style.css");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The page on everything that a command of this version ran.
#[must_use]
pub fn page(end: &End<'_>, version: &str) -> String {
    let mut explained: Vec<(usize, &Summary)> = end.summaries.iter().enumerate().collect();
    // What did not pass is explained first.
    explained.sort_by_key(|(_, summary)| std::cmp::Reverse(summary.verdict()));
    explained.truncate(MOST_EXPLAINED);
    let mut room = Room { drawn: MOST_DRAWN, lines: MOST_LINES };
    let sections: Vec<_> = explained
        .iter()
        .map(|(index, summary)| scenario::section(*index, summary, &mut room))
        .collect();
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (title(end)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (header(end, version))
                main { @for section in &sections { (section) } }
                footer.soft {
                    p {
                        "An invariant counts as exercised when the situation it speaks of arose, "
                        "so that it could have been false. A fault has bitten when it made a "
                        "difference: a message was stopped, a process that was up fell. "
                        "Times are virtual. The same figures for machines: "
                        a href="results.json" { "results.json" } "."
                    }
                }
            }
        }
    };
    // Titles and what machines say come from elsewhere; nothing in them turns the text around.
    markup.into_string().chars().map(|c| if c == '\n' { c } else { harmless(c) }).collect()
}

/// The pages on everything that a command of this version ran; `index.html` comes last.
pub(crate) fn of_run(end: &End<'_>, version: &str) -> Vec<File> {
    vec![File::new("index.html", page(end, version))]
}

/// The pages on an audit; `index.html` comes last.
pub(crate) fn of_audit(_audit: &crate::audit::Audit) -> Vec<File> {
    Vec::new()
}

/// What the page may still hold.
struct Room {
    drawn: usize,
    lines: usize,
}

fn title(end: &End<'_>) -> String {
    let verdict = end.verdict().map_or("nothing ran".to_owned(), |verdict| verdict.to_string());
    match end.summaries {
        [one] => format!("{}: {verdict}", one.case.title),
        many => format!("{}: {verdict}", counted(many.len() as u64, "scenario")),
    }
}

fn header(end: &End<'_>, version: &str) -> Markup {
    let sum = |of: fn(&Summary) -> u64| end.summaries.iter().map(of).fold(0, u64::saturating_add);
    html! {
        header {
            p.soft { "Interregnum " (version) }
            h1 { (verdict_badge(end.verdict())) " · " (title_words(end)) }
            p {
                (counted(sum(|s| s.runs), "run")) " of "
                (counted(end.summaries.len() as u64, "scenario")) ": "
                (number(sum(|s| s.passed))) " passed, " (number(sum(|s| s.failed))) " failed, "
                (number(sum(|s| s.inconclusive))) " inconclusive"
                @if sum(|s| s.silent) > 0 {
                    ", " (number(sum(|s| s.silent))) " without the failure that was looked for"
                }
                "; "
                (counted(sum(|s| s.events), "event")) " in " (span(sum(|s| s.virtual_ns)))
                " of virtual time."
            }
            @if end.interrupted { p.badge.inconclusive { "? Interrupted: not every seed was run." } }
            @if let Some(error) = end.error { p.badge.failed { "✘ " (error) } }
            @if end.summaries.len() > 1 { (contents(end.summaries)) }
        }
    }
}

fn title_words(end: &End<'_>) -> String {
    match end.summaries {
        [one] => one.case.title.clone(),
        many => counted(many.len() as u64, "scenario"),
    }
}

fn contents(summaries: &[Summary]) -> Markup {
    html! {
        div.scroll { table {
            thead { tr {
                th { "Verdict" } th { "Scenario" } th { "System" } th.n { "Runs" }
                th.n { "Passed" } th.n { "Failed" } th.n { "Inconclusive" }
            } }
            tbody { @for (index, summary) in summaries.iter().enumerate() { tr {
                td { (verdict_badge(summary.verdict())) }
                td { a href={ "#s" (index) } { (summary.case.title) } }
                td { (summary.case.mutant.as_ref().unwrap_or(&summary.case.system)) }
                td.n { (number(summary.runs)) } td.n { (number(summary.passed)) }
                td.n { (number(summary.failed)) } td.n { (number(summary.inconclusive)) }
            } } }
        } }
    }
}

/// A verdict as a sign and a word; the colour only repeats them.
fn verdict_badge(verdict: Option<Verdict>) -> Markup {
    match verdict {
        Some(Verdict::Passed) => html! { span.badge.passed { "✔ passed" } },
        Some(Verdict::Failed) => html! { span.badge.failed { "✘ failed" } },
        Some(Verdict::Inconclusive) => html! { span.badge.inconclusive { "? inconclusive" } },
        None => html! { span.badge.inconclusive { "– nothing ran" } },
    }
}

fn finding_badge(finding: Finding) -> Markup {
    let word = crate::words::finding(finding);
    match finding {
        Finding::Held => html! { span.badge.held { "✔ " (word) } },
        Finding::NotExercised => html! { span.badge.unexercised { "– " (word) } },
        Finding::NotJudged => html! { span.badge.unexercised { "– " (word) } },
        Finding::Unknown => html! { span.badge.unknown { "? " (word) } },
        Finding::InconsistentEvidence => html! { span.badge.inconsistent { "✘ " (word) } },
        Finding::Violated => html! { span.badge.violated { "✘ " (word) } },
    }
}

#[cfg(test)]
mod tests;
