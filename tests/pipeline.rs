//! What other programs read: the summary of a pipeline's step, completions, manual pages.
#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const COMMANDS: [&str; 6] = ["run", "replay", "audit", "scenario", "completions", "man"];

fn interregnum(folder: &Path, args: &[&str], summary: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_interregnum"));
    command.current_dir(folder).args(args).env_remove("INTERREGNUM_SEED");
    command.env("GITHUB_STEP_SUMMARY", summary).output().unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// A program of this machine, if it is there.
fn is_installed(program: &str) -> bool {
    let mut found = Command::new(program);
    found.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    found.status().is_ok()
}

const SHORT: &str = r#"{ "version": 1, "title": "t", "system": "paxos", "duration": "1s" }"#;

#[test]
fn a_step_adds_to_its_summary() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("short.json"), SHORT).unwrap();
    let args = ["run", "short.json", "--format", "github"];
    for _ in 0..2 {
        let output = interregnum(folder.path(), &args, "summary.md");
        assert_eq!((output.status.code(), text(output.stdout)), (Some(0), String::new()));
    }
    let summary = fs::read_to_string(at("summary.md")).unwrap();
    assert_eq!(summary.matches("## Interregnum run: ✅ passed").count(), 2, "{summary}");

    // What the step has written before counts.
    fs::write(at("summary.md"), "x".repeat(999_500)).unwrap();
    assert_eq!(interregnum(folder.path(), &args, "summary.md").status.code(), Some(0));
    let summary = fs::read_to_string(at("summary.md")).unwrap();
    assert!(summary.len() < 1_000_000 && summary.contains("Cut short"), "{}", summary.len());

    let output = interregnum(folder.path(), &args, "nowhere/summary.md");
    let error = text(output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        error,
        "error: nowhere/summary.md: no such file or folder; GITHUB_STEP_SUMMARY must name a file that \
         can be written, or be empty to print the summary\n"
    );
}

#[test]
fn an_audit_leaves_all_its_documents() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["audit", "--mutant", "paxos/ignores-reported-value", "--out", "out", "--format"];
    let junit = interregnum(folder.path(), &[&args[..], &["junit"]].concat(), "");
    assert_eq!(junit.status.code(), Some(0));
    let stored = fs::read(folder.path().join("out/junit.xml")).unwrap();
    assert_eq!(stored, junit.stdout);
    let summary = fs::read_to_string(folder.path().join("out/summary.md")).unwrap();
    assert!(summary.starts_with("## Interregnum audit: ✅ passed"), "{summary}");
    assert!(folder.path().join("out/audit.json").exists());
}

#[test]
fn completions_are_shell_and_know_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = interregnum(Path::new("."), &["completions", shell], "");
        let script = text(output.stdout);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        for name in COMMANDS.iter().chain(&["junit", "schema"]) {
            assert!(script.contains(name), "{shell}: {name}");
        }
        if ["bash", "zsh"].contains(&shell) && is_installed(shell) {
            let mut child = Command::new(shell).arg("-n").stdin(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
            assert!(child.wait().unwrap().success(), "{shell}");
        }
    }
}

#[test]
fn manual_pages_are_clean_and_there_is_one_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let main = text(interregnum(folder.path(), &["man"], "").stdout);
    let output = interregnum(folder.path(), &["man", "--out", "pages"], "");
    assert_eq!(output.status.code(), Some(0));
    let note = text(output.stderr);
    assert!(note.contains("now try: man -l pages/interregnum.1"), "{note}");
    let pages = folder.path().join("pages");
    assert_eq!(fs::read_to_string(pages.join("interregnum.1")).unwrap(), main);
    for name in COMMANDS {
        assert!(main.contains(&format!("interregnum\\-{name}(1)")), "{name}");
        assert!(pages.join(format!("interregnum-{name}.1")).exists(), "{name}");
    }
    assert!(pages.join("interregnum-scenario-check.1").exists());
    assert!(!pages.join("interregnum-help.1").exists());
    if !is_installed("groff") {
        return;
    }
    for page in fs::read_dir(&pages).unwrap() {
        let page = page.unwrap().path();
        let lint = Command::new("groff").args(["-man", "-Tutf8", "-ww", "-z"]).arg(&page).output();
        let lint = lint.unwrap();
        assert!(lint.status.success());
        assert_eq!(text(lint.stderr), "", "{}", page.display());
    }
}
