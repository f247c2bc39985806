//! How long clients waited: for each stretch of time a bar from the mean to the longest, on a logarithmic scale,
//! and a cross where somebody asked again, or was never answered. Where there is nothing nobody was answered.

use super::canvas::{Canvas, Ink, Side};
use super::scale::{LEFT, Scale, WIDTH};
use crate::words::{counted, number, span};
use interregnum_sim::latency::{Latency, Waits};
use maud::{Markup, html};

/// How high the part of a picture is that shows them.
pub(super) const HEIGHT: u64 = 84;
/// So many stretches must be seen for a picture to tell something.
const LEAST: usize = 6;
/// How many rows the table has.
const MOST_ROWS: usize = 16;

/// The stretches within a window, each from when until when.
pub(super) fn within(latency: &Latency, scale: Scale) -> Vec<(u64, u64, Waits)> {
    let stretches = (0_u64..).zip(&latency.buckets).map(|(nth, waits)| {
        let from = nth.saturating_mul(latency.bucket_ns);
        (from, from.saturating_add(latency.bucket_ns), *waits)
    });
    let shown: Vec<_> = stretches.filter(|(from, to, _)| scale.shows(*from, *to)).collect();
    let is_telling = shown.len() >= LEAST && shown.iter().any(|(.., waits)| waits.answered > 0);
    if is_telling { shown } else { Vec::new() }
}

/// Draws them below `top`.
pub(super) fn draw(canvas: &Canvas<'_, '_>, shown: &[(u64, u64, Waits)], scale: Scale, top: u64) {
    let axis = Axis::of(shown, top);
    canvas.text((LEFT - 10, top + 2), Side::Right, (11, Ink::Soft), "waits");
    for decade in axis.decades() {
        let y = axis.y(decade);
        canvas.line(&[(LEFT, y), (LEFT + WIDTH, y)], Ink::Line, 1);
        if y > top + 12 {
            canvas.text((LEFT - 10, y), Side::Right, (11, Ink::Soft), &span(decade));
        }
    }
    for (from, to, waits) in shown {
        let (x, end) = (scale.x(*from), scale.x(*to));
        let width = end.saturating_sub(x).saturating_sub(1).clamp(1, 12);
        if let Some(mean) = waits.total_ns.checked_div(waits.answered) {
            let (y, worst) = (axis.y(mean), axis.y(waits.worst_ns));
            canvas.bar((x, worst), (width, y.saturating_sub(worst).max(2)), Ink::Rule);
        }
        if has_cross(waits) {
            canvas.line(&[(x, top + 6), (x + 5, top + 11)], Ink::Bad, 1);
            canvas.line(&[(x, top + 11), (x + 5, top + 6)], Ink::Bad, 1);
        }
    }
}

/// Whether somebody was not answered in time, or not at all.
pub(super) const fn has_cross(waits: &Waits) -> bool {
    waits.repeated > 0 || waits.waiting > 0
}

/// A logarithmic scale from bottom to top.
struct Axis {
    low: u64,
    high: u64,
    top: u64,
}

impl Axis {
    fn of(shown: &[(u64, u64, Waits)], top: u64) -> Self {
        let means = shown.iter().filter_map(|(.., w)| w.total_ns.checked_div(w.answered));
        let least = means.min().unwrap_or(0).max(1);
        let most = shown.iter().map(|(.., waits)| waits.worst_ns).max().unwrap_or(0).max(least);
        let low = 10_u64.pow(least.ilog10());
        let high = 10_u64.checked_pow(most.ilog10() + 1).unwrap_or(u64::MAX);
        Self { low, high, top: top + 14 }
    }

    fn decades(&self) -> impl Iterator<Item = u64> {
        let decades =
            (self.low.ilog10()..=self.high.ilog10()).filter_map(|n| 10_u64.checked_pow(n));
        let count = (self.high.ilog10() - self.low.ilog10()) as usize;
        decades.step_by(count.div_ceil(4).max(1))
    }

    fn y(&self, value: u64) -> u64 {
        let value = value.clamp(self.low, self.high);
        let height = HEIGHT - 14;
        let up =
            (level(value) - level(self.low)) * height / (level(self.high) - level(self.low)).max(1);
        self.top + height - up.min(height)
    }
}

/// Sixteen times the logarithm to the base of two, about; straight between powers.
const fn level(value: u64) -> u64 {
    let power = value.ilog2();
    let rest = if power >= 4 { value >> (power - 4) } else { value << (4 - power) };
    power as u64 * 16 + (rest - 16)
}

/// The same in words and in a table.
pub(super) fn words(latency: &Latency) -> Markup {
    let all = latency.buckets.iter().fold(Waits::default(), |sum, waits| both(sum, *waits));
    let Some(mean) = all.total_ns.checked_div(all.answered) else { return html! {} };
    let each = latency.buckets.len().div_ceil(MOST_ROWS).max(1);
    let rows = latency
        .buckets
        .chunks(each)
        .map(|chunk| chunk.iter().fold(Waits::default(), |sum, waits| both(sum, *waits)));
    let width = latency.bucket_ns.saturating_mul(each as u64);
    html! {
        p.soft {
            "Clients: " (counted(all.answered, "answer")) " waited for, " (span(mean)) " in the mean and "
            (span(all.worst_ns)) " at most, from the first call to the first answer; "
            (counted(all.repeated, "call")) " made again in between, " (number(all.waiting))
            " still waiting at the end."
        }
        details {
            summary { "How long clients waited" }
            div.scroll { table {
                thead { tr {
                    th.n { "From" } th.n { "Answered" } th.n { "Mean" } th.n { "Longest" }
                    th.n { "Asked again" } th.n { "Still waiting" }
                } }
                tbody { @for (nth, waits) in (0_u64..).zip(rows) { tr {
                    td.n { (span(width.saturating_mul(nth))) }
                    td.n { (number(waits.answered)) }
                    td.n { (waits.total_ns.checked_div(waits.answered).map_or("–".to_owned(), span)) }
                    td.n { @if waits.answered > 0 { (span(waits.worst_ns)) } @else { "–" } }
                    td.n { (number(waits.repeated)) } td.n { (number(waits.waiting)) }
                } } }
            } }
        }
    }
}

fn both(one: Waits, other: Waits) -> Waits {
    Waits {
        answered: one.answered.saturating_add(other.answered),
        worst_ns: one.worst_ns.max(other.worst_ns),
        total_ns: one.total_ns.saturating_add(other.total_ns),
        repeated: one.repeated.saturating_add(other.repeated),
        waiting: one.waiting.saturating_add(other.waiting),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_waits_are_higher_up_and_none_leaves_the_picture() {
        let waits =
            |total_ns, worst_ns| Waits { answered: 2, worst_ns, total_ns, ..Waits::default() };
        let shown = [(0, 1, waits(2_000, 5_000)), (1, 2, waits(0, u64::MAX))];
        let axis = Axis::of(&shown, 100);
        let ys: Vec<_> = [0, 1, 10, 1_000, 1 << 40, u64::MAX].map(|value| axis.y(value)).to_vec();
        assert!(ys.is_sorted_by(|low, high| low >= high), "{ys:?}");
        assert!(ys.iter().all(|y| (114..=184).contains(y)), "{ys:?}");
        assert!((1..64).all(|power| level(1 << power) == 16 * power));
        assert!((2..1_000).all(|value| level(value) >= level(value - 1)));
    }

    #[test]
    fn too_little_is_not_drawn() {
        let some = Waits { answered: 1, ..Waits::default() };
        let latency = |count| Latency { bucket_ns: 10, buckets: vec![some; count] };
        let scale = Scale { from: 0, to: 1_000 };
        assert_eq!(within(&latency(5), scale).len(), 0);
        assert_eq!(within(&latency(50), scale).len(), 50);
        assert_eq!(within(&latency(50), Scale { from: 100, to: 200 }).len(), 12);
        let unanswered = Latency { bucket_ns: 10, buckets: vec![Waits::default(); 50] };
        assert_eq!(within(&unanswered, scale).len(), 0);
        assert!(words(&unanswered).into_string().is_empty());
        assert!(words(&latency(50)).into_string().contains("50 answers waited for"));
    }

    /// Who asked again waits still, and has given up nothing.
    #[test]
    fn who_asked_again_and_who_waits_still_are_told_apart() {
        let some = Waits { answered: 1, repeated: 3, waiting: 2, ..Waits::default() };
        let words = words(&Latency { bucket_ns: 10, buckets: vec![some; 2] }).into_string();
        assert!(
            words.contains("6 calls made again in between, 4 still waiting at the end"),
            "{words}"
        );
        assert!(has_cross(&some) && !has_cross(&Waits::default()));
    }
}
