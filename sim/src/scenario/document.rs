//! JSON with positions.
//!
//! `serde_json` decides what is JSON, so that nothing looser gets in; `jsonc-parser` then gives the
//! same text as a tree in which every value and key knows its bytes, and in which duplicate keys
//! are still visible. A value is identified by the offset of its first byte, which no other has.

use super::problem::{Problem, quote};
use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde::de::IgnoredAny;
use std::collections::BTreeSet;
use std::ops::Range;

/// How deep a scenario may nest.
const DEEPEST: usize = 64;

/// Offsets of values that are passed over because something is wrong with them.
pub(super) type Skipped = BTreeSet<usize>;

/// A JSON text and its tree.
pub(super) struct Document<'t> {
    pub(super) text: &'t str,
    pub(super) root: Value<'t>,
}

/// Where a JSON path leads.
pub(super) struct Place<'d, 't> {
    /// The value, or the innermost one on the way that exists.
    pub(super) value: &'d Value<'t>,
    /// The field's key, if the value is a field's.
    pub(super) key: Option<Range<usize>>,
    /// The first name that the innermost value does not have.
    pub(super) absent: Option<String>,
}

impl<'t> Document<'t> {
    /// Reads `text`, or says where it ceases to be JSON.
    pub(super) fn parse(text: &'t str) -> Result<Self, Problem> {
        if let Some(at) = too_deep(text) {
            let message = format!("more than {DEEPEST} levels deep");
            let help = "no field of a scenario lies that deep: is a bracket missing?";
            let problem = Problem::at(text, at..at + 1, String::new(), message);
            return Err(problem.with_help(Some(help.to_owned())));
        }
        if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
            return Err(not_json(text, &error));
        }
        let no_tree = |span, what: String| Problem::at(text, span, String::new(), what);
        let parsed = parse_to_ast(text, &CollectOptions::default(), &strict())
            .map_err(|error| no_tree(bytes(&error.range()), error.kind().to_string()))?;
        let root = parsed.value.ok_or_else(|| no_tree(0..0, "the file is empty".to_owned()))?;
        Ok(Self { text, root })
    }

    /// A mistake at `span`, with the path of the value that starts at `at`.
    pub(super) fn problem(&self, at: usize, span: Range<usize>, message: String) -> Problem {
        Problem::at(self.text, span, self.path_of(at), message)
    }

    /// The object that starts at `at`, if one does.
    pub(super) fn object_at(&self, at: usize) -> Option<&Object<'t>> {
        let mut value = &self.root;
        while value.start() != at {
            value = match value {
                Value::Object(object) => {
                    &object.properties.iter().find(|p| holds(&p.value, at))?.value
                }
                Value::Array(array) => array.elements.iter().find(|e| holds(e, at))?,
                _ => return None,
            };
        }
        value.as_object()
    }

    /// The field whose value starts at `at`, if it is a field's.
    pub(super) fn field_at(&self, at: usize) -> Option<&ObjectProp<'t>> {
        let mut value = &self.root;
        loop {
            value = match value {
                Value::Object(object) => {
                    let field = object.properties.iter().find(|p| holds(&p.value, at))?;
                    if field.value.start() == at {
                        return Some(field);
                    }
                    &field.value
                }
                Value::Array(array) => array.elements.iter().find(|e| holds(e, at))?,
                _ => return None,
            };
        }
    }

    /// The JSON path of the value that starts at `at`.
    pub(super) fn path_of(&self, at: usize) -> String {
        let (mut path, mut value) = (String::new(), &self.root);
        while value.start() != at {
            let next = match value {
                Value::Object(object) => object.properties.iter().find(|p| holds(&p.value, at)),
                Value::Array(array) => {
                    let Some(index) = array.elements.iter().position(|e| holds(e, at)) else {
                        break;
                    };
                    path.push_str(&format!("[{index}]"));
                    value = &array.elements[index];
                    continue;
                }
                _ => None,
            };
            let Some(field) = next else { break };
            push_key(&mut path, field.name.as_str());
            value = &field.value;
        }
        path
    }

    /// Follows a JSON path, counting in lists only what was not skipped.
    pub(super) fn find(&self, path: &str, skipped: &Skipped) -> Place<'_, 't> {
        let (mut value, mut key) = (&self.root, None);
        for step in steps(path) {
            let next = match (&step, value) {
                (Step::Key(name), Value::Object(object)) => object
                    .properties
                    .iter()
                    .find(|p| p.name.as_str() == *name && !skipped.contains(&p.value.start()))
                    .map(|field| (&field.value, Some(bytes(&field.name.range())))),
                (Step::Index(index), Value::Array(array)) => array
                    .elements
                    .iter()
                    .filter(|element| !skipped.contains(&element.start()))
                    .nth(*index)
                    .map(|element| (element, None)),
                _ => None,
            };
            let Some((inner, inner_key)) = next else {
                let name = match step {
                    Step::Key(name) => name.to_owned(),
                    Step::Index(index) => index.to_string(),
                };
                return Place { value, key, absent: Some(name) };
            };
            (value, key) = (inner, inner_key);
        }
        Place { value, key, absent: None }
    }

    /// Fields that repeat a name; all but the first are skipped.
    pub(super) fn duplicates(&self, skipped: &mut Skipped) -> Vec<Problem> {
        let (mut found, mut todo) = (Vec::new(), vec![&self.root]);
        while let Some(value) = todo.pop() {
            match value {
                Value::Array(array) => todo.extend(&array.elements),
                Value::Object(object) => {
                    let mut names = BTreeSet::new();
                    for field in &object.properties {
                        todo.push(&field.value);
                        if !names.insert(field.name.as_str()) {
                            let at = field.value.start();
                            skipped.insert(at);
                            let what = format!("duplicate field {}", quote(field.name.as_str()));
                            if found.len() < super::load::MOST_PROBLEMS {
                                let help = Some("leave out one of them".to_owned());
                                let problem = self.problem(at, bytes(&field.name.range()), what);
                                found.push(problem.with_help(help));
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        found
    }
}

/// The bytes of a value that are worth pointing at: all of a scalar, the opening of the others.
pub(super) fn shown(value: &Value<'_>) -> Range<usize> {
    match value {
        Value::Object(_) | Value::Array(_) => value.start()..value.start() + 1,
        _ => bytes(&value.range()),
    }
}

pub(super) fn bytes(range: &jsonc_parser::common::Range) -> Range<usize> {
    range.start..range.end
}

fn holds(value: &Value<'_>, at: usize) -> bool {
    (value.start()..value.end()).contains(&at)
}

const fn strict() -> ParseOptions {
    ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// Where a text nests deeper than any scenario does. Everything that walks the tree, the parser
/// first, goes down one frame for each level.
fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Some(at);
        }
    }
    None
}

/// serde_json names the place where it gave up: the end of the offending token.
fn not_json(text: &str, error: &serde_json::Error) -> Problem {
    let lines: usize =
        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let end = (lines + error.column()).min(text.len());
    let at = |span, what: &str| {
        Problem::at(text, span, String::new(), format!("this is not JSON: {what}"))
    };
    let before = text.get(..end.saturating_sub(1)).unwrap_or("").trim_end();
    if before.ends_with(',') && matches!(text.get(end - 1..end), Some("}" | "]")) {
        let help = Some("JSON allows no comma after the last item".to_owned());
        return at(before.len() - 1..before.len(), "a comma too many").with_help(help);
    }
    if text.trim().is_empty() {
        let help = Some("`interregnum scenario new FILE` writes a first one".to_owned());
        return Problem::at(text, 0..0, String::new(), "the file is empty".to_owned())
            .with_help(help);
    }
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
    let start = end.saturating_sub(1);
    let help = what_json_wants(message, text.get(start..).unwrap_or(""));
    at(start..end, message).with_help(Some(help.to_owned()))
}

/// What to do about a text that is not JSON, by what serde_json says and what stands there.
fn what_json_wants(message: &str, there: &str) -> &'static str {
    match message {
        _ if there.starts_with('/') || there.starts_with('#') => {
            "JSON has no comments: say it in `why`, or leave it out"
        }
        _ if message.starts_with("key must be") => "names stand in double quotes",
        _ if message.starts_with("control character") => {
            "text ends on the line where it begins: is a quote missing?"
        }
        _ if message.starts_with("EOF") => {
            "the file ends too early: is a bracket or a quote missing?"
        }
        _ if message.starts_with("trailing") => "a file holds one object, and nothing after it",
        "expected `:`" => "a colon stands between a name and its value",
        _ if message.starts_with("expected `,`") => "is a comma or a bracket missing?",
        "invalid number" => "numbers are written as 12 or -12, without zeros in front",
        "invalid escape" => "in text, a backslash is written twice",
        _ => "a value is text in double quotes, a number, true, false, a list or an object",
    }
}

pub(super) fn push_key(path: &mut String, key: &str) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
    if !key.is_empty() && key.chars().all(plain) {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
    } else {
        let shown: String = key.chars().take(60).flat_map(char::escape_debug).collect();
        path.push_str(&format!("[\"{shown}\"]"));
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Step<'p> {
    Key(&'p str),
    Index(usize),
}

/// Splits `faults[2].crash["odd name"]`; what cannot be split is taken for a key.
fn steps(path: &str) -> Vec<Step<'_>> {
    let (mut steps, mut rest) = (Vec::new(), path);
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let (key, after) = quoted.split_once("\"]").unwrap_or((quoted, ""));
            steps.push(Step::Key(key));
            rest = after;
        } else if let Some((index, after)) =
            rest.strip_prefix('[').and_then(|inner| inner.split_once(']'))
        {
            steps.push(index.parse().map_or(Step::Key(index), Step::Index));
            rest = after;
        } else {
            let end = rest.find(['.', '[']).filter(|end| *end > 0).unwrap_or(rest.len());
            steps.push(Step::Key(&rest[..end]));
            rest = &rest[end..];
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_values_and_back() {
        let text = r#"{"a": [1, {"b c": {"d": true}}], "e": null}"#;
        let document = Document::parse(text).unwrap();
        for (path, at) in [("a", 6), ("a[0]", 7), (r#"a[1]["b c"].d"#, 24), ("e", 38), ("", 0)] {
            let place = document.find(path, &Skipped::new());
            assert_eq!((place.value.start(), place.absent), (at, None), "{path}");
            assert_eq!(document.path_of(at), path);
        }
        let gone = document.find("a[1].x.y", &Skipped::new());
        assert_eq!((gone.value.start(), gone.absent.as_deref()), (10, Some("x")));
    }

    #[test]
    fn any_text_is_a_path() {
        for path in ["", ".", "..", "[", "]", "[\"", "a.[0", "[x]", "a..b", "\"]", "[]", ".a"] {
            steps(path);
        }
    }
}
