//! A run as a picture: a lane for each node, time from left to right. Whole numbers only.

use crate::words::{number, span};
use interregnum_sim::outcome::{Highlight, HighlightKind, Outcome};
use maud::{Markup, html};
use std::collections::BTreeMap;

const LEFT: u64 = 64;
const WIDTH: u64 = 900;
const LANE: u64 = 26;
const FAULT_LANE: u64 = 18;
/// How wide a letter of a fault's name is, about.
const LETTER: u64 = 7;
/// How many rows of faults are drawn; further ones share the last.
const MOST_FAULT_ROWS: usize = 5;
/// How many nodes have a lane.
const MOST_LANES: usize = 24;

/// The whole run and, if something failed, the moments around that.
pub(super) fn figures(outcome: &Outcome, nodes: u8) -> Markup {
    let end = outcome.virtual_ns.max(1);
    let Some(bars) = Bars::of(outcome, end) else { return html! {} };
    // Shared disks are nodes, too, numbered after the cluster's own.
    let seen = outcome.highlights.iter().filter_map(|event| event.node).max();
    let nodes = nodes.max(seen.map_or(0, |node| node.saturating_add(1)));
    let zoom = outcome.violation.as_ref().and_then(|violation| {
        let first = violation.evidence.iter().map(|fact| fact.at_ns).min()?;
        let reach = (violation.at_ns.saturating_sub(first) / 2).max(end / 100).max(1);
        let from = first.saturating_sub(reach);
        let to = violation.at_ns.saturating_add(reach).min(end);
        let is_known = bars.gap.is_none_or(|gap| from < gap.0 || to > gap.1);
        (to > from && is_known && (to - from) < end / 3).then_some((from, to))
    });
    html! {
        (figure(&bars, outcome, nodes, (0, end), "The whole run"))
        @if let Some(window) = zoom {
            (figure(&bars, outcome, nodes, window, "Around the failure"))
        }
        (legend(&bars))
    }
}

/// What lasts, and what happens in a moment.
struct Bars {
    bars: Vec<Bar>,
    left_out: u64,
    /// From when until when nothing was kept of what happened.
    gap: Option<(u64, u64)>,
}

struct Bar {
    kind: HighlightKind,
    /// The node; none for a fault.
    node: Option<u8>,
    from: u64,
    to: u64,
    what: String,
}

impl Bars {
    fn of(outcome: &Outcome, end: u64) -> Option<Self> {
        let (all, left_out) = (&outcome.highlights, outcome.highlights_left_out);
        let mut bars = Vec::new();
        let mut gap = None;
        if left_out == 0 {
            Self::lay(all, end, &mut bars);
        } else {
            // What was the case before the gap need not be the case behind it.
            let (before, after) = all.split_at(outcome.highlights_gap.min(all.len()));
            let from = before.last().map_or(0, |event| event.at_ns);
            let to = after.first().map_or(end, |event| event.at_ns);
            Self::lay(before, from, &mut bars);
            Self::lay(after, end, &mut bars);
            gap = Some((from, to));
        }
        // What is drawn last lies on top: pauses over reigns.
        bars.sort_by_key(|bar| bar.kind == HighlightKind::Paused);
        (!all.is_empty()).then_some(Self { bars, left_out, gap })
    }

    /// Adds what these events begin and end; what is left lasts until `end`.
    fn lay(events: &[Highlight], end: u64, bars: &mut Vec<Bar>) {
        use HighlightKind as K;
        let mut open: BTreeMap<(u8, State), (u64, String)> = BTreeMap::new();
        let mut faults = Faults::default();
        for event in events {
            match (event.kind, event.node) {
                (K::FaultBegan, _) => faults.begin(event),
                (K::FaultEnded, _) => faults.end(event),
                (K::Rose, Some(node)) => {
                    open.entry((node, State::Rules)).or_insert((event.at_ns, event.what.clone()));
                }
                (K::Down, Some(node)) => {
                    close(&mut open, bars, (node, State::Rules), event.at_ns);
                    close(&mut open, bars, (node, State::Paused), event.at_ns);
                    open.entry((node, State::Down)).or_insert((event.at_ns, event.what.clone()));
                }
                (K::Paused, Some(node)) => {
                    open.entry((node, State::Paused)).or_insert((event.at_ns, event.what.clone()));
                }
                (K::Up, Some(node)) => close(&mut open, bars, (node, State::Down), event.at_ns),
                (K::Fell, Some(node)) => {
                    close(&mut open, bars, (node, State::Rules), event.at_ns);
                }
                (K::Resumed, Some(node)) => {
                    close(&mut open, bars, (node, State::Paused), event.at_ns);
                }
                _ => {}
            }
        }
        for key in open.keys().copied().collect::<Vec<_>>() {
            close(&mut open, bars, key, end);
        }
        faults.into_bars(end, bars);
    }

    fn has(&self, kind: HighlightKind) -> bool {
        self.bars.iter().any(|bar| bar.kind == kind)
    }
}

/// What a node can be for a while.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Rules,
    Down,
    Paused,
}

fn close(
    open: &mut BTreeMap<(u8, State), (u64, String)>,
    bars: &mut Vec<Bar>,
    key: (u8, State),
    to: u64,
) {
    if let Some((from, what)) = open.remove(&key) {
        let kind = match key.1 {
            State::Rules => HighlightKind::Rose,
            State::Down => HighlightKind::Down,
            State::Paused => HighlightKind::Paused,
        };
        bars.push(Bar { kind, node: Some(key.0), from, to, what });
    }
}

/// Faults, one row each as long as they overlap.
#[derive(Default)]
struct Faults {
    spans: Vec<(u64, Option<u64>, Option<u8>, String)>,
}

impl Faults {
    fn begin(&mut self, event: &Highlight) {
        self.spans.push((event.at_ns, None, event.node, event.what.clone()));
    }

    /// Ends the fault whose name is most like this one's: `pause 3 ended` ends `pause 3 of n1`.
    fn end(&mut self, event: &Highlight) {
        let alike = |what: &str| {
            what.bytes().zip(event.what.bytes()).take_while(|(one, other)| one == other).count()
        };
        let going =
            self.spans.iter_mut().filter(|(_, to, node, _)| to.is_none() && *node == event.node);
        // Of equals the oldest: `max_by_key` would take the last.
        if let Some(span) = going.rev().max_by_key(|(.., what)| alike(what)) {
            span.1 = Some(event.at_ns);
        }
    }

    fn into_bars(self, end: u64, bars: &mut Vec<Bar>) {
        for (from, to, node, what) in self.spans {
            let what = node.map_or(what.clone(), |node| format!("{what} (n{node})"));
            let to = to.unwrap_or(end);
            bars.push(Bar { kind: HighlightKind::FaultBegan, node: None, from, to, what });
        }
    }
}

/// A fault's place above the lanes: its row, and whether its name is written out.
#[derive(Clone, Copy)]
struct Spot {
    row: usize,
    named: bool,
}

/// Places faults so that neither bars nor names overlap, as long as there are rows; then bars share
/// the last row, without names.
fn place(bars: &Bars, scale: Scale) -> (Vec<(&Bar, Spot)>, usize) {
    // For each row: where its last bar ends, and where its last name does.
    let mut rows: Vec<(u64, u64)> = Vec::new();
    let mut placed = Vec::new();
    let faults = bars.bars.iter().filter(|bar| bar.node.is_none());
    for bar in faults.filter(|bar| scale.shows(bar.from, bar.to)) {
        let (x, to) = (scale.x(bar.from), scale.x(bar.to).max(scale.x(bar.from) + 3));
        let name_end = x + bar.what.chars().count() as u64 * LETTER + 10;
        let fits = name_end < LEFT + WIDTH + 20;
        let for_both = rows.iter().position(|(bar, name)| *bar <= x && *name <= x);
        let for_bar = || rows.iter().position(|(bar, _)| *bar <= x);
        let (row, named) = match for_both {
            Some(row) => (row, fits),
            None if rows.len() < MOST_FAULT_ROWS => (rows.len(), fits),
            None => (for_bar().unwrap_or(MOST_FAULT_ROWS - 1), false),
        };
        if row == rows.len() {
            rows.push((0, 0));
        }
        let (bar_end, named_until) = &mut rows[row];
        *bar_end = to.max(*bar_end);
        if named {
            *named_until = name_end;
        }
        placed.push((bar, Spot { row, named }));
    }
    (placed, rows.len())
}

/// A stretch of time laid out from left to right.
#[derive(Clone, Copy)]
struct Scale {
    from: u64,
    to: u64,
}

impl Scale {
    fn x(self, at: u64) -> u64 {
        let at = at.clamp(self.from, self.to) - self.from;
        let x = u128::from(at) * u128::from(WIDTH) / u128::from(self.to - self.from);
        LEFT + u64::try_from(x).unwrap_or(WIDTH)
    }

    fn shows(self, from: u64, to: u64) -> bool {
        from <= self.to && to >= self.from
    }

    /// Between four and ten times, as round as they come.
    fn ticks(self) -> Vec<u64> {
        let length = self.to - self.from;
        let mut step = 1_u64;
        'search: loop {
            for factor in [1, 2, 5] {
                if length / step.saturating_mul(factor) <= 8 {
                    step = step.saturating_mul(factor);
                    break 'search;
                }
            }
            step = step.saturating_mul(10);
        }
        let first = self.from.div_ceil(step);
        (0..10).map_while(|n| (first + n).checked_mul(step).filter(|at| *at <= self.to)).collect()
    }
}

fn figure(bars: &Bars, outcome: &Outcome, nodes: u8, window: (u64, u64), name: &str) -> Markup {
    let scale = Scale { from: window.0, to: window.1 };
    let lanes = usize::from(nodes).min(MOST_LANES);
    let (faults, fault_rows) = place(bars, scale);
    let top = 18 + fault_rows as u64 * FAULT_LANE + 6;
    let bottom = top + lanes as u64 * LANE;
    let height = bottom + 34;
    let label = format!(
        "{name}: one lane for each of {nodes} nodes, from {} to {}",
        span(scale.from),
        span(scale.to)
    );
    html! {
        figure {
            figcaption { b { (name) } ", " (span(scale.from)) " to " (span(scale.to)) }
            svg viewBox={ "0 0 " (LEFT + WIDTH + 24) " " (height) } role="img" aria-label=(label) {
                (stripes())
                @for at in scale.ticks() {
                    line.grid x1=(scale.x(at)) x2=(scale.x(at)) y1=(top) y2=(bottom) {}
                    text.tick x=(scale.x(at)) y=(bottom + 16) text-anchor="middle" { (span(at)) }
                }
                @for lane in 0..lanes as u64 {
                    text x=(LEFT - 10) y=(top + lane * LANE + 17) text-anchor="end" { "n" (lane) }
                    line.lane x1=(LEFT) x2=(LEFT + WIDTH) y1=(top + lane * LANE + 13) y2=(top + lane * LANE + 13) {}
                }
                @if usize::from(nodes) > lanes {
                    text.tick x=(LEFT) y=(bottom + 30) { (usize::from(nodes) - lanes) " more nodes have no lane" }
                }
                @if fault_rows > 0 {
                    text.tick x=(LEFT - 10) y="30" text-anchor="end" { "faults" }
                }
                @for (bar, spot) in faults { (draw_fault(bar, spot, scale)) }
                @for bar in bars.bars.iter().filter(|bar| scale.shows(bar.from, bar.to)) {
                    (draw(bar, scale, top, lanes))
                }
                (unknown(bars, scale, top, bottom))
                (moments(outcome, scale, top, bottom))
            }
        }
    }
}

fn stripes() -> Markup {
    html! {
        defs {
            pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                line.stripe x1="0" y1="0" x2="0" y2="6" {}
            }
        }
    }
}

fn tip(bar: &Bar) -> String {
    format!("{} to {}: {}", span(bar.from), span(bar.to), bar.what)
}

fn draw(bar: &Bar, scale: Scale, top: u64, lanes: usize) -> Markup {
    let Some(node) = bar.node.filter(|node| usize::from(*node) < lanes) else { return html! {} };
    let (x, end) = (scale.x(bar.from), scale.x(bar.to));
    let width = (end - x).max(3);
    let y = top + u64::from(node) * LANE;
    let (class, y, height) = match bar.kind {
        HighlightKind::Down => ("isdown", y + 4, 18),
        HighlightKind::Paused => ("paused", y + 2, 22),
        _ => ("rules", y + 8, 10),
    };
    html! {
        rect class=(class) x=(x) y=(y) width=(width) height=(height) rx="2" { title { (tip(bar)) } }
    }
}

fn draw_fault(bar: &Bar, spot: Spot, scale: Scale) -> Markup {
    let (x, end) = (scale.x(bar.from), scale.x(bar.to));
    let y = 18 + spot.row as u64 * FAULT_LANE;
    html! {
        g {
            title { (tip(bar)) }
            rect.fault x=(x) y=(y + 11) width=((end - x).max(3)) height="4" rx="2" {}
            @if spot.named { text.faultname x=(x) y=(y + 9) { (bar.what) } }
        }
    }
}

/// The time of which nothing was kept.
fn unknown(bars: &Bars, scale: Scale, top: u64, bottom: u64) -> Markup {
    let Some((from, to)) = bars.gap.filter(|(from, to)| scale.shows(*from, *to)) else {
        return html! {};
    };
    let (x, end) = (scale.x(from), scale.x(to));
    html! {
        rect.unknown x=(x) y=(top) width=((end - x).max(3)) height=(bottom - top) {
            title { (span(from)) " to " (span(to)) ": " (number(bars.left_out)) " events are not drawn" }
        }
    }
}

/// The beginning of the calm phase, and what failed.
fn moments(outcome: &Outcome, scale: Scale, top: u64, bottom: u64) -> Markup {
    let calm = outcome.highlights.iter().find(|event| event.kind == HighlightKind::Calm);
    let calm = calm.filter(|event| scale.shows(event.at_ns, event.at_ns));
    html! {
        @if let Some(event) = calm {
            line.calm x1=(scale.x(event.at_ns)) x2=(scale.x(event.at_ns)) y1=(top - 4) y2=(bottom) {}
            text.calmname x=(scale.x(event.at_ns)) y=(bottom + 30) text-anchor="middle" { "calm" }
        }
        @if let Some(violation) = &outcome.violation {
            @let x = scale.x(violation.at_ns);
            line.wrong x1=(x) x2=(x) y1=(top - 4) y2=(bottom + 4) { title { (violation.what) } }
            text.wrongname x=(x) y=(bottom + 30) text-anchor="middle" { "✘ " (violation.invariant) }
        }
    }
}

fn legend(bars: &Bars) -> Markup {
    html! {
        p.legend {
            @if bars.has(HighlightKind::Rose) { span { "▬ solid bar: leads, holds or rules" } }
            @if bars.has(HighlightKind::Down) { span { "┄ dotted frame: down" } }
            @if bars.has(HighlightKind::Paused) { span { "▨ striped: paused" } }
            @if bars.has(HighlightKind::FaultBegan) { span { "thin bar above the lanes: a fault" } }
            @if bars.left_out > 0 { span { "░ shaded: " (number(bars.left_out)) " events that are not drawn" } }
        }
    }
}
