//! One mistake in a scenario file, as plain data. How it is drawn is the reports' affair.

use std::ops::Range;

/// A mistake in a scenario file: where, what, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The JSON path of the field: `faults[2].crash.target`; empty for the document itself.
    pub path: String,
    /// The bytes it is about.
    pub span: Range<usize>,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is wrong, without a full stop.
    pub message: String,
    /// What would be right: the nearest name, or all that are known.
    pub help: Option<String>,
}

impl Problem {
    /// A mistake at `span` of `text`; a span that does not fit the text is cut to it.
    pub(super) fn at(text: &str, span: Range<usize>, path: String, message: String) -> Self {
        let start = floor(text, span.start);
        let end = floor(text, span.end).max(start);
        let (line, column) = line_and_column(text, start);
        Self { path, span: start..end, line, column, message, help: None }
    }

    pub(super) fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

/// Text from a file, fit to stand in a message: short and without control characters.
pub(super) fn quote(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut quoted: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        quoted.push('…');
    }
    format!("`{quoted}`")
}

/// The known name that was probably meant.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The distance costs the product of both lengths, and the name may come from a hostile file.
    if name.is_empty() || name.len() > 64 {
        return None;
    }
    let folded = name.to_lowercase().replace('_', "-");
    known
        .into_iter()
        .map(|candidate| {
            let other = candidate.to_lowercase().replace('_', "-");
            (strsim::damerau_levenshtein(&folded, &other), candidate)
        })
        .filter(|(distance, candidate)| *distance <= (candidate.len().min(name.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The nearest name as a question, or else all names that are known.
pub(super) fn suggest<'a>(
    name: &str,
    what: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    const MOST: usize = 24;
    if let Some(near) = nearest(name, known.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let mut names: Vec<_> = known.into_iter().collect();
    if names.is_empty() {
        return None;
    }
    let more = names.len().saturating_sub(MOST);
    names.truncate(MOST);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("{what}: `{}`{rest}", names.join("`, `")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let known = ["crash", "pause", "power_loss", "partition"];
        assert_eq!(nearest("crsh", known), Some("crash"));
        assert_eq!(nearest("power-loss", known), Some("power_loss"));
        assert_eq!(nearest("Partiton", known), Some("partition"));
        assert_eq!(nearest("flood", known), None);
        assert_eq!(nearest(&"a".repeat(1 << 20), known), None);
    }

    #[test]
    fn positions_count_characters() {
        let problem = Problem::at("ä\nöü\"x\"", 8..11, String::new(), String::new());
        assert_eq!((problem.line, problem.column), (2, 4));
        let beyond = Problem::at("ä", 7..99, String::new(), String::new());
        assert_eq!((beyond.line, beyond.column, beyond.span), (1, 2, 2..2));
    }
}
