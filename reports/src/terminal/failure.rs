//! One run that must be looked at.

use super::Look;
use crate::Kept;
use crate::words::{last_few, observed, span};
use interregnum_sim::outcome::Violation;
use std::fmt::Write;

/// What failed, when, the facts that contradict each other, and how to see it again.
#[must_use]
pub fn failure(look: Look, kept: &Kept) -> String {
    let outcome = &kept.outcome;
    let mut text = format!(
        "{}  seed {:#x}  {}\n",
        look.verdict(Some(kept.judgement.verdict)),
        outcome.seed,
        observed(&outcome.observed),
    );
    // A reason that only repeats the violation is told by the violation.
    let told = |reason: &&String| match &outcome.violation {
        Some(violation) => !reason.ends_with(&violation.what),
        None => true,
    };
    for reason in kept.judgement.reasons.iter().filter(told) {
        let _ = writeln!(text, "  {}", look.text(reason));
    }
    if let Some(violation) = &outcome.violation {
        text.push_str(&evidence(look, violation));
    }
    let _ = writeln!(text, "{}", look.cyan(&kept.replay));
    text
}

fn evidence(look: Look, violation: &Violation) -> String {
    let mut text = String::new();
    let name = look.bold(format!("{} {}", violation.invariant, look.text(&violation.name)));
    let _ = writeln!(text, "\n  {name}: {}", look.text(&violation.formula));
    let _ = writeln!(text, "  {}", look.text(&violation.what));
    let nodes: Vec<_> = violation.nodes.iter().map(|node| format!("n{node}")).collect();
    let on = if nodes.is_empty() { String::new() } else { format!(" on {}", nodes.join(", ")) };
    let _ = writeln!(text, "  at {}, event {}{on}", span(violation.at_ns), violation.event);
    for fact in &violation.evidence {
        let node = fact.node.map_or(String::new(), |node| format!("n{node}"));
        let (at, what) = (span(fact.at_ns), look.text(&fact.what));
        let _ = writeln!(text, "    {} {node:>4}  {what}", look.dim(format!("{at:>14}")));
    }
    if !violation.faults.is_empty() {
        let faults = look.text(&last_few(&violation.faults));
        let _ = writeln!(text, "  {} {faults}", look.bold("Faults:"));
    }
    text
}
