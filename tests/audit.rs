//! The audit of the built-in systems from outside: its document, its exit codes, and that what it stores
//! can be checked, run and replayed.

use interregnum::{Exit, Io, Program, builtin, command_from};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const ID: &str = "paxos/ignores-reported-value";

/// A stream that can be looked at afterwards.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs the command inside of this process: exit code, results, complaints.
fn interregnum(args: &[&str]) -> (Exit, String, String) {
    let program = Program { version: "1.0.0+test".to_owned(), ..Program::new(builtin()) };
    let (out, err) = (Memory::default(), Memory::default());
    let mut io = Io::new(Box::new(out.clone()), Box::new(err.clone()));
    let exit = command_from(&program, ["interregnum"].iter().chain(args), &mut io);
    drop(io);
    let text = |memory: Memory| String::from_utf8(memory.0.lock().unwrap().clone()).unwrap();
    (exit, text(out), text(err))
}

/// A printed command line, run: exit code and results.
fn again(line: &str) -> (Exit, String, String) {
    let words = shlex::split(line).unwrap();
    interregnum(&words.iter().skip(1).map(String::as_str).collect::<Vec<_>>())
}

fn document(args: &[&str]) -> Value {
    let (exit, text, complaint) = interregnum(args);
    assert_eq!(exit, Exit::Passed, "{text}{complaint}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_document_tells_who_caught_what() {
    let asked = ["audit", "paxos", "--mutant", ID, "--format", "json", "--seeds", "60"];
    let found = document(&asked);
    assert_eq!((&found["version"], &found["command"]), (&1.into(), &"audit".into()));
    assert_eq!((&found["verdict"], &found["interrupted"]), (&"passed".into(), &false.into()));
    let [row] = found["mutants"].as_array().unwrap().as_slice() else { panic!("{found:#}") };
    for (field, value) in [("id", ID), ("spec", "P8"), ("verdict", "caught"), ("by", "A2")] {
        assert_eq!(row[field], value, "{field}");
    }
    assert_eq!(row["expected"], row["by"]);
    assert!(row["seeds"].as_u64() > Some(0) && row["deviations"].as_u64() > Some(0), "{row:#}");
    assert_eq!(row["twin"]["verdict"], "passed");
    assert!(row["twin"]["seeds"].as_u64() >= Some(50), "{row:#}");
    let summary = found["summary"].as_object().unwrap();
    for (word, count) in
        [("caught", 1), ("caught_by_other", 0), ("survived", 0), ("never_deviated", 0)]
    {
        assert_eq!(summary[word], count, "{word}");
    }
    let again = interregnum(&[&asked[..], &["--jobs", "1"]].concat()).1;
    assert_eq!(
        serde_json::from_str::<Value>(&again).unwrap(),
        found,
        "whatever the number of jobs"
    );
}

#[test]
fn every_row_has_a_line_that_repeats_it() {
    let (exit, text, _) = interregnum(&["audit", "--mutant", ID]);
    assert_eq!(exit, Exit::Passed, "{text}");
    let line = text.lines().find(|line| line.starts_with("interregnum replay ")).unwrap();
    let (exit, trace, complaint) = again(&format!("{line} --quiet"));
    assert_eq!((exit, complaint.as_str()), (Exit::Passed, ""), "{trace}");
    assert!(trace.contains("A2"), "{trace}");
    let sound = ["replay", "paxos/host-drops-facts", "--seed", "0", "--sound", "--quiet"];
    let (exit, sound, _) = interregnum(&sound);
    assert_eq!(exit, Exit::Passed, "{sound}");
    assert!(!sound.contains("planted bug"), "{sound}");
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    for (args, near) in [
        (["audit", "--mutant", "paxos/ignores-reported-valu"].as_slice(), ID),
        (&["audit", "paxs"], "paxos"),
        (&["audit", "--mutant", "xyz"], "known: "),
    ] {
        let (exit, text, complaint) = interregnum(args);
        assert_eq!((exit, text.as_str()), (Exit::Usage, ""), "{args:?}");
        assert!(complaint.contains("unknown") && complaint.contains(near), "{complaint}");
    }
}

#[test]
fn what_does_not_apply_is_said_and_is_no_proof() {
    let (exit, text, _) = interregnum(&["audit", "--mutant", "paxos/host-drops-notices"]);
    assert_eq!(exit, Exit::Nothing);
    assert!(text.contains("does not apply"), "{text}");
    assert_eq!(interregnum(&["audit", "--mutant", ID, "--seeds", "0"]).0, Exit::Nothing);
}

/// The one file in the folder of regressions.
fn stored(out: &Path) -> PathBuf {
    let mut files = fs::read_dir(out.join("regressions")).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none());
    file
}

#[test]
fn what_failed_is_stored_reduced_and_fails_again() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/audit");
    let path = out.display().to_string();
    let forges = "paxos/host-forges-facts";
    let found = document(&["audit", "--mutant", forges, "--format", "json", "--out", &path]);
    let row = &found["mutants"][0];
    assert_eq!((&row["by"], &row["finding"]), (&"A7".into(), &"inconsistent-evidence".into()));
    let kept: Value = serde_json::from_slice(&fs::read(out.join("audit.json")).unwrap()).unwrap();
    assert_eq!(kept, found);

    let file = stored(&out).display().to_string();
    assert_eq!(row["reduced"], file);
    assert_eq!(interregnum(&["scenario", "check", &file]).0, Exit::Passed);
    let run = document(&["run", &file, "--format", "json"]);
    let [run] = run["runs"].as_array().unwrap().as_slice() else { panic!("{run:#}") };
    assert_eq!(run["violation"]["invariant"], "A7");
    assert_eq!(run["seed"], row["seed"], "the file names its seed");
}

/// A scenario that expects what does not happen fails as a bug of the sound system would.
#[test]
fn a_failing_run_is_stored_reduced_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("storm.json");
    let scenario = format!(
        r#"{{ "version": 1, "title": "A storm", "system": "paxos", "mutant": "{ID}",
             "cluster": {{ "nodes": 3 }}, "chaos": {{ "for": "20s" }} }}"#
    );
    fs::write(&file, scenario).unwrap();
    let (file, out) = (file.display().to_string(), folder.path().join("out"));
    let args = ["run", &file, "--seeds", "0..40", "--out", &out.display().to_string(), "--quiet"];
    let (exit, text, notes) = interregnum(&args);
    assert_eq!(exit, Exit::Failed, "{text}");
    let stored = stored(&out).display().to_string();
    assert!(notes.starts_with(&stored) && notes.contains("faults, after"), "{notes}");
    let small: Value = serde_json::from_slice(&fs::read(&stored).unwrap()).unwrap();
    assert!(small.get("chaos").is_none(), "{small:#}");
    assert_eq!(interregnum(&["run", &stored, "--quiet"]).0, Exit::Passed, "as it expects to fail");
}

#[test]
fn failures_of_files_with_one_name_are_stored_apart() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    // The longest name that a file may have.
    let name = format!("{}.json", "x".repeat(250));
    let planted = include_str!("../scenarios/audit/paxos/host-forges-facts.json");
    let mut scenario: Value = serde_json::from_str(planted).unwrap();
    scenario["expect"] = Value::Object(serde_json::Map::new());
    for duration in ["20s", "30s"] {
        scenario["duration"] = duration.into();
        fs::create_dir(at(duration)).unwrap();
        fs::write(at(&format!("{duration}/{name}")), scenario.to_string()).unwrap();
    }
    for _ in 0..2 {
        let args = ["run", &at("20s"), &at("30s"), "--quiet", "--out", &at("out")];
        let (exit, text, _) = interregnum(&args);
        assert_eq!(exit, Exit::Failed, "{text}");
        let files = fs::read_dir(folder.path().join("out/regressions")).unwrap();
        assert_eq!(files.count(), 2, "the same failure is stored once");
    }
}
