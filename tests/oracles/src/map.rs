//! A map of texts that can be appended to, and the format of its recorded histories.
//!
//! A line is an event: `{:process P, :type :invoke, :f :append, :key "K", :value "V"}`.

use crate::{Event, What};
use interregnum_sim::linear::Sequential;

/// A map in which every key holds the empty text at first.
#[derive(Debug)]
pub struct Map;

/// What it is asked about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// The key.
    pub key: String,
    /// What to do there.
    pub action: Action,
}

/// What it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The text.
    Get,
    /// To replace the text.
    Put(String),
    /// To add to the end of the text.
    Append(String),
}

impl Sequential for Map {
    type Key = String;
    type Op = Op;
    /// The text; `None` for changes.
    type Output = Option<String>;
    type State = String;

    fn key(&self, op: &Op) -> String {
        op.key.clone()
    }

    fn initial(&self, _: &String) -> String {
        String::new()
    }

    fn apply(&self, state: &String, op: &Op) -> (String, Option<String>) {
        match &op.action {
            Action::Get => (state.clone(), Some(state.clone())),
            Action::Put(text) => (text.clone(), None),
            Action::Append(text) => (format!("{state}{text}"), None),
        }
    }

    fn only_reads(&self, op: &Op) -> bool {
        op.action == Action::Get
    }
}

/// Reads a history.
///
/// # Errors
/// The first line that is no event.
pub fn parse(text: &str) -> Result<Vec<Event<Map>>, String> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let event = |(number, line): (u32, &str)| {
        parse_line(line).ok_or_else(|| format!("line {number} is no event: {line}"))
    };
    lines.map(event).collect()
}

fn parse_line(line: &str) -> Option<Event<Map>> {
    let rest = line.trim().strip_prefix("{:process ")?.strip_suffix('}')?;
    let (process, rest) = rest.split_once(", :type :")?;
    let (kind, rest) = rest.split_once(", :f :")?;
    let (f, rest) = rest.split_once(", :key ")?;
    let (key, value) = rest.split_once(", :value ")?;
    let (key, value) = (text(key)?, if value == "nil" { None } else { Some(text(value)?) });
    let what = match (kind, f, value) {
        ("invoke", "get", _) => What::Invoked(Op { key, action: Action::Get }),
        ("invoke", "put", Some(text)) => What::Invoked(Op { key, action: Action::Put(text) }),
        ("invoke", "append", Some(text)) => What::Invoked(Op { key, action: Action::Append(text) }),
        ("ok", "get", Some(text)) => What::Returned(Some(text)),
        ("ok", "put" | "append", _) => What::Returned(None),
        _ => return None,
    };
    Some(Event { process: process.parse().ok()?, what })
}

/// A text in quotes, in which nothing is escaped.
fn text(quoted: &str) -> Option<String> {
    let text = quoted.strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains(['"', '\\'])).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_event_is_told() {
        for line in [
            r#"{:process 1, :type :info, :f :get, :key "0", :value nil}"#,
            r#"{:process 1, :type :ok, :f :get, :key "0", :value nil}"#,
            r#"{:process 1, :type :invoke, :f :put, :key "0", :value "a\n"}"#,
            r#"{:process 1, :type :invoke, :f :put, :key 0, :value "a"}"#,
        ] {
            assert!(parse(line).unwrap_err().starts_with("line 1 "), "{line}");
        }
    }
}
