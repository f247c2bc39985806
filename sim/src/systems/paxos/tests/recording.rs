//! What is recorded of a failing run: enough to explain it, and no more.

use super::runs::{run_of, stormy};
use crate::campaign::{Pace, Patient};
use crate::outcome::{Observed, Outcome, TraceLine};
use crate::recording::{Recording, record};
use crate::scenario::Scenario;
use crate::subject::Subject;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

fn failing(subject: &dyn Subject, mutant: &str) -> (Scenario, Outcome) {
    let text = subject.scenario_of(mutant).expect("it has a scenario");
    let scenario: Scenario = serde_json::from_str(text).expect("a scenario");
    let prepared = subject.prepare(&scenario).expect("it is sound");
    let failed = (0..200).map(|seed| prepared.run(seed));
    let failed = failed.into_iter().find(|outcome| outcome.observed != Observed::Held);
    (scenario, failed.expect("some seed fails"))
}

fn recorded(subject: &dyn Subject, mutant: &str) -> Recording {
    let (scenario, failed) = failing(subject, mutant);
    let recording = record(subject, &scenario, &failed, &Patient).expect("it failed");
    let last = recording.lines.last().expect("there are lines");
    let at = failed.violation.expect("a property failed").at_ns;
    assert!(last.at_ns <= at + 1 && last.line + 1 == recording.total);
    recording
}

#[test]
fn a_line_follows_from_the_one_it_names() {
    let subject = super::super::register();
    let recording = recorded(&*subject, "paxos/minority-quorum");
    let by_number: BTreeMap<u64, &TraceLine> =
        recording.lines.iter().map(|line| (line.line, line)).collect();
    let mut seen = BTreeMap::<(&str, &str), u32>::new();
    for line in &recording.lines {
        let Some(cause) = line.cause.and_then(|cause| by_number.get(&cause)) else { continue };
        assert!(cause.line < line.line);
        *seen.entry((&line.kind, &cause.kind)).or_default() += 1;
        match (&*line.kind, &*cause.kind) {
            ("delivered", "sent") => {
                assert_eq!((&cause.process, &cause.peer), (&line.peer, &line.process));
                assert_eq!(cause.what, line.what);
            }
            ("durable", "written") => assert!(line.what.ends_with(&cause.what)),
            ("called", "asked") | ("answered", "replied") => assert_eq!(cause.what, line.what),
            _ => {}
        }
    }
    for pair in [("delivered", "sent"), ("durable", "written"), ("called", "asked")] {
        assert!(seen.contains_key(&pair), "{pair:?} {seen:?}");
    }
    assert!(
        seen.contains_key(&("answered", "replied")) && seen.contains_key(&("disk-done", "durable"))
    );
    assert!(recording.lines.iter().any(|line| line.state.is_some()));
}

#[test]
fn the_neighbour_is_the_same_run_until_the_bug_first_matters() {
    let subject = super::super::register();
    let neighbour =
        recorded(&*subject, "paxos/votes-by-message").neighbour.expect("the twin holds");
    assert_eq!(neighbour.what, "without the planted bug");
    let split = |lines: &[TraceLine]| {
        let at = lines.iter().position(|line| line.line == neighbour.differs_at);
        let at = at.unwrap_or(lines.len());
        (lines[..at].to_vec(), lines.get(at).cloned())
    };
    let ((before, here), (also, there)) = (split(&neighbour.here), split(&neighbour.there));
    assert_eq!(before, also);
    assert_ne!(here, there);
}

#[test]
fn what_held_is_not_recorded() {
    let subject = super::super::register();
    let scenario = stormy(3);
    let held = run_of(&*subject, &scenario, 1);
    let scenario: Scenario = serde_json::from_value(scenario).expect("a scenario");
    assert_eq!(record(&*subject, &scenario, &held, &Patient), None);
}

/// Is asked so many times before it cancels.
struct Impatient(AtomicU64);

impl Pace for Impatient {
    fn is_cancelled(&self) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .is_err()
    }

    fn finished(&self, _: &Outcome) {}
}

/// The story of the run is kept, and nobody is told that no run held: it was not sought to the end.
#[test]
fn what_is_cancelled_during_the_search_says_so() {
    let subject = super::super::register();
    let (scenario, failed) = failing(&*subject, "paxos/votes-by-message");
    let whole = record(&*subject, &scenario, &failed, &Patient).expect("it failed");
    assert!(whole.neighbour.is_some() && !whole.interrupted);
    let asked = Impatient(AtomicU64::new(u64::MAX));
    assert!(record(&*subject, &scenario, &failed, &asked).is_some());
    let often = u64::MAX - asked.0.into_inner();
    let cut = |after| record(&*subject, &scenario, &failed, &Impatient(AtomicU64::new(after)));
    assert_eq!(cut(0), None, "the run itself was not made again");
    let cut = cut(often - 1).expect("the run was made again");
    assert_eq!((cut.neighbour, cut.interrupted), (None, true));
    assert_eq!((cut.lines, cut.total), (whole.lines, whole.total));
}
