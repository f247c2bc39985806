//! What is kept of a long run: its end, what the evidence points at, and what mentions what failed.

use super::high;
use crate::outcome::{Outcome, TraceLine};
use crate::seen::Kind;
use crate::trace::Recorder;
use interregnum_core::Fingerprint;
use std::collections::{BTreeSet, VecDeque};

/// So many lines before the failure are kept,
const MOST_LINES: usize = 400;
/// so many of those that the evidence points at,
const MOST_WITNESSES: usize = 100;
/// so many of the first that mention what the failure names, and as many of the last; those that come so long
/// before the failure are not read for it.
const MOST_NAMED: usize = 40;
const MOST_READ: u64 = 300_000;
/// Fewer lines than these that mention two things at once are too few to tell how it came about.
const FEW: usize = 6;
/// Neighbours are compared for so many lines: what differs later is not found.
const MOST_COMPARED: usize = 4_000_000;

/// The things that a failure names: `s25`, `b11.n1`, `c3/r3`. Names of nodes are too common to be of help.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// The names in what failed.
    #[must_use]
    pub fn of(failed: &Outcome) -> Self {
        let what = failed.violation.as_ref().map_or("", |violation| violation.what.as_str());
        Self(words(what).filter(|word| is_name(word)).map(str::to_owned).collect())
    }

    /// How many of them a text has.
    #[must_use]
    pub fn in_text(&self, text: &str) -> usize {
        let found: BTreeSet<&str> = words(text).filter(|word| self.0.contains(*word)).collect();
        found.len()
    }

    /// How many a text must have to tell something: two, if there are texts that have, or else one.
    #[must_use]
    pub const fn needed(&self, with_two: usize) -> usize {
        if with_two >= FEW { 2 } else { 1 }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._/#".contains(c);
    text.split(move |c| !is_part(c)).map(|word| word.trim_matches('.')).filter(|w| !w.is_empty())
}

fn is_name(word: &str) -> bool {
    let is_node = word.strip_prefix('n').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let begins = word.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    begins && !is_node && word.bytes().any(|b| b.is_ascii_digit())
}

/// Keeps the last lines, those that the evidence points at, and those that mention what failed.
pub(super) struct Keeper {
    last: VecDeque<TraceLine>,
    witnesses: Vec<TraceLine>,
    names: Names,
    /// Those that mention one name, and those that mention several.
    named: [Ends; 2],
    /// When and where something contradicts something.
    evidence: BTreeSet<u64>,
    pub(super) prints: Vec<u64>,
    /// How many lines there will be, if that is known: the text of most need not be made.
    expected: Option<u64>,
    pub(super) total: u64,
}

impl Keeper {
    pub(super) fn new(failed: &Outcome) -> Self {
        let violation = failed.violation.as_ref();
        let evidence = violation.into_iter().flat_map(|violation| &violation.evidence);
        let seen = Kind::ALL.iter().filter_map(|kind| failed.counts.get(kind.name()));
        let expected: u64 = seen.sum();
        Self {
            last: VecDeque::new(),
            witnesses: Vec::new(),
            names: Names::of(failed),
            named: Default::default(),
            evidence: evidence.map(|fact| fact.at_ns).collect(),
            prints: Vec::new(),
            expected: Some(expected).filter(|lines| *lines > 0),
            total: 0,
        }
    }

    pub(super) fn lines(self) -> Vec<TraceLine> {
        let last = self.last.iter().filter(|line| self.names.in_text(&line.what) > 1).count();
        let [one, several] = self.named;
        let named = if self.names.needed(several.len() + last) > 1 { several } else { one };
        let mut early: Vec<_> = self.witnesses.into_iter().chain(named.lines()).collect();
        early.sort_by_key(|line| line.line);
        early.into_iter().chain(self.last).collect()
    }

    /// Keeps a line that is not among the last any more, if it tells something.
    fn keep(&mut self, old: TraceLine) {
        if self.evidence.contains(&old.at_ns) {
            if self.witnesses.len() < MOST_WITNESSES {
                self.witnesses.push(old);
            }
            return;
        }
        match self.names.in_text(&old.what) {
            0 => {}
            1 => self.named[0].keep(old),
            _ => {
                self.named[0].keep(old.clone());
                self.named[1].keep(old);
            }
        }
    }
}

/// The first lines and the last ones of many.
#[derive(Default)]
struct Ends {
    first: Vec<TraceLine>,
    last: VecDeque<TraceLine>,
}

impl Ends {
    fn keep(&mut self, line: TraceLine) {
        if self.first.len() < MOST_NAMED {
            self.first.push(line);
            return;
        }
        self.last.push_back(line);
        if self.last.len() > MOST_NAMED {
            self.last.pop_front();
        }
    }

    fn len(&self) -> usize {
        self.first.len() + self.last.len()
    }

    fn lines(self) -> impl Iterator<Item = TraceLine> {
        self.first.into_iter().chain(self.last)
    }
}

impl Recorder for Keeper {
    fn wants(&mut self, line: u64, at_ns: u64, so_far: Fingerprint) -> bool {
        self.total = line + 1;
        if self.prints.len() < MOST_COMPARED {
            self.prints.push(high(so_far));
        }
        let reach = if self.names.0.is_empty() { MOST_LINES as u64 } else { MOST_READ };
        let early = self.expected.is_some_and(|all| line + reach < all);
        !early || self.evidence.contains(&at_ns)
    }

    fn wants_states(&self) -> bool {
        true
    }

    fn take(&mut self, line: TraceLine) {
        self.last.push_back(line);
        if self.last.len() <= MOST_LINES {
            return;
        }
        if let Some(old) = self.last.pop_front() {
            self.keep(old);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_with_letters_and_digits_but_no_nodes() {
        let named: Vec<_> =
            words("n4's promise for b3.n2 leaves out s163, in b2.n0. At 2.5s c3/r3 and 17")
                .filter(|word| is_name(word))
                .collect();
        assert_eq!(named, ["b3.n2", "s163", "b2.n0", "c3/r3"]);
        let names = Names(named.into_iter().map(str::to_owned).collect());
        let counts =
            ["Accepted { ballot: b2.n0, slot: s163 }", "slot: s163, upto: s163", "s16 b2.n01"]
                .map(|text| names.in_text(text));
        assert_eq!(counts, [2, 1, 0]);
    }

    fn line(number: u64, what: &str) -> TraceLine {
        TraceLine {
            line: number,
            event: number,
            at_ns: number,
            kind: "sent".to_owned(),
            process: None,
            peer: None,
            what: what.to_owned(),
            cause: None,
            state: None,
        }
    }

    fn kept(names: &[&str], lines: impl Iterator<Item = TraceLine>) -> Vec<u64> {
        let mut keeper = Keeper {
            last: VecDeque::new(),
            witnesses: Vec::new(),
            names: Names(names.iter().map(|name| (*name).to_owned()).collect()),
            named: Default::default(),
            evidence: [7].into(),
            prints: Vec::new(),
            expected: None,
            total: 0,
        };
        lines.for_each(|line| keeper.take(line));
        keeper.lines().into_iter().map(|line| line.line).collect()
    }

    /// Of a long run: what the evidence points at, what mentions the failure, and the end.
    #[test]
    fn a_recording_keeps_what_tells_something() {
        let what = |number: u64| match number {
            number if number % 100 == 1 => "s31 b4",
            number if number % 10 == 1 => "b4",
            _ => "other",
        };
        let lines = || (0..10_000).map(|number| line(number, what(number)));
        let kept_of = |names: &[&str]| kept(names, lines());
        let both = kept_of(&["s31", "b4"]);
        // 7 is evidence; 96 of the earlier ones mention both, of which the first and the last 40 are kept.
        assert_eq!(both[..4], [1, 7, 101, 201]);
        assert_eq!(both.len(), 1 + 2 * MOST_NAMED + MOST_LINES);
        let one = kept_of(&["b4", "never"]);
        assert_eq!(one[..4], [1, 7, 11, 21], "where no line has two, one is enough");
        assert_eq!(kept_of(&[]).len(), 1 + MOST_LINES);
    }
}
