//! Files that are none, runs that do not end, names that lead astray: the command ends soon, says why, and
//! what was there before is there afterwards.
#![cfg(unix)]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here may take, on a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(60);

/// The command in this folder, as a process of its own.
fn interregnum(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_interregnum"));
    command.current_dir(folder).args(args).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).env_remove("INTERREGNUM_SEED");
    command
}

/// What becomes of a process that must end soon.
fn ended(mut child: Child) -> Output {
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > SOON {
            child.kill().unwrap();
            panic!("it goes on: {:?}", child.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

/// Exit code, results, complaints.
fn said(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    said(ended(interregnum(folder, args).spawn().unwrap()))
}

/// A run that would take days.
const ENDLESS: &str = r#"{ "version": 1, "title": "t", "system": "paxos",
    "duration": "30000h", "max_events": 18446744073709551615 }"#;

#[test]
fn what_is_no_file_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert!(Command::new("mkfifo").arg(at("pipe.json")).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", at("zero.json")).unwrap();
    fs::create_dir(at("folder.json")).unwrap();
    File::create(at("large.json")).unwrap().set_len(1 << 40).unwrap();
    for (args, complaint) in [
        (["scenario", "check", "pipe.json"].as_slice(), "pipe.json: this is no file"),
        (&["replay", "zero.json", "--seed", "1"], "zero.json: this is no file"),
        (&["run", "."], "./pipe.json: this is no file"),
        (&["replay", "folder.json", "--seed", "1"], "folder.json: this is a folder"),
        (&["run", "large.json"], "the file is larger than"),
    ] {
        let (exit, text, error) = run(folder.path(), args);
        assert_eq!((exit, text.as_str()), (Some(2), ""), "{args:?}");
        assert!(error.contains(complaint), "{args:?}: {error}");
    }
}

/// Waits until the process handles Ctrl-C itself, and until it is in the middle of its run.
#[cfg(target_os = "linux")]
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

#[cfg(target_os = "linux")]
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

#[test]
fn a_replay_that_nobody_reads_any_more_ends() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("endless.json"), ENDLESS).unwrap();
    let args = ["replay", "endless.json", "--seed", "1"];
    let mut child = interregnum(folder.path(), &args).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(said(ended(child)), (Some(0), String::new(), String::new()));
}

#[test]
fn lists_are_cut_by_whoever_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let title = "A long title. ".repeat(20);
    for name in ["one", "two"] {
        let text = ENDLESS.replace("\"t\"", &format!("{title:?}"));
        fs::write(folder.path().join(format!("{name}.json")), text).unwrap();
    }
    let (exit, text, _) = run(folder.path(), &["scenario", "list", "."]);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!((exit, lines.len()), (Some(0), 6), "folder, header, rule, two scenarios: {text}");
    assert!(lines[5].contains(title.trim()), "{text}");
}

#[test]
fn a_name_cannot_steer_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let name = "evil\u{1b}[31m\u{7}.json";
    let (exit, _, error) = run(folder.path(), &["run", name]);
    assert_eq!(
        (exit, error.as_str()),
        (
            Some(2),
            "error: evil·[31m·.json: no such file or folder; expected a scenario file, a folder of them, or \
             the id of a planted bug\n"
        )
    );
    fs::write(folder.path().join(name), ENDLESS).unwrap();
    let (exit, text, _) = run(folder.path(), &["scenario", "check", name]);
    assert_eq!((exit, text.as_str()), (Some(0), "evil·[31m·.json: ok\n"));
}

/// Results beside the scenarios are not taken for scenarios, but nothing else of that name is left out.
#[test]
fn results_are_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let short = ENDLESS.replace("30000h", "1s");
    fs::write(folder.path().join("short.json"), &short).unwrap();
    for _ in 0..2 {
        assert_eq!(run(folder.path(), &["run", ".", "--out", "out", "--quiet"]).0, Some(0));
    }
    fs::create_dir(folder.path().join("mine")).unwrap();
    fs::write(folder.path().join("mine/results.json"), &short).unwrap();
    let (exit, text, error) = run(folder.path(), &["scenario", "check", "."]);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        (exit, lines),
        (Some(0), vec!["./mine/results.json: ok", "./short.json: ok"]),
        "{error}"
    );
}

#[test]
fn a_name_that_looks_like_an_option_can_be_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let (exit, _, note) = run(folder.path(), &["scenario", "new", "--", "-my file.json"]);
    let line = note.lines().next().unwrap().rsplit_once("now try: ").unwrap().1;
    assert_eq!((exit, line), (Some(0), "interregnum run './-my file.json'"));
    let words = shlex::split(line).unwrap();
    assert_eq!(run(folder.path(), &[&words[1], &words[2]]).0, Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_said_in_words() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("short.json"), ENDLESS.replace("30000h", "1s")).unwrap();
    let mut full = interregnum(folder.path(), &["run", "short.json"]);
    full.stdout(File::options().write(true).open("/dev/full").unwrap());
    let (exit, _, error) = said(ended(full.spawn().unwrap()));
    assert_eq!(exit, Some(2));
    assert_eq!(
        error,
        "error: cannot write the results: No space left on device; send them elsewhere, or store them \
         with --out\n"
    );
    let (exit, _, error) = run(folder.path(), &["run", "short.json", "--out", "short.json/out"]);
    assert_eq!(
        (exit, error.as_str()),
        (
            Some(2),
            "error: short.json/out: a part of this path is a file, not a folder; --out takes a folder \
             that can be written, and makes it if it is not there\n"
        )
    );
}
