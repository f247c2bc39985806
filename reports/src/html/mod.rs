//! Pages that explain runs to somebody who was not there.
//!
//! Each page is one file and asks for nothing: its own policy forbids it. It is complete without scripts; the
//! one that it has adds a button that copies and makes addresses work together with switches. Every text from
//! a scenario or a machine is escaped by maud. Its size is bounded: only so many runs are drawn, those that
//! did not pass first, and only so many step by step; further ones have pages of their own.
//!
//! ```text
//! index     everything that a command ran     audit    every planted bug
//!   scenario    all runs of one scenario         |
//!     run           one run  <-------------------'
//!       timeline        as a picture: who led, what went wrong, how long clients waited
//!       spacetime       as lanes: step by step what led to the failure
//! ```

mod audit;
mod index;
mod run;
mod scenario;
mod spacetime;
mod timeline;

use crate::documents::{File, traces};
use crate::json::{End, Word};
use crate::words::harmless;
use crate::{Case, Kept, Summary};
use interregnum_sim::outcome::Finding;
use interregnum_sim::verdict::Verdict;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// How many runs are drawn on one page.
const MOST_DRAWN: usize = 40;
/// How many of them step by step; others have a page of their own.
const MOST_STEPS: usize = 3;
/// How many scenarios are explained on one page; the others have their line in the first table.
const MOST_EXPLAINED: usize = 200;
/// How many runs have a line on one page.
const MOST_LINES: usize = 5_000;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// The digest of the script: no other runs.
const DIGEST: &str = "sha256-Mhd4co+ZJFWoS8KwikBGoIHMUe7nvpIMRRV4pkr5oM0=";

/// The pages on everything that a command of this version ran; `index.html` comes last.
pub(crate) fn of_run(end: &End<'_>, version: &str) -> Vec<File> {
    index::pages(end, version)
}

/// The pages on an audit; `index.html` comes last.
pub(crate) fn of_audit(audit: &crate::audit::Audit) -> Vec<File> {
    audit::pages(audit)
}

/// What the files on a run are called: the number of its scenario, and its seed.
pub(crate) fn run_name(index: usize, kept: &Kept) -> String {
    format!("{index}-{:#x}", kept.outcome.seed)
}

/// What the files on a run of a planted bug are called.
pub(crate) fn bug_name(id: &str, sound: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' };
    let name: String = id.chars().take(80).map(plain).collect();
    name + sound
}

/// A page with everything around its body.
fn page(title: &str, body: &Markup) -> String {
    let policy = format!("default-src 'none'; style-src 'unsafe-inline'; script-src '{DIGEST}'");
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(policy);
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (stripes())
                (body)
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    // Titles and what machines say come from elsewhere; nothing in them turns the text around.
    markup.into_string().chars().map(|c| if c == '\n' { c } else { harmless(c) }).collect()
}

/// The pattern of whatever is paused, so that it is not told by its colour alone.
fn stripes() -> Markup {
    html! {
        svg.unseen aria-hidden="true" {
            defs {
                pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    line.stripe x1="0" y1="0" x2="0" y2="6" {}
                }
            }
        }
    }
}

/// What the words in the tables mean, and where the same figures are for machines.
fn footer(results: &str) -> Markup {
    html! {
        footer.soft {
            p {
                "Exercised: the situation that an invariant speaks of arose, so that it could have been false. "
                "Offered: planned. Fired: found a target. "
                "Bit: made a difference: a message was stopped, a process that was up fell. "
                "Times are virtual. The same figures for machines: " a href=(results) { (results) } "."
            }
        }
    }
}

/// What a page may still hold, and what belongs to it: further pages, and the traces that it points at.
struct Room {
    drawn: usize,
    steps: usize,
    lines: usize,
    files: Vec<File>,
}

impl Room {
    const fn new() -> Self {
        Self { drawn: MOST_DRAWN, steps: MOST_STEPS, lines: MOST_LINES, files: Vec::new() }
    }

    /// Where a run is told step by step: on this page while there is room, or else on one of its own.
    fn steps_of(&mut self, name: &str, (case, kept): (&Case, &Kept), version: &str) -> Steps {
        if kept.recording.is_none() {
            Steps::Nowhere
        } else if self.steps > 0 {
            self.steps -= 1;
            self.files.extend(traces(name, kept));
            // The first ones on a page have the plain addresses.
            let nth = MOST_STEPS - self.steps;
            let prefix = if nth == 1 { String::new() } else { format!("r{nth}-") };
            Steps::Here { prefix, traces: format!("traces/{name}") }
        } else {
            Steps::There(self.page_of(name, (case, kept), version))
        }
    }

    /// Gives a run a page of its own; its address.
    fn page_of(&mut self, name: &str, (case, kept): (&Case, &Kept), version: &str) -> String {
        let path = format!("runs/{name}.html");
        let text = run::page(case, kept, &format!("../traces/{name}"), version);
        self.files.extend(traces(name, kept));
        self.files.push(File { path: path.clone(), text });
        path
    }
}

/// Where it is told step by step what happened in a run.
enum Steps {
    /// On this page.
    Here {
        /// What addresses of events begin with.
        prefix: String,
        /// Where its trace is for other tools, without the end of the names.
        traces: String,
    },
    /// At this address.
    There(String),
    /// It was not recorded.
    Nowhere,
}

/// A verdict as a sign and a word; the colour only repeats them.
fn verdict_badge(verdict: Option<Verdict>) -> Markup {
    match verdict {
        Some(Verdict::Passed) => html! { span.badge.passed { "✔ passed" } },
        Some(Verdict::Failed) => html! { span.badge.failed { "✘ failed" } },
        Some(Verdict::Inconclusive) => html! { span.badge.inconclusive { "? inconclusive" } },
        None => html! { span.badge.inconclusive { "– nothing ran" } },
    }
}

/// The same for everything that a command did, which may have broken off.
fn whole_badge(word: Word) -> Markup {
    match word {
        Word::Passed => verdict_badge(Some(Verdict::Passed)),
        Word::Failed => verdict_badge(Some(Verdict::Failed)),
        Word::Inconclusive => verdict_badge(Some(Verdict::Inconclusive)),
        Word::NothingRan => verdict_badge(None),
        Word::Error => html! { span.badge.failed { "✘ " (word.told()) } },
    }
}

fn finding_badge(finding: Finding) -> Markup {
    let word = crate::words::finding(finding);
    match finding {
        Finding::Held => html! { span.badge.held { "✔ " (word) } },
        Finding::NotExercised => html! { span.badge.unexercised { "– " (word) } },
        Finding::NotJudged => html! { span.badge.unexercised { "– " (word) } },
        Finding::Unknown => html! { span.badge.unknown { "? " (word) } },
        Finding::InconsistentEvidence => html! { span.badge.inconsistent { "✘ " (word) } },
        Finding::Violated => html! { span.badge.violated { "✘ " (word) } },
    }
}

#[cfg(test)]
mod tests;
