//! Scenarios in a list: a table for people, a document for machines.

use crate::terminal::{Look, table};
use interregnum_core::Fingerprint;
use interregnum_sim::scenario::{Expect, Observed, Problem, Scenario};
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the document.
const FORMAT: u32 = 1;

/// A scenario in the list.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// The file, as the user named it.
    scenario: String,
    title: String,
    why: String,
    system: String,
    mutant: Option<String>,
    nodes: u8,
    /// How many faults it lists, and whether others are drawn.
    faults: usize,
    chaos: bool,
    /// How many of each kind it lists.
    #[serde(skip)]
    kinds: BTreeMap<&'static str, usize>,
    expect: Expect,
    hash: String,
}

#[derive(Serialize)]
struct Document<'l> {
    version: u32,
    command: &'static str,
    scenarios: &'l [Listed],
}

impl Listed {
    /// The scenario in the file at `path`.
    #[must_use]
    pub fn new(path: &str, scenario: &Scenario, hash: Fingerprint) -> Self {
        let mut kinds = BTreeMap::new();
        scenario.faults.iter().for_each(|fault| *kinds.entry(fault.kind()).or_default() += 1);
        Self {
            scenario: path.to_owned(),
            title: scenario.title.clone(),
            why: scenario.why.clone(),
            system: scenario.system.clone(),
            mutant: scenario.mutant.clone(),
            nodes: scenario.cluster.nodes,
            faults: scenario.faults.len(),
            chaos: scenario.chaos.is_some(),
            kinds,
            expect: scenario.expect.clone(),
            hash: hash.to_string(),
        }
    }

    /// The folder and the name of the file.
    fn place(&self) -> (&str, &str) {
        self.scenario.rsplit_once('/').unwrap_or((".", &self.scenario))
    }

    fn faults(&self) -> String {
        let kinds: Vec<_> =
            self.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let listed = match kinds.len() {
            0..=2 => kinds.join(", "),
            many => format!("{} of {many} kinds", self.faults),
        };
        match (self.faults, self.chaos) {
            (0, true) => "drawn".to_owned(),
            (0, false) => "none".to_owned(),
            (_, true) => format!("{listed} + drawn"),
            (_, false) => listed,
        }
    }

    fn expects(&self) -> String {
        let expects = match self.expect.observed {
            Observed::Held => "held",
            Observed::Violated => "violated",
            Observed::Stalled => "stalled",
            Observed::InconsistentEvidence => "inconsistent-evidence",
        };
        let property = self.expect.invariant.as_deref();
        property.map_or(expects.to_owned(), |property| format!("{property} {expects}"))
    }
}

/// The list, a table for each folder. What is the same for all scenarios of a folder has no column.
#[must_use]
pub fn listing(look: Look, listed: &[Listed]) -> String {
    let folders = listed.chunk_by(|one, next| one.place().0 == next.place().0);
    let tables: Vec<_> = folders
        .map(|listed| {
            let folder = look.text(listed.first().map_or(".", |first| first.place().0));
            format!("{}\n\n{}", look.bold(folder), folder_table(look, listed))
        })
        .collect();
    tables.join("\n")
}

fn folder_table(look: Look, listed: &[Listed]) -> String {
    let systems = listed.windows(2).any(|pair| pair[0].system != pair[1].system);
    let expects = listed.iter().any(|listed| listed.expect.observed != Observed::Held);
    let optional = [(systems, "System"), (expects, "Expects")];
    let mut columns = vec!["File", ">Nodes", "Faults"];
    columns.extend(optional.iter().filter(|(shown, _)| *shown).map(|(_, name)| *name));
    columns.push("Title");
    let row = |listed: &Listed| {
        let mut row = vec![look.text(listed.place().1), listed.nodes.to_string(), listed.faults()];
        row.extend(systems.then(|| listed.system.clone()));
        row.extend(expects.then(|| listed.expects()));
        row.push(look.text(&listed.title));
        row
    };
    table(look, &columns, &listed.iter().map(row).collect::<Vec<_>>())
}

/// The list as a JSON document.
///
/// # Errors
/// Never: what is in it is JSON.
pub fn document(scenarios: &[Listed]) -> serde_json::Result<String> {
    let document = Document { version: FORMAT, command: "scenario list", scenarios };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// A file that was checked, and what is wrong with it.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// The file, as the user named it.
    scenario: String,
    ok: bool,
    problems: Vec<Mistaken>,
}

/// Something wrong with a file; without a line, with all of it.
#[derive(Debug, Serialize)]
pub struct Mistaken {
    path: String,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
    help: Option<String>,
}

impl Mistaken {
    /// A mistake in what the file says.
    #[must_use]
    pub fn new(problem: &Problem) -> Self {
        Self {
            path: problem.path.clone(),
            line: Some(problem.line),
            column: Some(problem.column),
            message: problem.message.clone(),
            help: problem.help.clone(),
        }
    }

    /// The file cannot be read.
    #[must_use]
    pub const fn unreadable(message: String) -> Self {
        Self { path: String::new(), line: None, column: None, message, help: None }
    }
}

impl Checked {
    /// The file at `path`, with what is wrong with it.
    #[must_use]
    pub fn new(path: &str, problems: Vec<Mistaken>) -> Self {
        Self { scenario: path.to_owned(), ok: problems.is_empty(), problems }
    }
}

/// What was checked as a JSON document.
///
/// # Errors
/// Never: what is in it is JSON.
pub fn checked(files: &[Checked]) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Document<'f> {
        version: u32,
        command: &'static str,
        files: &'f [Checked],
    }
    let document = Document { version: FORMAT, command: "scenario check", files };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many files as a corpus has, with names and titles as long as people make them.
    fn corpus() -> Vec<Listed> {
        let listed = |number: usize| {
            let scenario = serde_json::json!({
                "version": 1, "title": "A leader that was deposed wakes up, and two others do not hear it",
                "system": "toy", "faults": [{ "at": "1s", "crash": { "target": "all" } },
                    { "at": "2s", "blank_disk": { "target": "all" } }],
            });
            let scenario = serde_json::from_value(scenario).unwrap();
            let path = format!("scenarios/toy/a-name-of-some-length-{number}.json");
            Listed::new(&path, &scenario, Fingerprint::of("any"))
        };
        (0..30).map(listed).collect()
    }

    #[test]
    fn a_list_fits_the_terminal() {
        for width in [80, 120] {
            let text = listing(Look { color: false, width }, &corpus());
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= usize::from(width), "{text}");
            assert!((0..30).all(|n| text.contains(&format!("a-name-of-some-length-{n}.json"))));
            assert!(text.starts_with("scenarios/toy\n") && text.contains("1 blank_disk"), "{text}");
        }
        let text = listing(Look::PLAIN.unwrapped(), &corpus());
        assert_eq!(text.lines().count(), 4 + 30, "{text}");
    }
}
