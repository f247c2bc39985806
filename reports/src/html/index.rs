//! The first page on everything that a command ran.

use super::{
    File, MOST_EXPLAINED, Room, Summary, footer, page, scenario, verdict_badge, whole_badge,
};
use crate::json::End;
use crate::words::{counted, number, span};
use maud::{Markup, html};
use std::collections::BTreeSet;

pub(super) fn pages(end: &End<'_>, version: &str) -> Vec<File> {
    let mut explained: Vec<(usize, &Summary)> = end.summaries.iter().enumerate().collect();
    // What did not pass is explained first.
    explained.sort_by_key(|(_, summary)| std::cmp::Reverse(summary.verdict()));
    explained.truncate(MOST_EXPLAINED);
    let mut room = Room::new();
    let sections: Vec<_> = explained
        .iter()
        .map(|(index, summary)| scenario::section(*index, summary, version, &mut room))
        .collect();
    let body = html! {
        (header(end, version, &explained))
        main { @for section in &sections { (section) } }
        (footer("results.json"))
    };
    let mut pages = room.files;
    pages.push(File { path: "index.html".to_owned(), text: page(&title(end), &body) });
    pages
}

fn title(end: &End<'_>) -> String {
    format!("{}: {}", subject(end), end.word().told())
}

fn subject(end: &End<'_>) -> String {
    match end.summaries {
        [one] => one.case.title.clone(),
        many => counted(many.len() as u64, "scenario"),
    }
}

fn header(end: &End<'_>, version: &str, explained: &[(usize, &Summary)]) -> Markup {
    let sum = |of: fn(&Summary) -> u64| end.summaries.iter().map(of).fold(0, u64::saturating_add);
    html! {
        header {
            p.soft { "Interregnum " (version) }
            h1 { (whole_badge(end.word())) " · " (subject(end)) }
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
            @if end.summaries.len() > 1 { (contents(end.summaries, explained)) }
        }
    }
}

fn contents(summaries: &[Summary], explained: &[(usize, &Summary)]) -> Markup {
    let explained: BTreeSet<usize> = explained.iter().map(|(index, _)| *index).collect();
    // Runs without the failure that was looked for are neither of the others.
    let is_silent = summaries.iter().any(|summary| summary.silent > 0);
    html! {
        @if explained.len() < summaries.len() {
            p.soft {
                (number(explained.len() as u64)) " of the scenarios are explained below; those without a link "
                "have their line here only."
            }
        }
        div.scroll { table {
            thead { tr {
                th { "Verdict" } th { "Scenario" } th { "System" } th.n { "Runs" }
                th.n { "Passed" } th.n { "Failed" } th.n { "Inconclusive" }
                @if is_silent { th.n { "Without the failure" } }
            } }
            tbody { @for (index, summary) in summaries.iter().enumerate() { tr {
                td { (verdict_badge(summary.verdict())) }
                td {
                    @if explained.contains(&index) { a href={ "#s" (index) } { (summary.case.title) } }
                    @else { (summary.case.title) }
                }
                td { (summary.case.mutant.as_ref().unwrap_or(&summary.case.system)) }
                td.n { (number(summary.runs)) } td.n { (number(summary.passed)) }
                td.n { (number(summary.failed)) } td.n { (number(summary.inconclusive)) }
                @if is_silent { td.n { (number(summary.silent)) } }
            } } }
        } }
    }
}
