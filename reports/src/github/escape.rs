//! Text from elsewhere, so that neither Markdown nor GitHub's runner takes it for more than text.

use crate::words::harmless;

/// The longest text within a line, and the longest line and most lines within a fence, in characters.
const INLINE: usize = 300;
const LINE: usize = 2_000;
const LINES: usize = 60;

/// Text within a line of Markdown.
pub(super) fn inline(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in inert(text, INLINE).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' | '@' => {
                safe.push('\\');
                safe.push(c);
            }
            // A link that nobody made, or the name of a picture.
            ':' => safe.push_str("&#58;"),
            _ => safe.push(c),
        }
    }
    safe.replace("www.", "www&#46;")
}

/// Lines of text in a fence that none of them can close.
pub(super) fn fenced(text: &str) -> String {
    let mut lines: Vec<_> = text.trim_end().lines().map(|line| inert(line, LINE)).collect();
    if lines.len() > LINES {
        // The last line is the one that repeats the run.
        let last = lines.pop().unwrap_or_default();
        let left_out = lines.len() + 1 - LINES;
        lines.truncate(LINES - 1);
        lines.push(format!("... {left_out} lines are left out"));
        lines.push(last);
    }
    let text = lines.join("\n");
    let ticks = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(ticks + 1));
    format!("{fence}text\n{text}\n{fence}\n\n")
}

/// The message of a command of the runner.
pub(super) fn data(text: &str) -> String {
    let text: Vec<_> = text.split('\n').map(|line| inert(line, LINE)).collect();
    text.join("\n").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a command of the runner.
pub(super) fn property(text: &str) -> String {
    data(&inert(text, LINE)).replace(':', "%3A").replace(',', "%2C")
}

/// A piece of a line, without control characters and without the marks of a command: `::` where a line
/// begins, and an old one anywhere.
fn inert(text: &str, most: usize) -> String {
    let mut line: String = text.chars().take(most).map(harmless).collect();
    if text.chars().nth(most).is_some() {
        line.push('…');
    }
    if line.trim_start().starts_with("::") {
        line = line.replacen("::", ":·:", 1);
    }
    line.replace("##[", "##·[")
}
