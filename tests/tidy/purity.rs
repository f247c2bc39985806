//! What no crate may do: unsafe code anywhere, the standard library in the core, a lint switched
//! off without a reason.

use crate::arrows::manifest;
use crate::demand_none;
use crate::tokens::{attributes, each_level, group, line, parse};
use crate::tree::{self, files, rust_under};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use toml::Value;

#[test]
fn the_core_is_bare_and_safe() {
    let root = tree::file("core/src/lib.rs").expect("the core has a root");
    for wanted in ["no_std", "forbid(unsafe_code)"] {
        assert!(has_inner(&parse(root), wanted), "core/src/lib.rs lacks #![{wanted}]");
    }
    let mut faults = Vec::new();
    for file in rust_under("core/src") {
        each_level(&parse(file), &mut |level| {
            for token in level.iter().filter(|token| is_ident(token, "std")) {
                faults.push(format!("{}:{}: `std`", file.path, line(token)));
            }
        });
    }
    demand_none("The core has `core` and `alloc`, nothing else:", &faults);
}

#[test]
fn every_crate_forbids_unsafe_code() {
    let root = manifest("Cargo.toml");
    let shared = root["workspace"].get("lints").is_some_and(forbids_unsafe);
    let mut faults = Vec::new();
    for path in files().iter().map(|file| &*file.path).filter(|p| p.ends_with("Cargo.toml")) {
        let manifest = manifest(path);
        if !manifest.contains_key("package") {
            continue;
        }
        let inherits =
            |lints: &Value| lints.get("workspace").and_then(Value::as_bool) == Some(true);
        let by_lint = |lints| forbids_unsafe(lints) || (shared && inherits(lints));
        if !manifest.get("lints").is_some_and(by_lint) {
            faults.push(format!("{path}: no lint says `unsafe_code = \"forbid\"`"));
        }
    }
    demand_none("Every crate forbids unsafe code:", &faults);
}

#[test]
fn lints_are_lifted_with_a_reason_or_not_at_all() {
    let mut faults = Vec::new();
    for file in files().iter().filter(|file| file.is_rust()) {
        faults
            .extend(unreasoned(&parse(file)).iter().map(|fault| format!("{}:{fault}", file.path)));
    }
    demand_none("Write #[expect(lint, reason = \"...\")], so that it goes when it can:", &faults);
}

fn forbids_unsafe(lints: &Value) -> bool {
    lints.get("rust").and_then(|rust| rust.get("unsafe_code")).is_some_and(|level| {
        let level = level.get("level").unwrap_or(level);
        level.as_str() == Some("forbid")
    })
}

fn has_inner(tokens: &TokenStream, wanted: &str) -> bool {
    attributes(tokens).iter().any(|attribute| attribute.inner && attribute.text() == wanted)
}

/// Attributes that lift a lint for good, or without saying why; also inside `cfg_attr`.
fn unreasoned(tokens: &TokenStream) -> Vec<String> {
    let mut faults = Vec::new();
    for attribute in attributes(tokens) {
        each_level(&attribute.tokens, &mut |level| {
            for pair in level.windows(2) {
                let Some(lints) = group(&pair[1], Delimiter::Parenthesis) else { continue };
                let has_reason = lints.stream().into_iter().any(|token| is_ident(&token, "reason"));
                if is_ident(&pair[0], "allow") {
                    faults.push(format!("{}: allow{lints}", attribute.line));
                } else if is_ident(&pair[0], "expect") && !has_reason {
                    faults.push(format!("{}: expect{lints} without a reason", attribute.line));
                }
            }
        });
    }
    faults
}

fn is_ident(token: &TokenTree, name: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == name)
}

#[test]
fn a_lifted_lint_is_seen() {
    let source = "\
        #![allow(dead_code)]\n\
        #[cfg_attr(test, allow(unused))]\n\
        #[expect(unused)]\n\
        #[expect(unused, reason = \"allow(this)\")]\n\
        /// Not #[allow(unused)].\n\
        fn f() { allow(1); x.expect(\"y\"); }";
    let faults = unreasoned(&source.parse().unwrap());
    let lines: Vec<_> = faults.iter().map(|fault| &fault[..1]).collect();
    assert_eq!(lines, ["1", "2", "3"], "{faults:?}");
}
