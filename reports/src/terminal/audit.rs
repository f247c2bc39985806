//! What an audit found.

use super::{Look, failure, table};
use crate::audit::{Audit, Audited};
use crate::words::{counted, number};
use interregnum_sim::audit::Catch;
use interregnum_sim::verdict::Verdict;
use std::fmt::Write;

/// How many failures are printed in full.
const MOST_FAILURES: usize = 3;

/// A table of all planted bugs, or of those that did not pass, with a command line for each; then what
/// is wrong, and the sum.
#[must_use]
pub fn audit(look: Look, audit: &Audit, quiet: bool) -> String {
    let shown = |row: &&Audited| !quiet || row.verdict() != Verdict::Passed;
    let rows: Vec<_> = audit.rows.iter().filter(shown).collect();
    let mut text = String::new();
    if !rows.is_empty() {
        let cells: Vec<_> = rows.iter().map(|row| cells(look, row)).collect();
        let columns = ["Planted bug", "Spec", "Verdict", "By", ">Seeds", ">Deviated", "Sound twin"];
        let _ = writeln!(text, "{}", table(look, &columns, &cells));
        for line in
            rows.iter().flat_map(|row| row.replay.as_deref().into_iter().chain(row.twin_replay()))
        {
            let _ = writeln!(text, "{}", look.cyan(line));
        }
        text.push('\n');
    }
    let wrong = rows.iter().filter(|row| row.verdict() == Verdict::Failed);
    for row in wrong.take(MOST_FAILURES) {
        explain(look, row, &mut text);
    }
    for exempt in audit.exempt.iter().filter(|_| !quiet) {
        let (id, bug) = (look.bold(&exempt.id), &exempt.spec);
        let _ = writeln!(text, "  {id} ({bug}) does not apply: {}\n", exempt.why);
    }
    if !(quiet && audit.verdict() == Some(Verdict::Passed)) {
        text.push_str(&sum(look, audit));
    }
    text
}

fn cells(look: Look, row: &Audited) -> Vec<String> {
    let sign = match row.verdict() {
        Verdict::Passed => "✔",
        Verdict::Inconclusive => "?",
        Verdict::Failed => "✘",
    };
    let expected = &row.bug.expected;
    let by = match row.by() {
        Some(by) if by == expected => by.to_owned(),
        Some(by) => format!("{by} (for {expected})"),
        None => format!("– (for {expected})"),
    };
    let deviated = row.deviations.map_or("–".to_owned(), number);
    let twin = row.twin.as_ref().map_or("–".to_owned(), |twin| match twin {
        twin if twin.failed.is_some() => "✘ failed".to_owned(),
        twin if twin.is_sound() => format!("✔ {} held", number(twin.seeds)),
        twin => format!("? {} of {} undecided", number(twin.undecided), number(twin.seeds)),
    });
    vec![
        row.bug.id.clone(),
        row.bug.spec.clone(),
        look.row(row.verdict(), format!("{sign} {}", row.told())),
        by,
        row.catch.map_or("–".to_owned(), |_| number(row.seeds)),
        deviated,
        twin,
    ]
}

/// The defect, and the runs that should not have been.
fn explain(look: Look, row: &Audited, text: &mut String) {
    let _ = writeln!(text, "  {}: {}", look.bold(&row.bug.id), row.bug.defect);
    if row.catch.is_none() {
        let _ = writeln!(text, "  its system has no scenario of it\n");
        return;
    }
    let planted = row.failed.iter().filter(|_| row.catch != Some(Catch::Caught));
    for kept in planted.chain(row.twin_failed()) {
        text.push_str(&failure(look, kept));
    }
    text.push('\n');
}

fn sum(look: Look, audit: &Audit) -> String {
    let summary = audit.summary();
    let parts: Vec<_> = summary
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(word, count)| format!("{} {}", number(*count), word.replace('_', " ")))
        .collect();
    let bugs = counted(audit.rows.len() as u64, "planted bug");
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    format!("{}  {bugs}{parts}\n", look.verdict(audit.verdict()))
}
