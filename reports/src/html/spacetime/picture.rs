//! The lanes: a line for each process, time from top to bottom, a place for each row of the table beside it.

use super::story::{Row, Story, is_trouble};
use crate::place::node_of;
use interregnum_sim::outcome::{HighlightKind, Outcome};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// How high a row is, and the head of the table; the style sheet has the same figures.
pub(super) const ROW: u64 = 22;
pub(super) const HEAD: u64 = 30;
/// Where the first lane is.
const LEFT: u64 = 26;

/// One of the two pictures of a story: that of the rows that led to the failure, or of all.
pub(super) fn picture(story: &Story<'_>, outcome: &Outcome, class: &str, is_all: bool) -> Markup {
    let view = View::of(story, outcome, is_all);
    let (width, height) = (width(story), view.y(view.height));
    let label = format!(
        "Space-time diagram: {} events in the lanes of {}; the table has the same events, row by row",
        view.places.len(),
        story.lanes.join(", ")
    );
    html! {
        svg class=(class) width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) }
            role="img" aria-label=(label) {
            @for (lane, name) in story.lanes.iter().enumerate() {
                @let x = x(story, lane);
                line.lane x1=(x) x2=(x) y1=(HEAD) y2=(height) {}
                text.lanename x=(x) y=(HEAD - 10) text-anchor="middle" { (short(name)) }
            }
            @for bar in view.bars() {
                rect class=(bar.class) x=(x(story, bar.lane).saturating_sub(5)) y=(bar.from) width="10"
                    height=(bar.to.saturating_sub(bar.from).max(4)) rx="3" {}
            }
            @for (index, place) in &view.places { (arrow(&view, *place, *index)) }
            @for (index, place) in &view.places { (dot(&view, *place, &story.rows[*index])) }
        }
    }
}

/// How wide the lanes are.
pub(super) fn width(story: &Story<'_>) -> u64 {
    LEFT * 2 + gap(story) * (story.lanes.len() as u64).saturating_sub(1)
}

fn gap(story: &Story<'_>) -> u64 {
    match story.lanes.len() {
        0..=6 => 44,
        7..=14 => 32,
        _ => 24,
    }
}

fn x(story: &Story<'_>, lane: usize) -> u64 {
    LEFT + gap(story) * lane as u64
}

/// A client's name is too long for the head of a lane.
fn short(name: &str) -> String {
    let name = name.strip_prefix("client-").map_or(name.to_owned(), |number| format!("c{number}"));
    name.chars().take(6).collect()
}

/// The rows of one picture.
struct View<'s, 'r> {
    story: &'s Story<'r>,
    outcome: &'s Outcome,
    /// The rows that are shown, and where.
    places: BTreeMap<usize, usize>,
    /// How many places there are, those of gaps included.
    height: usize,
}

/// What lasts for a while.
struct Bar {
    class: &'static str,
    lane: usize,
    from: u64,
    to: u64,
}

impl<'s, 'r> View<'s, 'r> {
    fn of(story: &'s Story<'r>, outcome: &'s Outcome, is_all: bool) -> Self {
        let (mut places, mut height) = (BTreeMap::new(), 0);
        for (index, row) in story.rows.iter().enumerate() {
            if is_all || row.led {
                // What was not kept before it has a row of its own.
                height += usize::from(row.skipped > 0);
                places.insert(index, height);
                height += 1;
            }
        }
        Self { story, outcome, places, height }
    }

    fn y(&self, place: usize) -> u64 {
        HEAD + ROW * place as u64
    }

    fn middle(&self, place: usize) -> u64 {
        self.y(place) + ROW / 2
    }

    /// Where an event is shown that may be left out: at the next one that is not.
    fn edge(&self, index: usize) -> u64 {
        match self.places.range(index..).next() {
            Some((shown, place)) if *shown == index => self.middle(*place),
            Some((_, place)) => self.y(*place),
            None => self.y(self.height),
        }
    }

    /// Who was down or paused, from when until when.
    fn bars(&self) -> Vec<Bar> {
        let mut open: BTreeMap<(usize, &'static str), u64> = BTreeMap::new();
        for (lane, class) in self.at_first() {
            open.insert((lane, class), HEAD);
        }
        let mut bars = Vec::new();
        for (index, row) in self.story.rows.iter().enumerate() {
            let Some(lane) = row.lane else { continue };
            let (class, begins) = match row.line.kind.as_str() {
                "crashed" | "halted" => ("isdown", true),
                "booted" => ("isdown", false),
                "paused" => ("paused", true),
                "resumed" => ("paused", false),
                _ => continue,
            };
            let y = self.edge(index);
            if begins {
                open.entry((lane, class)).or_insert(y);
            } else if let Some(from) = open.remove(&(lane, class)) {
                bars.push(Bar { class, lane, from, to: y });
            }
        }
        let end = self.y(self.height);
        bars.extend(open.into_iter().map(|((lane, class), from)| Bar {
            class,
            lane,
            from,
            to: end,
        }));
        bars
    }

    /// Who was down or paused before the first row, as far as the time line tells.
    fn at_first(&self) -> Vec<(usize, &'static str)> {
        let Some(first) = self.story.rows.first() else { return Vec::new() };
        let mut state: BTreeMap<(u8, &'static str), bool> = BTreeMap::new();
        for event in self.outcome.highlights.iter().filter(|event| event.at_ns < first.line.at_ns) {
            let (class, begins) = match event.kind {
                HighlightKind::Down => ("isdown", true),
                HighlightKind::Up => ("isdown", false),
                HighlightKind::Paused => ("paused", true),
                HighlightKind::Resumed => ("paused", false),
                _ => continue,
            };
            if let Some(node) = event.node {
                state.insert((node, class), begins);
            }
        }
        let lanes = self.story.lanes.iter().enumerate();
        let nodes = lanes.filter_map(|(lane, name)| Some((lane, node_of(name)?)));
        nodes
            .flat_map(|(lane, node)| ["isdown", "paused"].map(|class| (lane, node, class)))
            .filter(|(_, node, class)| state.get(&(*node, *class)) == Some(&true))
            .map(|(lane, _, class)| (lane, class))
            .collect()
    }
}

/// What a row follows from: a message from another lane, or a write from its own.
fn arrow(view: &View<'_, '_>, place: usize, index: usize) -> Markup {
    let row = &view.story.rows[index];
    let Some(to) = row.lane else { return html! {} };
    let (x2, y2) = (x(view.story, to), view.middle(place));
    let is_lost = row.line.kind == "dropped";
    let class = if is_lost { "arrow lost" } else { "arrow" };
    let cause = row.cause.and_then(|cause| Some((cause, *view.places.get(&cause)?)));
    let from = cause.and_then(|(cause, at)| Some((view.story.rows[cause].lane?, at)));
    match (from, row.peer) {
        (Some((from, at)), _) if from != to => {
            let (x1, y1) = (x(view.story, from), view.middle(at));
            html! { line class=(class) x1=(x1) y1=(y1) x2=(x2) y2=(y2) {} @if !is_lost { (head(x1, y1, x2, y2)) } }
        }
        (Some((_, at)), _) if row.line.kind == "durable" => {
            let y1 = view.middle(at);
            let bend = x2.saturating_sub(11);
            html! { path.sync d={ "M" (x2) " " (y1) " C" (bend) " " (y1) " " (bend) " " (y2) " " (x2) " " (y2) } {} }
        }
        // The other end is not shown: where it is, and no more.
        (None, Some(peer)) if peer != to => {
            let other = x(view.story, peer);
            let reach = if other > x2 { x2 + 15 } else { x2.saturating_sub(15) };
            html! { line.stub x1=(reach) y1=(y2) x2=(x2) y2=(y2) {} }
        }
        _ => html! {},
    }
}

/// The head of an arrow, a little before the dot.
fn head(x1: u64, y1: u64, x2: u64, y2: u64) -> Markup {
    let (dx, dy) = (offset(x1, x2), offset(y1, y2));
    let length = (dx * dx + dy * dy).isqrt().max(1);
    let place = |at: u64, along: i64, across: i64, back: i64| {
        i64::try_from(at).unwrap_or(0) - along * back / length + across
    };
    let (tip_x, tip_y) = (place(x2, dx, 0, 5), place(y2, dy, 0, 5));
    let wing = |side: i64| {
        let (x, y) =
            (place(x2, dx, -dy * side / length, 12), place(y2, dy, dx * side / length, 12));
        format!("{x},{y}")
    };
    html! { polygon.head points={ (tip_x) "," (tip_y) " " (wing(4)) " " (wing(-4)) } {} }
}

fn offset(from: u64, to: u64) -> i64 {
    i64::try_from(to).unwrap_or(0) - i64::try_from(from).unwrap_or(0)
}

fn dot(view: &View<'_, '_>, place: usize, row: &Row<'_>) -> Markup {
    let y = view.middle(place);
    let Some(lane) = row.lane else {
        // What is about nobody, or everybody, goes from side to side.
        let right = width(view.story);
        return html! { line.everywhere x1="8" x2=(right - 8) y1=(y) y2=(y) {} };
    };
    let x = x(view.story, lane);
    let kind = row.line.kind.as_str();
    html! {
        @if !row.evidence.is_empty() { circle.ring cx=(x) cy=(y) r="8" {} }
        @match kind {
            "dropped" => path.cross d={ "M" (x - 4) " " (y - 4) "l8 8m0 -8l-8 8" } {},
            "written" | "durable" | "disk-done" | "misread" | "erased" | "forgotten" => {
                rect class=(if kind == "written" { "disk open" } else { "disk" }) x=(x - 4) y=(y - 4)
                    width="8" height="8" {}
            },
            "fired" => circle.timer cx=(x) cy=(y) r="3" {},
            _ if is_trouble(kind) => {
                path.trouble d={ "M" (x) " " (y - 6) "l6 6l-6 6l-6 -6z" } {}
            },
            _ => circle.dot cx=(x) cy=(y) r="4" {},
        }
    }
}
