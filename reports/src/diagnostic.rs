//! Mistakes in scenario files, drawn with the piece of the file that they are about.
//!
//! `miette` draws. It is given a window of the file, not all of it: a file may be one line of a
//! megabyte, and what it holds may be meant for the terminal rather than for the reader.

use crate::terminal::Look;
use crate::words::harmless;
use interregnum_sim::scenario::Problem;
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};
use std::fmt;

/// The widest piece of one line that is shown on either side of the mistake.
const SIDE: usize = 60;
/// The longest line that is shown whole.
const LINE: usize = 110;
/// The widest piece that is underlined.
const MARKED: usize = 60;
/// The longest text of a message.
const WORDS: usize = 600;
/// The longest path of a field.
const PATH: usize = 120;

/// Draws the mistakes in the file at `path`, one after the other.
#[must_use]
pub fn problems(look: Look, path: &str, file: &[u8], problems: &[Problem]) -> String {
    let theme =
        if look.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(usize::from(look.width))
        .with_links(false);
    let source = String::from_utf8_lossy(file);
    let source = source.strip_prefix('\u{feff}').unwrap_or(&source);
    let mut text = String::new();
    for problem in problems {
        let drawn = Drawn::new(path, source, problem);
        // A writer into memory does not fail; should drawing ever, the plain words remain.
        if handler.render_report(&mut text, &drawn).is_err() {
            text.push_str(&format!("{path}:{}:{}: {problem:?}\n", problem.line, problem.column));
        }
        text.push('\n');
    }
    text
}

/// One mistake as miette takes it.
struct Drawn<'p> {
    problem: &'p Problem,
    window: Window,
}

/// A piece of the file around a mistake.
struct Window {
    path: String,
    text: String,
    marked: std::ops::Range<usize>,
    line: usize,
    column: usize,
    /// How many characters of the line were cut off before the piece.
    shift: usize,
}

impl<'p> Drawn<'p> {
    fn new(path: &str, source: &str, problem: &'p Problem) -> Self {
        let span = problem.span.start.min(source.len())..problem.span.end.min(source.len());
        let line_start = source[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = source[span.start..].find('\n').map_or(source.len(), |n| span.start + n);
        let short = source[line_start..line_end].chars().nth(LINE).is_none();
        let start = if short { line_start } else { back(source, span.start, SIDE).max(line_start) };
        let marked_end = span.end.min(forth(source, span.start, MARKED)).min(line_end);
        let end = if short {
            line_end.max(marked_end)
        } else {
            forth(source, marked_end, SIDE).min(line_end)
        };
        let window = Window {
            path: path.chars().map(harmless).collect(),
            text: source[start..end].chars().map(harmless).collect(),
            marked: 0..0,
            line: problem.line,
            column: problem.column,
            shift: source[line_start..start].chars().count(),
        };
        let length = |piece: &str| piece.chars().map(|c| harmless(c).len_utf8()).sum::<usize>();
        let from = length(&source[start..span.start]);
        let marked = from..from + length(&source[span.start..marked_end]);
        Self { problem, window: Window { marked, ..window } }
    }
}

/// What a message says, however much of the file it quotes.
fn short(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).map(harmless).collect();
    if text.chars().nth(most).is_some() {
        short.push('…');
    }
    short
}

fn back(text: &str, at: usize, chars: usize) -> usize {
    text[..at].char_indices().rev().take(chars).last().map_or(at, |(index, _)| index)
}

fn forth(text: &str, at: usize, chars: usize) -> usize {
    text[at..].char_indices().nth(chars).map_or(text.len(), |(index, _)| at + index)
}

impl SourceCode for Window {
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let span = SourceSpan::from((0, self.text.len()));
        let (line, column) = (self.line - 1, self.column - 1);
        Ok(Box::new(MietteSpanContents::new_named(
            self.path.clone(),
            self.text.as_bytes(),
            span,
            line,
            column,
            1,
        )))
    }
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&short(&self.problem.message, WORDS))
    }
}

impl fmt::Debug for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Drawn<'_> {}

impl Diagnostic for Drawn<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.problem.help.as_ref()?;
        Some(Box::new(short(help, WORDS)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.window)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let path = &self.problem.path;
        let mut label = if path.is_empty() { "here".to_owned() } else { short(path, PATH) };
        if self.window.shift > 0 {
            label.push_str(&format!(" (column {})", self.window.column));
        }
        let Window { marked, .. } = &self.window;
        let span = SourceSpan::from((marked.start, marked.len()));
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some(label), span))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interregnum_sim::scenario::load;
    use interregnum_sim::subject::Registry;

    fn drawn(file: &[u8]) -> String {
        let found = load(file, &Registry::new()).unwrap_err();
        problems(Look::PLAIN, "a.json", file, &found)
    }

    #[test]
    fn a_megabyte_on_one_line_is_a_short_message() {
        let file = format!("{{\"a\": [{}], \"b\"; 1}}", "1, ".repeat(300_000) + "1");
        let text = drawn(file.as_bytes());
        assert!(text.len() < 1_000, "{text}");
        assert!(text.contains("\"b\"; 1}"), "{text}");
    }

    #[test]
    fn a_name_of_a_megabyte_is_cut_wherever_it_is_quoted() {
        let long = "x".repeat(1_000_000);
        for file in [
            format!(r#"{{"version": 1, "title": "t", "system": "{long}"}}"#),
            format!(r#"{{"version": {}, "title": "t"}}"#, "9".repeat(1_000_000)),
            format!(
                r#"{{"version": 1, "title": "t", "system": "s", "cluster": {{"groups": {{"{long}": []}}}}}}"#
            ),
        ] {
            let text = drawn(file.as_bytes());
            assert!(text.len() < 8_000 && text.contains('…'), "{}", text.len());
        }
    }

    #[test]
    fn a_file_cannot_steer_the_terminal() {
        let file = "{\"a\u{1b}[31m\u{9b}\u{202e}\": \u{1b}]0;pwned\u{7}}".as_bytes();
        let text = drawn(file);
        assert!(
            text.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')),
            "{text:?}"
        );
    }

    #[test]
    fn every_cut_of_a_file_is_drawn() {
        let file = "{\n \"ä→𝄞\": [1,\r\n\t{\"b\": \"𝄞𝄞\"}], \"x\": tru\n}\n\n".as_bytes();
        for end in 0..=file.len() {
            assert!(drawn(&file[..end]).contains("a.json:"), "{end}");
        }
    }
}
