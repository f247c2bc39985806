//! The nearest run that held: what is tried in place of the run that failed, and where the two part.

use super::{Neighbour, again, high};
use crate::audit::sound;
use crate::campaign::{Cancelled, Pace, run_once};
use crate::outcome::{Observed, Outcome, TraceLine};
use crate::scenario::{Scenario, Seed};
use crate::subject::{Prepared, Subject};
use crate::trace::Recorder;
use interregnum_core::Fingerprint;
use std::collections::VecDeque;

/// So many lines before a divergence are kept, and so many after.
const BEFORE: u64 = 8;
const AFTER: u64 = 30;
/// So many lines before the moment of the failure are kept, and looked for so near to it.
const MEANWHILE: usize = 16;
const NEARBY: u64 = 20_000;
/// So many neighbours are tried, and no more once they have had so many events together: a recording must not
/// take much longer than the run.
const MOST_EVENTS: u64 = 5_000_000;
const MOST_NEIGHBOURS: usize = 24;

/// The search was cancelled before its end.
pub(super) struct Interrupted;

impl From<Cancelled> for Interrupted {
    fn from(_: Cancelled) -> Self {
        Self
    }
}

/// Finds it, if it is near.
pub(super) fn find(
    subject: &dyn Subject,
    scenario: &Scenario,
    (prepared, failed): (&dyn Prepared, &Outcome),
    (prints, total): (&[u64], u64),
    pace: &dyn Pace,
) -> Result<Option<Neighbour>, Interrupted> {
    let mut events = 0;
    for (what, scenario, seed) in candidates(scenario, prepared, failed) {
        if events > MOST_EVENTS {
            break;
        }
        let Ok(other) = subject.prepare(&scenario) else { continue };
        let Ok(outcome) = run_once(&*other, seed, pace) else { break };
        let outcome = outcome.ok_or(Interrupted)?;
        events += outcome.events;
        if outcome.observed != Observed::Held {
            continue;
        }
        let mut compared = Compared::with(prints, total);
        again(&*other, seed, &mut compared, pace)?;
        let Some((differs_at, alike)) = compared.parting() else { continue };
        let around = |of: &dyn Prepared, seed| {
            let mut around = Around { differs_at, lines: Vec::new() };
            // Where nothing differs there is nothing to be set side by side.
            let made = if alike { Ok(()) } else { again(of, seed, &mut around, pace) };
            made.map(|()| around.lines)
        };
        let mut meanwhile = Meanwhile::new(failed, total);
        again(&*other, seed, &mut meanwhile, pace)?;
        let meanwhile = meanwhile.lines.into();
        let fingerprint = outcome.fingerprint.to_string();
        let (here, there) = (around(prepared, failed.seed)?, around(&*other, seed)?);
        return Ok(Some(Neighbour {
            what,
            seed,
            fingerprint,
            differs_at,
            alike,
            here,
            there,
            meanwhile,
        }));
    }
    Ok(None)
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
    /// How many lines the other run has; only so many of them are known as there are prints.
    total: u64,
    differs_at: Option<u64>,
    /// Whether this run went on where nothing is known of the other.
    is_out_of_reach: bool,
}

impl<'p> Compared<'p> {
    const fn with(prints: &'p [u64], total: u64) -> Self {
        Self { prints, total, differs_at: None, is_out_of_reach: false }
    }

    /// The first line in which the two differ, or, where they may differ later, the first that was not
    /// compared, and that they are alike up to it. Nothing where the whole run is the same.
    fn parting(&self) -> Option<(u64, bool)> {
        let reach = (self.prints.len() as u64, true);
        self.differs_at.map(|line| (line, false)).or(self.is_out_of_reach.then_some(reach))
    }
}

impl Recorder for Compared<'_> {
    fn wants(&mut self, line: u64, _: u64, so_far: Fingerprint) -> bool {
        let there = usize::try_from(line).ok().and_then(|line| self.prints.get(line));
        match there {
            _ if self.differs_at.is_some() => {}
            Some(print) if *print == high(so_far) => {}
            None if line < self.total => self.is_out_of_reach = true,
            _ => self.differs_at = (!self.is_out_of_reach).then_some(line),
        }
        false
    }

    fn take(&mut self, _: TraceLine) {}
}

/// Keeps what was done last, on some nodes, before a moment.
struct Meanwhile {
    /// The moment, and the number of the line at which the other run has come to it: this one will have come
    /// there not much earlier or later.
    at_ns: u64,
    total: u64,
    nodes: Vec<String>,
    lines: VecDeque<TraceLine>,
}

impl Meanwhile {
    fn new(failed: &Outcome, total: u64) -> Self {
        let violation = failed.violation.as_ref();
        let nodes = violation.map_or(&[][..], |violation| &violation.nodes);
        Self {
            at_ns: violation.map_or(0, |violation| violation.at_ns),
            total,
            nodes: nodes.iter().map(|node| format!("n{node}")).collect(),
            lines: VecDeque::new(),
        }
    }

    fn is_meant(&self, line: &TraceLine) -> bool {
        let node = line.process.as_deref().and_then(|process| process.split('/').next());
        line.at_ns <= self.at_ns && node.is_some_and(|node| self.nodes.iter().any(|n| n == node))
    }
}

impl Recorder for Meanwhile {
    fn wants(&mut self, line: u64, _: u64, _: Fingerprint) -> bool {
        line.abs_diff(self.total) <= NEARBY
    }

    fn take(&mut self, line: TraceLine) {
        if self.is_meant(&line) {
            self.lines.push_back(line);
            if self.lines.len() > MEANWHILE {
                self.lines.pop_front();
            }
        }
    }
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

    /// Where a run of so many lines parts from one of `total` lines of which so many are known.
    fn parting(lines: &[u64], known: &[u64], total: u64) -> Option<(u64, bool)> {
        let mut compared = Compared::with(known, total);
        for (line, print) in (0..).zip(lines) {
            compared.wants(line, 0, Fingerprint(u128::from(*print) << 64));
        }
        compared.parting()
    }

    #[test]
    fn what_is_not_known_does_not_differ() {
        let known = [1, 2, 3];
        assert_eq!(parting(&[1, 2, 9, 9], &known, 3), Some((2, false)));
        assert_eq!(parting(&[1, 2, 9, 9], &known, 10), Some((2, false)));
        // The other one had failed by then.
        assert_eq!(parting(&[1, 2, 3, 4], &known, 3), Some((3, false)));
        // The other one went on, but nobody knows how: whatever comes later says nothing.
        assert_eq!(parting(&[1, 2, 3, 4], &known, 10), Some((3, true)));
        assert_eq!(parting(&[1, 2, 3, 4, 5, 6], &known, 4), Some((3, true)));
        assert_eq!(parting(&known, &known, 3), None);
        assert_eq!(parting(&known[..2], &known, 10), None);
    }
}
