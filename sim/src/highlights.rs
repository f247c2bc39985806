//! The time line of a run, within bounds: how it began and how it ended. What is left out lies between.
//!
//! The beginning shows what the run is like; but what a violation follows from is what came last.

use crate::outcome::Highlight;
use std::collections::VecDeque;

/// So many of the first are kept,
const FIRST: usize = 100;
/// and so many of the last.
const LAST: usize = 400;

/// The first and the last highlights of a run.
#[derive(Debug, Default)]
pub(crate) struct Highlights {
    first: Vec<Highlight>,
    last: VecDeque<Highlight>,
    left_out: u64,
}

impl Highlights {
    /// Adds the next one.
    pub(crate) fn keep(&mut self, highlight: Highlight) {
        if self.first.len() < FIRST {
            self.first.push(highlight);
            return;
        }
        if self.last.len() == LAST {
            self.last.pop_front();
            self.left_out += 1;
        }
        self.last.push_back(highlight);
    }

    /// Those that were kept, in order; how many were left out, and before which of those kept.
    pub(crate) fn take(&mut self) -> (Vec<Highlight>, u64, usize) {
        let Self { mut first, last, left_out } = std::mem::take(self);
        let gap = first.len();
        first.extend(last);
        (first, left_out, gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::HighlightKind;

    fn kept(count: u64) -> (Vec<u64>, u64, usize) {
        let mut highlights = Highlights::default();
        for at_ns in 0..count {
            let kind = HighlightKind::Up;
            highlights.keep(Highlight { at_ns, node: None, kind, what: String::new() });
        }
        let (kept, left_out, gap) = highlights.take();
        (kept.into_iter().map(|highlight| highlight.at_ns).collect(), left_out, gap)
    }

    #[test]
    fn the_first_and_the_last_are_kept_and_the_rest_is_counted() {
        let (all, none, _) = kept(500);
        assert_eq!((all, none), ((0..500).collect(), 0));
        let (some, left_out, gap) = kept(10_000);
        assert_eq!((left_out, gap), (9_500, 100));
        assert_eq!(some[..gap], (0..100).collect::<Vec<_>>());
        assert_eq!(some[gap..], (9_600..10_000).collect::<Vec<_>>());
        assert_eq!(kept(3), (vec![0, 1, 2], 0, 3));
    }
}
