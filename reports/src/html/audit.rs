//! The pages on an audit: a table of every planted bug, and a page on each run that failed.

use super::{File, Kept, bug_name, finding_badge, footer, page, run, whole_badge};
use crate::audit::{Audit, Audited};
use crate::why;
use crate::words::{counted, number};
use interregnum_sim::outcome::Finding;
use interregnum_sim::verdict::Verdict;
use maud::{Markup, html};

pub(super) fn pages(audit: &Audit) -> Vec<File> {
    let mut pages: Vec<_> = audit
        .rows
        .iter()
        .flat_map(|row| [(row, row.failed.as_ref(), ""), (row, row.twin_failed(), "-sound")])
        .filter_map(|(row, kept, sound)| Some(of_bug(row, kept?, sound, &audit.of)))
        .collect();
    let body = html! {
        (header(audit))
        main { (table(audit)) (exempt(audit)) }
        (footer("audit.json"))
    };
    let text = page(&format!("Audit: {}", audit.word().told()), &body);
    pages.push(File { path: "index.html".to_owned(), text });
    pages
}

fn path(row: &Audited, sound: &str) -> String {
    format!("runs/{}.html", bug_name(&row.bug.id, sound))
}

fn header(audit: &Audit) -> Markup {
    let sum: Vec<_> = audit
        .summary()
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| format!("{} {}", number(count), word.replace('_', " ")))
        .collect();
    html! {
        header {
            p.soft { "Interregnum " (audit.of) }
            h1 {
                (whole_badge(audit.word())) " · Audit of "
                (counted(audit.rows.len() as u64, "planted bug"))
            }
            p { (sum.join(", ")) "." }
            p.soft {
                "Known bugs are planted, one at a time, and each must be caught by the property that its row names. "
                "The sound twin, the same scenario without the bug, must hold under the same seeds."
            }
            @if audit.interrupted { p.badge.inconclusive { "? Interrupted: rows may be missing." } }
            @if let Some(error) = &audit.error { p.badge.failed { "✘ " (error) } }
        }
    }
}

fn table(audit: &Audit) -> Markup {
    html! {
        section.scenario {
            div.scroll { table {
                thead { tr {
                    th { "Verdict" } th { "Planted bug" } th { "Known as" } th { "Caught by" } th.n { "Seeds" }
                    th.n { "Deviated" } th { "Sound twin" }
                } }
                tbody { @for row in &audit.rows { (line(row)) } }
            } }
            p.soft { "Deviated: how often the planted bug made the machine act otherwise, in the seeds that were run." }
        }
    }
}

fn line(row: &Audited) -> Markup {
    let expected = &row.bug.expected;
    html! {
        tr {
            td { (word_badge(row)) }
            td {
                @if row.failed.is_some() { a href=(path(row, "")) { (row.bug.id) } }
                @else { (row.bug.id) }
                span.formula { (row.bug.defect) }
            }
            td { (row.bug.spec) }
            td {
                (row.by().unwrap_or("–"))
                @if row.by() != Some(expected) { " (" (expected) " must)" }
            }
            td.n { (number(row.seeds)) }
            td.n { (row.deviations.map_or("–".to_owned(), number)) }
            td {
                @match (&row.twin, row.twin_failed()) {
                    (_, Some(_)) => a href=(path(row, "-sound")) { "✘ failed" },
                    (Some(twin), None) => (why::twin(twin).unwrap_or_else(|| format!("✔ {} held", number(twin.seeds)))),
                    (None, None) => "–",
                }
            }
        }
    }
}

fn word_badge(row: &Audited) -> Markup {
    let word = row.told();
    match row.verdict() {
        Verdict::Passed => html! { span.badge.passed { "✔ " (word) } },
        Verdict::Inconclusive => html! { span.badge.inconclusive { "? " (word) } },
        Verdict::Failed => html! { span.badge.failed { "✘ " (word) } },
    }
}

fn exempt(audit: &Audit) -> Markup {
    html! {
        @if !audit.exempt.is_empty() {
            section.scenario {
                h2 { "Known bugs that a system cannot have" }
                dl { @for exempt in &audit.exempt {
                    dt { (exempt.id) " (" (exempt.spec) ")" } dd { (exempt.why) }
                } }
            }
        }
    }
}

/// The page on one failing run of a planted bug, or of its sound twin.
fn of_bug(row: &Audited, kept: &Kept, sound: &str, version: &str) -> File {
    let is_sound = !sound.is_empty();
    let title = match is_sound {
        false => format!("{} under seed {:#x}", row.bug.id, kept.outcome.seed),
        true => format!("{} without its bug under seed {:#x}", row.bug.id, kept.outcome.seed),
    };
    let traces = format!("../traces/{}", bug_name(&row.bug.id, sound));
    let steps = super::Steps::Here { prefix: String::new(), traces };
    let body = html! {
        header {
            p.soft { "Interregnum " (version) " · " a href="../index.html" { "the whole audit" } }
            h1 { (title) }
            p { b { "Planted: " } (row.bug.defect) @if is_sound { " (left out in this run)" } }
            @if let Some(case) = &row.case { p.why { (case.title) ": " (case.why) } }
            dl {
                dt { "Known as" } dd { (row.bug.spec) }
                dt { "Must be caught by" }
                dd {
                    (row.bug.expected)
                    @if !row.bug.also.is_empty() { "; may first be caught by " (row.bug.also.join(", ")) }
                }
                @if let Some(why) = why::bug(row) { dt { "Not as expected" } dd { (why) } }
                @if let Some(case) = &row.case {
                    dt { "System" } dd { (case.system) ", " (counted(u64::from(case.nodes), "node")) }
                }
            }
        }
        main {
            (run::article(kept, row.case.as_ref(), &steps))
            (judged(kept))
        }
        (footer("../audit.json"))
    };
    File { path: path(row, sound), text: page(&title, &body) }
}

/// Every property in this run.
fn judged(kept: &Kept) -> Markup {
    html! {
        section.scenario {
            h2 { "What was checked in this run" }
            div.scroll { table {
                thead { tr { th { "Id" } th { "Property" } th { "Verdict" } th.n { "Exercised" } th.n { "Last at" } } }
                tbody { @for property in &kept.outcome.properties {
                    @if property.verdict != Finding::NotExercised { tr {
                        td { (property.id) }
                        td { (property.name) span.formula { (property.formula) } }
                        td { (finding_badge(property.verdict)) }
                        td.n { (number(property.exercised)) }
                        td.n { (property.last_exercised_ns.map_or("–".to_owned(), crate::words::span)) }
                    } }
                } }
            } }
            (super::scenario::fault_table(kept.outcome.faults.iter().map(|fault| {
                (fault.kind.as_str(), fault.offered, fault.fired, fault.bit)
            })))
        }
    }
}
