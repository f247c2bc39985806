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
use std::fmt::Write as _;
use std::io::{self, Write};

/// How ShiViz is to read a line.
pub const EXPRESSION: &str = r#"(?<host>\S+) "(?<event>.*)" (?<clock>\{.*\})"#;

/// How many lines of each host are known, by the host's number; hosts without a count are not known.
type Clock = Vec<u32>;

/// A log being written; each part is told where to.
#[derive(Debug, Default)]
pub struct ShivizLog {
    /// The number of each host, and its name as JSON has it.
    hosts: BTreeMap<String, (usize, String)>,
    /// What each host knows by now.
    clocks: Vec<Clock>,
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
        let number = self.number(&host)?;
        let clock = &mut self.clocks[number];
        if let Some(cause) = line.cause.and_then(|cause| self.lines.get(cause)) {
            clock.resize(clock.len().max(cause.len()), 0);
            for (known, count) in clock.iter_mut().zip(cause) {
                *known = (*known).max(*count);
            }
        }
        clock.resize(clock.len().max(number + 1), 0);
        clock[number] = clock[number].saturating_add(1);
        let clock = clock.clone();
        let text = self.text(&clock);
        let bytes = size_of_val(&*clock);
        self.lines.put(line.line, clock, bytes);
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

impl ShivizLog {
    /// The number of a host, which is given when it is met first.
    fn number(&mut self, host: &str) -> io::Result<usize> {
        if let Some((number, _)) = self.hosts.get(host) {
            return Ok(*number);
        }
        let (number, name) = (self.clocks.len(), serde_json::to_string(host)?);
        self.hosts.insert(host.to_owned(), (number, name));
        self.clocks.push(Clock::new());
        Ok(number)
    }

    /// How many bytes the clocks of earlier lines take.
    #[cfg(test)]
    pub(super) const fn remembered(&self) -> usize {
        self.lines.bytes
    }

    /// A clock by the names of hosts.
    fn text(&self, clock: &[u32]) -> String {
        let mut text = String::from("{");
        for (number, name) in self.hosts.values() {
            if let Some(count) = clock.get(*number).filter(|count| **count > 0) {
                let comma = if text.len() > 1 { "," } else { "" };
                // To write into memory does not fail.
                let _ = write!(text, "{comma}{name}:{count}");
            }
        }
        text + "}"
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
