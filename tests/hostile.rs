//! Files that are none, runs that do not end, names that lead astray: the command ends soon, says why, and
//! what was there before is there afterwards.
#![cfg(unix)]

mod process;

use process::{ENDLESS, ended, interregnum, said};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// What becomes of a command that must end soon: exit code, results, complaints.
fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    said(ended(interregnum(folder, args).spawn().unwrap()))
}

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

/// A folder that leads into itself, and files that are read through it, are told from a deep tree.
#[test]
fn a_folder_that_holds_itself_is_no_folder_of_scenarios() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("around")).unwrap();
    std::os::unix::fs::symlink(".", folder.path().join("around/again")).unwrap();
    let (exit, text, error) = run(folder.path(), &["scenario", "list", "around"]);
    assert_eq!((exit, text.as_str()), (Some(2), ""));
    assert!(error.starts_with("error: around/again/again/again/"), "{error}");
    assert!(
        error.ends_with(
            "/again: too deep a folder, or a loop of links; a folder is searched to its end: name the files \
             that are meant, or mend it\n"
        ),
        "{error}"
    );
}

#[test]
fn more_faults_than_anybody_writes_are_counted_and_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let fault = r#"{ "at": "1s" }"#;
    let text = format!(
        "{{ \"version\": 1, \"title\": \"t\", \"system\": \"paxos\",\n  \"faults\": [{}] }}",
        vec![fault; 10_001].join(",")
    );
    fs::write(folder.path().join("many.json"), text).unwrap();
    let (exit, _, error) = run(folder.path(), &["run", "many.json"]);
    assert_eq!(exit, Some(2));
    assert!(
        error.starts_with("  × 10001 faults, expected at most 10000\n   ╭─[many.json:2:13]"),
        "{error}"
    );
    assert!(
        error.contains("help: make it several files, or let `chaos` draw the faults"),
        "{error}"
    );
}

/// What is wrong with a file that is none has no place in it; documents have room for it, too.
#[test]
fn a_document_tells_of_files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        Command::new("mkfifo").arg(folder.path().join("pipe.json")).status().unwrap().success()
    );
    let args = ["scenario", "check", "pipe.json", "--format", "json"];
    let (exit, text, error) = run(folder.path(), &args);
    assert_eq!((exit, error.as_str()), (Some(2), ""));
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        document["files"][0]["problems"][0]["message"],
        "this is no file, but a pipe or a device; expected a scenario file that can be read"
    );
}

/// Where its results cannot be put is told at the end of a run, too, with the file.
#[test]
fn a_folder_in_the_place_of_a_result_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("short.json"), ENDLESS.replace("30000h", "1s")).unwrap();
    fs::create_dir_all(folder.path().join("out/results.json")).unwrap();
    let (exit, text, error) = run(folder.path(), &["run", "short.json", "--out", "out"]);
    assert_eq!(exit, Some(2));
    assert!(text.starts_with("✔ passed"), "what was found is printed: {text}");
    assert_eq!(
        error,
        "error: out/results.json: this is a folder, not a file; --out takes a folder that can be written, and \
         makes it if it is not there\n"
    );
    fs::create_dir_all(folder.path().join("audit/audit.json")).unwrap();
    let args = ["audit", "--mutant", "paxos/duels", "--seeds", "1", "--out", "audit", "--quiet"];
    let (_, _, error) = run(folder.path(), &args);
    assert!(
        error.contains("error: audit/audit.json: this is a folder, not a file; --out takes"),
        "{error}"
    );
}

/// The command in this folder, as somebody who may not do everything: whoever may is made nobody first.
fn as_nobody(folder: &Path, args: &[&str]) -> Command {
    const NOBODY: u32 = 65_534;
    let at = |name: &str| folder.join(name);
    if !at("command").exists() {
        let here = env!("CARGO_BIN_EXE_interregnum");
        let linked = fs::hard_link(here, at("command"));
        linked.or_else(|_| fs::copy(here, at("command")).map(drop)).unwrap();
        fs::write(at("secret.json"), ENDLESS).unwrap();
        allow(&at("secret.json"), 0);
        allow(folder, 0o755);
    }
    // A shell can set a limit before it becomes the command.
    let mut command = Command::new("sh");
    command.current_dir(folder).args(["-c", "eval \"$LIMIT\"; exec ./command \"$@\"", "sh"]);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if fs::read(at("secret.json")).is_ok() {
        command.gid(NOBODY).uid(NOBODY);
    }
    command
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn threads_that_cannot_be_had_are_too_many_jobs() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("short.json"), ENDLESS.replace("30000h", "1s")).unwrap();
    for args in [["run", "short.json"], ["audit", "paxos"]] {
        let args = [args.as_slice(), &["--jobs", "1024"]].concat();
        let mut command = as_nobody(folder.path(), &args);
        // Shells do not agree on the letter.
        command.env("LIMIT", "ulimit -u 8 2>/dev/null || ulimit -p 8");
        let (exit, text, error) = said(ended(command.spawn().unwrap()));
        assert_eq!((exit, text.as_str()), (Some(2), ""), "{error}");
        assert_eq!(
            error,
            "error: cannot start threads: Resource temporarily unavailable; give fewer --jobs, or free memory\n"
        );
    }
}

#[test]
fn what_one_may_not_touch_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("short.json"), ENDLESS.replace("30000h", "1s")).unwrap();
    for (name, mode) in [("shut", 0), ("bare", 0o555)] {
        fs::create_dir(at(name)).unwrap();
        allow(&at(name), mode);
    }
    let hint = "--out takes a folder that can be written, and makes it if it is not there";
    for (args, complaint) in [
        (
            ["run", "secret.json"].as_slice(),
            "secret.json: permission denied; expected a scenario file that can be read".to_owned(),
        ),
        (
            &["scenario", "list", "shut"],
            "shut: permission denied; a folder is searched to its end: name the files that are meant, or mend it"
                .to_owned(),
        ),
        (
            &["replay", "shut/short.json", "--seed", "1"],
            "shut/short.json: permission denied; expected a scenario file that can be read".to_owned(),
        ),
        (&["run", "short.json", "--out", "bare"], format!("bare: permission denied; {hint}")),
        (&["audit", "--out", "bare/out"], format!("bare/out: permission denied; {hint}")),
        (&["man", "--out", "bare"], format!("bare/interregnum.1: permission denied; {hint}")),
        (
            &["scenario", "new", "bare/mine.json"],
            "bare/mine.json: permission denied; name a file in a folder that can be written".to_owned(),
        ),
    ] {
        let child = as_nobody(folder.path(), args).spawn().unwrap();
        let (exit, text, error) = said(ended(child));
        assert_eq!((exit, text.as_str()), (Some(2), ""), "{args:?}: {error}");
        assert_eq!(error, format!("error: {complaint}\n"), "{args:?}");
    }
    // Or else it could not be taken away.
    allow(&at("shut"), 0o755);
}
