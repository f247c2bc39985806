//! A report can be made again from its JSON alone, and whatever such a file says, it is read without harm.

#[path = "toy/subject.rs"]
mod subject;

use interregnum::{Exit, Io, Program, builtin, command_from};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

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

/// Runs the command inside of this process; what it printed, and what it complained of.
fn interregnum(args: &[&str]) -> (Exit, String, String) {
    let program = Program::new(builtin().with(Box::new(subject::Toy)));
    let (out, err) = (Memory::default(), Memory::default());
    let mut io = Io::new(Box::new(out.clone()), Box::new(err.clone()));
    let exit = command_from(&program, ["interregnum"].iter().chain(args), &mut io);
    drop(io);
    let text = |memory: Memory| String::from_utf8(memory.0.lock().unwrap().clone()).unwrap();
    (exit, text(out), text(err))
}

/// The file in which a folder remembers what was written there.
const LIST: &str = ".interregnum-files";

/// Every file below a folder, by its path.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let (mut todo, mut found) = (vec![folder.to_owned()], BTreeMap::new());
    while let Some(at) = todo.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// Makes a report, makes it again from the JSON in it, and compares the two; returns its files.
fn made_twice(args: &[&str], results: &str) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (first, again, elsewhere) = (at("first"), at("again"), at("elsewhere"));
    interregnum(&[args, &["--out", &first]].concat());
    fs::create_dir(&elsewhere).unwrap();
    fs::copy(Path::new(&first).join(results), Path::new(&elsewhere).join(results)).unwrap();
    let (exit, written, complaint) = interregnum(&["report", &elsewhere, "--out", &again]);
    assert_eq!((exit, complaint.as_str()), (Exit::Passed, ""));
    let mut expected = files(Path::new(&first));
    let is_made = |name: &str| !name.starts_with("regressions") && ![results, LIST].contains(&name);
    expected.retain(|name, _| is_made(name));
    let mut made = files(Path::new(&again));
    assert!(made.remove(LIST).is_some_and(|list| list.lines().count() == made.len()));
    assert_eq!(made, expected);
    assert_eq!(written.lines().count(), made.len(), "{written}");
    assert!(written.ends_with("index.html\n"), "{written}");

    // Without a folder the documents appear beside the results.
    let (exit, _, _) = interregnum(&["report", &format!("{elsewhere}/{results}")]);
    assert_eq!(exit, Exit::Passed);
    assert_eq!(files(Path::new(&elsewhere)).len(), made.len() + 2);
    made
}

#[test]
fn every_document_is_made_of_the_stored_results_alone() {
    let at = |name: &str| format!("{}/tests/transcripts/run.in/{name}", env!("CARGO_MANIFEST_DIR"));
    let (found, planted, panics) = (at("found.json"), at("planted.json"), at("panics.json"));
    let paxos = "paxos/ignores-reported-value";
    let run = ["run", &found, &planted, &panics, paxos, "--seeds", "0..4"];
    let made = made_twice(&run, "results.json");
    let page = &made["index.html"];
    for shown in ["Step by step", "without the planted bug", "id=\"e", "See it again"] {
        assert!(page.contains(shown), "{shown}");
    }
    let runs = made.keys().filter(|name| name.starts_with("runs/")).count();
    assert!(runs >= 1, "what has no room on the page has pages of its own: {:?}", made.keys());

    let audit = ["audit", "paxos", "--mutant", paxos, "--mutant", "paxos/blank-votes"];
    let made = made_twice(&audit, "audit.json");
    for page in ["runs/paxos-ignores-reported-value.html", "runs/paxos-blank-votes.html"] {
        assert!(made["index.html"].contains(page) && made[page].contains("Step by step"), "{page}");
    }
    let broken = made_twice(&["audit", "toy"], "audit.json");
    assert!(broken["index.html"].contains("Audit of"));
}

/// Nothing of the report before is left, and nothing that somebody else has put there is touched.
#[test]
fn a_folder_holds_one_report() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (out, there) = (at("out"), |name: &str| Path::new(&at("out")).join(name));
    let names = || files(&there("")).into_keys().collect::<Vec<_>>();
    let audit = ["audit", "paxos", "--mutant", "paxos/blank-votes", "--out", &out];
    let (exit, _, note) = interregnum(&audit);
    assert_eq!(exit, Exit::Passed);
    assert!(note.ends_with(&format!("report: {out}/index.html\n")), "{note}");
    let of = |folder: &str| names().into_iter().filter(|name| name.starts_with(folder)).count();
    assert!(of("runs/") > 0 && of("traces/") > 0 && of("regressions/") > 0, "{:?}", names());

    // What is run again is not removed for having been mended.
    let stored = names().into_iter().find(|name| name.starts_with("regressions/")).unwrap();
    let again = there(&stored).display().to_string();
    assert_eq!(interregnum(&["run", &again, "--out", &out, "--quiet"]).0, Exit::Passed);
    assert!(there(&stored).exists() && of("traces/") > 0, "{:?}", names());
    assert_eq!(interregnum(&audit).0, Exit::Passed);

    let changed = names().into_iter().find(|name| name.starts_with("regressions/")).unwrap();
    let others = [&changed, "runs/mine.html", "notes.txt"].map(str::to_owned);
    others.iter().for_each(|name| fs::write(there(name), "mine").unwrap());
    fs::write(at("victim"), "").unwrap();
    let hash = "0".repeat(32);
    let list = fs::read_to_string(there(LIST)).unwrap();
    fs::write(there(LIST), list + &format!("{hash} ../victim\n- runs/../../victim\n")).unwrap();
    let passing = format!("{}/tests/transcripts/run.in/deposed.json", env!("CARGO_MANIFEST_DIR"));
    let passing = ["run", &passing, "--out", &out, "--quiet"];
    assert_eq!(interregnum(&passing), (Exit::Passed, String::new(), String::new()));
    let mut expected = vec![LIST, "index.html", "junit.xml", "results.json", "summary.md"];
    expected.extend(others.iter().map(String::as_str));
    expected.sort_unstable();
    assert_eq!(names(), expected);
    assert!(Path::new(&at("victim")).exists() && !there("traces").exists());
    assert!(others.iter().all(|name| fs::read_to_string(there(name)).unwrap() == "mine"));

    // Results of one kind take the place of the other's; only who puts both there is asked which are meant.
    fs::copy(there("results.json"), at("results.json")).unwrap();
    assert_eq!(interregnum(&audit).0, Exit::Passed);
    assert!(there("audit.json").exists() && !there("results.json").exists());
    let made = files(&there(""));
    assert_eq!(interregnum(&["report", &out]).0, Exit::Passed);
    assert_eq!(files(&there("")), made, "the results stay, and are still known");
    fs::copy(at("results.json"), there("results.json")).unwrap();
    let (exit, text, error) = interregnum(&["report", &out]);
    assert_eq!((exit, text.as_str()), (Exit::Usage, ""));
    let both = format!("both {out}/results.json and {out}/audit.json are there; name the one that");
    assert!(error.contains(&both), "{error}");
}

/// The page of some results takes no other results' place beside them.
#[test]
fn a_report_is_not_made_beside_other_results() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let scenario = format!("{}/tests/transcripts/run.in/deposed.json", env!("CARGO_MANIFEST_DIR"));
    for (seed, out) in [("1", "one"), ("2", "two")] {
        let run = ["run", &scenario, "--out", &at(out), "--quiet", "--seed", seed];
        assert_eq!(interregnum(&run).0, Exit::Passed);
    }
    let (one, before) = (at("one"), files(Path::new(&at("two"))));
    let (exit, text, error) = interregnum(&["report", &one, "--out", &at("two")]);
    assert_eq!((exit, text.as_str()), (Exit::Usage, ""));
    let (these, others) = (at("one/results.json"), at("two/results.json"));
    let why = format!("error: {others}: these are other results than {these}, and");
    assert!(error.starts_with(&why) && error.contains("give --out another folder"), "{error}");
    assert_eq!(files(Path::new(&at("two"))), before);
    let audit = ["audit", "paxos", "--mutant", "paxos/blank-votes", "--out", &at("audit")];
    assert_eq!(interregnum(&audit).0, Exit::Passed);
    let (exit, _, error) = interregnum(&["report", &one, "--out", &at("audit")]);
    assert!(
        exit == Exit::Usage && error.contains("audit.json: these are other results"),
        "{error}"
    );

    // Those that are there already may be a copy, or no results at all.
    fs::copy(at("one/results.json"), &others).unwrap();
    assert_eq!(interregnum(&["report", &one, "--out", &at("two")]).0, Exit::Passed);
    assert_eq!(files(Path::new(&at("two")))["index.html"], files(Path::new(&one))["index.html"]);
    fs::write(&others, "{}").unwrap();
    assert_eq!(interregnum(&["report", &one, "--out", &at("two")]).0, Exit::Passed);
}

/// Without a page beside them, results are still results; a page beside results of another run is a lie.
#[cfg(unix)]
#[test]
fn no_page_lies_beside_results_of_another_run() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let out = folder.path().display().to_string();
    let scenario = format!("{}/tests/transcripts/run.in/deposed.json", env!("CARGO_MANIFEST_DIR"));
    let run = |seed| interregnum(&["run", &scenario, "--out", &out, "--quiet", "--seed", seed]).0;
    assert_eq!(run("1"), Exit::Passed);
    let results = fs::read_to_string(at("results.json")).unwrap();
    fs::remove_file(at("junit.xml")).unwrap();
    fs::create_dir(at("junit.xml")).unwrap();
    assert_eq!(run("2"), Exit::Usage, "a folder is in the place of a document");
    assert_ne!(fs::read_to_string(at("results.json")).unwrap(), results);
    assert!(!at("index.html").exists());
}

#[test]
fn a_name_in_the_list_of_documents_cannot_steer_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("evil\u{1b}[31m").display().to_string();
    let scenario = format!("{}/tests/transcripts/run.in/deposed.json", env!("CARGO_MANIFEST_DIR"));
    let (_, text, note) = interregnum(&["run", &scenario, "--out", &out]);
    let (_, list, _) = interregnum(&["report", &out]);
    for said in [text, note, list] {
        assert!(!said.contains('\u{1b}') && !said.is_empty(), "{said:?}");
    }
}

#[test]
fn what_is_no_result_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(at("cut.json"), r#"{"version":1,"command":"run","of":"1","runs":["#).unwrap();
    fs::create_dir(at("empty")).unwrap();
    for (name, expected) in [
        (
            "nowhere",
            "no such file or folder; expected the results.json or audit.json that --out has written",
        ),
        (
            "empty",
            "neither results.json nor audit.json is there; `run --out` and `audit --out` write them",
        ),
        ("cut.json", "EOF while parsing a list at line 1 column 46; expected results as"),
    ] {
        let (exit, text, error) = interregnum(&["report", &at(name)]);
        assert_eq!((exit, text.as_str()), (Exit::Usage, ""), "{error}");
        assert!(error.starts_with(&format!("error: {}: ", at(name))), "{error}");
        assert!(error.contains(expected), "{error}");
    }
    let (exit, _, error) = interregnum(&["report", "/dev/zero"]);
    assert!(exit == Exit::Usage && error.contains("a pipe or a device"), "{error}");
}

/// Results to be tampered with: small, and with everything in them.
fn sample() -> Value {
    let found = format!("{}/tests/transcripts/run.in/found.json", env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    interregnum(&["run", &found, "paxos/ignores-reported-value", "--out", &out]);
    let text = fs::read_to_string(folder.path().join("results.json")).unwrap();
    let mut results: Value = serde_json::from_str(&text).unwrap();
    for scenario in results["scenarios"].as_array_mut().unwrap() {
        let kept = ["kept", "example"].map(|name| scenario[name].take());
        let one = kept
            .iter()
            .flat_map(|kept| kept.as_array().map_or(vec![kept], |all| all.iter().collect()));
        let mut one = one.into_iter().find(|kept| !kept["recording"].is_null()).unwrap().clone();
        let lines = one["recording"]["lines"].as_array_mut().unwrap();
        lines.drain(..lines.len().saturating_sub(20));
        scenario["kept"] = Value::from(vec![one]);
        scenario["lines"] = Value::Array(Vec::new());
    }
    results["runs"] = Value::Array(Vec::new());
    results
}

/// The places of a document where something stands, by depth first.
fn places(value: &mut Value) -> Vec<&mut Value> {
    let mut found = Vec::new();
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| found.extend(places(item))),
        Value::Object(fields) => fields.values_mut().for_each(|item| found.extend(places(item))),
        leaf => found.push(leaf),
    }
    found
}

/// Something else of the same type, as hostile as it gets.
fn other(value: &Value, dice: u8) -> Value {
    let pick = usize::from(dice);
    match value {
        Value::Number(_) => Value::from([0, 1, u64::MAX, 1 << 63, 255][pick % 5]),
        // Most of these can be only one of a few words, and nothing else is looked at when they are not.
        Value::String(text) if is_word(text) && !dice.is_multiple_of(64) => value.clone(),
        Value::String(_) => {
            let words =
                ["", "</script><script>", "n999/p7", "0xffffffffffffffff", "crashed", "\u{202e}"];
            Value::from(words[pick % words.len()])
        }
        Value::Bool(is) => Value::from(!is),
        other => other.clone(),
    }
}

/// Makes everything that was counted of a scenario as large as it can be, so that no two counts can be added up.
fn flood(results: &mut Value) {
    for scenario in results["scenarios"].as_array_mut().unwrap() {
        let counted = scenario.as_object_mut().unwrap().iter_mut();
        for (_, count) in counted.filter(|(name, count)| *name != "nodes" && count.is_u64()) {
            *count = Value::from(u64::MAX);
        }
        for sums in ["observed", "counts", "faults", "properties", "caveats"] {
            for count in places(&mut scenario[sums]).into_iter().filter(|count| count.is_u64()) {
                *count = Value::from(u64::MAX);
            }
        }
    }
}

fn is_word(text: &str) -> bool {
    let is_hex = text.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit());
    is_hex || text.starts_with("0x") || text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// It is a report or an error, never a panic.
    #[test]
    fn whatever_the_results_say_they_are_read_without_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..60),
        is_flooded in any::<bool>(),
    ) {
        static SAMPLE: std::sync::LazyLock<Value> = std::sync::LazyLock::new(sample);
        let mut results = SAMPLE.clone();
        if is_flooded {
            flood(&mut results);
        }
        let mut places = places(&mut results);
        for (index, dice) in changes {
            let place = index.get_mut(&mut places);
            **place = other(place, dice);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        fs::write(&path, results.to_string()).unwrap();
        let (exit, _, error) = interregnum(&["report", &path.display().to_string()]);
        prop_assert!(exit == Exit::Passed || exit == Exit::Usage, "{exit:?}: {error}");
        if exit == Exit::Passed {
            let page = fs::read_to_string(folder.path().join("index.html")).unwrap();
            prop_assert_eq!(page.matches("<script").count(), 1);
        }
    }
}
