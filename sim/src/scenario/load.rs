//! From a file's bytes to a scenario that can be run, or to everything that is wrong with it.

use super::check::check;
use super::decode::{Marks, decode};
use super::document::{Document, Place, bytes, shown};
use super::problem::Problem;
use super::{Scenario, identity};
use crate::subject::{Mistake, Prepared, Registry};
use interregnum_core::Fingerprint;
use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use serde::de::DeserializeOwned;
use std::fmt;

/// The largest scenario file that is read.
pub const MOST_BYTES: usize = 1 << 20;
/// The most faults that a file may list.
pub const MOST_FAULTS: usize = 10_000;
/// The most mistakes that are reported of one file.
pub(super) const MOST_PROBLEMS: usize = 20;

/// A scenario that was read, checked and made ready.
pub struct Loaded {
    /// The scenario.
    pub scenario: Scenario,
    /// The scenario's part of a run's identity: what it says, not how it is written.
    pub hash: Fingerprint,
    /// The scenario, ready to run.
    pub prepared: Box<dyn Prepared>,
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded")
            .field("scenario", &self.scenario)
            .field("hash", &self.hash)
            .finish()
    }
}

/// Reads the bytes of a scenario file.
///
/// Time and memory are bounded whatever the bytes are.
///
/// # Errors
/// The mistakes found, in the order of the file; at most twenty.
pub fn load(file: &[u8], registry: &Registry) -> Result<Loaded, Vec<Problem>> {
    let text = text_of(file).map_err(|problem| vec![problem])?;
    let document = Document::parse(text).map_err(|problem| vec![problem])?;
    let mut reading = Reading { document, marks: Marks::default(), problems: Vec::new() };
    let scenario = reading.scenario(registry);
    if reading.problems.is_empty()
        && let Some(scenario) = scenario
        && let Some(subject) = registry.find(&scenario.system)
    {
        match subject.prepare(&scenario) {
            Ok(prepared) => {
                return Ok(Loaded { hash: identity(&scenario), scenario, prepared });
            }
            Err(mistakes) => mistakes.into_iter().for_each(|mistake| reading.add(mistake, None)),
        }
    }
    let mut problems = reading.problems;
    if problems.is_empty() {
        problems.push(Problem::at(text, 0..0, String::new(), "not a scenario".to_owned()));
    }
    problems.sort_by(|a, b| (a.span.start, &a.message).cmp(&(b.span.start, &b.message)));
    problems.dedup();
    problems.truncate(MOST_PROBLEMS);
    Err(problems)
}

/// Reads a system's own settings or workload, for [`crate::subject::Subject::prepare`]: `field` is
/// the name of the scenario's field that holds them. An empty map gives the defaults.
///
/// # Errors
/// Every mistake found, with its path in the scenario.
pub fn decode_settings<T: DeserializeOwned>(
    field: &str,
    settings: &serde_json::Map<String, serde_json::Value>,
) -> Result<T, Vec<Mistake>> {
    let at_field = |problem: Problem| {
        let dot = if problem.path.is_empty() || problem.path.starts_with('[') { "" } else { "." };
        Mistake {
            path: format!("{field}{dot}{}", problem.path),
            message: problem.message,
            help: problem.help,
        }
    };
    let text = serde_json::Value::Object(settings.clone()).to_string();
    let document = Document::parse(&text).map_err(|problem| vec![at_field(problem)])?;
    let (mut marks, mut problems) = (Marks::default(), Vec::new());
    match decode(&document, &mut marks, &mut problems) {
        Some(value) if problems.is_empty() => Ok(value),
        _ => Err(problems.into_iter().map(at_field).collect()),
    }
}

fn text_of(file: &[u8]) -> Result<&str, Problem> {
    let unreadable = |at: usize, what: String, help: &str| {
        let good = String::from_utf8_lossy(&file[..at.min(file.len())]);
        Problem::at(&good, at..at, String::new(), what).with_help(Some(help.to_owned()))
    };
    if file.len() > MOST_BYTES {
        let what = format!("the file is larger than {MOST_BYTES} bytes");
        return Err(unreadable(0, what, "is this the file that was meant?"));
    }
    let text = std::str::from_utf8(file).map_err(|error| {
        let what = "this is not text: the bytes are not UTF-8".to_owned();
        unreadable(error.valid_up_to(), what, "save the file as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

struct Reading<'t> {
    document: Document<'t>,
    marks: Marks,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    /// The scenario as far as it can be read, with its mistakes.
    fn scenario(&mut self, registry: &Registry) -> Option<Scenario> {
        if let Some(problem) = self.other_version().or_else(|| self.too_many_faults()) {
            self.problems.push(problem);
            return None;
        }
        self.problems = self.document.duplicates(&mut self.marks.skipped);
        let scenario = decode(&self.document, &mut self.marks, &mut self.problems)?;
        let mut mistakes = Vec::new();
        check(&scenario, registry, &mut mistakes);
        for mistake in mistakes {
            let marks = std::mem::take(&mut self.marks);
            self.add(mistake, Some(&marks));
            self.marks = marks;
        }
        if !self.problems.is_empty() {
            self.settings(&scenario, registry);
        }
        Some(scenario)
    }

    /// The system's mistakes in its own settings, although the rest is not in order either: it is
    /// shown a scenario in which nothing else can be wrong.
    fn settings(&mut self, scenario: &Scenario, registry: &Registry) {
        let cluster = &scenario.cluster;
        let Some(subject) = registry.find(&scenario.system).filter(|_| cluster.is_sound()) else {
            return;
        };
        let plain: Result<Scenario, _> = serde_json::from_value(serde_json::json!({
            "version": 1, "title": "plain", "system": scenario.system,
            "cluster": { "nodes": cluster.nodes },
            "settings": scenario.settings, "workload": scenario.workload,
        }));
        let mistakes = plain.ok().and_then(|plain| subject.prepare(&plain).err());
        let own = |mistake: &Mistake| {
            mistake.path.starts_with("settings") || mistake.path.starts_with("workload")
        };
        let marks = std::mem::take(&mut self.marks);
        for mistake in mistakes.into_iter().flatten().filter(own) {
            self.add(mistake, Some(&marks));
        }
        self.marks = marks;
    }

    fn root_field(&self, name: &str) -> Option<&Value<'_>> {
        Some(&self.document.root.as_object()?.get(name)?.value)
    }

    /// A file of another version is not held to the rules of this one.
    fn other_version(&self) -> Option<Problem> {
        let version = self.root_field("version")?.as_number_lit()?;
        let other = version.value.parse() != Ok(1_u32);
        other.then(|| {
            let message = format!("this is a file of format version {}, expected 1", version.value);
            let help =
                "run it with the command that it was written for, or write it anew for version 1";
            let problem =
                self.document.problem(version.range.start, bytes(&version.range), message);
            problem.with_help(Some(help.to_owned()))
        })
    }

    /// Checked before anything is made of them.
    fn too_many_faults(&self) -> Option<Problem> {
        let faults = self.root_field("faults")?.as_array()?;
        let count = faults.elements.len();
        (count > MOST_FAULTS).then(|| {
            let (start, message) =
                (faults.range.start, format!("{count} faults, expected at most {MOST_FAULTS}"));
            let help = "make it several files, or let `chaos` draw the faults";
            self.document.problem(start, start..start + 1, message).with_help(Some(help.to_owned()))
        })
    }

    /// Adds a mistake that is known by its path, unless something at that place is wrong already.
    fn add(&mut self, mistake: Mistake, marks: Option<&Marks>) {
        let none = Marks::default();
        let marks = marks.unwrap_or(&none);
        let place = self.document.find(&mistake.path, &marks.skipped);
        if !is_suspect(&place, marks) {
            // The names in this map are the user's choice: a mistake there is about the name.
            let named = ["expect.at_least", "explore.at_least"];
            let named = named.iter().any(|map| mistake.path.starts_with(map));
            let span = match (&place.key, &place.absent, place.value) {
                (Some(key), None, _) if named => key.clone(),
                (Some(key), None, Value::Object(_) | Value::Array(_)) => key.clone(),
                _ => shown(place.value),
            };
            let at = place.value.start();
            let mut problem =
                self.document.problem(at, span, mistake.message).with_help(mistake.help);
            if place.absent.is_some() {
                problem.path = mistake.path;
            }
            self.problems.push(problem);
        }
    }
}

/// Whether a mistake there may only follow from another one.
fn is_suspect(place: &Place<'_, '_>, marks: &Marks) -> bool {
    let at = place.value.start();
    match (&place.absent, place.value) {
        (Some(name), Value::Object(object)) => {
            marks.supplied.iter().any(|(of, field)| *of == at && field == name)
                || object.properties.iter().any(|field| {
                    field.name.as_str() == name && marks.skipped.contains(&field.value.start())
                })
        }
        (Some(_), _) => true,
        (None, value) => {
            let inside = value.start()..value.end();
            marks.skipped.range(inside.clone()).next().is_some()
                || marks.supplied.iter().any(|(of, _)| inside.contains(of))
        }
    }
}
