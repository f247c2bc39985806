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
        "run" => parse(&open).map(Stored::Run),
        "audit" => parse(&open).map(Stored::Audit),
        other => Err(format!(
            "results of `{}`; only those of `run` and `audit` are reported on",
            other.escape_debug()
        )),
    }
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
