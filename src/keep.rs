//! Failing runs, reduced and stored: scenario files of their own, which go on meaning the same when the
//! drawing of faults changes.

use crate::io::Io;
use crate::pace::Watch;
use crate::shelf::{Entry, REGRESSIONS};
use crate::store::{make, store};
use interregnum_reports::Reduction;
use interregnum_reports::documents::File;
use interregnum_sim::clock::TrueTime;
use interregnum_sim::outcome::Outcome;
use interregnum_sim::reduce::reduce;
use interregnum_sim::scenario::{Scenario, Seed, identity};
use interregnum_sim::subject::Subject;
use std::path::{Path, PathBuf};

/// How many digits of the scenario's hash a file's name carries, and how long what precedes may be: few
/// file systems take a name of more than 255 bytes.
const HASH_DIGITS: usize = 8;
const NAME_LENGTH: usize = 50;

/// Where failing runs are stored.
#[derive(Debug)]
pub(crate) struct Keeper {
    folder: PathBuf,
    /// What has been stored.
    pub(crate) stored: Vec<Entry>,
}

impl Keeper {
    /// Stores into `folder`, which is made if it does not exist.
    pub(crate) fn begin(folder: &Path) -> Result<Self, String> {
        make(folder)?;
        Ok(Self { folder: folder.to_owned(), stored: Vec::new() })
    }

    /// Leaves a scenario alone that an earlier report has stored, and that is run now.
    pub(crate) fn spare(&mut self, scenario: &Path) {
        let there = (scenario.canonicalize(), self.folder.join(REGRESSIONS).canonicalize());
        if let (Ok(scenario), Ok(folder)) = there
            && let Ok(name) = scenario.strip_prefix(folder)
        {
            self.stored.push(Entry::spared(format!("{REGRESSIONS}/{}", name.display())));
        }
    }

    /// Reduces the run of `scenario` that ended in `failed`, and stores it; returns what is left. What
    /// comes of it is told on standard error.
    pub(crate) fn keep(
        &mut self,
        subject: &dyn Subject,
        scenario: &Scenario,
        (failed, name): (&Outcome, &str),
        watch: &Watch,
        io: &mut Io,
    ) -> Option<Reduction> {
        let seed = Seed(failed.seed);
        let reduced = match reduce(subject, scenario, failed, watch) {
            Ok(reduced) => reduced,
            Err(why) => {
                io.note(&format!("{name}, seed {seed}: not reduced: {why}\n"));
                return None;
            }
        };
        let text = serde_json::to_string_pretty(&reduced.scenario).unwrap_or_default() + "\n";
        // Files of equal names lie in different folders; what they say differs.
        let hash = &identity(scenario).to_string()[..HASH_DIGITS];
        let name: String = name.chars().filter(|c| !c.is_control()).take(NAME_LENGTH).collect();
        let file = format!("{name}-{seed}-{hash}.json");
        let file = File { path: format!("{REGRESSIONS}/{file}"), text };
        let path = self.folder.join(&file.path);
        let entry = Entry::of(&file);
        match store(&self.folder, &[file]) {
            Ok(()) => {
                self.stored.push(entry);
                let (left, planned) = (reduced.scenario.faults.len(), reduced.planned);
                let path = path.display().to_string();
                let runs = reduced.runs;
                let shown = io.err_look().text(&path);
                io.note(&format!("{shown}: {left} of {planned} faults, after {runs} runs\n"));
                let faults = reduced.scenario.faults.iter();
                let faults = faults.filter_map(|fault| serde_json::to_string(fault).ok()).collect();
                let shows = reduced.outcome.violation.as_ref().map_or_else(String::new, |found| {
                    format!("{}, at {}: {}", found.invariant, TrueTime(found.at_ns), found.what)
                });
                Some(Reduction { file: path, faults, shows, planned: planned as u64 })
            }
            Err(error) => {
                io.error(&error);
                None
            }
        }
    }
}
