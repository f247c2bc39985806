//! Numbers and times as people read them.

use interregnum_core::Span;
use interregnum_sim::outcome::{Finding, HighlightKind, Observed};

/// A number with its thousands apart: `12,345`.
#[must_use]
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A virtual time to the microsecond, or in days and hours when that is what it is.
#[must_use]
pub fn span(nanos: u64) -> String {
    const SECOND: u64 = 1_000_000_000;
    let seconds = nanos / SECOND;
    match seconds {
        0..600 => Span::micros(nanos / 1_000).to_string(),
        600..7_200 => format!("{}m {}s", seconds / 60, seconds % 60),
        7_200..172_800 => format!("{}h {}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// A character that no terminal takes for a command and no reader for another one.
#[must_use]
pub fn harmless(c: char) -> char {
    let bidi =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if c == '\t' {
        ' '
    } else if c.is_control() || bidi {
        '·'
    } else {
        c
    }
}

/// A verdict on a property, in words.
pub(crate) const fn finding(finding: Finding) -> &'static str {
    match finding {
        Finding::Held => "held",
        Finding::NotExercised => "not exercised",
        Finding::NotJudged => "not judged",
        Finding::Unknown => "unknown",
        Finding::InconsistentEvidence => "inconsistent evidence",
        Finding::Violated => "violated",
    }
}

/// What happened in a run, in one word.
pub(crate) const fn observed(observed: &Observed) -> &'static str {
    match observed {
        Observed::Held => "held",
        Observed::Violated => "violated",
        Observed::Stalled => "stalled",
        Observed::Inconclusive(_) => "inconclusive",
        Observed::Panicked(_) => "panicked",
    }
}

/// A kind of highlight, in words.
pub(crate) const fn highlight(kind: HighlightKind) -> &'static str {
    match kind {
        HighlightKind::FaultBegan => "fault begins",
        HighlightKind::FaultEnded => "fault ends",
        HighlightKind::Up => "up",
        HighlightKind::Down => "down",
        HighlightKind::Paused => "paused",
        HighlightKind::Resumed => "resumed",
        HighlightKind::Rose => "rules",
        HighlightKind::Fell => "rules no more",
        HighlightKind::Calm => "calm begins",
        HighlightKind::Violated => "violated",
    }
}

/// The last few of many, and how many there are before them.
pub(crate) fn last_few(items: &[String]) -> String {
    const FEW: usize = 6;
    let earlier = items.len().saturating_sub(FEW);
    let shown = items[earlier..].join("; ");
    if earlier > 0 { format!("{earlier} earlier; {shown}") } else { shown }
}

/// The first so many characters of a text; nothing if it is no longer than that.
pub(crate) fn shortened(text: &str, most: usize) -> Option<&str> {
    text.char_indices().nth(most).map(|(end, _)| &text[..end])
}

/// One of something, or several of it.
pub(crate) fn counted(count: u64, one: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {one}{s}", number(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_readable() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        let times = [1_234, 4_000_000_000, 754_000_000_000, 90_061_000_000_000, u64::MAX];
        assert_eq!(times.map(span), ["1us", "4s", "12m 34s", "25h 1m", "213503d 23h"]);
        assert_eq!(counted(1, "seed"), "1 seed");
        assert_eq!((shortened("äöü", 3), shortened("äöü", 2)), (None, Some("äö")));
    }
}
