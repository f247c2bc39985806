//! One run of the toy: draws, strikes, elects, and remembers what reports want to know.

use super::{Ready, T1, T2, TL1, Trouble};
use interregnum_core::{Fingerprint, Folder};
use interregnum_sim::outcome::{
    Evidence, FaultCount, Finding, Highlight, HighlightKind, Observed, Outcome, Property,
    PropertyKind, PropertyOutcome, TraceLine, Violation,
};
use interregnum_sim::trace::Recorder;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) struct Run<'r> {
    ready: &'r Ready,
    seed: u64,
    state: u64,
    folder: Folder,
    sink: &'r mut dyn Recorder,
    at_ns: u64,
    events: u64,
    leader: u8,
    changes: u64,
    faults: BTreeMap<&'static str, FaultCount>,
    idle: Vec<usize>,
    highlights: Vec<Highlight>,
    violation: Option<Violation>,
}

impl<'r> Run<'r> {
    pub(super) fn new(ready: &'r Ready, seed: u64, sink: &'r mut dyn Recorder) -> Self {
        let state = seed ^ 0x9e37_79b9_7f4a_7c15;
        let mut run = Self {
            ready,
            seed,
            state,
            folder: Folder::new(),
            sink,
            at_ns: 0,
            events: 0,
            leader: 0,
            changes: 0,
            faults: BTreeMap::new(),
            idle: Vec::new(),
            highlights: Vec::new(),
            violation: None,
        };
        run.folder.word(seed);
        if ready.settings.trouble == Some(Trouble::Unrepeatable) {
            static RUNS: AtomicU64 = AtomicU64::new(0);
            run.folder.word(RUNS.fetch_add(1, Ordering::Relaxed));
        }
        for node in 0..ready.scenario.cluster.nodes {
            run.happen(node, HighlightKind::Up, "booted", "");
        }
        run.elect();
        run
    }

    fn draw(&mut self, bound: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % bound
    }

    fn happen(&mut self, node: u8, kind: HighlightKind, word: &str, what: &str) {
        self.events += 1;
        self.folder.word(self.at_ns);
        self.folder.word(u64::from(node));
        self.folder.bytes(what.as_bytes());
        let line = self.events - 1;
        self.take(line, node, word, what);
        let what = if what.is_empty() { word } else { what };
        self.highlights.push(Highlight {
            at_ns: self.at_ns,
            node: Some(node),
            kind,
            what: what.to_owned(),
        });
    }

    fn take(&mut self, line: u64, node: u8, word: &str, what: &str) {
        if !self.sink.wants(line, self.at_ns, self.folder.fingerprint()) {
            return;
        }
        let state = self.sink.wants_states().then(|| format!("term {}", self.changes));
        self.sink.take(TraceLine {
            line,
            event: self.events,
            at_ns: self.at_ns,
            kind: word.to_owned(),
            process: Some(format!("n{node}")),
            peer: None,
            what: what.to_owned(),
            cause: None,
            state,
        });
    }

    fn mark(&mut self, kind: HighlightKind, what: String) {
        self.highlights.push(Highlight { at_ns: self.at_ns, node: None, kind, what });
    }

    fn elect(&mut self) {
        self.at_ns += 1_000_000 * (1 + self.draw(400));
        let nodes = u64::from(self.ready.scenario.cluster.nodes);
        let old = self.leader;
        self.leader =
            u8::try_from((u64::from(self.leader) + 1 + self.draw(nodes)) % nodes).unwrap();
        self.changes += 1;
        if self.changes > 1 && old != self.leader && self.ready.scenario.mutant.is_none() {
            self.happen(old, HighlightKind::Fell, "stepped down", "");
        }
        let what = format!("leads term {}", self.changes);
        self.happen(self.leader, HighlightKind::Rose, "elected", &what);
    }

    pub(super) fn faults(&mut self) {
        let ready = self.ready;
        for (index, fault) in ready.scenario.faults.iter().enumerate() {
            self.at_ns = self.at_ns.max(fault.at.0.as_nanos());
            let kind = fault.kind();
            // What strikes only followers makes no difference here.
            let target = serde_json::to_string(fault).unwrap();
            let bit = !target.contains("follower");
            let count = self.faults.entry(kind).or_default();
            count.offered += 1;
            count.fired += 1;
            count.bit += u64::from(bit);
            if bit {
                self.strike(kind, fault.lasts.map_or(1_000_000_000, |lasts| lasts.0.as_nanos()));
            } else {
                self.idle.push(index);
            }
        }
        if ready.scenario.chaos.is_some() {
            for _ in 0..self.draw(4) {
                self.at_ns += 1_000_000 * self.draw(3_000);
                let count = self.faults.entry("crash").or_default();
                (count.offered, count.fired, count.bit) =
                    (count.offered + 1, count.fired + 1, count.bit + 1);
                self.strike("crash", 500_000_000);
            }
        }
    }

    fn strike(&mut self, kind: &str, lasts: u64) {
        let old = self.leader;
        self.mark(HighlightKind::FaultBegan, format!("{kind} of n{old}"));
        let (down, up, words) = match kind {
            "crash" | "power_loss" => {
                (HighlightKind::Down, HighlightKind::Up, ["crashed", "restarted"])
            }
            "pause" => (HighlightKind::Paused, HighlightKind::Resumed, ["paused", "resumed"]),
            _ => (HighlightKind::Fell, HighlightKind::Up, ["cut off", "heard again"]),
        };
        self.happen(old, down, words[0], kind);
        let began = self.at_ns;
        self.elect();
        let careless = self.ready.scenario.mutant.as_deref() == Some("toy/two-leaders");
        self.at_ns = self.at_ns.max(began + lasts);
        self.happen(old, up, words[1], kind);
        self.mark(HighlightKind::FaultEnded, format!("{kind} of n{old}"));
        if careless && kind == "pause" && old != self.leader && self.draw(3) > 0 {
            self.two_leaders(old, began);
        }
    }

    fn two_leaders(&mut self, old: u8, began: u64) {
        let fact = |at_ns, node, what: String| Evidence { at_ns, node: Some(node), what };
        let evidence = vec![
            fact(began, old, format!("believes to lead term {}", self.changes - 1)),
            fact(self.at_ns - 1, self.leader, format!("granted a write in term {}", self.changes)),
            fact(self.at_ns, old, format!("granted a write in term {}", self.changes - 1)),
        ];
        self.happen(old, HighlightKind::Violated, "violated", "T1 one leader");
        self.violation = Some(Violation {
            invariant: T1.id.to_owned(),
            name: T1.name.to_owned(),
            formula: T1.formula.to_owned(),
            what: format!("n{old} and n{} lead at once", self.leader),
            evidence,
            at_ns: self.at_ns,
            event: self.events,
            nodes: vec![old, self.leader],
            faults: vec![format!("pause of n{old}, 3s")],
        });
    }

    pub(super) fn calm(&mut self) {
        if self.violation.is_some() {
            return;
        }
        self.mark(HighlightKind::Calm, "calm begins".to_owned());
        if self.ready.scenario.mutant.as_deref() == Some("toy/sleeper") {
            self.at_ns += self.ready.bound.as_nanos();
            self.violation = Some(Violation {
                invariant: TL1.id.to_owned(),
                name: TL1.name.to_owned(),
                formula: TL1.formula.to_owned(),
                what: format!("no node leads {} after the calm began", self.ready.bound),
                evidence: Vec::new(),
                at_ns: self.at_ns,
                event: self.events,
                nodes: Vec::new(),
                faults: Vec::new(),
            });
        } else {
            self.elect();
        }
    }

    fn observed(&self) -> Observed {
        match (self.ready.settings.trouble, &self.violation) {
            (Some(Trouble::MachinePanics), _) => {
                Observed::Panicked("n2: attempt to subtract with overflow".to_owned())
            }
            (_, Some(violation)) if violation.invariant == TL1.id => Observed::Stalled,
            (_, Some(_)) => Observed::Violated,
            _ => Observed::Held,
        }
    }

    fn property(&self, property: Property, exercised: u64) -> PropertyOutcome {
        let failed = self.violation.as_ref().is_some_and(|v| v.invariant == property.id);
        let idle = self.ready.settings.trouble == Some(Trouble::Idle);
        let exercised = if idle { 0 } else { exercised };
        let live = property.kind == PropertyKind::Liveness;
        PropertyOutcome {
            id: property.id.to_owned(),
            name: property.name.to_owned(),
            formula: property.formula.to_owned(),
            kind: property.kind,
            verdict: match (failed, exercised) {
                (true, _) => Finding::Violated,
                (false, 0) => Finding::NotExercised,
                _ if self.ready.settings.trouble == Some(Trouble::Undecided) => Finding::Unknown,
                _ => Finding::Held,
            },
            checked: self.events,
            exercised,
            violated: u64::from(failed),
            last_exercised_ns: (exercised > 0).then_some(self.at_ns),
            took_ns: (live && !failed).then_some(self.at_ns % 1_000_000_000),
            bound_ns: live.then(|| self.ready.bound.as_nanos()),
        }
    }

    pub(super) fn outcome(self) -> Outcome {
        let mut properties = vec![self.property(T1, self.changes), self.property(T2, 0)];
        if !matches!(self.observed(), Observed::Violated) {
            properties.push(self.property(TL1, 1));
        }
        let faults = self.faults.iter().map(|(kind, count)| {
            let kind = (*kind).to_owned();
            FaultCount { kind, ..count.clone() }
        });
        let fingerprint: Fingerprint = self.folder.fingerprint();
        Outcome {
            seed: self.seed,
            observed: self.observed(),
            fingerprint,
            virtual_ns: self.at_ns,
            events: self.events,
            faults: faults.collect(),
            idle_faults: self.idle.clone(),
            counts: [("leader_changes".to_owned(), self.changes)].into(),
            drawn: vec![
                ("crashes".to_owned(), format!("{} at most", self.seed % 4)),
                ("delay".to_owned(), "1ms to 40ms".to_owned()),
            ],
            violation: self.violation,
            highlights: self.highlights,
            highlights_left_out: 0,
            highlights_gap: 0,
            latency: Default::default(),
            caveats: Vec::new(),
            properties,
        }
    }
}
