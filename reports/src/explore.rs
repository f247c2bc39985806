//! What exhaustive searches found: a table for people, one document for machines.

use crate::terminal::{Look, table};
use crate::words::{counted, number};
use interregnum_sim::explore::Exercised;
use interregnum_sim::explore::cluster::{Exploration, Violated};
use interregnum_sim::verdict::Verdict;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

/// One scenario that was searched.
#[derive(Clone, Debug)]
pub struct Searched {
    /// The file, as the user named it.
    pub path: String,
    /// The title.
    pub title: String,
    /// The system under test.
    pub system: String,
    /// The planted bug, if one is searched for.
    pub mutant: Option<String>,
    /// What was found.
    pub found: Exploration,
    /// Whether it is what the scenario expects.
    pub verdict: Verdict,
    /// Why it is not.
    pub reason: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// The command line that shows what was found again.
    pub again: String,
}

/// The verdict on all of them: the worst. None if there are none.
#[must_use]
pub fn verdict(all: &[Searched]) -> Option<Verdict> {
    let is = |verdict| all.iter().any(|searched| searched.verdict == verdict);
    match () {
        () if all.is_empty() => None,
        () if is(Verdict::Failed) => Some(Verdict::Failed),
        () if is(Verdict::Inconclusive) => Some(Verdict::Inconclusive),
        () => Some(Verdict::Passed),
    }
}

/// The document for machines. Times and sizes are the only things in it that differ from one machine to
/// another.
#[must_use]
pub fn json(all: &[Searched]) -> Value {
    let verdict = verdict(all).map_or("nothing", word);
    json!({ "version": 1, "command": "explore", "verdict": verdict, "models": all.iter().map(model).collect::<Vec<_>>() })
}

fn model(searched: &Searched) -> Value {
    let Searched { path, title, system, mutant, found, verdict, reason, took, again } = searched;
    let cuts: serde_json::Map<_, _> =
        found.cuts.iter().map(|cut| (cut.bound.to_owned(), cut.times.into())).collect();
    let exercised: serde_json::Map<_, _> = found
        .exercised
        .iter()
        .map(|exercised| (exercised.property.to_owned(), exercised.times.into()))
        .collect();
    let violation = found.violated.as_ref().map(|Violated { invariant, what, evidence }| {
        json!({
            "invariant": invariant,
            "what": what,
            "evidence": evidence.iter().map(|fact| &fact.what).collect::<Vec<_>>(),
            "choices": found.trace,
        })
    });
    json!({
        "scenario": path,
        "title": title,
        "system": system,
        "mutant": mutant,
        "verdict": word(*verdict),
        "reason": reason,
        "complete": found.complete,
        "states": found.states,
        "distinct": found.distinct,
        "transitions": found.transitions,
        "depth": found.depth,
        "cut_by_depth": found.cut_by_depth,
        "seconds": took.as_secs_f64(),
        "bytes_per_state": found.peak_bytes / found.states.max(1),
        "covered": found.bounds,
        "cuts": cuts,
        "exercised": exercised,
        "violation": violation,
        "again": again,
    })
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Inconclusive => "inconclusive",
    }
}

/// A table of all models, or of those that did not pass; then what was covered, what is wrong, and the sum.
#[must_use]
pub fn terminal(look: Look, all: &[Searched], quiet: bool) -> String {
    let shown = |searched: &&Searched| !quiet || searched.verdict != Verdict::Passed;
    let rows: Vec<_> = all.iter().filter(shown).collect();
    let mut text = String::new();
    if !rows.is_empty() {
        let columns = ["Model", "Verdict", "Complete", ">States", ">Choices", ">Depth", ">Time"];
        let cells: Vec<_> = rows.iter().map(|searched| cells(look, searched)).collect();
        let _ = writeln!(text, "{}", table(look, &columns, &cells));
    }
    for searched in &rows {
        explain(look, searched, &mut text);
    }
    if !(quiet && rows.is_empty()) {
        let models = counted(all.len() as u64, "model");
        let states: u64 = all.iter().map(|searched| searched.found.states).sum();
        let _ = writeln!(
            text,
            "{}  {models}, {}",
            look.verdict(verdict(all)),
            counted(states, "state")
        );
    }
    text
}

/// A file's own name says which of its folder's it is.
fn name(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".json").unwrap_or(file)
}

fn cells(look: Look, searched: &Searched) -> Vec<String> {
    let Searched { found, verdict, took, .. } = searched;
    let sign = match verdict {
        Verdict::Passed => "✔",
        Verdict::Inconclusive => "?",
        Verdict::Failed => "✘",
    };
    let complete = match (&found.violated, found.complete) {
        (Some(violated), _) => format!("{} found", violated.invariant),
        (None, true) => "yes".to_owned(),
        (None, false) => "no".to_owned(),
    };
    vec![
        name(&searched.path).to_owned(),
        look.row(*verdict, format!("{sign} {}", word(*verdict))),
        complete,
        number(found.states),
        number(found.transitions),
        number(found.depth.into()),
        format!("{}.{:01}s", took.as_secs(), took.subsec_millis() / 100),
    ]
}

/// How often each invariant could have been false, and which never could.
fn exercised(all: &[Exercised]) -> String {
    let some = all.iter().filter(|of| of.times > 0);
    let some = some.map(|of| format!("{} {}", of.property, number(of.times)));
    let none = all.iter().filter(|of| of.times == 0).map(|of| of.property.to_owned());
    let lists = [("exercised", some.collect::<Vec<_>>()), ("not exercised", none.collect())];
    let lists = lists.iter().filter(|(_, list)| !list.is_empty());
    lists.map(|(what, list)| format!("{what}: {}", list.join(", "))).collect::<Vec<_>>().join("; ")
}

/// What the bounds were, what they ruled out, and what is wrong.
fn explain(look: Look, searched: &Searched, text: &mut String) {
    let Searched { found, reason, again, .. } = searched;
    let _ = writeln!(text, "  {}", look.bold(&searched.path));
    let bounds = serde_json::to_string(&found.bounds).unwrap_or_default();
    let _ = writeln!(text, "    covered: {bounds}");
    if !found.cuts.is_empty() {
        let cuts: Vec<_> =
            found.cuts.iter().map(|cut| format!("{} {}", cut.bound, number(cut.times))).collect();
        let _ = writeln!(text, "    the bounds ruled out: {}", cuts.join(", "));
    }
    if !found.exercised.is_empty() {
        let _ = writeln!(text, "    {}", exercised(&found.exercised));
    }
    if let Some(reason) = reason {
        let _ = writeln!(text, "    {reason}");
    }
    if let Some(Violated { invariant, what, evidence }) = &found.violated {
        let choices = counted(found.trace.len() as u64, "choice");
        let _ = writeln!(text, "    {invariant} fails after {choices}: {what}");
        for fact in evidence {
            let node = fact.node.map(|node| format!("n{node}")).unwrap_or_default();
            let _ = writeln!(text, "      {node}  {}", fact.what);
        }
    }
    if searched.verdict != Verdict::Passed || found.violated.is_some() {
        let _ = writeln!(text, "    {}", look.cyan(again));
    }
    text.push('\n');
}
