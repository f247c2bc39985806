//! What a run showed: plain data, the same for every system. Verdicts are drawn from it, documents
//! are made of it.

use crate::latency::Latency;
use crate::scenario::ChaosKind;
use interregnum_core::Fingerprint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether a property says what must never happen, or what must happen in time.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PropertyKind {
    /// Must never be false; checked at every step.
    Invariant,
    /// Must become true within a bound once the faults are over.
    Liveness,
}

/// A property that a system promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its id, unique over all systems: `A2`.
    pub id: &'static str,
    /// Its name, a few words in lower case.
    pub name: &'static str,
    /// Its formula in words.
    pub formula: &'static str,
    /// Invariant or liveness.
    pub kind: PropertyKind,
}

impl Property {
    /// What must never be false.
    #[must_use]
    pub const fn invariant(id: &'static str, name: &'static str, formula: &'static str) -> Self {
        Self { id, name, formula, kind: PropertyKind::Invariant }
    }

    /// What must become true in time.
    #[must_use]
    pub const fn liveness(id: &'static str, name: &'static str, formula: &'static str) -> Self {
        Self { id, name, formula, kind: PropertyKind::Liveness }
    }
}

/// What one run says of one property.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// It was put to the test and never false.
    Held,
    /// The situation that it speaks of never arose.
    NotExercised,
    /// It is not judged: drawn faults went beyond what the system claims to survive.
    NotJudged,
    /// The checker gave up within its budget.
    Unknown,
    /// The machine's own claims contradict the wire or the disk.
    InconsistentEvidence,
    /// It was false, or not true in time.
    Violated,
}

/// One property's result and counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PropertyOutcome {
    /// The property's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its formula in words.
    pub formula: String,
    /// Invariant or liveness.
    pub kind: PropertyKind,
    /// The result.
    pub verdict: Finding,
    /// How often it was evaluated.
    pub checked: u64,
    /// How often it could have been false: evaluations that were not trivially true.
    pub exercised: u64,
    /// How often it was false.
    pub violated: u64,
    /// Virtual time at which it was last exercised.
    pub last_exercised_ns: Option<u64>,
    /// For liveness: the time it took, measured from the start of the calm phase.
    pub took_ns: Option<u64>,
    /// For liveness: the bound that was computed.
    pub bound_ns: Option<u64>,
}

/// How often faults of one kind were planned, happened and mattered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FaultCount {
    /// The kind, as scenario files write it.
    pub kind: String,
    /// How many were planned.
    pub offered: u64,
    /// How many found a target.
    pub fired: u64,
    /// How many made a difference: stopped something deliverable, felled a process that was up, lost
    /// an unsynced write.
    pub bit: u64,
}

/// What happened in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Observed {
    /// Nothing that must not.
    Held,
    /// An invariant was violated, or the evidence contradicts itself.
    Violated,
    /// A liveness property was not met in time.
    Stalled,
    /// The run ended before it could tell, and why.
    Inconclusive(String),
    /// A machine panicked: whose, and what it said.
    Panicked(String),
}

/// A property that failed, with the evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// The property's id.
    pub invariant: String,
    /// Its name.
    pub name: String,
    /// Its formula in words.
    pub formula: String,
    /// What is wrong, in one sentence.
    pub what: String,
    /// The facts that contradict each other, oldest first.
    pub evidence: Vec<Evidence>,
    /// Virtual time.
    pub at_ns: u64,
    /// The number of the event.
    pub event: u64,
    /// The nodes involved.
    pub nodes: Vec<u8>,
    /// Faults in effect at that moment, or shortly before.
    pub faults: Vec<String>,
}

/// One fact of a violation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Virtual time.
    pub at_ns: u64,
    /// The node, if it is about one.
    pub node: Option<u8>,
    /// The fact.
    pub what: String,
}

/// Something worth drawing on the run's time line; a run keeps a bounded number of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Highlight {
    /// Virtual time.
    pub at_ns: u64,
    /// The process's node, if it is about one.
    pub node: Option<u8>,
    /// What kind of thing.
    pub kind: HighlightKind,
    /// What happened.
    pub what: String,
}

/// Kinds of highlights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HighlightKind {
    /// A fault began.
    FaultBegan,
    /// A fault ended.
    FaultEnded,
    /// A process came up.
    Up,
    /// A process went down.
    Down,
    /// A process stopped for a while.
    Paused,
    /// A paused process went on.
    Resumed,
    /// A process began to lead, hold or rule.
    Rose,
    /// A process ceased to.
    Fell,
    /// The calm phase began.
    Calm,
    /// A property failed.
    Violated,
}

/// Everything one run showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// The seed.
    #[serde(with = "as_hex")]
    #[schemars(with = "String")]
    pub seed: u64,
    /// What happened.
    pub observed: Observed,
    /// The fingerprint of everything that happened, in order.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub fingerprint: Fingerprint,
    /// Virtual time at the end.
    pub virtual_ns: u64,
    /// Delivered events: messages, timers, disk completions, calls.
    pub events: u64,
    /// Every property that was checked.
    pub properties: Vec<PropertyOutcome>,
    /// Every kind of fault that was planned.
    pub faults: Vec<FaultCount>,
    /// The scripted faults that made no difference, by their number in the file.
    pub idle_faults: Vec<usize>,
    /// What was counted: messages, crashes, leader changes, probes (`probe:NAME`), ...
    pub counts: BTreeMap<String, u64>,
    /// Every option that was drawn from the seed.
    pub drawn: Vec<(String, String)>,
    /// The property that failed first, if any did.
    pub violation: Option<Violation>,
    /// The time line: how it began, and how it ended.
    pub highlights: Vec<Highlight>,
    /// How many highlights did not fit.
    pub highlights_left_out: u64,
    /// Before which of the highlights those are missing.
    pub highlights_gap: usize,
    /// How long clients waited for answers.
    #[serde(default)]
    pub latency: Latency,
    /// Why the findings say less than they seem to.
    pub caveats: Vec<Caveat>,
}

/// Why the findings of a run say less than they seem to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Caveat {
    /// Virtual time from which on they do.
    pub at_ns: u64,
    /// Why.
    pub what: String,
    /// Whether nothing at all was judged from then on.
    pub ends_claims: bool,
    /// The kinds of faults one of which was the cause.
    pub kinds: Vec<ChaosKind>,
}

impl Outcome {
    /// Whether what failed is the evidence: claims of machines that contradict what they did.
    #[must_use]
    pub fn is_inconsistent(&self) -> bool {
        let is_it = |id: &str| self.violation.as_ref().is_some_and(|found| found.invariant == id);
        let mut failed = self.properties.iter().filter(|property| is_it(&property.id));
        failed.any(|property| property.verdict == Finding::InconsistentEvidence)
    }
}

/// One line of a trace, made when a run is repeated with a recorder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceLine {
    /// The number of the line in the trace, from 0 on.
    pub line: u64,
    /// The number of the event in the run: how many had been delivered by then.
    pub event: u64,
    /// Virtual time.
    pub at_ns: u64,
    /// What kind of thing: `sent`, `delivered`, `durable`, `crashed`, ...
    pub kind: String,
    /// The process it happened to, as `n1` or `n1/p2`.
    pub process: Option<String>,
    /// The other process, for messages.
    pub peer: Option<String>,
    /// The details.
    pub what: String,
    /// The earlier line that it follows from, besides the line before it of the same process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<u64>,
    /// The state in which the process was found, where it is wanted and has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// Fingerprints as text, for serde.
pub mod as_text {
    use interregnum_core::Fingerprint;
    use serde::{Deserialize, Deserializer, Serializer, de};

    /// Writes a fingerprint as hexadecimal digits.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(print: &Fingerprint, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(print)
    }

    /// Reads hexadecimal digits.
    ///
    /// # Errors
    /// It is no fingerprint.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Fingerprint, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// Seeds as text, for serde: few readers of JSON keep all digits of a 64-bit number.
pub mod as_hex {
    use serde::{Deserialize, Deserializer, Serializer, de};

    /// Writes a seed as `0x2a`.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(seed: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{seed:#x}"))
    }

    /// Reads `0x2a`.
    ///
    /// # Errors
    /// It is no seed.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        let text = String::deserialize(from)?;
        let digits = text.strip_prefix("0x").filter(|digits| !digits.starts_with('+'));
        let seed = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        seed.ok_or_else(|| de::Error::custom("expected a seed such as \"0x2a\""))
    }
}
