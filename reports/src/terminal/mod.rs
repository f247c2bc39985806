//! Documents for a terminal: tables, failures, traces.

mod audit;
mod failure;
mod run;
mod table;
mod trace;

pub use audit::audit;
pub use failure::failure;
pub use run::{brief, overview, summary};
pub use table::table;
pub use trace::{trace_header, trace_line};

use crate::words::harmless;
use anstyle::{AnsiColor, Style};
use interregnum_sim::outcome::Finding;
use interregnum_sim::verdict::Verdict;
use std::fmt::Display;

/// What the terminal can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether to colour; nothing is ever said by colour alone.
    pub color: bool,
    /// Columns.
    pub width: u16,
}

impl Look {
    /// For files, pipes and tests.
    pub const PLAIN: Self = Self { color: false, width: 100 };

    /// The same without an end to its lines: for whoever cuts and filters them.
    #[must_use]
    pub const fn unwrapped(self) -> Self {
        Self { width: u16::MAX, ..self }
    }

    fn paint(self, style: Style, text: impl Display) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    pub(crate) fn bold(self, text: impl Display) -> String {
        self.paint(Style::new().bold(), text)
    }

    pub(crate) fn dim(self, text: impl Display) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    pub(crate) fn cyan(self, text: impl Display) -> String {
        self.paint(AnsiColor::Cyan.on_default(), text)
    }

    /// The verdict as a sign and a word.
    pub(crate) fn verdict(self, verdict: Option<Verdict>) -> String {
        match verdict {
            Some(Verdict::Passed) => self.paint(AnsiColor::Green.on_default().bold(), "✔ passed"),
            Some(Verdict::Failed) => self.paint(AnsiColor::Red.on_default().bold(), "✘ failed"),
            Some(Verdict::Inconclusive) => {
                self.paint(AnsiColor::Yellow.on_default().bold(), "? inconclusive")
            }
            None => self.paint(AnsiColor::Yellow.on_default().bold(), "– nothing ran"),
        }
    }

    /// A word in the colour of its verdict.
    pub(crate) fn row(self, verdict: Verdict, text: impl Display) -> String {
        let color = match verdict {
            Verdict::Passed => AnsiColor::Green,
            Verdict::Failed => AnsiColor::Red,
            Verdict::Inconclusive => AnsiColor::Yellow,
        };
        self.paint(color.on_default(), text)
    }

    /// A property's result as a sign and a word.
    pub(crate) fn finding(self, finding: Finding) -> String {
        let word = crate::words::finding(finding);
        match finding {
            Finding::Held => self.paint(AnsiColor::Green.on_default(), format!("✔ {word}")),
            Finding::NotExercised | Finding::NotJudged => self.dim(format!("– {word}")),
            Finding::Unknown => self.paint(AnsiColor::Yellow.on_default(), format!("? {word}")),
            Finding::InconsistentEvidence | Finding::Violated => {
                self.paint(AnsiColor::Red.on_default(), format!("✘ {word}"))
            }
        }
    }

    /// Text from a scenario or a machine, without what could steer the terminal.
    #[must_use]
    pub fn text(self, text: &str) -> String {
        text.chars().map(harmless).collect()
    }
}
