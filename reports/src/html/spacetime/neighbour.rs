//! Where the nearest run that held took another way: both runs side by side from a little before they part.
//!
//! Lines are matched whatever their times, which differ from the first change on.

use super::place;
use crate::words::{number, span};
use interregnum_sim::outcome::TraceLine;
use interregnum_sim::recording::{Neighbour, Recording};
use maud::{Markup, html};
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// So many lines of each run are shown.
const MOST_LINES: usize = 60;

pub(super) fn section(recording: &Recording) -> Markup {
    html! {
        h5 { "The nearest run that held" }
        @match &recording.neighbour {
            Some(neighbour) => { (parting(neighbour)) (meanwhile(neighbour)) },
            None => p.soft { "No run nearby was found that held." },
        }
    }
}

fn parting(neighbour: &Neighbour) -> Markup {
    let Neighbour { what, seed, fingerprint, differs_at, here, there, .. } = neighbour;
    html! {
        p {
            "The same run " b { (what) } ", seed " (format!("{seed:#x}")) ", held; its fingerprint is "
            code { (fingerprint) } ". Line " (number(*differs_at)) " of the trace is the first in which "
            "they differ. What only one of them has is marked with + and −."
        }
        div.scroll { table.parting {
            thead { tr {
                th.n { "Time" } th { "This run" } th.n { "Time" } th { "The run that held" }
            } }
            tbody { @for pair in pairs(first(here), first(there)) { (row(pair, *differs_at)) } }
        } }
        p.soft { "Both runs go on from there; they are compared no further." }
    }
}

/// What the run that held did at the time of the failure, where the failure was.
fn meanwhile(neighbour: &Neighbour) -> Markup {
    html! {
        @if !neighbour.meanwhile.is_empty() {
            p { "By the time at which this run failed, the one that held did this on the nodes that are involved:" }
            div.scroll { table.parting {
                thead { tr { th.n { "Time" } th { "The run that held" } } }
                tbody { @for line in &neighbour.meanwhile { tr.same {
                    td.n { (span(line.at_ns)) }
                    td { b { (place(line)) } " " code.kind { (line.kind) } " " (line.what) }
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
            b { (place(line)) } " " code.kind { (line.kind) } " " (line.what)
        } }
    }
}

fn told(line: &TraceLine) -> (&str, String, &str) {
    (&line.kind, place(line), &line.what)
}
