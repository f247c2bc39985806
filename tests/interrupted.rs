//! Ctrl-C: what was found until then is kept, and nothing claims to be complete.
#![cfg(target_os = "linux")]

mod process;

use process::{ENDLESS, ended, interregnum, said};
use std::fs;
use std::process::{Child, Command};
use std::time::Duration;

/// Waits until the process handles Ctrl-C itself, and until it is in the middle of its run.
fn interrupt(child: &Child) {
    let status = format!("/proc/{}/status", child.id());
    let handles = || {
        let status = fs::read_to_string(&status).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(caught.trim(), 16).unwrap() & 0b10 != 0
    };
    while !handles() {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(300));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}

#[test]
fn a_run_without_end_is_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("endless.json"), ENDLESS).unwrap();
    let args = ["run", "endless.json", "--out", "out", "--format", "json", "--verify"];
    let child = interregnum(folder.path(), &args).spawn().unwrap();
    interrupt(&child);
    let (exit, text, error) = said(ended(child));
    assert_eq!(exit, Some(3), "{error}");
    assert!(error.contains("interrupted; what was found until then is kept"), "{error}");
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["interrupted"], true);
    assert_eq!(document["runs"].as_array().map(Vec::len), Some(0));
    assert_eq!(fs::read_to_string(folder.path().join("out/results.json")).unwrap(), text);

    let args = ["replay", "endless.json", "--seed", "1", "--quiet"];
    let child = interregnum(folder.path(), &args).spawn().unwrap();
    interrupt(&child);
    let (exit, text, error) = said(ended(child));
    assert_eq!((exit, text.as_str()), (Some(3), ""), "{error}");
    assert!(error.contains("interrupted at") && error.contains("events"), "{error}");
}

/// The planted bug shows within seconds of virtual time; the run without it, which is sought for the page, would
/// take days. Nobody has seen that it did not hold.
#[test]
fn what_is_interrupted_while_it_is_recorded_was_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let planted = include_str!("../scenarios/audit/paxos/ignores-reported-value.json");
    let mut scenario: serde_json::Value = serde_json::from_str(planted).unwrap();
    scenario["duration"] = "30000h".into();
    scenario["max_events"] = u64::MAX.into();
    fs::write(folder.path().join("planted.json"), scenario.to_string()).unwrap();
    let args = ["run", "planted.json", "--out", "out", "--quiet"];
    // How long the run takes to fail is the machine's affair.
    let waits = [1, 5, 25].map(Duration::from_secs).into_iter();
    let mut tried = waits.map(|wait| {
        let child = interregnum(folder.path(), &args).spawn().unwrap();
        std::thread::sleep(wait);
        interrupt(&child);
        let (exit, _, error) = said(ended(child));
        let results = fs::read(folder.path().join("out/results.json")).unwrap();
        (exit, serde_json::from_slice::<serde_json::Value>(&results).unwrap(), error)
    });
    let ran = |document: &serde_json::Value| document["runs"].as_array().unwrap().len() == 1;
    let (exit, document, error) = tried.find(|(_, document, _)| ran(document)).unwrap();
    assert_eq!((exit, &document["interrupted"]), (Some(3), &true.into()), "{error}");
    assert!(error.ends_with("error: interrupted; what was found until then is kept\n"), "{error}");
    let page = fs::read_to_string(folder.path().join("out/index.html")).unwrap();
    assert!(!page.contains("No run nearby was found"), "it was not sought to the end");
    assert!(page.contains("The search for a run nearby that held was interrupted."));
}

/// Few lines are wanted, so that nobody has to read them while the run goes on.
#[test]
fn the_trace_of_an_interrupted_run_is_a_document() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("endless.json"), ENDLESS).unwrap();
    let args = ["replay", "endless.json", "--seed", "1", "--format", "chrome", "--grep", "booted"];
    let child = interregnum(folder.path(), &args).spawn().unwrap();
    interrupt(&child);
    let (exit, text, error) = said(ended(child));
    assert_eq!(exit, Some(3), "{error}");
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(!document["traceEvents"].as_array().unwrap().is_empty(), "{text}");
}

#[test]
fn an_audit_is_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["audit", "--seeds", "1000000", "--format", "json", "--out", "out"];
    let child = interregnum(folder.path(), &args).spawn().unwrap();
    interrupt(&child);
    let (exit, text, error) = said(ended(child));
    assert_eq!(exit, Some(3), "{error}");
    assert!(error.ends_with("error: interrupted; what was found until then is kept\n"), "{error}");
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["interrupted"], true);
    assert_eq!(fs::read_to_string(folder.path().join("out/audit.json")).unwrap(), text);
}
