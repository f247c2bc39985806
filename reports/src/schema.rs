//! The JSON Schemas of the documents of `run` and `audit`, made from the types that are written.
//!
//! Objects may have more fields than are named: later versions add some, and rename none.

use crate::{audit, json, record};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

/// The results of `interregnum run`.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "the document is written run by run and never held")]
struct Results<'a> {
    /// The version of this format.
    version: u32,
    /// `run`.
    command: &'a str,
    /// The version of the command.
    of: &'a str,
    /// Every run, in the order of scenarios and seeds.
    runs: Vec<record::Json<'a>>,
    /// Every scenario, with the sum of its runs.
    scenarios: Vec<json::Scenario<'a>>,
    /// Whether it was cut short; runs may be missing.
    interrupted: bool,
    /// What broke the simulation itself.
    error: Option<&'a str>,
    /// The verdict on everything.
    verdict: json::Word,
}

/// The schema of what `run` writes.
#[must_use]
pub fn results() -> Schema {
    schema_of::<Results<'_>>()
}

/// The schema of what `audit` writes.
#[must_use]
pub fn audit() -> Schema {
    schema_of::<audit::Document>()
}

fn schema_of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}
