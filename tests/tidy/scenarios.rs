//! What every scenario file must say, and where it must lie.

use crate::demand_none;
use crate::tree::{self, File, files, folders_of};
use serde_json::Value;

/// The folder of scenario files, and the folder in it for those of planted bugs.
const SCENARIOS: &str = "scenarios";
const AUDIT: &str = "audit";
/// The folder, in either, for those of which every order is searched.
const EXPLORE: &str = "explore";

#[test]
fn every_scenario_says_why_and_lies_with_its_system() {
    let systems: Vec<_> =
        folders_of("sim/src/systems").iter().map(|s| s.replace('_', "-")).collect();
    let mut faults = Vec::new();
    for file in files().iter().filter(|file| file.is_under(SCENARIOS)) {
        if file.path.ends_with(".json") && !file.path.ends_with(".schema.json") {
            let is_there = |path: &str| tree::file(path).is_some();
            let found = faults_of(file, &systems, is_there);
            faults.extend(found.iter().map(|fault| format!("{}: {fault}", file.path)));
        }
    }
    demand_none("A scenario teaches something, and its place says about what:", &faults);
}

/// What is wrong with a scenario file.
fn faults_of(file: &File, systems: &[String], is_there: impl Fn(&str) -> bool) -> Vec<String> {
    let scenario: Value = match serde_json::from_str(&file.text) {
        Ok(scenario) => scenario,
        Err(error) => return vec![error.to_string()],
    };
    let said = |field: &str| scenario.get(field).and_then(Value::as_str).unwrap_or_default().trim();
    let mut faults = Vec::new();
    if said("why").is_empty() {
        faults.push("`why` must say what the scenario is for".to_owned());
    }
    match resolve(&file.path, said("$schema")) {
        Some(schema) if is_there(&schema) => {}
        _ => faults.push("`$schema` must be the relative path of the scenario schema".to_owned()),
    }
    let mut folders = file.path.split('/').skip(1).peekable();
    folders.next_if_eq(&AUDIT);
    folders.next_if_eq(&EXPLORE);
    // The last part is the file itself.
    let folder = folders.next().filter(|_| folders.peek().is_some()).unwrap_or_default();
    if !systems.iter().any(|system| system == folder) {
        faults.push(format!("the folder must be named after a system, one of {systems:?}"));
    }
    if said("system") != folder {
        faults.push(format!("lies in the folder of `{folder}`, but is of `{}`", said("system")));
    }
    faults
}

/// The path that `relative` means in the file at `path`; `None` if it leaves the tree.
fn resolve(path: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<_> = path.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[test]
fn a_scenario_that_explains_nothing_is_seen() {
    let judge = |path: &str, text: &str| {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        let systems = ["disk-paxos".to_owned()];
        faults_of(&file, &systems, |path| path == "scenarios/scenario.schema.json").len()
    };
    let good = r#"{ "$schema": "../scenario.schema.json", "why": "A.", "system": "disk-paxos" }"#;
    let deep = good.replace("../", "../../");
    assert_eq!(judge("scenarios/disk-paxos/a.json", good), 0);
    assert_eq!(judge("scenarios/audit/disk-paxos/a.json", &deep), 0);
    assert_eq!(judge("scenarios/disk-paxos/deep/a.json", &deep), 0);
    assert_eq!(judge("scenarios/disk-paxos/a.json", &deep), 1, "schema");
    assert_eq!(judge("scenarios/disk-paxos/a.json", &good.replace("A.", " ")), 1, "why");
    assert_eq!(judge("scenarios/disk_paxos/a.json", good), 2, "snake case");
    assert_eq!(judge("scenarios/audit/a.json", good), 2, "no folder");
    assert_eq!(judge("scenarios/disk-paxos/a.json", "{"), 1, "no JSON");
}
