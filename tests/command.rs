//! What no transcript shows: files, pipes, signals, and that nothing depends on `--jobs`.

#[path = "toy/subject.rs"]
mod subject;

use interregnum::{Exit, Io, Program, command_from};
use interregnum_sim::subject::Registry;
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

/// A stream that can be looked at afterwards.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs the command inside of this process.
fn toy(args: &[&str]) -> (Exit, String, String) {
    let program = Program {
        version: "1.0.0+toy".to_owned(),
        ..Program::new(Registry::new().with(Box::new(subject::Toy)))
    };
    let (out, err) = (Memory::default(), Memory::default());
    let mut io = Io::new(Box::new(out.clone()), Box::new(err.clone()));
    let exit = command_from(&program, ["interregnum"].iter().chain(args), &mut io);
    drop(io);
    (exit, out.text(), err.text())
}

/// The same as a process of its own.
fn toy_process() -> Command {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let mut command = Command::new(path.join("examples").join("toy"));
    command.env_remove("INTERREGNUM_SEED").stdin(Stdio::null());
    command
}

fn scenario(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts/run.in");
    folder.join(name).display().to_string()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/report");
    (folder, out)
}

#[test]
fn results_do_not_depend_on_the_number_of_jobs() {
    let (found, planted) = (scenario("found.json"), scenario("planted.json"));
    let run = |jobs: &str, form: &str| {
        let args = ["run", &found, &planted, "--seeds", "0..300", "--jobs", jobs, "--format", form];
        toy(&args)
    };
    for form in ["json", "human"] {
        let (exit, text, _) = run("1", form);
        assert_eq!(exit, Exit::Failed);
        assert_eq!(run("3", form).1, text);
    }
    let document: Value = serde_json::from_str(&run("2", "json").1).unwrap();
    let seeds = document["runs"].as_array().unwrap().iter().map(|run| run["seed"].as_str());
    let expected = (0..2).flat_map(|_| (0..300).map(|seed| format!("{seed:#x}")));
    assert!(seeds.map(Option::unwrap).eq(expected));
    assert_eq!(document["verdict"], "failed");
    assert_eq!(document["scenarios"][1]["verdict"], "passed");
}

#[test]
fn a_report_is_a_page_and_the_same_document() {
    let (_keep, out) = folder();
    let found = scenario("found.json");
    let path = out.display().to_string();
    for _ in 0..2 {
        let args = ["run", &found, "--seeds", "0..20", "--format", "json", "--out", &path];
        let (exit, text, _) = toy(&args);
        assert_eq!(exit, Exit::Failed);
        assert_eq!(fs::read_to_string(out.join("results.json")).unwrap(), text);
    }
    let page = fs::read_to_string(out.join("index.html")).unwrap();
    assert!(page.contains("A deposed leader wakes up") && page.contains("<svg"));
    assert!(!page.contains("http:") && !page.contains("https:"));
    let mut names: Vec<_> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let expected =
        [".interregnum-files", "index.html", "junit.xml", "results.json", "summary.md", "traces"];
    assert_eq!(names, expected, "nothing half-written is left");
    let (_, junit, _) = toy(&["run", &found, "--seeds", "0..20", "--format", "junit"]);
    assert_eq!(fs::read_to_string(out.join("junit.xml")).unwrap(), junit);
}

#[test]
fn the_printed_command_line_repeats_the_run() {
    let (_, text, _) = toy(&["run", &scenario("found.json"), "--quiet"]);
    let line = text.lines().last().unwrap();
    let words = shlex::split(line).unwrap();
    let words: Vec<_> = words.iter().skip(1).map(String::as_str).collect();
    let (exit, again, complaint) = toy(&words);
    assert_eq!((exit, complaint.as_str()), (Exit::Failed, ""));
    assert!(again.ends_with(&format!("{line}\n")));
}

#[test]
fn seeds_come_from_the_flag_before_the_environment() {
    let run = |seed: &str, args: &[&str]| {
        let mut command = toy_process();
        command.args(["run", &scenario("deposed.json")]).args(args).env("INTERREGNUM_SEED", seed);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert!(run("0x2a", &[]).1.contains("seed 0x2a"));
    assert!(run("0x2a", &["--seed", "7"]).1.contains("seed 0x7"));
    assert!(run("0x2a", &["--seeds", "1..3"]).1.contains("2 seeds 0x1..0x3"));
    assert_eq!(run("forty", &[]).0, Some(2));
    assert!(run("", &[]).1.contains("seed 0x1"), "an empty variable is none");
}

#[test]
fn a_file_that_names_its_seed_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("regression.json");
    let text = fs::read_to_string(scenario("deposed.json")).unwrap();
    fs::write(&path, text.replacen('{', "{ \"seed\": \"0x5\",", 1)).unwrap();
    let run = |args: &[&str]| {
        let mut command = toy_process();
        command.arg("run").arg(&path).args(args).env("INTERREGNUM_SEED", "0x2a");
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(run(&[]).contains("seed 0x5"));
    assert!(run(&["--seed", "7"]).contains("seed 0x7"));
}

#[test]
fn who_reads_the_beginning_of_a_replay_has_seen_enough() {
    let mut command = toy_process();
    command.args(["replay", &scenario("deposed.json"), "--seed", "1"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn a_reader_that_goes_away_is_nobodys_mistake() {
    let mut command = toy_process();
    command.args(["run", &scenario("deposed.json"), "--format", "json", "--seeds"]);
    command.arg("0..100000000").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut some = [0; 64];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "the range was not run to its end");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[cfg(unix)]
#[test]
fn what_was_found_is_kept_when_interrupted() {
    let (_keep, out) = folder();
    let mut command = toy_process();
    command.args(["run", &scenario("deposed.json"), "--seeds", "0..100000000", "--format", "json"]);
    command.arg("--out").arg(&out).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut text = vec![0; 4096];
    stdout.read_exact(&mut text).unwrap();
    let kill = Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap();
    assert!(kill.success());
    stdout.read_to_end(&mut text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let document: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(document["interrupted"], true);
    assert!(!document["runs"].as_array().unwrap().is_empty());
    assert_eq!(fs::read(out.join("results.json")).unwrap(), text);
    assert!(out.join("index.html").exists());
}

#[test]
fn a_new_scenario_never_replaces_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.json").display().to_string();
    assert_eq!(toy(&["scenario", "new", &path]).0, Exit::Passed);
    assert_eq!(toy(&["run", &path, "--verify"]).0, Exit::Passed);
    fs::write(&path, "mine").unwrap();
    assert_eq!(toy(&["scenario", "new", &path]).0, Exit::Usage);
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
}

/// What only a real system can find wrong: where, what was expected, what to do.
#[test]
fn mistakes_in_the_settings_of_a_system_are_told_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.json");
    let text = r#"{ "version": 1, "title": "t", "system": "paxos",
        "settings": { "batch": 0, "window": 0, "snapshot_every": 0, "abdication_rounds": 1 } }"#;
    let load = r#"{ "version": 1, "title": "t", "system": "paxos",
        "workload": { "clients": 2000, "keys": 0, "timeout": "1us" } }"#;
    for (text, expected) in [
        (text, ["found `0`, expected at least 1", "found `1`, expected at least 2", "window"]),
        (load, ["found `2000`, expected at most 1000", "help: make it at least", "workload.keys"]),
    ] {
        fs::write(&path, text).unwrap();
        let (out, err) = (Memory::default(), Memory::default());
        let mut io = Io::new(Box::new(out), Box::new(err.clone()));
        let args = ["interregnum", "scenario", "check", &path.display().to_string()];
        let exit = command_from(&Program::new(interregnum::builtin()), args, &mut io);
        let said = err.text();
        assert_eq!(exit, Exit::Usage, "{said}");
        for words in expected {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
}

/// What a run could not show, of a real system: why, and what would help.
#[test]
fn a_run_that_proves_nothing_says_what_would_help() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vain.json");
    let unmeant =
        r#""faults": [{ "at": "1s", "lost_write": { "target": "all", "ratio": "100%" } }]"#;
    let unmet = r#""duration": "1s", "expect": { "at_least": { "crashed": 1 } }"#;
    for (fields, expected, words) in [
        (
            r#""max_events": 10"#,
            3,
            ["the budget of 10 events was spent at", "raise `max_events`, or make"],
        ),
        (unmeant, 3, ["a scenario that means it names", "the kinds of such faults in `beyond`"]),
        (unmet, 1, ["expected at least 1 of `crashed`", "counted 0"]),
    ] {
        let text = format!(r#"{{ "version": 1, "title": "t", "system": "paxos", {fields} }}"#);
        fs::write(&path, text).unwrap();
        let out = Memory::default();
        let mut io = Io::new(Box::new(out.clone()), Box::new(Memory::default()));
        let args = ["interregnum", "run", &path.display().to_string()];
        let exit = command_from(&Program::new(interregnum::builtin()), args, &mut io);
        let said = out.text();
        assert_eq!(exit as i32, expected, "{said}");
        for words in words {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
}

#[test]
fn a_wrong_seed_of_the_environment_is_named() {
    let mut command = toy_process();
    command.args(["run", &scenario("deposed.json")]).env("INTERREGNUM_SEED", "forty");
    let error = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert_eq!(
        error,
        "error: INTERREGNUM_SEED=forty: a seed is a decimal number, 0x and up to 16 hex digits, or a \
         commit hash of 40 hex digits; unset it, or give --seed\n"
    );
}

/// A seed that nobody uses may be anything.
#[test]
fn a_wrong_seed_of_the_environment_is_no_matter_where_a_flag_gives_one() {
    for args in [["--seed", "7"], ["--seeds", "1..3"]] {
        let mut command = toy_process();
        command
            .args(["run", &scenario("deposed.json")])
            .args(args)
            .env("INTERREGNUM_SEED", "forty");
        let output = command.output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
    }
}

#[cfg(unix)]
#[test]
fn what_is_not_even_text_is_named() {
    use std::os::unix::ffi::OsStrExt;

    let bytes = std::ffi::OsStr::from_bytes(b"forty\xff");
    let said = |command: &mut Command| {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let mut command = toy_process();
    command.args(["run", &scenario("deposed.json")]).env("INTERREGNUM_SEED", bytes);
    assert_eq!(
        said(&mut command),
        "error: INTERREGNUM_SEED: environment variable was not valid unicode: \"forty\\xFF\"; unset it, or give \
         --seed\n"
    );
    let mut command = toy_process();
    command.args(["run", &scenario("deposed.json"), "--seed"]).arg(bytes);
    assert!(
        said(&mut command)
            .starts_with("error: invalid UTF-8 was detected in one or more arguments\n")
    );
    let mut command = toy_process();
    let expected = "error: forty\u{fffd}: no such file or folder; expected a scenario file, a folder of them, or \
                    the id of a planted bug\n";
    assert_eq!(said(command.arg("run").arg(bytes)), expected);
}

#[test]
fn a_failure_that_cannot_be_reduced_is_still_told() {
    let (_keep, out) = folder();
    let out = out.display().to_string();
    let (exit, _, note) = toy(&["run", &scenario("found.json"), "--out", &out]);
    assert_eq!(exit, Exit::Failed);
    let told = "found, seed 0x1: not reduced: its plan cannot be written out\n";
    assert_eq!(note, format!("{told}report: {out}/index.html\n"));
}

#[test]
fn the_version_names_a_revision() {
    let version = Program::new(Registry::new()).version;
    let revision = version.strip_prefix(concat!(env!("CARGO_PKG_VERSION"), "+")).unwrap();
    assert!(!revision.is_empty() && !revision.contains(char::is_whitespace), "{version}");
}
