//! Rust source as trees of tokens with line numbers.
//!
//! Tokens rather than syntax, so that what stands inside a macro call is seen, too. Comments are
//! gone; documentation has become attributes.

use crate::tree::File;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// One function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// From `fn` to the closing brace, both included.
    pub(crate) lines: usize,
}

/// One attribute: `#[...]`, or `#![...]` if it is inner.
pub(crate) struct Attribute {
    pub(crate) inner: bool,
    pub(crate) line: usize,
    pub(crate) tokens: TokenStream,
}

impl Attribute {
    /// Without spaces: `forbid(unsafe_code)`.
    pub(crate) fn text(&self) -> String {
        self.tokens.to_string().split_whitespace().collect()
    }
}

/// A file's tokens.
pub(crate) fn parse(file: &File) -> TokenStream {
    file.text.parse().unwrap_or_else(|error| panic!("{} is not Rust: {error}", file.path))
}

/// Calls `visit` with the tokens of every group, the outermost first.
pub(crate) fn each_level(tokens: &TokenStream, visit: &mut impl FnMut(&[TokenTree])) {
    let level: Vec<_> = tokens.clone().into_iter().collect();
    visit(&level);
    for token in &level {
        if let TokenTree::Group(group) = token {
            each_level(&group.stream(), visit);
        }
    }
}

/// Every function, methods and those inside macros included.
pub(crate) fn functions(tokens: &TokenStream) -> Vec<Function> {
    let mut found = Vec::new();
    each_level(tokens, &mut |level| {
        for (index, pair) in level.windows(2).enumerate() {
            let [TokenTree::Ident(keyword), TokenTree::Ident(name)] = pair else { continue };
            if keyword != "fn" {
                continue;
            }
            if let Some(body) = body(&level[index + 2..]) {
                let lines = body.span_close().end().line + 1 - keyword.span().start().line;
                found.push(Function { name: name.to_string(), lines });
            }
        }
    });
    found
}

/// The body of the function whose signature goes on here, if it has one.
fn body(rest: &[TokenTree]) -> Option<&Group> {
    rest.iter()
        .take_while(|token| !is_punct(token, ';'))
        .find_map(|token| group(token, Delimiter::Brace))
}

/// Every attribute, documentation included.
pub(crate) fn attributes(tokens: &TokenStream) -> Vec<Attribute> {
    let mut found = Vec::new();
    each_level(tokens, &mut |level| {
        for (index, hash) in level.iter().enumerate().filter(|(_, token)| is_punct(token, '#')) {
            let rest = &level[index + 1..];
            let inner = rest.first().is_some_and(|token| is_punct(token, '!'));
            let bracket = rest.get(usize::from(inner));
            if let Some(group) = bracket.and_then(|token| group(token, Delimiter::Bracket)) {
                let line = hash.span().start().line;
                found.push(Attribute { inner, line, tokens: group.stream() });
            }
        }
    });
    found
}

/// The line on which a token begins.
pub(crate) fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

pub(crate) fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

pub(crate) fn group(token: &TokenTree, delimiter: Delimiter) -> Option<&Group> {
    match token {
        TokenTree::Group(group) if group.delimiter() == delimiter => Some(group),
        _ => None,
    }
}

#[test]
fn functions_are_found_wherever_they_stand() {
    let source = "\
        trait T { fn declared(&self) -> [u8; { 2 }]; fn given(&self) {} }\n\
        macro! { #[test] fn inside(x in 0..3) {\n let f: fn(u8) = g;\n } }\n\
        const fn outer<T>()\nwhere\n    T: Copy,\n{\n    fn inner() {}\n}";
    let found = functions(&source.parse().unwrap());
    let found: Vec<_> = found.iter().map(|f| (&*f.name, f.lines)).collect();
    assert_eq!(found, [("outer", 6), ("given", 1), ("inside", 3), ("inner", 1)]);
}
