//! What a run showed, as plain data.

use super::Run;
use crate::audit::DEVIATIONS;
use crate::check::{Check, Failure, Tally, finding};
use crate::clock::TrueTime;
use crate::outcome::{
    Caveat, FaultCount, Finding, Highlight, HighlightKind, Observed, Outcome, PropertyKind,
    PropertyOutcome, Violation,
};
use crate::subject::Mistake;
use crate::system::{EndOfClaims, System};
use interregnum_core::{Folder, Machine, Span};
use std::any::Any;
use std::collections::BTreeMap;

/// A fault that ended so long before a violation is named with it.
const SHORTLY_BEFORE: Span = Span::secs(2);

impl<S: System> Run<'_, S> {
    pub(super) fn outcome(mut self, observed: Observed) -> Outcome {
        let failure = self.timeline.tap.failure.take();
        let properties = self.properties(failure.as_ref().map(|(failure, _)| failure));
        let violation = failure.map(|(failure, at)| self.violation(failure, at));
        let mut counts = self.timeline.tap.all_counts();
        counts.insert("calls".to_owned(), self.calls_made.iter().map(|n| u64::from(*n)).sum());
        if let Some(deviations) = self.cluster.deviations() {
            *counts.entry(DEVIATIONS.to_owned()).or_default() += deviations;
        }
        let tap = &mut self.timeline.tap;
        let (mut highlights, highlights_left_out, highlights_gap) = tap.highlights.take();
        if let Some(violation) = &violation {
            highlights.push(violated(violation));
        }
        let latency = tap.waits.take();
        let fingerprint = tap.folder.fingerprint();
        let caveats = self.caveats();
        Outcome {
            seed: self.seed,
            observed,
            fingerprint,
            virtual_ns: self.timeline.time().0,
            events: self.timeline.tap.events(),
            properties,
            faults: self.fault_counts(),
            idle_faults: self.idle_faults(),
            counts,
            drawn: self.plan.drawn,
            violation,
            highlights,
            highlights_left_out,
            highlights_gap,
            latency,
            caveats,
        }
    }

    fn caveats(&self) -> Vec<Caveat> {
        let ended = self.timeline.tap.claims_ended;
        let ended = ended.map(|(at, EndOfClaims { why, kinds })| Caveat {
            kinds: kinds.to_vec(),
            at_ns: at.0,
            what: format!("{why}: nothing is claimed from then on, or judged"),
            ends_claims: true,
        });
        let calm = self.calm_since.filter(|_| self.coreless);
        let coreless = calm.map(|at| Caveat {
            at_ns: at.0,
            what: "no nodes were left that must serve again: nothing was owed after the faults"
                .to_owned(),
            ends_claims: false,
            kinds: Vec::new(),
        });
        ended.into_iter().chain(coreless).collect()
    }

    fn properties(&self, failure: Option<&Failure>) -> Vec<PropertyOutcome> {
        let tallies = tallies(&self.timeline.tap.checks);
        let excused = &self.timeline.tap.report.excused;
        // Once claims have ended nobody waits for what had to happen in time.
        let unmet = |tally: &Tally| {
            let ended = self.timeline.tap.claims_ended.is_some();
            ended && tally.property.kind == PropertyKind::Liveness && tally.took.is_none()
        };
        let judged = |tally: &Tally| match property(tally, failure) {
            outcome if excused.contains(&tally.property.id) || unmet(tally) => {
                PropertyOutcome { verdict: Finding::NotJudged, ..outcome }
            }
            outcome => outcome,
        };
        tallies.iter().map(judged).collect()
    }

    fn violation(&self, failure: Failure, at: TrueTime) -> Violation {
        let near =
            |ended: Option<TrueTime>| ended.is_some_and(|ended| at.since(ended) <= SHORTLY_BEFORE);
        let faults = self.effects.iter().zip(&self.plan.faults).enumerate();
        let faults = faults.filter(|(_, (effects, _))| effects.active || near(effects.ended));
        let faults = faults.map(|(number, (effects, planned))| {
            let state = if effects.active { "in effect" } else { "just ended" };
            let at = TrueTime::ZERO.after(planned.fault.at.0);
            format!("#{number} {} at {at}, {state}", planned.fault.kind())
        });
        let faults = faults.collect();
        Violation { faults, ..violation(failure, at, self.timeline.tap.events()) }
    }

    fn fault_counts(&self) -> Vec<FaultCount> {
        let mut kinds: BTreeMap<&str, FaultCount> = BTreeMap::new();
        let faults = self.plan.faults.iter().zip(&self.effects).zip(self.cluster.bites());
        for ((planned, effects), bites) in faults {
            let kind = planned.fault.kind();
            let count = kinds.entry(kind).or_default();
            kind.clone_into(&mut count.kind);
            count.offered += 1;
            count.fired += u64::from(effects.fired);
            count.bit += u64::from(*bites > 0);
        }
        kinds.into_values().collect()
    }

    fn idle_faults(&self) -> Vec<usize> {
        let faults = self.plan.faults.iter().zip(self.cluster.bites());
        faults.filter(|(_, bites)| **bites == 0).filter_map(|(planned, _)| planned.script).collect()
    }
}

/// A failure at this time and event, before anybody asks which faults may have to do with it.
pub(crate) fn violation(failure: Failure, at: TrueTime, event: u64) -> Violation {
    let failure = failure.into_inner();
    Violation {
        invariant: failure.property.id.to_owned(),
        name: failure.property.name.to_owned(),
        formula: failure.property.formula.to_owned(),
        what: failure.what,
        evidence: failure.evidence,
        at_ns: at.0,
        event,
        nodes: failure.nodes.iter().map(|node| node.0).collect(),
        faults: Vec::new(),
    }
}

/// What the time line shows of it.
pub(crate) fn violated(violation: &Violation) -> Highlight {
    Highlight {
        at_ns: violation.at_ns,
        node: violation.nodes.first().copied(),
        kind: HighlightKind::Violated,
        what: format!("{}: {}", violation.invariant, violation.what),
    }
}

/// What all checks have counted, by property.
pub(crate) fn tallies<M: Machine>(checks: &[Box<dyn Check<M>>]) -> Vec<Tally> {
    let mut tallies: Vec<_> = checks.iter().flat_map(|check| check.tallies()).collect();
    tallies.sort_by_key(|tally| (tally.property.kind, tally.property.id));
    // Two checks may judge one property, each by evidence of its own.
    tallies.dedup_by(|next, tally| {
        let same = next.property.id == tally.property.id;
        if same {
            tally.add(next);
        }
        same
    });
    tallies
}

pub(crate) fn property(tally: &Tally, failure: Option<&Failure>) -> PropertyOutcome {
    let verdict = finding(tally, failure);
    let failed = matches!(verdict, Finding::Violated | Finding::InconsistentEvidence);
    PropertyOutcome {
        id: tally.property.id.to_owned(),
        name: tally.property.name.to_owned(),
        formula: tally.property.formula.to_owned(),
        kind: tally.property.kind,
        verdict,
        checked: tally.checked,
        exercised: tally.exercised,
        violated: tally.violated.max(u64::from(failed)),
        last_exercised_ns: tally.last_exercised.map(|at| at.0),
        took_ns: tally.took.map(Span::as_nanos),
        bound_ns: tally.bound.map(Span::as_nanos),
    }
}

/// The outcome of a run that could not begin.
pub(crate) fn undeployable(seed: u64, mistakes: &[Mistake]) -> Outcome {
    let mistakes: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
    Outcome {
        seed,
        observed: Observed::Inconclusive(format!("cannot be deployed: {}", mistakes.join("; "))),
        fingerprint: Folder::new().fingerprint(),
        virtual_ns: 0,
        events: 0,
        properties: Vec::new(),
        faults: Vec::new(),
        idle_faults: Vec::new(),
        counts: BTreeMap::new(),
        drawn: Vec::new(),
        violation: None,
        highlights: Vec::new(),
        highlights_left_out: 0,
        highlights_gap: 0,
        latency: Default::default(),
        caveats: Vec::new(),
    }
}

/// What a panic said.
pub(super) fn said(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "a value that is no text".to_owned())
}
