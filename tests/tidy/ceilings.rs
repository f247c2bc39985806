//! How large files and functions may grow.

use crate::demand_none;
use crate::ratchet::{self, Sizes};
use crate::tokens::{functions, parse};
use crate::tree::files;

/// A Rust file has fewer lines than this.
const FILE: usize = 400;
/// A function has fewer lines than this, from `fn` to the closing brace.
const FUNCTION: usize = 60;

#[test]
fn files_stay_below_their_ceiling() {
    let found: Sizes = files()
        .iter()
        .filter(|file| file.is_rust())
        .map(|file| (file.path.clone(), file.text.lines().count()))
        .filter(|(_, lines)| *lines >= FILE)
        .collect();
    let faults = ratchet::compare(&found, &ratchet::listed("files"), FILE);
    demand_none("A file holds one idea; split it by phase of the protocol:", &faults);
}

#[test]
fn functions_stay_below_their_ceiling() {
    let mut found = Sizes::new();
    for file in files().iter().filter(|file| file.is_rust()) {
        for function in functions(&parse(file)).iter().filter(|f| f.lines >= FUNCTION) {
            let lines = found.entry(format!("{}: {}", file.path, function.name)).or_default();
            *lines = function.lines.max(*lines);
        }
    }
    let faults = ratchet::compare(&found, &ratchet::listed("functions"), FUNCTION);
    demand_none("A function fits on a screen; name its steps:", &faults);
}
