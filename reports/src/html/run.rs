//! One run: what went wrong, what contradicts what, and when.

use super::{timeline, verdict_badge};
use crate::Kept;
use crate::words::{highlight, last_few, number, observed, span};
use interregnum_sim::outcome::{Outcome, Violation};
use interregnum_sim::verdict::Verdict;
use maud::{Markup, html};

/// How many lines the table of events has.
const MOST_EVENTS: usize = 300;

pub(super) fn article(kept: &Kept, nodes: u8) -> Markup {
    let outcome = &kept.outcome;
    let class = match kept.judgement.verdict {
        Verdict::Passed => "run passed",
        Verdict::Failed => "run failed",
        Verdict::Inconclusive => "run inconclusive",
    };
    html! {
        article class=(class) {
            h4 {
                (verdict_badge(Some(kept.judgement.verdict))) " · seed "
                (format!("{:#x}", outcome.seed)) ", " (observed(&outcome.observed))
            }
            @for reason in reasons(kept) { p { (reason) } }
            @if let Some(violation) = &outcome.violation { (evidence(violation)) }
            (timeline::figures(outcome, nodes))
            (events(outcome))
            dl {
                @if !outcome.drawn.is_empty() {
                    dt { "Drawn from the seed" }
                    dd { (drawn(outcome)) }
                }
                dt { "Length" }
                dd { (number(outcome.events)) " events, " (span(outcome.virtual_ns)) }
                dt { "Fingerprint" } dd { code { (outcome.fingerprint) } }
                dt { "See it again" } dd {}
            }
            pre { (kept.replay) }
        }
    }
}

/// The reasons that the violation does not tell by itself.
fn reasons(kept: &Kept) -> impl Iterator<Item = &String> {
    let violation = kept.outcome.violation.as_ref();
    kept.judgement
        .reasons
        .iter()
        .filter(move |reason| violation.is_none_or(|v| !reason.ends_with(&v.what)))
}

fn drawn(outcome: &Outcome) -> String {
    let options: Vec<_> =
        outcome.drawn.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    options.join("; ")
}

fn evidence(violation: &Violation) -> Markup {
    let nodes: Vec<_> = violation.nodes.iter().map(|node| format!("n{node}")).collect();
    html! {
        p { b { (violation.invariant) " " (violation.name) ": " } (violation.what) "." }
        p.soft { "It says: " (violation.formula) "." }
        p {
            "At " b { (span(violation.at_ns)) } ", event " (number(violation.event))
            @if !nodes.is_empty() { ", on " (nodes.join(", ")) }
            @if !violation.faults.is_empty() { "; faults: " (last_few(&violation.faults)) }
            "."
        }
        @if !violation.evidence.is_empty() {
            div.scroll { table {
                thead { tr { th.n { "Time" } th { "Node" } th { "What contradicts what" } } }
                tbody { @for fact in &violation.evidence { tr {
                    td.n { (span(fact.at_ns)) }
                    td { @if let Some(node) = fact.node { "n" (node) } }
                    td { (fact.what) }
                } } }
            } }
        }
    }
}

/// The time line in words, for those who cannot or will not look at it.
fn events(outcome: &Outcome) -> Markup {
    let all = outcome.highlights.len() as u64 + outcome.highlights_left_out;
    html! {
        @if all > 0 {
            details {
                summary { "The time line in words" }
                @if all > MOST_EVENTS as u64 {
                    p.soft { "The first " (MOST_EVENTS) " of " (number(all)) "." }
                }
                div.scroll { table {
                    thead { tr { th.n { "Time" } th { "Node" } th { "What" } th {} } }
                    tbody { @for event in outcome.highlights.iter().take(MOST_EVENTS) { tr {
                        td.n { (span(event.at_ns)) }
                        td { @if let Some(node) = event.node { "n" (node) } }
                        td { (highlight(event.kind)) } td { (event.what) }
                    } } }
                } }
            }
        }
    }
}
