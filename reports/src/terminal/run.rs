//! What all runs of a scenario showed.

use super::{Look, failure, table};
use crate::words::{counted, number, span};
use crate::{PropertySum, Summary};
use interregnum_sim::outcome::{Finding, PropertyKind};
use interregnum_sim::verdict::Verdict;
use std::fmt::Write;

/// How many failures are printed in full.
const MOST_FAILURES: usize = 3;

/// What the heads of the table of faults mean, in the words of the page's footer.
const FAULTS: [&str; 2] = [
    "Offered: planned. Fired: found a target.",
    "Bit: made a difference: a message was stopped, a process that was up fell.",
];

/// Title, tables and failures of one scenario.
#[must_use]
pub fn summary(look: Look, summary: &Summary) -> String {
    let mut text = head(look, summary);
    if summary.runs > 0 {
        properties(look, summary, &mut text);
        faults(look, summary, &mut text);
        counts(look, summary, &mut text);
        not_exercised(look, summary, &mut text);
        caveats(look, summary, &mut text);
        if summary.runs == 1 {
            drawn(look, summary, &mut text);
        } else {
            seeds(look, summary, &mut text);
        }
    }
    failures(look, summary, &mut text);
    text
}

/// One line for a scenario that passed, everything for one that did not.
#[must_use]
pub fn brief(look: Look, summary: &Summary, quiet: bool) -> String {
    if summary.verdict() != Some(Verdict::Passed) {
        return self::summary(look, summary);
    }
    if quiet {
        return String::new();
    }
    let unexercised = unexercised(summary).count();
    let note = match unexercised {
        0 => String::new(),
        count => look.dim(format!(" ({} not exercised)", counted(count as u64, "property"))),
    };
    let note = note.replace("propertys", "properties");
    let (verdict, path) = (look.verdict(summary.verdict()), look.text(&summary.case.path));
    format!("{verdict}  {path}  {}{note}\n", look.dim(counted(summary.runs, "run")))
}

/// The last words on several scenarios.
#[must_use]
pub fn overview(look: Look, summaries: &[Summary], verdict: Option<Verdict>) -> String {
    let of = |wanted| summaries.iter().filter(|summary| summary.verdict() == wanted).count() as u64;
    let mut parts = Vec::new();
    for (wanted, word) in [
        (Some(Verdict::Passed), "passed"),
        (Some(Verdict::Failed), "failed"),
        (Some(Verdict::Inconclusive), "inconclusive"),
        (None, "not run"),
    ] {
        if of(wanted) > 0 {
            parts.push(format!("{} {word}", of(wanted)));
        }
    }
    let (mut runs, mut events) = (0_u64, 0_u64);
    for summary in summaries {
        (runs, events) = (runs.saturating_add(summary.runs), events.saturating_add(summary.events));
    }
    let scenarios = counted(summaries.len() as u64, "scenario");
    let sums = look.dim(format!("{}, {}", counted(runs, "run"), counted(events, "event")));
    format!("{}  {scenarios}: {}  {sums}\n", look.verdict(verdict), parts.join(", "))
}

fn head(look: Look, summary: &Summary) -> String {
    let case = &summary.case;
    let title = look.bold(look.text(&case.title));
    let mut text = format!("{}  {title}\n", look.verdict(summary.verdict()));
    let _ = writeln!(text, "  {}", look.text(&case.path));
    let system = match &case.mutant {
        Some(mutant) => format!("planted bug {mutant}"),
        None => case.system.clone(),
    };
    let mut facts = vec![system, counted(u64::from(case.nodes), "node"), summary.seeds_run()];
    facts.push(counted(summary.events, "event"));
    facts.push(format!("{} of virtual time", span(summary.virtual_ns)));
    let _ = writeln!(text, "  {}", look.dim(facts.join(" · ")));
    if case.expectation != "everything holds" {
        let _ = writeln!(text, "  expected: {}", case.expectation);
    }
    text.push('\n');
    text
}

fn properties(look: Look, summary: &Summary, text: &mut String) {
    let cells = |sum: &PropertySum| {
        let total = &sum.total;
        vec![total.id.clone(), look.text(&total.name), look.finding(total.verdict)]
    };
    let invariant = |sum: &PropertySum| {
        let total = &sum.total;
        let counts = [total.checked, total.exercised, total.violated].map(number);
        [cells(sum), counts.to_vec()].concat()
    };
    let rows: Vec<_> = summary.of_kind(PropertyKind::Invariant).map(invariant).collect();
    if !rows.is_empty() {
        let columns = ["Invariant", "Name", "Verdict", ">Checked", ">Exercised", ">Violated"];
        let _ = writeln!(text, "{}", table(look, &columns, &rows));
    }
    let liveness = |sum: &PropertySum| {
        let total = &sum.total;
        let times = [total.took_ns, total.bound_ns].map(|ns| ns.map_or("–".to_owned(), span));
        let counts = [total.exercised, total.violated].map(number);
        [cells(sum), counts.to_vec(), times.to_vec()].concat()
    };
    let rows: Vec<_> = summary.of_kind(PropertyKind::Liveness).map(liveness).collect();
    if !rows.is_empty() {
        let columns =
            ["Liveness", "Name", "Verdict", ">Exercised", ">Missed", ">Took at most", ">Bound"];
        let _ = writeln!(text, "{}", table(look, &columns, &rows));
    }
}

fn faults(look: Look, summary: &Summary, text: &mut String) {
    let row = |(kind, sum): (&String, &crate::FaultSum)| {
        vec![kind.clone(), number(sum.offered), number(sum.fired), number(sum.bit)]
    };
    let rows: Vec<_> = summary.faults.iter().map(row).collect();
    if !rows.is_empty() {
        let table = table(look, &["Fault", ">Offered", ">Fired", ">Bit"], &rows);
        text.push_str(&table);
        for line in FAULTS {
            let _ = writeln!(text, "  {}", look.dim(line));
        }
        text.push('\n');
    }
}

fn counts(look: Look, summary: &Summary, text: &mut String) {
    let counts = summary.counts.iter().map(|(name, count)| (name.as_str(), number(*count)));
    list(look, "Counted:", counts, text);
}

fn unexercised(summary: &Summary) -> impl Iterator<Item = &PropertySum> {
    summary.properties.iter().filter(|sum| sum.total.verdict == Finding::NotExercised)
}

fn not_exercised(look: Look, summary: &Summary, text: &mut String) {
    let mut idle: Vec<_> = unexercised(summary)
        .map(|sum| format!("{} ({})", sum.total.id, look.text(&sum.total.name)))
        .collect();
    let toothless = summary.faults.iter().filter(|(_, sum)| sum.offered > 0 && sum.bit == 0);
    idle.extend(toothless.map(|(kind, _)| format!("fault {kind} (never made a difference)")));
    if !idle.is_empty() {
        let _ = writeln!(text, "  {} {}\n", look.bold("Not exercised:"), idle.join(", "));
    }
}

fn caveats(look: Look, summary: &Summary, text: &mut String) {
    for line in summary.caveat_lines() {
        let _ = writeln!(text, "  {} {}\n", look.bold("Judged only in part:"), look.text(&line));
    }
}

fn drawn(look: Look, summary: &Summary, text: &mut String) {
    let run = summary.kept.first().or(summary.example.as_ref());
    let Some(run) = run.filter(|run| !run.outcome.drawn.is_empty()) else { return };
    let options = run.outcome.drawn.iter().map(|(name, value)| (name.as_str(), look.text(value)));
    list(look, "Drawn:", options, text);
}

/// Names and values after a heading, wrapped to the width of the terminal.
fn list<'n>(
    look: Look,
    heading: &str,
    items: impl Iterator<Item = (&'n str, String)>,
    text: &mut String,
) {
    let (mut line, mut any) = (3 + heading.chars().count(), false);
    for (name, value) in items {
        let name = look.text(name);
        let width = name.chars().count() + value.chars().count() + 3;
        if !any {
            let _ = write!(text, "  {} ", look.bold(heading));
        } else if line + width > usize::from(look.width) {
            text.push_str(",\n    ");
            line = 4;
        } else {
            text.push_str(", ");
        }
        let _ = write!(text, "{} {value}", look.dim(name));
        (line, any) = (line + width, true);
    }
    text.push_str(if any { "\n\n" } else { "" });
}

fn seeds(look: Look, summary: &Summary, text: &mut String) {
    let mut parts = Vec::new();
    for (count, word) in [
        (summary.passed, "passed"),
        (summary.failed, "failed"),
        (summary.inconclusive, "inconclusive"),
        (summary.silent, "without the failure"),
    ] {
        if count > 0 {
            parts.push(format!("{} {word}", number(count)));
        }
    }
    let observed: Vec<_> = summary
        .observed
        .iter()
        .map(|(observed, count)| format!("{observed} in {}", number(*count)))
        .collect();
    let observed = look.dim(format!("({})", observed.join(", ")));
    let _ = writeln!(text, "  {} {} {observed}\n", look.bold("Seeds:"), parts.join(", "));
}

/// The failures in full, the last thing printed being a command line.
fn failures(look: Look, summary: &Summary, text: &mut String) {
    let telling: Vec<_> = summary.telling().collect();
    let full = telling.len().min(MOST_FAILURES);
    let wrong = summary.failed + summary.inconclusive + summary.silent;
    if summary.verdict() != Some(Verdict::Passed) && wrong > full as u64 {
        let _ = writeln!(text, "  {full} of the {} runs that did not pass:\n", number(wrong));
    }
    for (index, kept) in telling[..full].iter().enumerate() {
        text.push_str(if index > 0 { "\n" } else { "" });
        text.push_str(&failure(look, kept));
    }
}
