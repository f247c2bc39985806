//! Scenarios in a list: a table for people, a document for machines.

use crate::terminal::{Look, table};
use interregnum_core::Fingerprint;
use interregnum_sim::scenario::{Expect, Observed, Scenario};
use serde::Serialize;

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
        Self {
            scenario: path.to_owned(),
            title: scenario.title.clone(),
            why: scenario.why.clone(),
            system: scenario.system.clone(),
            mutant: scenario.mutant.clone(),
            nodes: scenario.cluster.nodes,
            faults: scenario.faults.len(),
            chaos: scenario.chaos.is_some(),
            expect: scenario.expect.clone(),
            hash: hash.to_string(),
        }
    }

    fn row(&self, look: Look) -> Vec<String> {
        let faults = match (self.faults, self.chaos) {
            (0, true) => "drawn".to_owned(),
            (count, false) => count.to_string(),
            (count, true) => format!("{count} + drawn"),
        };
        let expects = match self.expect.observed {
            Observed::Held => "held",
            Observed::Violated => "violated",
            Observed::Stalled => "stalled",
            Observed::InconsistentEvidence => "inconsistent-evidence",
        };
        let property = self.expect.invariant.as_deref();
        vec![
            look.text(&self.scenario),
            self.mutant.as_ref().unwrap_or(&self.system).clone(),
            self.nodes.to_string(),
            faults,
            property.map_or(expects.to_owned(), |property| format!("{property} {expects}")),
            look.text(&self.title),
        ]
    }
}

/// The list as a table.
#[must_use]
pub fn listing(look: Look, listed: &[Listed]) -> String {
    let columns = ["File", "System", ">Nodes", ">Faults", "Expects", "Title"];
    let rows: Vec<_> = listed.iter().map(|listed| listed.row(look)).collect();
    table(look, &columns, &rows)
}

/// The list as a JSON document.
///
/// # Errors
/// Never: what is in it is JSON.
pub fn document(scenarios: &[Listed]) -> serde_json::Result<String> {
    let document = Document { version: FORMAT, command: "scenario list", scenarios };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
