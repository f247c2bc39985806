//! What can go wrong, in the words of scenario files: a table for people, a document for machines.
//!
//! The lines are taken from the schema. Deliberately absent: the fields of each kind, of which there are too many
//! for a table; the command shows those of one kind at a time.

use crate::terminal::{Look, table};
use interregnum_sim::scenario::{Fault, SYNC, schema};
use interregnum_sim::subject::{Registry, Subject};
use serde::Serialize;

/// The version of the document.
const FORMAT: u32 = 1;

/// Targets that every system knows.
const TARGETS: [&str; 9] = [
    "\"all\"",
    "\"majority\"",
    "\"minority\"",
    "{\"random\": 2}",
    "{\"node\": 1}",
    "{\"nodes\": [0, 1]}",
    "{\"group\": \"rack-1\"}",
    "{\"fault\": 0}",
    "{\"other_than\": ...}",
];

/// Every kind of fault, and what each system adds to the words.
#[derive(Debug, Serialize)]
pub struct Vocabulary {
    version: u32,
    command: &'static str,
    faults: Vec<Kind>,
    systems: Vec<Words>,
}

#[derive(Debug, Serialize)]
struct Kind {
    kind: &'static str,
    what: String,
}

#[derive(Debug, Serialize)]
struct Words {
    system: &'static str,
    targets: &'static [&'static str],
    parts: &'static [&'static str],
    message_classes: &'static [&'static str],
    seams: Vec<&'static str>,
}

impl Vocabulary {
    /// The words of the systems of `registry`.
    #[must_use]
    pub fn of(registry: &Registry) -> Self {
        let schema = schema(registry);
        let described = &schema["$defs"]["Fault"]["properties"];
        let faults = Fault::KINDS.iter().map(|&kind| {
            let what = described[kind]["description"].as_str().unwrap_or_default().to_owned();
            Kind { kind, what }
        });
        let systems = registry.iter().map(|subject: &dyn Subject| Words {
            system: subject.id(),
            targets: subject.target_words(),
            parts: subject.parts(),
            message_classes: subject.message_classes(),
            seams: [SYNC].into_iter().chain(subject.seams().iter().copied()).collect(),
        });
        Self {
            version: FORMAT,
            command: "scenario faults",
            faults: faults.collect(),
            systems: systems.collect(),
        }
    }

    /// Tables.
    #[must_use]
    pub fn text(&self, look: Look) -> String {
        let faults =
            self.faults.iter().map(|fault| vec![fault.kind.to_owned(), fault.what.clone()]);
        let mut text = table(look, &["Fault", "What goes wrong"], &faults.collect::<Vec<_>>());
        let row = |name: &str, words: &[&str]| vec![name.to_owned(), words.join(", ")];
        let targets = [row("targets", &TARGETS)];
        text += &format!("\n{}", table(look, &["Any system", "Words"], &targets));
        for words in &self.systems {
            let quoted: Vec<_> = words.targets.iter().map(|word| format!("\"{word}\"")).collect();
            let any = words.targets.last().map(|word| format!("{{\"any\": \"{word}\"}}"));
            let targets: Vec<_> = quoted.iter().chain(&any).map(String::as_str).collect();
            let rows = [
                row("targets", &targets),
                row("parts", words.parts),
                row("message classes", words.message_classes),
                row("seams", &words.seams),
            ];
            let rows: Vec<_> = rows.into_iter().filter(|row| !row[1].is_empty()).collect();
            text += &format!("\n{}", table(look, &[words.system, "Words"], &rows));
        }
        text
    }

    /// A JSON document.
    ///
    /// # Errors
    /// Never: what is in it is JSON.
    pub fn document(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}
