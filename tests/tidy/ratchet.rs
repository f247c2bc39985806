//! Known debts, which can only shrink: what was over a ceiling when it was listed may stay, but not
//! grow, and a debt that was paid must be struck off.

use crate::tree;
use std::collections::BTreeMap;

/// Sizes by name, of what is at or over a ceiling.
pub(crate) type Sizes = BTreeMap<String, usize>;

const PATH: &str = "tests/tidy/ratchet.toml";

/// The debts listed in one table of the ratchet file.
pub(crate) fn listed(table: &str) -> Sizes {
    let file = tree::file(PATH).unwrap_or_else(|| panic!("{PATH} is missing"));
    let file: toml::Table = file.text.parse().unwrap_or_else(|error| panic!("{PATH}: {error}"));
    let table = file.get(table).and_then(toml::Value::as_table);
    let table = table.unwrap_or_else(|| panic!("{PATH} needs its tables, empty ones included"));
    let size = |size: &toml::Value| usize::try_from(size.as_integer()?).ok();
    table
        .iter()
        .map(|(name, lines)| match size(lines) {
            Some(lines) => (name.clone(), lines),
            None => panic!("{PATH}: {name} needs a number of lines"),
        })
        .collect()
}

/// What is wrong between the debts that there are and those that are listed.
pub(crate) fn compare(found: &Sizes, listed: &Sizes, ceiling: usize) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, &lines) in found {
        match listed.get(name) {
            None => faults.push(format!("{name} has {lines} lines; split it below {ceiling}")),
            Some(&known) if lines > known => {
                faults
                    .push(format!("{name} grew from {known} to {lines} lines; it may only shrink"));
            }
            Some(&known) if lines < known => {
                faults.push(format!("{name} shrank from {known} lines: write {lines} into {PATH}"));
            }
            Some(_) => {}
        }
    }
    for name in listed.keys().filter(|name| !found.contains_key(*name)) {
        faults.push(format!("{name} is below {ceiling} lines or gone: remove it from {PATH}"));
    }
    faults
}

#[test]
fn debts_can_only_shrink() {
    let sizes = |sizes: &[(&str, usize)]| -> Sizes {
        sizes.iter().map(|&(name, lines)| (name.to_owned(), lines)).collect()
    };
    let known = sizes(&[("same", 70), ("grown", 70), ("shrunk", 70), ("paid", 70)]);
    let found = sizes(&[("same", 70), ("grown", 71), ("shrunk", 69), ("new", 60)]);
    let faults = compare(&found, &known, 60);
    let verbs = ["grew from 70 to 71", "new has 60", "write 69 into", "paid is below 60"];
    assert_eq!(faults.len(), verbs.len(), "{faults:?}");
    for (fault, verb) in faults.iter().zip(verbs) {
        assert!(fault.contains(verb), "{fault}: no `{verb}`");
    }
}
