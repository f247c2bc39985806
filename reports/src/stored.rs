//! Results that were stored, read again.

use crate::audit::Audit;
use crate::json::{FORMAT, Results};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::io::{self, Read};

/// Stored results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Those of `run`.
    Run(Results),
    /// Those of `audit`.
    Audit(Audit),
}

/// What is read first: it says what the rest is.
#[derive(Deserialize)]
struct Head {
    version: u32,
    command: String,
    /// The version of the command that wrote them.
    of: Option<String>,
}

/// Reads stored results; `open` opens them, for they are read twice.
///
/// # Errors
/// What they are in place of results that this version can read, and what to do about it.
pub fn read<R: Read>(open: impl Fn() -> io::Result<R>) -> Result<Stored, String> {
    let head: Head = parse(&open)?;
    if head.version != FORMAT {
        let version = head.version;
        return Err(format!(
            "results of format {version}; this command reads format {FORMAT}: use the one that wrote them"
        ));
    }
    match head.command.as_str() {
        "run" => parse(&open).map(Stored::Run).map_err(|error| of_another(&head, error)),
        "audit" => parse(&open).map(Stored::Audit).map_err(|error| of_another(&head, error)),
        other => Err(format!(
            "results of `{}`; only those of `run` and `audit` are reported on",
            other.escape_debug()
        )),
    }
}

/// What lacks something that this version needs is no damaged file, but that of a version that did not know of
/// it: such fields are added without another number of the format.
fn of_another(head: &Head, error: String) -> String {
    let Some(missing) = error.strip_prefix("missing field ") else { return error };
    let missing = missing.split([' ', ';']).next().unwrap_or_default();
    let of = head.of.as_deref().map_or(String::new(), |of| format!(", {}", of.escape_debug()));
    format!("written by another version{of}: there is no {missing}; use the one that wrote them")
}

fn parse<R: Read, T: DeserializeOwned>(open: impl Fn() -> io::Result<R>) -> Result<T, String> {
    let reader = open().map_err(|error| error.to_string())?;
    serde_json::from_reader(reader).map_err(|error| {
        format!(
            "{error}; expected results as `run --out` and `audit --out` write them: write them anew if this \
             file was cut short or changed"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{End, RunDocument};
    use crate::{documents, fixture};

    fn read_again(text: &str) -> Result<Stored, String> {
        read(|| Ok(text.as_bytes()))
    }

    /// What is stored is all that documents are made of, byte for byte.
    #[test]
    fn every_document_can_be_made_again() {
        let mut summaries = fixture::summaries();
        for kept in &mut summaries[1].kept {
            kept.recording = Some(fixture::recording(40));
        }
        let end = End { summaries: &summaries, interrupted: true, error: Some(fixture::HOSTILE) };
        let bytes = RunDocument::begin(Vec::new(), "9.9.9").unwrap().end(&end).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let Ok(Stored::Run(results)) = read_again(&text) else { panic!("{text}") };
        assert_eq!(results.scenarios, summaries);
        let (first, again) = (
            documents::of_run(&end, "9.9.9").unwrap(),
            documents::of_run(&results.end(), &results.of).unwrap(),
        );
        assert_eq!(first, again);
        // Of twelve recorded runs three are told on the first page.
        let pages = first.iter().filter(|file| file.path.starts_with("runs/")).count();
        assert_eq!(pages, 9);
        let index = first.last().unwrap();
        assert_eq!(
            (index.path.as_str(), index.text.matches("href=\"runs/").count()),
            ("index.html", 9)
        );

        let audit = fixture::audit();
        let text = audit.document().unwrap();
        let Ok(Stored::Audit(stored)) = read_again(&text) else { panic!("{text}") };
        assert_eq!(stored, audit);
        let first = documents::of_audit(&audit).unwrap();
        assert_eq!(first, documents::of_audit(&stored).unwrap());
        let paths: Vec<_> = first.iter().map(|file| file.path.as_str()).collect();
        assert!(paths.contains(&"runs/z-bug-sound.html"), "{paths:?}");
    }

    #[test]
    fn what_is_something_else_is_refused() {
        for (text, expected) in [
            ("", "EOF while parsing a value at line 1 column 0; expected results"),
            ("7", "invalid type: integer"),
            (r#"{"version": 1}"#, "missing field `command`"),
            (r#"{"version": 7, "command": "run"}"#, "format 7; this command reads format 1"),
            (r#"{"version": 1, "command": "x\u001b"}"#, "results of `x\\u{1b}`; only those of"),
            (
                r#"{"version": 1, "command": "run"}"#,
                "written by another version: there is no `of`; use the one that wrote them",
            ),
            (
                r#"{"version": 1, "command": "audit", "of": "0.1\n", "mutants": []}"#,
                "written by another version, 0.1\\n: there is no `exempt`; use the one that wrote them",
            ),
            (r#"{"version": 1, "command": "run", "of": "9""#, "line 1 column 42; expected results"),
        ] {
            let error = read_again(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let deep = format!("{{\"version\":1,\"command\":\"run\",\"x\":{}", "[".repeat(1 << 20));
        assert!(read_again(&deep).unwrap_err().contains("EOF while parsing"));
    }
}
