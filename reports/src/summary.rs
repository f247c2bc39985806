//! All runs of one scenario, folded into a bounded amount of memory.

use crate::{Case, Kept, Record};
use interregnum_sim::campaign::Seeds;
use interregnum_sim::outcome::{Finding, Observed, Outcome, PropertyKind, PropertyOutcome, as_hex};
use interregnum_sim::scenario::Scenario;
use interregnum_sim::verdict::{Tally, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many runs that were not passed are kept whole.
const MOST_KEPT: usize = 12;
/// How many runs of one scenario are recorded step by step.
const MOST_RECORDED: usize = 3;
/// How many runs are kept as a line each.
const MOST_LINES: usize = 1_000;

/// What all runs of one scenario showed: plain data, which every document is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// The scenario.
    #[serde(flatten)]
    pub case: Case,
    /// The seeds that were asked for.
    pub seeds: Seeds,
    /// How many runs there were.
    pub runs: u64,
    /// How many met the expectation.
    pub passed: u64,
    /// How many did not.
    pub failed: u64,
    /// Of how many it could not be told.
    pub inconclusive: u64,
    /// How many did not show the failure that was looked for; another seed may.
    pub silent: u64,
    /// Runs by what happened in them.
    pub observed: BTreeMap<String, u64>,
    /// Delivered events of all runs.
    pub events: u64,
    /// Virtual time of all runs.
    pub virtual_ns: u64,
    /// Every property, in the order of the first run.
    pub properties: Vec<PropertySum>,
    /// Every kind of fault, by name.
    pub faults: BTreeMap<String, FaultSum>,
    /// Every count, by name.
    pub counts: BTreeMap<String, u64>,
    /// Why findings say less than they seem to.
    pub caveats: BTreeMap<String, CaveatSum>,
    /// The first runs that were not passed, failed ones before inconclusive ones.
    pub kept: Vec<Kept>,
    /// The first run that passed.
    pub example: Option<Kept>,
    /// The first runs, a line each.
    pub lines: Vec<Line>,
    tally: Tally,
}

/// A reason why findings say less than they seem to, over all runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaveatSum {
    /// In how many runs.
    pub runs: u64,
    /// The earliest virtual time.
    pub first_ns: u64,
}

/// One property over all runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PropertySum {
    /// Its id, name, formula and kind, and sums of its counts; `verdict` is the worst that matters.
    #[serde(flatten)]
    pub total: PropertyOutcome,
    /// In how many runs it was exercised.
    pub exercised_runs: u64,
    /// In how many runs it failed.
    pub violated_runs: u64,
}

/// One kind of fault over all runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FaultSum {
    /// How many were planned.
    pub offered: u64,
    /// How many found a target.
    pub fired: u64,
    /// How many made a difference.
    pub bit: u64,
}

/// A run of which only a line is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// The seed.
    #[serde(with = "as_hex")]
    #[schemars(with = "String")]
    pub seed: u64,
    /// Whether it met the expectation.
    pub verdict: Verdict,
    /// What happened.
    pub observed: String,
    /// Virtual time at the end.
    pub virtual_ns: u64,
    /// Delivered events.
    pub events: u64,
}

impl Summary {
    /// No run yet.
    #[must_use]
    pub fn new(case: Case, scenario: &Scenario, seeds: Seeds) -> Self {
        Self {
            case,
            seeds,
            runs: 0,
            passed: 0,
            failed: 0,
            inconclusive: 0,
            silent: 0,
            observed: BTreeMap::new(),
            events: 0,
            virtual_ns: 0,
            properties: Vec::new(),
            faults: BTreeMap::new(),
            counts: BTreeMap::new(),
            caveats: BTreeMap::new(),
            kept: Vec::new(),
            example: None,
            lines: Vec::new(),
            tally: Tally::new(scenario),
        }
    }

    /// The verdict on all runs so far; none if there were none. Seeds that were asked for and not run
    /// leave it open.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let verdict = (self.runs > 0).then(|| self.tally.verdict())?;
        Some(if self.is_complete() { verdict } else { verdict.max(Verdict::Inconclusive) })
    }

    /// Whether every seed that was asked for was run.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.runs >= self.seeds.count
    }

    /// The seeds, and how many of them were run where not all were.
    #[must_use]
    pub fn seeds_run(&self) -> String {
        if self.is_complete() {
            self.seeds.to_string()
        } else {
            format!("{} of {}", self.runs, self.seeds)
        }
    }

    /// How many runs neither met the expectation nor failed it. A file may say any numbers.
    #[must_use]
    pub const fn undecided(&self) -> u64 {
        self.inconclusive.saturating_add(self.silent)
    }

    /// Whether the scenario expects a failure.
    #[must_use]
    pub const fn expects_failure(&self) -> bool {
        self.tally.expects_failure()
    }

    /// Adds a run.
    pub fn add(&mut self, record: &Record<'_>) {
        let Record { outcome, judgement, .. } = *record;
        self.runs += 1;
        match judgement.verdict {
            Verdict::Inconclusive if self.is_silent(record) => self.silent += 1,
            Verdict::Passed => self.passed += 1,
            Verdict::Failed => self.failed += 1,
            Verdict::Inconclusive => self.inconclusive += 1,
        }
        self.tally.add(outcome, judgement);
        let observed = crate::words::observed(&outcome.observed).to_owned();
        *self.observed.entry(observed.clone()).or_default() += 1;
        self.events = self.events.saturating_add(outcome.events);
        self.virtual_ns = self.virtual_ns.saturating_add(outcome.virtual_ns);
        for property in &outcome.properties {
            add_property(&mut self.properties, property);
        }
        for fault in &outcome.faults {
            let sum = self.faults.entry(fault.kind.clone()).or_default();
            sum.offered = sum.offered.saturating_add(fault.offered);
            sum.fired = sum.fired.saturating_add(fault.fired);
            sum.bit = sum.bit.saturating_add(fault.bit);
        }
        for (name, count) in &outcome.counts {
            let sum = self.counts.entry(name.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
        for caveat in &outcome.caveats {
            let unseen = CaveatSum { runs: 0, first_ns: caveat.at_ns };
            let sum = self.caveats.entry(caveat.what.clone()).or_insert(unseen);
            sum.runs += 1;
            sum.first_ns = caveat.at_ns.min(sum.first_ns);
        }
        if self.lines.len() < MOST_LINES {
            let Outcome { seed, virtual_ns, events, .. } = *outcome;
            let verdict = judgement.verdict;
            self.lines.push(Line { seed, verdict, observed, virtual_ns, events });
        }
        self.keep(record);
    }

    fn keep(&mut self, record: &Record<'_>) {
        let verdict = record.judgement.verdict;
        let whole = || Kept {
            outcome: record.outcome.clone(),
            judgement: record.judgement.clone(),
            replay: record.replay.to_owned(),
            recording: None,
            reduction: None,
        };
        // Of runs that found what they looked for, one is as good as the other: the first is kept.
        if verdict == Verdict::Passed {
            self.example.get_or_insert_with(whole);
            return;
        }
        if self.is_silent(record) && !self.kept.is_empty() {
            return;
        }
        let place = self.kept.partition_point(|kept| kept.judgement.verdict >= verdict);
        if place < MOST_KEPT {
            self.kept.insert(place, whole());
            self.kept.truncate(MOST_KEPT);
        }
    }

    fn is_silent(&self, record: &Record<'_>) -> bool {
        record.judgement.verdict == Verdict::Inconclusive
            && record.outcome.observed == Observed::Held
            && self.tally.expects_failure()
    }

    /// The runs to explain: what was not passed, or, where a failure was looked for and found, the
    /// first run that shows it.
    pub fn telling(&self) -> impl Iterator<Item = &Kept> {
        let found = self.example.iter().filter(|kept| kept.outcome.violation.is_some());
        let wrong = self.kept.iter().filter(|_| self.verdict() != Some(Verdict::Passed));
        wrong.chain(found)
    }

    /// The failing runs that are worth recording step by step: the first of each property, a few in all.
    pub fn to_record(&mut self) -> Vec<&mut Kept> {
        let is_wrong = self.verdict() != Some(Verdict::Passed);
        let wrong = self.kept.iter_mut().filter(|_| is_wrong).chain(&mut self.example);
        let mut chosen: Vec<&mut Kept> = Vec::new();
        for kept in wrong.filter(|kept| kept.outcome.observed != Observed::Held) {
            if chosen.len() < MOST_RECORDED && chosen.iter().all(|other| other.by() != kept.by()) {
                chosen.push(kept);
            }
        }
        chosen
    }

    /// Properties of one kind.
    pub fn of_kind(&self, kind: PropertyKind) -> impl Iterator<Item = &PropertySum> {
        self.properties.iter().filter(move |sum| sum.total.kind == kind)
    }
}

/// Adds what a run says of a property to what others said. Where a run did not judge it, its counts say
/// nothing about what held in the others: they are kept only while no run has judged it.
fn add_property(sums: &mut Vec<PropertySum>, property: &PropertyOutcome) {
    let is_judged = |property: &PropertyOutcome| property.verdict != Finding::NotJudged;
    let this = PropertySum::of(property);
    let Some(sum) = sums.iter_mut().find(|sum| sum.total.id == property.id) else {
        sums.push(this);
        return;
    };
    if is_judged(&sum.total) != is_judged(property) {
        if is_judged(property) {
            *sum = this;
        }
        return;
    }
    let total = &mut sum.total;
    total.checked = total.checked.saturating_add(property.checked);
    total.exercised = total.exercised.saturating_add(property.exercised);
    total.violated = total.violated.saturating_add(property.violated);
    total.last_exercised_ns = total.last_exercised_ns.max(property.last_exercised_ns);
    total.took_ns = total.took_ns.max(property.took_ns);
    total.bound_ns = total.bound_ns.max(property.bound_ns);
    total.verdict = worst(total.verdict, property.verdict);
    sum.exercised_runs += this.exercised_runs;
    sum.violated_runs += this.violated_runs;
}

impl Summary {
    /// The caveats, a sentence each.
    pub fn caveat_lines(&self) -> impl Iterator<Item = String> {
        self.caveats.iter().map(|(what, CaveatSum { runs, first_ns })| {
            let first = crate::words::span(*first_ns);
            if self.runs == 1 {
                format!("at {first} {what}")
            } else {
                format!("in {runs} of {} runs, at {first} at the earliest, {what}", self.runs)
            }
        })
    }
}

impl PropertySum {
    fn of(property: &PropertyOutcome) -> Self {
        let failed = matches!(property.verdict, Finding::Violated | Finding::InconsistentEvidence);
        Self {
            total: property.clone(),
            exercised_runs: u64::from(property.exercised > 0),
            violated_runs: u64::from(failed),
        }
    }
}

/// The verdict that a reader must not miss: one exercise in any run suffices to have held.
fn worst(one: Finding, other: Finding) -> Finding {
    match (one, other) {
        (Finding::NotExercised, Finding::Held) | (Finding::Held, Finding::NotExercised) => {
            Finding::Held
        }
        _ => one.max(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(verdict: Finding, exercised: u64, violated: u64) -> PropertyOutcome {
        PropertyOutcome {
            id: "Z1".to_owned(),
            name: "it holds".to_owned(),
            formula: "always".to_owned(),
            kind: PropertyKind::Invariant,
            verdict,
            checked: exercised,
            exercised,
            violated,
            last_exercised_ns: None,
            took_ns: None,
            bound_ns: None,
        }
    }

    /// What a run saw of a property that it did not judge must not stand beside the verdict of others.
    #[test]
    fn counts_are_those_of_the_runs_that_judged() {
        let not_judged = outcome(Finding::NotJudged, 7, 3);
        let held = outcome(Finding::Held, 5, 0);
        let orders: [&[&PropertyOutcome]; 3] = [
            &[&not_judged, &held, &held],
            &[&held, &not_judged, &held],
            &[&held, &held, &not_judged],
        ];
        for order in orders {
            let mut sums = Vec::new();
            order.iter().for_each(|property| add_property(&mut sums, property));
            let total = &sums[0].total;
            assert_eq!(
                (total.verdict, total.exercised, total.violated, sums[0].exercised_runs),
                (Finding::Held, 10, 0, 2)
            );
        }
        let mut sums = Vec::new();
        add_property(&mut sums, &not_judged);
        add_property(&mut sums, &not_judged);
        assert_eq!((sums[0].total.verdict, sums[0].total.violated), (Finding::NotJudged, 6));
    }
}
