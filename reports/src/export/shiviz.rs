//! Lines for ShiViz, which draws space-time diagrams from vector clocks and compares executions.
//!
//! ```text
//! (?<host>\S+) "(?<event>.*)" (?<clock>\{.*\})      how to read the lines below
//!                                                   no delimiter of executions
//! n1 "sent → n2 Prepare { ballot: b2.n1 }" {"n1":17,"n2":4}
//! ```
//! A process is a host, and so is a client; what is about nobody happens to the host `faults`. A clock counts
//! the lines of its host and knows what came before: the line before it there, and the one that it follows
//! from.

use super::Memory;
use crate::place::ends;
use crate::words::harmless;
use interregnum_sim::outcome::TraceLine;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// How ShiViz is to read a line.
pub const EXPRESSION: &str = r#"(?<host>\S+) "(?<event>.*)" (?<clock>\{.*\})"#;

type Clock = BTreeMap<String, u64>;

/// A log being written; each part is told where to.
#[derive(Debug, Default)]
pub struct ShivizLog {
    clocks: BTreeMap<String, Clock>,
    lines: Memory<Clock>,
}

impl ShivizLog {
    /// Begins the log.
    ///
    /// # Errors
    /// The writer's.
    pub fn begin(&self, to: &mut dyn Write) -> io::Result<()> {
        write!(to, "{EXPRESSION}\n\n")
    }

    /// Adds a line.
    ///
    /// # Errors
    /// The writer's.
    pub fn line(&mut self, to: &mut dyn Write, line: &TraceLine) -> io::Result<()> {
        let [here, _] = ends(line);
        let host: String = here.unwrap_or("faults").chars().map(host_part).collect();
        let clock = self.clocks.entry(host.clone()).or_default();
        if let Some(cause) = line.cause.and_then(|cause| self.lines.get(cause)) {
            for (other, count) in cause {
                let known = clock.entry(other.clone()).or_default();
                *known = (*known).max(*count);
            }
        }
        *clock.entry(host.clone()).or_default() += 1;
        let text = serde_json::to_string(clock)?;
        self.lines.put(line.line, clock.clone());
        let peer = match (&line.peer, line.kind.as_str()) {
            (None, _) => String::new(),
            (Some(peer), "sent" | "notified") => format!(" → {peer}"),
            (Some(peer), _) => format!(" ← {peer}"),
        };
        let event = format!("{}{peer} {}", line.kind, line.what);
        let event: String =
            event.chars().map(|c| if c == '"' { '\'' } else { harmless(c) }).collect();
        writeln!(to, "{host} \"{}\" {text}", event.trim_end())
    }
}

/// A host's name has no blanks.
fn host_part(c: char) -> char {
    let c = harmless(c);
    if c.is_whitespace() || c == '"' { '_' } else { c }
}

/// The log of a recording.
#[must_use]
pub fn shiviz(lines: &[TraceLine]) -> String {
    let (mut text, mut log) = (Vec::new(), ShivizLog::default());
    // To write into memory does not fail.
    let _ = log.begin(&mut text);
    for line in lines {
        let _ = log.line(&mut text, line);
    }
    String::from_utf8(text).unwrap_or_default()
}
