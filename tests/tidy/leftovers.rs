//! What is left lying about: unfinished work, and words of the workshop that mean nothing to a reader.

use crate::demand_none;
use crate::tree::files;

/// Marks of unfinished work. In pieces, so that this file does not find itself.
const UNFINISHED: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("to", "do!"), concat!("#[ign", "ore")];

/// Places and habits of whoever writes the code, in lower case.
const WORKSHOP: [&str; 6] = [
    concat!("../", "shared"),
    concat!("/", "work/"),
    concat!("closing", " note"),
    concat!("developer", " session"),
    concat!("sub", "agent"),
    concat!("issue", " #"),
];

/// Generated, with names that are not ours.
const NOT_OURS: [&str; 1] = ["Cargo.lock"];

/// A file may name a place outside the tree: the pipeline lets a variable point there.
const MAY_POINT_OUTSIDE: [&str; 1] = [".ci/run"];

#[test]
fn nothing_is_left_unfinished() {
    let faults = search(|_, line| UNFINISHED.into_iter().find(|mark| has_word(line, mark)));
    demand_none("Finish it, or leave it out and say so in the documentation:", &faults);
}

#[test]
fn no_word_of_the_workshop_stays_behind() {
    let faults = search(|path, line| {
        let line = line.to_lowercase();
        let found = WORKSHOP.into_iter().find(|word| line.contains(word))?;
        (!MAY_POINT_OUTSIDE.contains(&path) || !found.contains('/')).then_some(found)
    });
    demand_none("Say what the reader of the project needs, not how it was made:", &faults);
}

/// Every line of the project of which `judge` finds a fault.
fn search(judge: impl Fn(&str, &str) -> Option<&'static str>) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files().iter().filter(|file| !NOT_OURS.contains(&&*file.path)) {
        for (index, line) in file.text.lines().enumerate() {
            if let Some(fault) = judge(&file.path, line) {
                faults.push(format!("{}:{}: {fault}", file.path, index + 1));
            }
        }
    }
    faults
}

/// Whether `word` stands in `line` and no letter, digit or underscore adjoins it.
fn has_word(line: &str, word: &str) -> bool {
    let adjoins = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let begins = !line[..at].ends_with(adjoins);
        let ends = !word.ends_with(adjoins) || !line[at + word.len()..].starts_with(adjoins);
        begins && ends
    })
}

#[test]
fn a_mark_is_a_word_of_its_own() {
    let is_found = |line: &str| UNFINISHED.iter().any(|mark| has_word(line, mark));
    let [later, mend, stop, skip] = UNFINISHED;
    for line in [format!("// {later}: x"), format!("{mend}(me)"), format!("{skip} = \"slow\"]")] {
        assert!(is_found(&line), "{line}");
    }
    assert!(is_found(&format!("    {stop}()")));
    for line in [format!("{later}S"), format!("MY_{mend}"), stop.replace('!', " = \"deny\"")] {
        assert!(!is_found(&line), "{line}");
    }
}
