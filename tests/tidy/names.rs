//! Where a protocol may be named: in its own folders and in the table that registers it, nowhere
//! else in the simulator, the reports and the command. A system of another crate gets exactly what a
//! built-in one gets, because nothing here could tell them apart.
//!
//! Identifiers and string literals count; comments and documentation may give examples.

use crate::demand_none;
use crate::tokens::{each_level, group, is_punct, line, parse};
use crate::tree::{folders_of, rust_under};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Where no protocol is named, and the exception within: the systems and the table of them.
const GENERIC: [&str; 3] = ["sim/src", "reports/src", "src"];
const SYSTEMS: &str = "sim/src/systems";

/// Folders of the core that are no protocols.
const NOT_PROTOCOLS: [&str; 0] = [];

/// Protocols that are not here, or only as a foreign crate.
const ELSEWHERE: [&str; 5] = ["raft", "zab", "vsr", "omnipaxos", "multipaxos"];

/// Protocols that are called by an everyday word. Only a path into the core or the systems, or the
/// name of its system type, makes such a word the protocol's name.
const EVERYDAY: [&str; 4] = ["election", "leadership", "recovery", "register"];

#[test]
fn protocols_are_named_in_their_own_folders_only() {
    let protocols = protocols();
    let mut faults = Vec::new();
    for file in GENERIC.into_iter().flat_map(rust_under).filter(|file| !file.is_under(SYSTEMS)) {
        let named = named(&parse(file), &protocols);
        faults.extend(named.iter().map(|(line, name)| format!("{}:{line}: `{name}`", file.path)));
    }
    demand_none("Only sim/src/systems names a protocol; ask its `System` instead:", &faults);
}

/// The names of all protocols, in snake case.
fn protocols() -> Vec<&'static str> {
    let mut names = folders_of("core/src");
    names.retain(|name| !NOT_PROTOCOLS.contains(name));
    names.extend(folders_of(SYSTEMS));
    names.extend(ELSEWHERE);
    names
}

/// Where a protocol is named.
fn named(tokens: &TokenStream, protocols: &[&str]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    each_level(tokens, &mut |level| {
        if is_documentation(level) {
            return;
        }
        for (index, token) in level.iter().enumerate() {
            let text = match token {
                TokenTree::Ident(_) | TokenTree::Literal(_) => token.to_string(),
                _ => continue,
            };
            let words = words(&text);
            let entered = entered(&text, &level[index + 1..]);
            for protocol in protocols {
                let is_named = if EVERYDAY.contains(protocol) {
                    contains(&words, &format!("{protocol}_system"))
                        || entered.iter().any(|e| e == protocol)
                } else {
                    contains(&words, protocol)
                };
                if is_named {
                    found.push((line(token), (*protocol).to_owned()));
                    break;
                }
            }
        }
    });
    found
}

/// Whether these are the insides of `#[doc = "..."]`, which is what documentation has become.
fn is_documentation(level: &[TokenTree]) -> bool {
    matches!(level, [TokenTree::Ident(first), equals, ..] if first == "doc" && is_punct(equals, '='))
}

/// The modules that a path goes on to, if it begins or passes where protocols live: one, or those of
/// a group of imports.
fn entered(text: &str, rest: &[TokenTree]) -> Vec<String> {
    let [colon, second, next, ..] = rest else { return Vec::new() };
    let is_home = ["interregnum_core", "systems"].contains(&text);
    if !is_home || !is_punct(colon, ':') || !is_punct(second, ':') {
        return Vec::new();
    }
    let Some(imports) = group(next, Delimiter::Brace) else { return vec![next.to_string()] };
    let imports: Vec<_> = imports.stream().into_iter().collect();
    let heads = imports.split(|token| is_punct(token, ',')).filter_map(<[_]>::first);
    heads.map(ToString::to_string).collect()
}

/// The words of a name in any case, or of a text, in lower case.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        let rises = char.is_uppercase() && !before.is_uppercase();
        let ends_capitals = char.is_uppercase() && rest.peek().is_some_and(|c| c.is_lowercase());
        if rises || ends_capitals || !char.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| char.is_alphanumeric()) {
            word.extend(char.to_lowercase());
        }
        before = char;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether the words of `name` stand together among `words`.
fn contains(words: &[String], name: &str) -> bool {
    let name: Vec<_> = name.split('_').collect();
    words.windows(name.len()).any(|window| window == name)
}

#[test]
fn a_name_is_seen_in_any_case_and_no_everyday_word_is_taken_for_one() {
    let lines = [
        // Documentation may give examples: `paxos`.
        ("/// What users type: `paxos`.", false),
        ("fn draft() { register(aircraft, \"of the election\") }", false),
        ("use interregnum_core::{time::Span, Machine};", false),
        ("use crate::systems::{self, registry};", false),
        ("let DISK_PAXOS = 1;", true),
        ("impl PaxosSystem {}", true),
        ("vec![\"disk-paxos/torn\"]", true),
        ("type RAFTNode = ();", true),
        ("use interregnum_core::{time::Span, register::Copy};", true),
        ("let x = interregnum_core::election::Term(1);", true),
        ("x(ElectionSystem)", true),
    ];
    let protocols = ["disk_paxos", "election", "paxos", "raft", "register"];
    for (source, is_named) in lines {
        let found = named(&source.parse().unwrap(), &protocols);
        assert_eq!(!found.is_empty(), is_named, "{source}: {found:?}");
    }
}
