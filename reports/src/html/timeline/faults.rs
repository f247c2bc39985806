//! Where the names and bars of faults are, so that they do not overlap.

use super::scale::{LEFT, Scale, WIDTH};
use crate::highlights::{Bar, Bars};

/// How wide a letter of a fault's name is, about.
const LETTER: u64 = 7;
/// How many rows of faults are drawn; further ones share the last.
const MOST_FAULT_ROWS: usize = 5;

/// A fault's place above the lanes: its row, and whether its name is written out.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    pub(super) row: usize,
    pub(super) named: bool,
}

/// Places faults so that neither bars nor names overlap, as long as there are rows; then bars share
/// the last row, without names.
pub(super) fn place(bars: &Bars, scale: Scale) -> (Vec<(&Bar, Spot)>, usize) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use interregnum_sim::outcome::HighlightKind;

    #[test]
    fn what_overlaps_is_in_other_rows_as_long_as_there_are() {
        let fault = |from, to, what: &str| Bar {
            kind: HighlightKind::FaultBegan,
            node: None,
            from,
            to,
            what: what.to_owned(),
        };
        let faults = (0..8).map(|_| fault(0, 50, "a fault"));
        let bars = faults.chain([fault(90, 95, "another")]).collect();
        let bars = Bars { bars, left_out: 0, gap: None };
        let (placed, rows) = place(&bars, Scale { from: 0, to: 100 });
        let spots: Vec<_> = placed.iter().map(|(_, spot)| (spot.row, spot.named)).collect();
        assert_eq!(rows, MOST_FAULT_ROWS);
        assert_eq!(spots[..5], [(0, true), (1, true), (2, true), (3, true), (4, true)]);
        assert_eq!(spots[5..], [(4, false), (4, false), (4, false), (0, true)]);
    }
}
