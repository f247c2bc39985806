//! Checks: folds over the stream that judge what happened.
//!
//! A check sees what the accused cannot forge (messages, records that became durable, calls and
//! answers, crashes, true time) and what the machine merely believes (facts). It keeps counts, forgets
//! what can no longer matter, and reports the first failure, which stops the run.

pub use crate::agreement::{Agreement, Shown};
pub use crate::branching::Branching;
use crate::clock::TrueTime;
use crate::cluster::Cluster;
use crate::outcome::{Evidence, Finding, Highlight, HighlightKind, Property, PropertyKind};
use crate::seen::{Kind, Kinds, Seen};
pub use crate::tally::Tally;
use interregnum_core::{CallId, Fold, LocalTime, Machine, NodeId, NodeSet, Place, ProcessId, Span};
use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};

/// Judges one or more properties of a system.
pub trait Check<M: Machine> {
    /// What it wants to see. It is shown nothing else.
    fn interest(&self) -> Kinds;

    /// Takes in one thing that happened.
    fn observe(&mut self, seen: &Seen<'_, M>, view: View<'_, M>, report: &mut Report);

    /// Called once, when the run has ended and nothing failed: judges what had to happen in time.
    fn finish(&mut self, view: View<'_, M>, report: &mut Report) {
        let _ = (view, report);
    }

    /// Whether everything that must happen in the calm phase has happened; once every check says so,
    /// the run may end early.
    fn settled(&self) -> bool {
        true
    }

    /// Its properties and their counts so far.
    fn tallies(&self) -> Vec<Tally>;

    /// Shows each of [`Check::tallies`], in the same order. A search asks twice in every step: a check that is
    /// searched with does better than to copy them.
    fn each_tally(&self, see: &mut dyn FnMut(&Tally)) {
        self.tallies().iter().for_each(see);
    }

    /// What else it counted.
    fn counts(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// The same as a check that can be copied, for exhaustive search; `None` if it cannot.
    fn branching(self: Box<Self>) -> Option<Box<dyn Branching<M>>> {
        None
    }
}

/// What is wrong, where, and which facts contradict each other.
///
/// It is behind a pointer, so that the answer that checks nearly always give, no failure, fits a register.
#[derive(Clone, Debug)]
pub struct Failure(Box<Wrong>);

/// What a [`Failure`] says.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// The property that failed.
    pub property: &'static Property,
    /// `Violated`, or `InconsistentEvidence` where the machine's claims contradict what is known.
    pub finding: Finding,
    /// One sentence.
    pub what: String,
    /// The facts, oldest first.
    pub evidence: Vec<Evidence>,
    /// The nodes involved.
    pub nodes: NodeSet,
}

impl Failure {
    /// A violation of `property`.
    pub fn new(property: &'static Property, what: impl Into<String>) -> Self {
        Self(Box::new(Wrong {
            property,
            finding: Finding::Violated,
            what: what.into(),
            evidence: Vec::new(),
            nodes: NodeSet::EMPTY,
        }))
    }

    /// The same failure, but of the evidence: a claim that contradicts the wire or the disk.
    #[must_use]
    pub fn inconsistent(mut self) -> Self {
        self.finding = Finding::InconsistentEvidence;
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn because(mut self, at: TrueTime, node: NodeId, what: impl Into<String>) -> Self {
        self.evidence.push(Evidence { at_ns: at.0, node: Some(node.0), what: what.into() });
        self.nodes.insert(node);
        self
    }

    /// Everything it says.
    #[must_use]
    pub fn into_inner(self) -> Wrong {
        *self.0
    }
}

impl Deref for Failure {
    type Target = Wrong;

    fn deref(&self) -> &Wrong {
        &self.0
    }
}

impl DerefMut for Failure {
    fn deref_mut(&mut self) -> &mut Wrong {
        &mut self.0
    }
}

/// Where checks put what they found.
#[derive(Debug, Default)]
pub struct Report {
    pub(crate) failure: Option<Failure>,
    pub(crate) highlights: Vec<(Option<NodeId>, HighlightKind, String)>,
    /// Properties that are not judged in this run.
    pub(crate) excused: Vec<&'static str>,
}

impl Report {
    /// Reports a failure; the first one of a property that is judged counts, and ends the run.
    pub fn fail(&mut self, failure: Failure) {
        if !self.excused.contains(&failure.property.id) {
            self.failure.get_or_insert(failure);
        }
    }

    /// Whether a failure was reported.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Marks something worth seeing on the time line, such as a change of leader.
    pub fn highlight(
        &mut self,
        node: Option<NodeId>,
        kind: HighlightKind,
        what: impl Into<String>,
    ) {
        self.highlights.push((node, kind, what.into()));
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.failure.is_none() && self.highlights.is_empty()
    }

    pub(crate) fn take_highlights(&mut self, now: TrueTime) -> impl Iterator<Item = Highlight> {
        self.highlights.drain(..).map(move |(node, kind, what)| Highlight {
            at_ns: now.0,
            node: node.map(|node| node.0),
            kind,
            what,
        })
    }
}

/// A read-only look at the cluster, as it is while something is seen. The process that is doing it is
/// in the middle of a step, in which its state cannot be looked at.
#[derive(Debug)]
pub struct View<'a, M: Machine> {
    cluster: &'a Cluster<M>,
    now: TrueTime,
}

impl<M: Machine> Clone for View<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: Machine> Copy for View<'_, M> {}

impl<'a, M: Machine> View<'a, M> {
    pub(crate) const fn new(cluster: &'a Cluster<M>, now: TrueTime) -> Self {
        Self { cluster, now }
    }

    /// True time.
    #[must_use]
    pub const fn now(self) -> TrueTime {
        self.now
    }

    /// The nodes that run processes.
    #[must_use]
    pub fn nodes(self) -> NodeSet {
        self.cluster.computers()
    }

    /// Every process, up or not.
    pub fn processes(self) -> impl Iterator<Item = ProcessId> + 'a {
        self.cluster.processes().map(|process| process.id)
    }

    /// Whether `process` is up; a paused one is.
    #[must_use]
    pub fn is_up(self, process: ProcessId) -> bool {
        self.cluster.process(process).is_some_and(|process| process.up)
    }

    /// Whether `process` is paused.
    #[must_use]
    pub fn is_paused(self, process: ProcessId) -> bool {
        self.cluster.process(process).is_some_and(|process| process.is_paused())
    }

    /// The state of `process`, if it is up and not in the middle of a step.
    #[must_use]
    pub fn machine(self, process: ProcessId) -> Option<&'a M> {
        self.cluster.process(process)?.machine.as_deref()
    }

    /// What `process` was deployed with.
    #[must_use]
    pub fn config(self, process: ProcessId) -> Option<&'a M::Config> {
        Some(self.cluster.process(process)?.config())
    }

    /// How often `process` was booted.
    #[must_use]
    pub fn incarnation(self, process: ProcessId) -> u32 {
        self.cluster.process(process).map_or(0, |process| process.incarnation)
    }

    /// The places of `node`'s volumes that faults damaged and nobody has written since, as far as a reader
    /// could tell.
    pub fn bad_places(self, node: NodeId) -> impl Iterator<Item = Place> + 'a {
        self.cluster.bad_places(node)
    }

    /// Whether a process of `node` that starts now finds something good at this place of its volumes.
    #[must_use]
    pub fn reads_well(self, node: NodeId, place: Place) -> bool {
        self.cluster.reads_well(node, place)
    }

    /// Whether the disk of `node` was ever replaced by a blank one.
    #[must_use]
    pub fn is_replaced(self, node: NodeId) -> bool {
        self.cluster.is_replaced(node)
    }

    /// Whether messages get from one node to another.
    #[must_use]
    pub fn is_connected(self, from: NodeId, to: NodeId) -> bool {
        !self.cluster.network.is_cut(from, to)
    }

    /// What a node's monotonic clock shows.
    #[must_use]
    pub fn local_time(self, node: NodeId) -> LocalTime {
        self.cluster.clock(node).monotonic(self.now)
    }
}

/// The liveness check of every system that serves clients: some call made in the calm phase is
/// answered before that ends.
#[derive(Clone, Debug, Fold)]
pub struct Answers {
    tally: Tally,
    calm: Option<TrueTime>,
    fresh: BTreeSet<CallId>,
}

impl Answers {
    /// Judges `property`, whose bound the system has computed as `bound`.
    #[must_use]
    pub const fn new(property: &'static Property, bound: Span) -> Self {
        let tally = Tally { bound: Some(bound), ..Tally::new(property) };
        Self { tally, calm: None, fresh: BTreeSet::new() }
    }
}

impl<M: Machine> Check<M> for Answers {
    fn branching(self: Box<Self>) -> Option<Box<dyn Branching<M>>> {
        Some(self)
    }

    fn interest(&self) -> Kinds {
        Kinds::of(&[Kind::Calm, Kind::Asked, Kind::Answered])
    }

    fn observe(&mut self, seen: &Seen<'_, M>, view: View<'_, M>, _: &mut Report) {
        let Some(calm) = self.calm else {
            if matches!(seen, Seen::Calm { .. }) {
                self.calm = Some(view.now());
            }
            return;
        };
        match seen {
            Seen::Asked { id, .. } => {
                self.fresh.insert(*id);
            }
            Seen::Answered { id, .. } if self.fresh.remove(id) => {
                self.tally.exercised(view.now());
                self.tally.took.get_or_insert(view.now().since(calm));
            }
            _ => {}
        }
    }

    fn finish(&mut self, _: View<'_, M>, report: &mut Report) {
        // A run that ended before the calm phase owes nothing.
        if self.calm.is_some() && self.tally.took.is_none() {
            let made = self.fresh.len();
            let what = format!("none of the {made} calls made in the calm phase was answered");
            report.fail(Failure::new(self.tally.property, what));
        }
    }

    fn settled(&self) -> bool {
        self.tally.took.is_some()
    }

    fn tallies(&self) -> Vec<Tally> {
        vec![self.tally.clone()]
    }

    fn each_tally(&self, see: &mut dyn FnMut(&Tally)) {
        see(&self.tally);
    }
}

/// The result that a tally amounts to at the end of a run.
#[must_use]
pub(crate) fn finding(tally: &Tally, failure: Option<&Failure>) -> Finding {
    match failure {
        Some(failure) if failure.property.id == tally.property.id => failure.finding,
        _ if tally.unknown => Finding::Unknown,
        _ if tally.exercised == 0 => Finding::NotExercised,
        _ => Finding::Held,
    }
}

impl Failure {
    /// Whether it is a liveness property that failed: the run stalled rather than went wrong.
    #[must_use]
    pub fn is_stall(&self) -> bool {
        self.property.kind == PropertyKind::Liveness
    }
}
