//! A run, event by event.

use super::Look;
use crate::words::span;
use interregnum_sim::outcome::TraceLine;

/// The names of the columns.
#[must_use]
pub fn trace_header(look: Look) -> String {
    look.bold(format!("{:>8}  {:>14}  {:<8}  {:<12}  what", "event", "time", "process", "kind"))
}

/// One line of the trace, and one below it for the state in which the process was found, if it tells.
#[must_use]
pub fn trace_line(look: Look, line: &TraceLine) -> String {
    let process = line.process.as_deref().unwrap_or("");
    // Padded before it is painted: escape codes have no width.
    let (event, time) = (format!("{:>8}", line.event), format!("{:>14}", span(line.at_ns)));
    let kind = look.cyan(format!("{:<12}", line.kind));
    let arrow = match (&line.peer, line.kind.as_str()) {
        (None, _) => String::new(),
        (Some(peer), "sent") => format!("→ {peer}  "),
        (Some(peer), _) => format!("← {peer}  "),
    };
    let what = look.text(&line.what);
    let text = format!("{}  {time}  {process:<8}  {kind}  {arrow}{what}", look.dim(event));
    let mut text = text.trim_end().to_owned();
    if let Some(state) = &line.state {
        let state = look.dim(format!("found when it {}", look.text(state)));
        text.push_str(&format!("\n{:40}{state}", ""));
    }
    text
}
