//! Where the stream ends up: the fingerprint, the checks, the counts, the time line and, when a run is
//! repeated for it, the trace.

use crate::check::{Check, Failure, Report, View};
use crate::clock::TrueTime;
use crate::cluster::Cluster;
use crate::highlights::Highlights;
use crate::latency::{CALLS, Watch};
use crate::outcome::{Highlight, HighlightKind};
use crate::seen::{Kind, Kinds, Seen};
use crate::system::EndOfClaims;
use crate::trace::Tracer;
use interregnum_core::{Folder, Machine};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) struct Tap<'r, M: Machine> {
    pub(crate) folder: Folder,
    pub(crate) checks: Vec<Box<dyn Check<M>>>,
    /// For each kind, the numbers of the checks that want to see it.
    audience: [Vec<u8>; Kind::ALL.len()],
    pub(crate) report: Report,
    pub(crate) failure: Option<(Failure, TrueTime)>,
    /// The check that is at work: if anything panics then, it was that one.
    judging: Option<u8>,
    /// What ends every claim of the system, and when that happened: nothing is judged from then on.
    pub(crate) ends_claims: fn(&Seen<'_, M>) -> Option<EndOfClaims>,
    pub(crate) claims_ended: Option<(TrueTime, EndOfClaims)>,
    counts: [u64; Kind::ALL.len()],
    probes: BTreeMap<&'static str, u64>,
    pub(crate) highlights: Highlights,
    pub(crate) waits: Watch,
    tracer: Option<Tracer<'r, M>>,
}

impl<'r, M: Machine> Tap<'r, M> {
    pub(crate) fn new(checks: Vec<Box<dyn Check<M>>>, tracer: Option<Tracer<'r, M>>) -> Self {
        let mut audience = [const { Vec::new() }; Kind::ALL.len()];
        for (number, check) in (0..=u8::MAX).zip(&checks) {
            let interest = check.interest();
            for kind in Kind::ALL.iter().filter(|kind| interest.contains(**kind)) {
                audience[*kind as usize].push(number);
            }
        }
        Self {
            folder: Folder::new(),
            checks,
            audience,
            report: Report::default(),
            failure: None,
            judging: None,
            ends_claims: |_| None,
            claims_ended: None,
            counts: [0; Kind::ALL.len()],
            probes: BTreeMap::new(),
            highlights: Highlights::default(),
            waits: Watch::default(),
            tracer,
        }
    }

    /// How many things of this kind were seen.
    pub(crate) const fn count(&self, kind: Kind) -> u64 {
        self.counts[kind as usize]
    }

    /// Delivered events: messages, timers, disk completions, calls and their answers, notices.
    pub(crate) const fn events(&self) -> u64 {
        self.count(Kind::Delivered)
            + self.count(Kind::Fired)
            + self.count(Kind::DiskDone)
            + self.count(Kind::Called)
            + self.count(Kind::Answered)
            + self.count(Kind::Noticed)
    }

    /// Inlined into every caller: where the variant is known, folding it takes a few instructions.
    #[inline(always)]
    pub(crate) fn see(&mut self, cluster: &Cluster<M>, now: TrueTime, seen: &Seen<'_, M>) {
        let kind = seen.kind();
        seen.fold(now, &mut self.folder);
        self.counts[kind as usize] += 1;
        if RARE.contains(kind) || self.tracer.is_some() {
            self.see_rare(cluster, now, seen);
        }
        if CALLS.contains(kind) {
            self.waits.see(now, seen);
        }
        if !self.audience[kind as usize].is_empty() {
            self.judge(cluster, now, seen);
        }
    }

    /// Shows it to the checks that asked for its kind, until one has failed.
    #[inline(never)]
    fn judge(&mut self, cluster: &Cluster<M>, now: TrueTime, seen: &Seen<'_, M>) {
        if self.failure.is_some() || self.claims_ended.is_some() {
            return;
        }
        let view = View::new(cluster, now);
        for number in &self.audience[seen.kind() as usize] {
            self.judging = Some(*number);
            self.checks[usize::from(*number)].observe(seen, view, &mut self.report);
        }
        self.judging = None;
        if !self.report.is_empty() {
            self.collect(now);
        }
    }

    #[cold]
    fn see_rare(&mut self, cluster: &Cluster<M>, now: TrueTime, seen: &Seen<'_, M>) {
        if let Seen::Probe { name, .. } = seen {
            *self.probes.entry(name).or_default() += 1;
        }
        if self.claims_ended.is_none()
            && let Some(why) = (self.ends_claims)(seen)
        {
            self.claims_ended = Some((now, why));
        }
        self.trace(cluster, now, seen);
        self.mark(now, seen);
    }

    /// Lets every check judge what had to happen in time.
    pub(crate) fn finish(&mut self, cluster: &Cluster<M>, now: TrueTime) {
        if self.claims_ended.is_some() {
            return;
        }
        for (number, check) in (0..=u8::MAX).zip(&mut self.checks) {
            self.judging = Some(number);
            check.finish(View::new(cluster, now), &mut self.report);
        }
        self.judging = None;
        self.collect(now);
    }

    fn collect(&mut self, now: TrueTime) {
        let highlights: Vec<_> = self.report.take_highlights(now).collect();
        highlights.into_iter().for_each(|highlight| self.highlights.keep(highlight));
        if let Some(failure) = self.report.failure.take() {
            self.failure.get_or_insert((failure, now));
        }
    }

    /// The properties of the check that is at work, if one is.
    pub(crate) fn judged(&self) -> Option<String> {
        let check = self.checks.get(usize::from(self.judging?))?;
        let ids = || check.tallies().iter().map(|tally| tally.property.id).collect::<Vec<_>>();
        // It has panicked, and may do so again.
        Some(catch_unwind(AssertUnwindSafe(ids)).unwrap_or_default().join(", "))
    }

    /// Everything that was counted, by name.
    pub(crate) fn all_counts(&self) -> BTreeMap<String, u64> {
        let kinds = Kind::ALL.iter().map(|kind| (kind.name().to_owned(), self.count(*kind)));
        let probes = self.probes.iter().map(|(name, count)| (format!("probe:{name}"), *count));
        let own = self.checks.iter().flat_map(|check| check.counts());
        let own = own.map(|(name, count)| (name.to_owned(), count));
        kinds.chain(probes).chain(own).filter(|(_, count)| *count > 0).collect()
    }

    fn mark(&mut self, now: TrueTime, seen: &Seen<'_, M>) {
        let (kind, what) = match seen {
            Seen::Booted { incarnation, .. } => {
                (HighlightKind::Up, format!("started, incarnation {incarnation}"))
            }
            Seen::Crashed { why, .. } => (HighlightKind::Down, format!("went down: {why:?}")),
            Seen::Halted { reason, .. } => (HighlightKind::Down, format!("halted: {reason}")),
            Seen::Replaced { node } => (HighlightKind::Down, format!("{node}'s disk is blank")),
            Seen::Paused { .. } => (HighlightKind::Paused, "paused".to_owned()),
            Seen::Resumed { .. } => (HighlightKind::Resumed, "went on".to_owned()),
            Seen::FaultBegan { index, kind, nodes } => {
                (HighlightKind::FaultBegan, format!("fault {index}: {kind} on {nodes}"))
            }
            Seen::FaultEnded { index, kind } => {
                (HighlightKind::FaultEnded, format!("fault {index}: {kind} ended"))
            }
            Seen::Calm { core } => (HighlightKind::Calm, format!("calm; core {core}")),
            _ => return,
        };
        let node = seen.process().map(|process| process.node.0);
        self.highlights.keep(Highlight { at_ns: now.0, node, kind, what });
    }

    fn trace(&mut self, cluster: &Cluster<M>, now: TrueTime, seen: &Seen<'_, M>) {
        let event = self.events();
        if let Some(tracer) = &mut self.tracer {
            tracer.see((event, now, self.folder.fingerprint()), cluster, seen);
        }
    }
}

/// What takes more than folding, counting and checking.
const RARE: Kinds = Kinds::of(&[
    Kind::Probe,
    Kind::Booted,
    Kind::Crashed,
    Kind::Halted,
    Kind::Replaced,
    Kind::Paused,
    Kind::Resumed,
    Kind::FaultBegan,
    Kind::FaultEnded,
    Kind::Calm,
    Kind::Damaged,
    Kind::Misread,
]);
