//! A failing run, recorded: what led to the failure, and the nearest run that does not fail.
//!
//! The run is made again. What came last before the failure is kept; whatever happened where and when the
//! evidence says that something did, however long ago; and what mentions the things that the failure names, as
//! `s25` or `b11.n1`. So a recording stays small however long the run was.
//!
//! The *neighbour* differs in one thing and held: a run without the planted bug, without one of the faults,
//! or with other luck under the same faults. Where the two first differ is where to look.
//!
//! Deliberately absent: a search for the smallest difference. Candidates are tried in a fixed order.

use crate::audit::sound;
use crate::campaign::{Pace, run_once};
use crate::outcome::{Observed, Outcome, TraceLine, as_hex};
use crate::scenario::{Scenario, Seed};
use crate::seen::Kind;
use crate::subject::{Prepared, Subject};
use crate::trace::Recorder;
use interregnum_core::Fingerprint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

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
/// so many before a divergence, and so many after.
const BEFORE: u64 = 8;
const AFTER: u64 = 30;
/// Neighbours are compared for so many lines: what differs later is not found.
const MOST_COMPARED: usize = 4_000_000;
/// So many neighbours are tried, and no more once they have had so many events together: a recording must not
/// take much longer than the run.
const MOST_EVENTS: u64 = 5_000_000;
const MOST_NEIGHBOURS: usize = 24;

/// A failing run, recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recording {
    /// The lines, in order; numbers that are missing were left out.
    pub lines: Vec<TraceLine>,
    /// How many lines the whole trace has, to the failure.
    pub total: u64,
    /// The nearest run that held, if one was found.
    pub neighbour: Option<Neighbour>,
}

/// A run that differs from a failing one in one thing and held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Neighbour {
    /// What is different: `without the planted bug`.
    pub what: String,
    /// Its seed.
    #[serde(with = "as_hex")]
    #[schemars(with = "String")]
    pub seed: u64,
    /// Its fingerprint.
    pub fingerprint: String,
    /// The number of the first line in which it differs.
    pub differs_at: u64,
    /// The failing run from a little before that line on.
    pub here: Vec<TraceLine>,
    /// The neighbour from a little before that line on.
    pub there: Vec<TraceLine>,
}

/// Records the run of `scenario` that ended in `failed`; nothing if it did not fail, or `pace` cancelled it.
#[must_use]
pub fn record(
    subject: &dyn Subject,
    scenario: &Scenario,
    failed: &Outcome,
    pace: &dyn Pace,
) -> Option<Recording> {
    if failed.observed == Observed::Held {
        return None;
    }
    let prepared = subject.prepare(scenario).ok()?;
    let mut keeper = Keeper::new(failed);
    again(&*prepared, failed.seed, &mut keeper, pace)?;
    let neighbour = neighbour(subject, scenario, (&*prepared, failed), &keeper.prints, pace);
    let total = keeper.total;
    Some(Recording { lines: keeper.lines(), total, neighbour })
}

/// Makes a run again for `recorder`; how it went is known, even if it ends in a panic.
fn again(
    prepared: &dyn Prepared,
    seed: u64,
    recorder: &mut dyn Recorder,
    pace: &dyn Pace,
) -> Option<()> {
    let ran = catch_unwind(AssertUnwindSafe(|| prepared.trace_until(seed, recorder, pace)));
    if matches!(ran, Ok(Err(_))) { None } else { Some(()) }
}

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
struct Keeper {
    last: VecDeque<TraceLine>,
    witnesses: Vec<TraceLine>,
    names: Names,
    /// Those that mention one name, and those that mention several.
    named: [Ends; 2],
    /// When and where something contradicts something.
    evidence: BTreeSet<u64>,
    prints: Vec<u64>,
    /// How many lines there will be, if that is known: the text of most need not be made.
    expected: Option<u64>,
    total: u64,
}

impl Keeper {
    fn new(failed: &Outcome) -> Self {
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

    fn lines(self) -> Vec<TraceLine> {
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

/// The half of a fingerprint that is compared.
fn high(print: Fingerprint) -> u64 {
    u64::try_from(print.0 >> 64).unwrap_or_default()
}

fn neighbour(
    subject: &dyn Subject,
    scenario: &Scenario,
    (prepared, failed): (&dyn Prepared, &Outcome),
    prints: &[u64],
    pace: &dyn Pace,
) -> Option<Neighbour> {
    let mut events = 0;
    for (what, scenario, seed) in candidates(scenario, prepared, failed) {
        if events > MOST_EVENTS {
            return None;
        }
        let Ok(other) = subject.prepare(&scenario) else { continue };
        let outcome = run_once(&*other, seed, pace).ok()??;
        events += outcome.events;
        if outcome.observed != Observed::Held {
            continue;
        }
        let mut compared = Compared { prints, differs_at: None };
        again(&*other, seed, &mut compared, pace)?;
        let Some(differs_at) = compared.differs_at else { continue };
        let around = |of: &dyn Prepared, seed| {
            let mut around = Around { differs_at, lines: Vec::new() };
            again(of, seed, &mut around, pace).map(|()| around.lines)
        };
        let fingerprint = outcome.fingerprint.to_string();
        let (here, there) = (around(prepared, failed.seed)?, around(&*other, seed)?);
        return Some(Neighbour { what, seed, fingerprint, differs_at, here, there });
    }
    None
}

/// What may hold in place of the run that failed, the nearest first: later faults are left out before
/// earlier ones, for what they change comes later.
fn candidates(
    scenario: &Scenario,
    prepared: &dyn Prepared,
    failed: &Outcome,
) -> Vec<(String, Scenario, u64)> {
    let mut found = Vec::new();
    if scenario.mutant.is_some() {
        found.push(("without the planted bug".to_owned(), sound(scenario), failed.seed));
    }
    let Some(explicit) = prepared.explicit(failed.seed) else { return found };
    let at = failed.violation.as_ref().map_or(u64::MAX, |violation| violation.at_ns);
    let faults = explicit.faults.iter().enumerate().rev();
    let before = faults.filter(|(_, fault)| fault.at.0.as_nanos() <= at);
    for (index, fault) in before.take(MOST_NEIGHBOURS) {
        let mut without = explicit.clone();
        without.faults.remove(index);
        let when = crate::clock::TrueTime(fault.at.0.as_nanos());
        found.push((format!("without the {} at {when}", fault.kind()), without, failed.seed));
    }
    for more in 1..=MOST_NEIGHBOURS as u64 {
        let mut other = explicit.clone();
        let seed = failed.seed.wrapping_add(more);
        other.seed = Some(Seed(seed));
        found.push(("with the same faults and another seed".to_owned(), other, seed));
    }
    found.truncate(MOST_NEIGHBOURS);
    found
}

/// Finds the first line in which a run differs.
struct Compared<'p> {
    prints: &'p [u64],
    differs_at: Option<u64>,
}

impl Recorder for Compared<'_> {
    fn wants(&mut self, line: u64, _: u64, so_far: Fingerprint) -> bool {
        let there = usize::try_from(line).ok().and_then(|line| self.prints.get(line));
        if self.differs_at.is_none() && there != Some(&high(so_far)) {
            self.differs_at = Some(line);
        }
        false
    }

    fn take(&mut self, _: TraceLine) {}
}

/// Keeps the lines around a divergence.
struct Around {
    differs_at: u64,
    lines: Vec<TraceLine>,
}

impl Recorder for Around {
    fn wants(&mut self, line: u64, _: u64, _: Fingerprint) -> bool {
        line.saturating_add(BEFORE) >= self.differs_at
            && line <= self.differs_at.saturating_add(AFTER)
    }

    fn take(&mut self, line: TraceLine) {
        self.lines.push(line);
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
