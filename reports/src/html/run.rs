//! One run: what went wrong, what contradicts what, and when.

use super::spacetime::Told;
use super::{Steps, footer, page as whole, timeline, verdict_badge};
use crate::words::{counted, highlight, last_few, number, observed, span};
use crate::{Case, Kept, Reduction};
use interregnum_sim::outcome::{Highlight, Outcome, Violation};
use interregnum_sim::verdict::Verdict;
use maud::{Markup, html};

/// How many of the first events the table of events has,
const FIRST_EVENTS: usize = 100;
/// and how many of the last.
const LAST_EVENTS: usize = 200;

/// A page on one run.
pub(super) fn page(case: &Case, kept: &Kept, traces: &str, version: &str) -> String {
    let title = format!("{} under seed {:#x}", case.title, kept.outcome.seed);
    let body = html! {
        header {
            p.soft { "Interregnum " (version) " · " a href="../index.html" { "the whole report" } }
            h1 { (title) }
            @if !case.why.is_empty() { p.why { (case.why) } }
            dl {
                dt { "File" } dd { code { (case.path) } }
                dt { "System" } dd { (case.system) ", " (counted(u64::from(case.nodes), "node")) }
                @if let Some(mutant) = &case.mutant { dt { "Planted bug" } dd { code { (mutant) } } }
                dt { "Expected" } dd { (case.expectation) }
            }
        }
        main { (article(kept, Some(case), &Steps::Here { prefix: String::new(), traces: traces.to_owned() })) }
        (footer("../results.json"))
    };
    whole(&title, &body)
}

/// One run, told step by step if it was recorded.
pub(super) fn article(kept: &Kept, case: Option<&Case>, steps: &Steps) -> Markup {
    let nodes = case.map_or(0, |case| case.nodes);
    let outcome = &kept.outcome;
    let class = match kept.judgement.verdict {
        Verdict::Passed => "run passed",
        Verdict::Failed => "run failed",
        Verdict::Inconclusive => "run inconclusive",
    };
    let told = match (steps, &kept.recording) {
        (Steps::Here { prefix, .. }, Some(recording)) => Told::of(outcome, recording, prefix),
        _ => None,
    };
    html! {
        article class=(class) {
            h4 {
                (verdict_badge(Some(kept.judgement.verdict))) " · seed "
                (format!("{:#x}", outcome.seed)) ", " (observed(&outcome.observed))
            }
            @for reason in reasons(kept) { p { (reason) } }
            @if let Some(violation) = &outcome.violation { (evidence(violation, told.as_ref())) }
            (reproduction(kept))
            (timeline::figures(outcome, nodes))
            (events(outcome))
            @if let Some(told) = &told { (told.section(case.map_or(&[], |case| &case.notation))) }
            @if let (Steps::Here { traces, .. }, Some(_)) = (steps, &told) {
                p.soft {
                    "The same steps for other tools: "
                    a href={ (traces) ".trace.json" } { "trace events" } " for Perfetto, and "
                    a href={ (traces) ".shiviz.log" } { "a log" } " for ShiViz."
                }
            }
            @if let Steps::There(address) = steps {
                p { a href=(address) { "What led to it, step by step" } }
            }
            dl {
                @if !outcome.drawn.is_empty() {
                    dt { "Drawn from the seed" }
                    dd { (drawn(outcome)) }
                }
                dt { "Length" }
                dd { (counted(outcome.events, "event")) ", " (span(outcome.virtual_ns)) }
                dt { "Fingerprint" } dd { code { (outcome.fingerprint) } }
            }
        }
    }
}

/// The command line that makes the run again.
fn reproduction(kept: &Kept) -> Markup {
    html! {
        div.again {
            "See it again:"
            pre { code { (kept.replay) } }
            button.copy type="button" hidden { "Copy" }
        }
        @if let Some(reduction) = &kept.reduction { (reduced(reduction)) }
    }
}

/// Which of the faults are enough.
fn reduced(reduction: &Reduction) -> Markup {
    let Reduction { file, faults, shows, planned } = reduction;
    html! {
        div.again {
            @if faults.is_empty() {
                "No fault is needed for the same property to fail: the run was made without any of its "
                (number(*planned)) "."
            } @else {
                "Of its " (counted(*planned, "fault")) ", these are enough for the same property to fail ("
                (number(faults.len() as u64)) "):"
            }
            @for fault in faults { pre { code { (fault) } } }
            @if !shows.is_empty() { p { "With these alone: " (shows) ". That may be sooner, and over something else, than here." } }
            "They are the scenario " code { (file) } ", which " code { "interregnum run" } " runs; " code { "replay" }
            " above makes this run, with all of its faults."
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

fn evidence(violation: &Violation, told: Option<&Told<'_>>) -> Markup {
    let nodes: Vec<_> = violation.nodes.iter().map(|node| format!("n{node}")).collect();
    html! {
        p { b { (violation.invariant) " " (violation.name) ": " } (violation.what) "." }
        p.soft { "It says: " (violation.formula) "." }
        p {
            "At " b { (span(violation.at_ns)) } ", event "
            @match told.and_then(|told| told.event(violation.event)) {
                Some(address) => a href=(address) { (violation.event) },
                None => (violation.event),
            }
            @if !nodes.is_empty() { ", on " (nodes.join(", ")) }
            @if !violation.faults.is_empty() { "; faults in effect or just ended: " (last_few(&violation.faults)) }
            "."
        }
        @if !violation.evidence.is_empty() {
            div.scroll { table {
                thead { tr {
                    th { span.unseen { "Fact" } } th.n { "Time" } th { "Node" } th { "What contradicts what" }
                } }
                tbody { @for (number, fact) in (1..).zip(&violation.evidence) { tr {
                    td { @match told.and_then(|told| told.fact(number)) {
                        Some(address) => a.fact href=(address) { "✘" (number) },
                        None => b.fact { "✘" (number) },
                    } }
                    td.n { (span(fact.at_ns)) }
                    td { @if let Some(node) = fact.node { "n" (node) } }
                    td { (fact.what) }
                } } }
            } }
        }
    }
}

/// The time line in words, for those who cannot or will not look at it.
pub(super) fn events(outcome: &Outcome) -> Markup {
    let (first, last) = listed(outcome);
    let all = (outcome.highlights.len() as u64).saturating_add(outcome.highlights_left_out);
    let left_out = all - (first.len() + last.len()) as u64;
    html! {
        @if all > 0 {
            details {
                summary { "The time line in words" }
                div.scroll { table {
                    thead { tr {
                        th.n { "Time" } th { "Node" } th { "What" } th { span.unseen { "Details" } }
                    } }
                    tbody {
                        @for event in first { (line(event)) }
                        @if left_out > 0 {
                            tr { td {} td {} td colspan="2" { "… " (number(left_out)) " more …" } }
                        }
                        @for event in last { (line(event)) }
                    }
                } }
            }
        }
    }
}

/// The first and the last of the events, on either side of those that were not kept.
fn listed(outcome: &Outcome) -> (&[Highlight], &[Highlight]) {
    let all = &outcome.highlights;
    let gap = if outcome.highlights_left_out > 0 { outcome.highlights_gap } else { all.len() };
    let first = &all[..gap.min(FIRST_EVENTS).min(all.len())];
    let behind_gap = if gap < all.len() { gap } else { first.len() };
    (first, &all[behind_gap.max(all.len().saturating_sub(LAST_EVENTS))..])
}

fn line(event: &Highlight) -> Markup {
    html! {
        tr {
            td.n { (span(event.at_ns)) }
            td { @if let Some(node) = event.node { "n" (node) } }
            td { (highlight(event.kind)) } td { (event.what) }
        }
    }
}
