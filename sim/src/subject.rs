//! The object-safe face of a system: all that the command and the reports see of a protocol.

use crate::campaign::{Cancelled, Pace};
use crate::explore::cluster::{Exploration, How};
use crate::outcome::{Outcome, Property};
use crate::scenario::Scenario;
use crate::trace::Recorder;
use schemars::Schema;
use std::fmt;

/// A planted bug, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// What users type: `paxos/promise-not-durable`.
    pub id: &'static str,
    /// The id of the bug in the list of known bugs: `P1`.
    pub bug: &'static str,
    /// The defect in one sentence.
    pub defect: &'static str,
    /// The property that must catch it.
    pub expected: &'static str,
    /// Other properties that may catch it first, each with the reason.
    pub also: &'static [(&'static str, &'static str)],
}

/// A known bug that this system cannot have, with the reason: nothing in it is there to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exempt {
    /// What it would be called: `paxos/host-drops-notices`.
    pub id: &'static str,
    /// The id of the bug in the list of known bugs.
    pub bug: &'static str,
    /// Why it does not apply; a test of the system shows that this is so.
    pub why: &'static str,
}

/// A mistake in a scenario that only the system or the whole document shows, with the JSON path of
/// the field it is about: `faults[2].crash.target`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The JSON path.
    pub path: String,
    /// What is wrong, without a full stop: `found 3, expected at most 2`.
    pub message: String,
    /// What would be right, if that needs a sentence of its own.
    pub help: Option<String>,
}

impl Mistake {
    /// A mistake at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), help: None }
    }

    /// The same mistake with a hint.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// A system as the command sees it.
pub trait Subject: Send + Sync {
    /// What users type: `paxos`.
    fn id(&self) -> &'static str;

    /// What it is, in one line.
    fn about(&self) -> &'static str;

    /// How it writes what its traces are about, each with what it means.
    fn notation(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// The schema of its settings.
    fn settings_schema(&self) -> Schema;

    /// The schema of its workload.
    fn workload_schema(&self) -> Schema;

    /// The words it knows as targets of faults, such as `leader`.
    fn target_words(&self) -> &'static [&'static str];

    /// The names of a node's processes.
    fn parts(&self) -> &'static [&'static str] {
        &["main"]
    }

    /// The classes of its messages.
    fn message_classes(&self) -> &'static [&'static str] {
        &[]
    }

    /// Its seams: points in what its processes do at which a fault may strike.
    fn seams(&self) -> &'static [&'static str] {
        &[]
    }

    /// Its planted bugs.
    fn mutants(&self) -> &'static [Mutant];

    /// The known bugs that it cannot have.
    fn exempt(&self) -> &'static [Exempt] {
        &[]
    }

    /// The scenario that must catch its planted bug `mutant`: the text of a scenario file, part of the
    /// program, so that an audit needs no folder of files.
    fn scenario_of(&self, mutant: &str) -> Option<&'static str> {
        let _ = mutant;
        None
    }

    /// The scenario within whose bounds an exhaustive search must find its planted bug `mutant`.
    fn exploration_of(&self, mutant: &str) -> Option<&'static str> {
        let _ = mutant;
        None
    }

    /// Every property it may check, in any setting.
    fn properties(&self) -> Vec<Property>;

    /// The names of what it counts, for `expect.at_least`, besides those of every run.
    fn counters(&self) -> &'static [&'static str];

    /// How many shared disks there are besides the cluster's nodes, after which they are numbered;
    /// nothing if the scenario's settings do not tell.
    fn shared_disks(&self, scenario: &Scenario) -> Option<u8> {
        let _ = scenario;
        Some(0)
    }

    /// Makes a scenario ready to run.
    ///
    /// # Errors
    /// Every mistake found in the scenario.
    fn prepare(&self, scenario: &Scenario) -> Result<Box<dyn Prepared>, Vec<Mistake>>;
}

/// A scenario that has been checked and can be run with any seed.
pub trait Prepared: Send + Sync {
    /// Runs it once.
    fn run(&self, seed: u64) -> Outcome;

    /// Runs it once and reports everything that happens, as it happens. The outcome is the same.
    fn trace(&self, seed: u64, sink: &mut dyn Recorder) -> Outcome;

    /// Runs it once, but ends as soon as `pace` cancels it. A run that may be long must ask now and then.
    ///
    /// # Errors
    /// It was cancelled.
    fn run_until(&self, seed: u64, pace: &dyn Pace) -> Result<Outcome, Cancelled> {
        let _ = pace;
        Ok(self.run(seed))
    }

    /// The same for [`Prepared::trace`].
    ///
    /// # Errors
    /// It was cancelled.
    fn trace_until(
        &self,
        seed: u64,
        sink: &mut dyn Recorder,
        pace: &dyn Pace,
    ) -> Result<Outcome, Cancelled> {
        let _ = pace;
        Ok(self.trace(seed, sink))
    }

    /// Searches every order of what may happen.
    ///
    /// # Errors
    /// Why the scenario cannot be searched.
    fn explore(&self, how: How<'_>) -> Result<Exploration, String> {
        let _ = how;
        Err("this system cannot be searched".to_owned())
    }

    /// The scenario with what `seed` draws written out, so that faults can be left out one by one: the
    /// same run, without chaos. `None` if that cannot be said.
    fn explicit(&self, seed: u64) -> Option<Scenario> {
        let _ = seed;
        None
    }
}

/// The systems that the command knows.
#[derive(Default)]
pub struct Registry {
    subjects: Vec<Box<dyn Subject>>,
}

impl Registry {
    /// A registry without systems.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a system.
    ///
    /// # Panics
    /// When its id, or the id of one of its planted bugs, is taken, or when one of its properties
    /// is another system's under the same id.
    #[must_use]
    pub fn with(mut self, subject: Box<dyn Subject>) -> Self {
        for known in &self.subjects {
            assert_ne!(known.id(), subject.id(), "two systems with one id");
            for mine in subject.properties() {
                for theirs in known.properties().into_iter().filter(|p| p.id == mine.id) {
                    assert_eq!(mine, theirs, "two properties with one id");
                }
            }
            for mine in subject.mutants() {
                assert!(known.mutants().iter().all(|m| m.id != mine.id), "two mutants {}", mine.id);
            }
        }
        self.subjects.push(subject);
        self
    }

    /// The system called `id`.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&dyn Subject> {
        self.iter().find(|subject| subject.id() == id)
    }

    /// All systems, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Subject> {
        self.subjects.iter().map(|subject| &**subject)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(Subject::id)).finish()
    }
}
