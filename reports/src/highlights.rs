//! What lasts for a while: reigns, outages, pauses and faults, each from when until when.

use interregnum_sim::outcome::{Highlight, HighlightKind, Outcome};
use std::collections::BTreeMap;

/// What lasts, and what happens in a moment.
#[derive(Debug)]
pub(crate) struct Bars {
    pub(crate) bars: Vec<Bar>,
    pub(crate) left_out: u64,
    /// From when until when nothing was kept of what happened.
    pub(crate) gap: Option<(u64, u64)>,
}

#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) kind: HighlightKind,
    /// The node; none for a fault.
    pub(crate) node: Option<u8>,
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) what: String,
}

impl Bars {
    pub(crate) fn of(outcome: &Outcome, end: u64) -> Option<Self> {
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

    pub(crate) fn has(&self, kind: HighlightKind) -> bool {
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

    /// Ends the fault of this number, or, where faults have none, the one whose name is most like this one's:
    /// `pause of n1` ends `pause of n1`. What began where nothing was kept ends nothing.
    fn end(&mut self, event: &Highlight) {
        let alike = |what: &str| {
            what.bytes().zip(event.what.bytes()).take_while(|(one, other)| one == other).count()
        };
        let number = numbered(&event.what);
        let going = self.spans.iter_mut().filter(|(_, to, node, what)| {
            to.is_none() && *node == event.node && numbered(what) == number
        });
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

/// The number of a fault, as `fault 3: crash` has it.
fn numbered(what: &str) -> Option<u64> {
    let (number, _) = what.strip_prefix("fault ")?.split_once(':')?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use interregnum_sim::outcome::Observed;

    fn at(at_ns: u64, node: Option<u8>, kind: HighlightKind, what: &str) -> Highlight {
        Highlight { at_ns, node, kind, what: what.to_owned() }
    }

    fn laid(highlights: Vec<Highlight>, left_out: u64, gap: usize) -> Bars {
        let mut outcome = fixture::outcome(1, Observed::Held, 0);
        outcome.highlights = highlights;
        (outcome.highlights_left_out, outcome.highlights_gap) = (left_out, gap);
        Bars::of(&outcome, 100).unwrap()
    }

    fn spans(bars: &Bars) -> Vec<(u64, u64, &str)> {
        bars.bars.iter().map(|bar| (bar.from, bar.to, bar.what.as_str())).collect()
    }

    /// Nothing is claimed of the time of which nothing was kept.
    #[test]
    fn what_was_left_out_lies_between_what_is_shown() {
        use HighlightKind::{Down, Up};
        let bars = laid(
            vec![
                at(1, Some(1), Down, "fell early"),
                at(2, Some(1), Up, "rose"),
                at(10, Some(1), Down, "fell"),
                at(90, Some(1), Down, "fell late"),
                at(95, Some(1), Up, "rose again"),
            ],
            1_234,
            3,
        );
        assert_eq!(spans(&bars), [(1, 2, "fell early"), (10, 10, "fell"), (90, 95, "fell late")]);
        assert_eq!((bars.gap, bars.left_out), (Some((10, 90)), 1_234));
    }

    /// A crash ends a reign and a pause; a fault ends the one that it names; what is left lasts to the end.
    #[test]
    fn what_begins_ends() {
        use HighlightKind::{Down, FaultBegan, FaultEnded, Paused, Rose};
        let bars = laid(
            vec![
                at(1, Some(0), Rose, "leads"),
                at(5, None, FaultBegan, "fault 0: pause on {n0}"),
                at(6, None, FaultBegan, "fault 1: crash on {n0}"),
                at(7, Some(0), Paused, "paused"),
                at(8, Some(0), Down, "fell"),
                at(9, None, FaultEnded, "fault 0: pause ended"),
            ],
            0,
            0,
        );
        let mut all = spans(&bars);
        all.sort_unstable();
        let expected = [
            (1, 8, "leads"),
            (5, 9, "fault 0: pause on {n0}"),
            (6, 100, "fault 1: crash on {n0}"),
            (7, 8, "paused"),
            (8, 100, "fell"),
        ];
        assert_eq!(all, expected);
    }

    /// Behind a gap, the end of a fault whose beginning was not kept does not end another one.
    #[test]
    fn a_fault_ends_the_one_of_its_number() {
        use HighlightKind::{FaultBegan, FaultEnded};
        let bars = laid(
            vec![
                at(5, None, FaultBegan, "fault 5: crash on {n0}"),
                at(6, None, FaultBegan, "fault 51: crash on {n0}"),
                at(7, None, FaultEnded, "fault 3: crash ended"),
                at(8, None, FaultEnded, "fault 51: crash ended"),
                at(9, None, FaultBegan, "pause of n1"),
                at(10, None, FaultEnded, "pause of n1"),
            ],
            9,
            0,
        );
        let expected = [
            (5, 100, "fault 5: crash on {n0}"),
            (6, 8, "fault 51: crash on {n0}"),
            (9, 10, "pause of n1"),
        ];
        assert_eq!(spans(&bars), expected);
    }
}
