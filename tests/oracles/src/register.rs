//! One register that can be compared and set, and the format in which Jepsen logs its histories.
//!
//! A line is an event: `INFO  jepsen.util - PROCESS :TYPE :F VALUE`, the columns parted by white space.

use crate::{Event, What};
use interregnum_sim::linear::Sequential;

/// A register that holds nothing at first.
#[derive(Debug)]
pub struct Register;

/// What it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// What it holds.
    Read,
    /// To hold this.
    Write(i64),
    /// To hold the second, if it holds the first.
    CompareAndSet(i64, i64),
}

/// What it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Output {
    /// What it holds.
    Holds(Option<i64>),
    /// It was written.
    Written,
    /// Whether it was set.
    Set(bool),
}

impl Sequential for Register {
    type Key = ();
    type Op = Op;
    type Output = Output;
    type State = Option<i64>;

    fn key(&self, _: &Op) {}

    fn initial(&self, (): &()) -> Option<i64> {
        None
    }

    fn apply(&self, state: &Option<i64>, op: &Op) -> (Option<i64>, Output) {
        match *op {
            Op::Read => (*state, Output::Holds(*state)),
            Op::Write(value) => (Some(value), Output::Written),
            Op::CompareAndSet(from, to) if *state == Some(from) => (Some(to), Output::Set(true)),
            Op::CompareAndSet(..) => (*state, Output::Set(false)),
        }
    }

    fn only_reads(&self, op: &Op) -> bool {
        *op == Op::Read
    }
}

/// Reads a log.
///
/// # Errors
/// The first line that is no event.
pub fn parse(log: &str) -> Result<Vec<Event<Register>>, String> {
    let lines = (1..).zip(log.lines()).filter(|(_, line)| !line.trim().is_empty());
    let event = |(number, line): (u32, &str)| {
        parse_line(line).ok_or_else(|| format!("line {number} is no event: {line}"))
    };
    lines.map(event).collect()
}

fn parse_line(line: &str) -> Option<Event<Register>> {
    let line = line.strip_prefix("INFO")?.trim_start().strip_prefix("jepsen.util")?;
    let columns: Vec<_> = line.trim_start().strip_prefix('-')?.split_whitespace().collect();
    let [process, kind, f, value @ ..] = &*columns else { return None };
    let what = match (*kind, *f, value) {
        (":invoke", ":read", ["nil"]) => What::Invoked(Op::Read),
        (":invoke", ":write", [value]) => What::Invoked(Op::Write(value.parse().ok()?)),
        (":invoke", ":cas", [from, to]) => What::Invoked(Op::CompareAndSet(
            from.strip_prefix('[')?.parse().ok()?,
            to.strip_suffix(']')?.parse().ok()?,
        )),
        (":ok", ":read", ["nil"]) => What::Returned(Output::Holds(None)),
        (":ok", ":read", [value]) => What::Returned(Output::Holds(Some(value.parse().ok()?))),
        (":ok", ":write", [_]) => What::Returned(Output::Written),
        (":ok", ":cas", [_, _]) => What::Returned(Output::Set(true)),
        // The compare did not match: that is an answer.
        (":fail", ":cas", [_, _]) => What::Returned(Output::Set(false)),
        (":fail", ":read", [":timed-out"]) => What::Failed,
        (":info", ":read" | ":write" | ":cas", [":timed-out"]) => What::Lost,
        _ => return None,
    };
    Some(Event { process: process.parse().ok()?, what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_event_is_told() {
        for line in [
            "INFO  jepsen.util - 1 :ok :read",
            "INFO  jepsen.util - 1 :ok :read x",
            "INFO  jepsen.util - one :invoke :read nil",
            "INFO  jepsen.util - 1 :fail :write 3",
            "WARN  jepsen.util - 1 :invoke :read nil",
        ] {
            assert!(parse(line).unwrap_err().starts_with("line 1 "), "{line}");
        }
        let both =
            "INFO  jepsen.util - 1\t:invoke\t:cas\t[2 4]\n\nINFO jepsen.util  - 1 :ok :cas [2 4]";
        assert_eq!(parse(both).map(|events| events.len()), Ok(2));
    }
}
