//! A run as a picture: a lane for each node, time from left to right; above the lanes the faults, below them
//! how long clients waited.

mod canvas;
mod faults;
mod scale;
mod waits;

use crate::highlights::{Bar, Bars};
use crate::words::{counted, number, span};
use canvas::{Canvas, Ink, Side, picture};
use faults::{Spot, place};
use interregnum_sim::latency::Waits;
use interregnum_sim::outcome::{HighlightKind, Outcome};
use maud::{Markup, html};
use scale::{LEFT, Scale, WIDTH};

const LANE: u64 = 26;
const FAULT_LANE: u64 = 18;
/// How many nodes have a lane.
const MOST_LANES: usize = 24;

/// The whole run and, if something failed, the moments around that.
pub(super) fn figures(outcome: &Outcome, nodes: u8) -> Markup {
    let last = outcome.highlights.iter().map(|event| event.at_ns).max();
    let end = outcome.virtual_ns.max(last.unwrap_or(0)).max(1);
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
        (legend(&bars, outcome))
        (waits::words(&outcome.latency))
    }
}

/// Where things are on a picture, from top to bottom.
struct Frame {
    scale: Scale,
    lanes: usize,
    fault_rows: usize,
    has_waits: bool,
}

impl Frame {
    const fn top(&self) -> u64 {
        18 + self.fault_rows as u64 * FAULT_LANE + 6
    }

    const fn bottom(&self) -> u64 {
        self.top() + self.lanes as u64 * LANE
    }

    /// Below the lanes and the waits of clients.
    const fn base(&self) -> u64 {
        if self.has_waits { self.bottom() + 10 + waits::HEIGHT } else { self.bottom() }
    }
}

fn figure(bars: &Bars, outcome: &Outcome, nodes: u8, window: (u64, u64), name: &str) -> Markup {
    let scale = Scale { from: window.0, to: window.1 };
    let lanes = usize::from(nodes).min(MOST_LANES);
    let (faults, fault_rows) = place(bars, scale);
    let waits = waits::within(&outcome.latency, scale);
    let frame = Frame { scale, lanes, fault_rows, has_waits: !waits.is_empty() };
    let below = if waits.is_empty() { "" } else { "; below them, how long clients waited" };
    let nodes = usize::from(nodes);
    let lanes = match nodes {
        1 => "one lane for the only node".to_owned(),
        _ => format!("one lane for each of {nodes} nodes"),
    };
    let (from, to) = (span(scale.from), span(scale.to));
    let label = format!("{name}: {lanes}, from {from} to {to}{below}");
    let size = (LEFT + WIDTH + 24, frame.base() + 40);
    html! {
        figure {
            figcaption { b { (name) } ", " (span(scale.from)) " to " (span(scale.to)) }
            (picture(size, &label, |canvas| {
                axes(canvas, &frame, nodes);
                faults.iter().for_each(|(bar, spot)| draw_fault(canvas, bar, *spot, scale));
                let shown = bars.bars.iter().filter(|bar| scale.shows(bar.from, bar.to));
                shown.for_each(|bar| draw(canvas, bar, &frame));
                draw_waits(canvas, &waits, &frame);
                unknown(canvas, bars, &frame);
                moments(canvas, outcome, &frame);
            }))
        }
    }
}

fn axes(canvas: &Canvas<'_, '_>, frame: &Frame, nodes: usize) {
    for at in frame.scale.ticks() {
        let x = frame.scale.x(at);
        canvas.line(&[(x, frame.top()), (x, frame.base())], Ink::Grid, 1);
        canvas.text((x, frame.base() + 12), Side::Middle, (11, Ink::Soft), &span(at));
    }
    for lane in 0..frame.lanes as u64 {
        let y = frame.top() + lane * LANE + 13;
        canvas.text((LEFT - 10, y), Side::Right, (12, Ink::Text), &format!("n{lane}"));
        canvas.line(&[(LEFT, y), (LEFT + WIDTH, y)], Ink::Line, 1);
    }
    if nodes > frame.lanes {
        let has = if nodes - frame.lanes == 1 { "has" } else { "have" };
        let more = counted((nodes - frame.lanes) as u64, "more node");
        let more = format!("{more} {has} no lane");
        canvas.text((LEFT, frame.base() + 28), Side::Left, (11, Ink::Soft), &more);
    }
    if frame.fault_rows > 0 {
        canvas.text((LEFT - 10, 28), Side::Right, (11, Ink::Soft), "faults");
    }
}

fn draw(canvas: &Canvas<'_, '_>, bar: &Bar, frame: &Frame) {
    let Some(node) = bar.node.filter(|node| usize::from(*node) < frame.lanes) else { return };
    let (x, end) = (frame.scale.x(bar.from), frame.scale.x(bar.to));
    let width = end.saturating_sub(x).max(3);
    let y = frame.top() + u64::from(node) * LANE;
    match bar.kind {
        HighlightKind::Down => canvas.frame((x, y + 4), (width, 18), Ink::Down),
        HighlightKind::Paused => canvas.striped((x, y + 2), (width, 22), Ink::Pause),
        _ => canvas.bar((x, y + 8), (width, 10), Ink::Rule),
    }
}

fn draw_fault(canvas: &Canvas<'_, '_>, bar: &Bar, spot: Spot, scale: Scale) {
    let (x, end) = (scale.x(bar.from), scale.x(bar.to));
    let y = 18 + spot.row as u64 * FAULT_LANE;
    canvas.bar((x, y + 11), (end.saturating_sub(x).max(3), 4), Ink::Fault);
    if spot.named {
        canvas.text((x, y + 4), Side::Left, (11, Ink::Fault), &bar.what);
    }
}

fn draw_waits(canvas: &Canvas<'_, '_>, waits: &[(u64, u64, Waits)], frame: &Frame) {
    if frame.has_waits {
        waits::draw(canvas, waits, frame.scale, frame.bottom() + 10);
    }
}

/// The time of which nothing was kept.
fn unknown(canvas: &Canvas<'_, '_>, bars: &Bars, frame: &Frame) {
    let Some((from, to)) = bars.gap.filter(|(from, to)| frame.scale.shows(*from, *to)) else {
        return;
    };
    let (x, end) = (frame.scale.x(from), frame.scale.x(to));
    let width = end.saturating_sub(x).max(3);
    canvas.striped((x, frame.top()), (width, frame.bottom() - frame.top()), Ink::Line);
    let what = format!("{} events are not drawn", number(bars.left_out));
    if width > what.len() as u64 * 7 {
        canvas.text((x + width / 2, frame.top() - 6), Side::Middle, (11, Ink::Soft), &what);
    }
}

/// The beginning of the calm phase, and what failed.
fn moments(canvas: &Canvas<'_, '_>, outcome: &Outcome, frame: &Frame) {
    let (top, base) = (frame.top() - 4, frame.base());
    let calm = outcome.highlights.iter().find(|event| event.kind == HighlightKind::Calm);
    if let Some(event) = calm.filter(|event| frame.scale.shows(event.at_ns, event.at_ns)) {
        let x = frame.scale.x(event.at_ns);
        canvas.line(&[(x, top), (x, base)], Ink::Calm, 2);
        canvas.text((x, base + 28), Side::Middle, (12, Ink::Good), "calm");
    }
    if let Some(violation) = &outcome.violation {
        let x = frame.scale.x(violation.at_ns);
        canvas.line(&[(x, top), (x, base + 4)], Ink::Bad, 2);
        let what: String = violation.invariant.chars().take(8).collect();
        canvas.text((x, base + 28), Side::Middle, (12, Ink::Bad), &format!("✘ {what}"));
    }
}

fn legend(bars: &Bars, outcome: &Outcome) -> Markup {
    let waits = &outcome.latency.buckets;
    html! {
        p.legend {
            @if bars.has(HighlightKind::Rose) { span { "▬ solid bar: leads, holds or rules" } }
            @if bars.has(HighlightKind::Down) { span { "┄ dotted frame: down" } }
            @if bars.has(HighlightKind::Paused) { span { "▨ striped: paused" } }
            @if bars.has(HighlightKind::FaultBegan) { span { "thin bar above the lanes: a fault" } }
            @if bars.left_out > 0 {
                span { "wide stripes: " (number(bars.left_out)) " events that are not drawn" }
            }
            @if waits.iter().any(|waits| waits.answered > 0) {
                span { "below: clients waited, from the mean to the longest, logarithmic" }
            }
            @if waits.iter().any(waits::has_cross) { span { "✕ asked again, or not answered" } }
        }
    }
}
