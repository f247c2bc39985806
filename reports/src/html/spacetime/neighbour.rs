//! Where the nearest run that held took another way: both runs side by side from a little before they part.
//!
//! Lines are matched whatever their times, which differ from the first change on. Long texts are cut short; the
//! whole of them is shown on demand.

use super::place;
use crate::words::{counted, number, shortened, span};
use interregnum_sim::outcome::TraceLine;
use interregnum_sim::recording::{Neighbour, Recording};
use maud::{Markup, html};
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// So many lines of each run are shown,
const MOST_LINES: usize = 60;
/// and so many characters of what one says.
const MOST_SAID: usize = 300;

pub(super) fn section(recording: &Recording) -> Markup {
    html! {
        h5 { "The nearest run that held" }
        @match &recording.neighbour {
            Some(neighbour) => { (parting(neighbour, recording.total)) (meanwhile(neighbour)) },
            None if recording.interrupted => {
                p.soft { "The search for a run nearby that held was interrupted." }
            }
            None => p.soft { "No run nearby was found that held." },
        }
    }
}

fn parting(neighbour: &Neighbour, total: u64) -> Markup {
    let Neighbour { what, seed, fingerprint, differs_at, here, there, .. } = neighbour;
    let (here, there) = (first(here), first(there));
    // What is kept of the failing run ends with its failure.
    let has_failed =
        here.last().map_or(*differs_at >= total, |line| line.line.saturating_add(1) >= total);
    html! {
        p {
            "The same run " b { (what) } ", seed " (format!("{seed:#x}")) ", held; its fingerprint is "
            code { (fingerprint) } ". "
            @if neighbour.alike {
                "No difference was found in the first " (counted(*differs_at, "line")) " of the trace; the two "
                "were compared no further."
            } @else if *differs_at >= total {
                "The two are the same up to the failure of this run; what follows only the other one did."
            } @else {
                "Line " (number(*differs_at)) " of the trace is the first in which "
                "they differ. What only one of them has is marked with + and −."
            }
        }
        @if !neighbour.alike {
            (side_by_side(here, there, (*differs_at, has_failed)))
            p.soft {
                @if has_failed { "This run failed there; the run that held goes on." }
                @else { "Both runs go on from there; they are compared no further." }
            }
        }
    }
}

/// Both runs around the line in which they differ first; one of them may have failed before the table ends.
fn side_by_side(
    here: &[TraceLine],
    there: &[TraceLine],
    (differs_at, has_failed): (u64, bool),
) -> Markup {
    let pairs = pairs(here, there);
    let last = pairs.iter().rposition(|(here, _)| here.is_some());
    let (until, after) = pairs.split_at(last.map_or(0, |last| last + 1));
    html! {
        div.scroll { table.parting {
            thead { tr {
                th.n { "Time" } th { "This run" } th.n { "Time" } th { "The run that held" }
            } }
            tbody {
                @for pair in until { (row(*pair, differs_at)) }
                @if has_failed && !after.is_empty() {
                    tr.gap { td {} td colspan="3" { "⋮ this run had failed by then" } }
                }
                @for pair in after { (row(*pair, differs_at)) }
            }
        } }
    }
}

/// What the run that held did at the time of the failure, where the failure was.
fn meanwhile(neighbour: &Neighbour) -> Markup {
    html! {
        @if !neighbour.meanwhile.is_empty() {
            p { "By the time at which this run failed, the one that held did this on the nodes that are involved:" }
            div.scroll { table.parting {
                thead { tr { th.n { "Time" } th { "The run that held" } } }
                tbody { @for line in first(&neighbour.meanwhile) { tr.same {
                    td.n { (span(line.at_ns)) }
                    td { b { (place(line)) } " " code.kind { (line.kind) } " " (said(line)) }
                } } }
            } }
        }
    }
}

fn first(lines: &[TraceLine]) -> &[TraceLine] {
    &lines[..lines.len().min(MOST_LINES)]
}

/// A line of either run, or the same line of both.
type Pair<'l> = (Option<&'l TraceLine>, Option<&'l TraceLine>);

/// The lines of both runs side by side. What only one has stands alone; where both have something else, one
/// stands beside the other.
fn pairs<'l>(here: &'l [TraceLine], there: &'l [TraceLine]) -> Vec<Pair<'l>> {
    let key = |line: &'l TraceLine| (&line.kind, &line.process, &line.peer, &line.what);
    let keys = |lines: &'l [TraceLine]| lines.iter().map(key).collect::<Vec<_>>();
    let mut pairs = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &keys(here), &keys(there)) {
        let (old, new) = (op.old_range(), op.new_range());
        let length = match op {
            DiffOp::Equal { len, .. } => len,
            _ => old.len().max(new.len()),
        };
        for nth in 0..length {
            let at = |lines: &'l [TraceLine], range: &std::ops::Range<usize>| {
                range.clone().nth(nth).and_then(|index| lines.get(index))
            };
            pairs.push((at(here, &old), at(there, &new)));
        }
    }
    pairs
}

fn row((here, there): Pair<'_>, differs_at: u64) -> Markup {
    let is_same = match (here, there) {
        (Some(here), Some(there)) => told(here) == told(there),
        _ => false,
    };
    let parts = here.or(there).is_some_and(|line| line.line == differs_at);
    let class = match (is_same, parts) {
        (true, _) => "same",
        (false, true) => "parts",
        (false, false) => "other",
    };
    html! { tr class=(class) { (side(here, is_same, "+")) (side(there, is_same, "−")) } }
}

fn side(line: Option<&TraceLine>, is_same: bool, sign: &str) -> Markup {
    html! {
        td.n { @if let Some(line) = line { (span(line.at_ns)) } }
        td { @if let Some(line) = line {
            @if !is_same { b.sign { (sign) } " " }
            b { (place(line)) } " " code.kind { (line.kind) } " " (said(line))
        } }
    }
}

/// What a line says; a promise may name hundreds of things, which would hide all lines beside it.
fn said(line: &TraceLine) -> Markup {
    match shortened(&line.what, MOST_SAID) {
        None => html! { (line.what) },
        Some(short) => html! { details { summary { (short) "…" } (line.what) } },
    }
}

fn told(line: &TraceLine) -> (&str, String, &str) {
    (&line.kind, place(line), &line.what)
}
