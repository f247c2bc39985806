//! What all runs of one scenario showed.

use super::{Room, finding_badge, run, verdict_badge};
use crate::words::{counted, number, span};
use crate::{Kept, Summary};
use interregnum_sim::outcome::{Finding, PropertyKind};
use interregnum_sim::verdict::Verdict;
use maud::{Markup, html};

/// How many runs of one scenario are drawn: further ones rarely tell more.
const MOST_DRAWN_OF_ONE: usize = 6;

pub(super) fn section(index: usize, summary: &Summary, version: &str, room: &mut Room) -> Markup {
    let case = &summary.case;
    let runs = runs(index, summary, version, room);
    html! {
        section.scenario id={ "s" (index) } {
            h2 { (verdict_badge(summary.verdict())) " · " (case.title) }
            @if !case.why.is_empty() { p.why { (case.why) } }
            dl {
                dt { "File" } dd { code { (case.path) } }
                dt { "System" } dd { (case.system) ", " (counted(u64::from(case.nodes), "node")) }
                @if let Some(mutant) = &case.mutant { dt { "Planted bug" } dd { code { (mutant) } } }
                dt { "Expected" } dd { (case.expectation) }
                dt { "Ran" }
                dd {
                    (summary.seeds_run()) ", " (counted(summary.events, "event")) ", "
                    (span(summary.virtual_ns)) " of virtual time"
                }
                @if summary.runs > 1 { dt { "Result" } dd { (result(summary)) } }
            }
            (properties(summary))
            (fault_table(summary.faults.iter().map(|(kind, sum)| {
                (kind.as_str(), sum.offered, sum.fired, sum.bit)
            })))
            (counts(summary))
            (runs)
            (lines(summary, room))
        }
    }
}

fn result(summary: &Summary) -> String {
    let observed: Vec<_> = summary
        .observed
        .iter()
        .map(|(observed, count)| format!("{observed} in {}", number(*count)))
        .collect();
    let silent = match summary.silent {
        0 => String::new(),
        silent => format!(", {} without the failure that was looked for", number(silent)),
    };
    format!(
        "{} passed, {} failed, {} inconclusive{silent} ({})",
        number(summary.passed),
        number(summary.failed),
        number(summary.inconclusive),
        observed.join(", ")
    )
}

fn properties(summary: &Summary) -> Markup {
    let live = summary.of_kind(PropertyKind::Liveness).next().is_some();
    html! {
        h3 { "What must never happen" }
        div.scroll { table {
            thead { tr {
                th { "Id" } th { "Invariant" } th { "Verdict" } th.n { "Checked" }
                th.n { "Exercised" } th.n { "Violated" } th.n { "Last at" }
            } }
            tbody { @for sum in summary.of_kind(PropertyKind::Invariant) { tr {
                td { (sum.total.id) }
                td { (sum.total.name) span.formula { (sum.total.formula) } }
                td { (finding_badge(sum.total.verdict)) }
                td.n { (number(sum.total.checked)) } td.n { (number(sum.total.exercised)) }
                td.n { (number(sum.total.violated)) }
                td.n { (sum.total.last_exercised_ns.map_or("–".to_owned(), span)) }
            } } }
        } }
        @if live {
            h3 { "What must happen in time, once the faults are over" }
            div.scroll { table {
                thead { tr {
                    th { "Id" } th { "Property" } th { "Verdict" } th.n { "Exercised" }
                    th.n { "Missed" } th.n { "Took at most" } th.n { "Bound" }
                } }
                tbody { @for sum in summary.of_kind(PropertyKind::Liveness) { tr {
                    td { (sum.total.id) }
                    td { (sum.total.name) span.formula { (sum.total.formula) } }
                    td { (finding_badge(sum.total.verdict)) }
                    td.n { (number(sum.total.exercised)) } td.n { (number(sum.total.violated)) }
                    td.n { (sum.total.took_ns.map_or("–".to_owned(), span)) }
                    td.n { (sum.total.bound_ns.map_or("–".to_owned(), span)) }
                } } }
            } }
        }
        (not_exercised(summary))
        @for line in summary.caveat_lines() {
            p { b { "Judged only in part: " } (line) "." }
        }
    }
}

fn not_exercised(summary: &Summary) -> Markup {
    let idle: Vec<_> = summary
        .properties
        .iter()
        .filter(|sum| sum.total.verdict == Finding::NotExercised)
        .map(|sum| sum.total.id.as_str())
        .collect();
    html! {
        @if !idle.is_empty() {
            p { "Not exercised, so nothing is shown of: " b { (idle.join(", ")) } "." }
        }
    }
}

/// Each kind of fault: how many were offered, fired and bit.
pub(super) fn fault_table<'f>(
    faults: impl ExactSizeIterator<Item = (&'f str, u64, u64, u64)>,
) -> Markup {
    html! {
        h3 { "Faults that were injected" }
        @if faults.len() == 0 {
            p.soft { "None." }
        } @else {
            div.scroll { table {
                thead { tr {
                    th { "Kind" } th.n { "Offered" } th.n { "Fired" } th.n { "Bit" } th { span.unseen { "Remark" } }
                } }
                tbody { @for (kind, offered, fired, bit) in faults { tr {
                    td { code { (kind) } }
                    td.n { (number(offered)) } td.n { (number(fired)) } td.n { (number(bit)) }
                    td { @if offered > 0 && bit == 0 { span.badge.unknown { "? never bit" } } }
                } } }
            } }
        }
    }
}

fn counts(summary: &Summary) -> Markup {
    html! {
        @if !summary.counts.is_empty() {
            details {
                summary { "What was counted" }
                table { @for (name, count) in &summary.counts {
                    tr { td { code { (name) } } td.n { (number(*count)) } }
                } }
            }
        }
    }
}

/// The runs that tell most, and one that passed.
fn runs(index: usize, summary: &Summary, version: &str, room: &mut Room) -> Markup {
    let telling: Vec<_> = summary.telling().take(room.drawn.min(MOST_DRAWN_OF_ONE)).collect();
    // Where a failure is looked for, the run that shows it is as it must be, whatever the others are.
    let is_wrong = |kept: &&Kept| kept.judgement.verdict != Verdict::Passed;
    room.drawn -= telling.len();
    let wrong = summary.failed.saturating_add(summary.undecided());
    let example = summary.example.as_ref().filter(|example| {
        room.drawn > 0 && !telling.iter().any(|kept| kept.outcome.seed == example.outcome.seed)
    });
    room.drawn -= usize::from(example.is_some());
    let shown = telling.iter().copied().filter(is_wrong).count();
    let case = &summary.case;
    let mut told = |kept: &Kept| {
        let name = super::run_name(index, kept);
        let steps = room.steps_of(&name, (case, kept), version);
        run::article(kept, Some(case), &steps)
    };
    let articles: Vec<_> = telling.iter().map(|kept| told(kept)).collect();
    let example = example.map(&mut told);
    // What was recorded is to be seen, even where there is no room to draw it.
    let further = summary.telling().skip(telling.len()).filter(|kept| kept.recording.is_some());
    let further: Vec<_> = further
        .map(|kept| (kept, room.page_of(&super::run_name(index, kept), (case, kept), version)))
        .collect();
    html! {
        @if shown > 0 {
            h3 {
                @if wrong > shown as u64 { (shown) " of the " (number(wrong)) " runs that did not pass" }
                @else if wrong == 1 { "The run that did not pass" }
                @else { "The runs that did not pass" }
            }
            @for article in &articles[..shown] { (article) }
        }
        @if shown < articles.len() {
            h3 { "The failure that was looked for" }
            @for article in &articles[shown..] { (article) }
        }
        @for (kept, address) in &further {
            p { a href=(address) { "Seed " (format!("{:#x}", kept.outcome.seed)) ", step by step: " (kept.by()) } }
        }
        @if let Some(article) = example {
            h3 { @if summary.runs == 1 { "The run" } @else { "A run that passed" } }
            (article)
        }
    }
}

fn lines(summary: &Summary, room: &mut Room) -> Markup {
    if summary.runs < 2 {
        return html! {};
    }
    let shown = summary.lines.len().min(room.lines);
    room.lines -= shown;
    html! {
        details {
            summary {
                "Every run"
                @if (shown as u64) < summary.runs { ": the first " (number(shown as u64)) }
            }
            div.scroll { table {
                thead { tr {
                    th.n { "Seed" } th { "Verdict" } th { "Observed" } th.n { "Virtual time" }
                    th.n { "Events" }
                } }
                tbody { @for line in &summary.lines[..shown] { tr {
                    td.n { (format!("{:#x}", line.seed)) } td { (line.verdict) }
                    td { (line.observed) } td.n { (span(line.virtual_ns)) }
                    td.n { (number(line.events)) }
                } } }
            } }
        }
    }
}
