//! The command that searches every order: what it finds, says, stores, and refuses.

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn interregnum(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_interregnum"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("INTERREGNUM_SEED");
    command.args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A search of one scenario, its exit code and what it says of the model.
fn search(folder: &Path, name: &str, scenario: &Value, more: &[&str]) -> (Option<i32>, Value) {
    let path = folder.join(name);
    fs::write(&path, scenario.to_string()).unwrap();
    let path = path.display().to_string();
    let output = interregnum(&[&["explore", &path, "--format", "json", "--quiet"], more].concat());
    let found: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}{}", text(&output.stdout), text(&output.stderr)));
    (output.status.code(), found["models"][0].clone())
}

fn pair() -> Value {
    json!({
        "version": 1, "title": "t", "system": "paxos", "cluster": { "nodes": 2 },
        "explore": {
            "bounds": { "timers": 1, "active": 1, "clients": 1, "calls": 1 }, "states": 21,
            "unreduced": 1116
        }
    })
}

fn planted(mutant: &str) -> Value {
    let mut scenario = pair();
    scenario["mutant"] = json!(mutant);
    scenario["expect"] = json!({ "observed": "violated", "invariant": "A5" });
    scenario["cluster"]["nodes"] = json!(3);
    scenario["explore"]["states"] = Value::Null;
    scenario["explore"]["unreduced"] = Value::Null;
    scenario
}

#[test]
fn a_model_is_complete_and_has_as_many_states_as_its_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let (exit, found) = search(folder.path(), "pair.json", &pair(), &[]);
    assert_eq!(
        (exit, &found["verdict"], &found["complete"]),
        (Some(0), &json!("passed"), &json!(true))
    );
    assert_eq!((&found["states"], &found["covered"]["calls"]), (&json!(21), &json!(1)));
    let (exit, all) = search(folder.path(), "pair.json", &pair(), &["--unreduced"]);
    assert_eq!((exit, &all["states"]), (Some(0), &json!(1116)));
    let (exit, deep) = search(folder.path(), "pair.json", &pair(), &["--deep", "--jobs", "1"]);
    assert_eq!((exit, &deep["distinct"]), (Some(0), &found["distinct"]));
}

#[test]
fn bounds_that_shrink_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let mut fewer = pair();
    fewer["explore"]["bounds"]["timers"] = json!(0);
    let (exit, found) = search(folder.path(), "fewer.json", &fewer, &[]);
    assert_eq!((exit, &found["verdict"]), (Some(1), &json!("failed")));
    let reason = found["reason"].as_str().unwrap();
    assert!(reason.contains("where the scenario says 21"), "{reason}");
}

#[test]
fn what_was_exercised_is_told_and_a_search_that_exercised_nothing_is_inconclusive() {
    let folder = tempfile::tempdir().unwrap();
    let (_, found) = search(folder.path(), "pair.json", &pair(), &[]);
    let times = |found: &Value, property: &str| found["exercised"][property].as_u64().unwrap();
    assert!(times(&found, "A9") > 0, "{}", found["exercised"]);
    assert_eq!(times(&found, "A6"), 0, "nobody makes a snapshot");
    assert!(found["exercised"].get("V1").is_none(), "nothing is owed in a search");
    let mut still = pair();
    still["cluster"]["nodes"] = json!(1);
    still["explore"] = json!({ "bounds": {} });
    let (exit, found) = search(folder.path(), "still.json", &still, &[]);
    assert_eq!((exit, &found["verdict"]), (Some(3), &json!("inconclusive")));
    assert_eq!((times(&found, "A9"), &found["complete"]), (0, &json!(true)));
    let path = folder.path().join("still.json").display().to_string();
    let told = text(&interregnum(&["explore", &path]).stdout);
    assert!(
        told.contains("    not exercised: A1, ") && told.contains("no invariant was"),
        "{told}"
    );
}

#[test]
fn what_is_cut_short_is_inconclusive() {
    let folder = tempfile::tempdir().unwrap();
    let (exit, found) = search(folder.path(), "pair.json", &pair(), &["--depth", "3"]);
    assert_eq!((exit, &found["verdict"]), (Some(3), &json!("inconclusive")));
    assert_eq!(found["complete"], json!(false));
    assert!(found["cut_by_depth"].as_u64() > Some(0));
}

#[test]
fn a_counterexample_is_stored_and_its_run_shows_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out").display().to_string();
    let scenario = planted("paxos/minority-quorum");
    let (exit, found) = search(folder.path(), "minority.json", &scenario, &["--out", &out]);
    assert_eq!((exit, &found["verdict"]), (Some(0), &json!("passed")));
    let (violation, states) = (&found["violation"], &found["states"]);
    assert_eq!(violation["invariant"], json!("A5"));
    let (_, alone) = search(folder.path(), "minority.json", &scenario, &["--jobs", "1"]);
    assert_eq!((&alone["violation"], &alone["states"]), (violation, states));
    let history = fs::read_dir(folder.path().join("out/histories")).unwrap().next().unwrap();
    let history = history.unwrap().path().display().to_string();
    assert_eq!(found["again"], json!(format!("interregnum replay {history} --seed 0")));
    let replayed = interregnum(&["replay", &history, "--seed", "0", "--quiet"]);
    let told = text(&replayed.stdout);
    assert_eq!(replayed.status.code(), Some(0), "{told}{}", text(&replayed.stderr));
    assert!(told.contains("A5") && told.contains(violation["what"].as_str().unwrap()), "{told}");
    let report = folder.path().join("report").display().to_string();
    let run = interregnum(&["run", &history, "--out", &report, "--quiet"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    let page = fs::read_to_string(Path::new(&report).join("index.html")).unwrap();
    assert!(page.contains("Step by step"), "the history is told like any run");
}

#[test]
fn a_history_of_another_version_is_inconclusive() {
    let folder = tempfile::tempdir().unwrap();
    let mut scenario = pair();
    scenario["choices"] = json!([{ "what": { "deliver": 60_000 } }]);
    let path = folder.path().join("history.json");
    fs::write(&path, scenario.to_string()).unwrap();
    let output = interregnum(&["run", &path.display().to_string()]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("choice 1 cannot be made here"), "{told}");
}

#[test]
fn what_reads_a_clock_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let mut leases = pair();
    leases["settings"] = json!({ "lease": {} });
    let path = folder.path().join("leases.json");
    fs::write(&path, leases.to_string()).unwrap();
    let output = interregnum(&["explore", &path.display().to_string()]);
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(told.contains("L1, L2, L3 cannot be copied"), "{told}");
}

#[test]
fn mistakes_in_a_search_have_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.json");
    for (text, wrong) in [
        (r#"{ "bounds": { "crashes": 31, "active": 9 } }"#, "explore.bounds.active"),
        (r#"{ "bounds": {}, "depth": 0 }"#, "explore.depth"),
        (r#"{ "bounds": {}, "at_least": { "A10": 1 } }"#, "unknown invariant `A10`"),
    ] {
        let lines = "{ \"version\": 1, \"title\": \"t\", \"system\": \"paxos\",\n\"explore\": ";
        fs::write(&path, format!("{lines}{text}\n}}")).unwrap();
        let output = interregnum(&["scenario", "check", &path.display().to_string()]);
        let told = text_of(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(wrong) && told.contains("wrong.json:2:"), "{told}");
    }
    let mut host = pair();
    host["mutant"] = json!("paxos/host-drops-facts");
    fs::write(&path, host.to_string()).unwrap();
    let output = interregnum(&["explore", &path.display().to_string()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text_of(&output).contains("a search has no host that errs"));
}

fn text_of(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn a_folder_without_models_is_said_to_be_one() {
    let output = interregnum(&["explore", "scenarios/audit"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("nothing to search there"));
}

/// Within a debug build's patience: those that take few states.
#[test]
fn planted_bugs_are_found_by_histories_as_short_as_the_stored_ones() {
    let bugs = ["promise-not-durable", "minority-quorum", "votes-by-message", "ballot-not-durable"];
    let mut args = vec!["audit".to_owned(), "--explore".to_owned(), "--quiet".to_owned()];
    args.extend(bugs.iter().flat_map(|bug| ["--mutant".to_owned(), format!("paxos/{bug}")]));
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let output = interregnum(&args);
    let told = text(&output.stdout) + &text(&output.stderr);
    assert_eq!((output.status.code(), told.as_str()), (Some(0), ""));
}

const REDUCTIONS: [&str; 5] =
    ["moot_messages", "idle_deliveries", "urgent_first", "refused_calls", "budgets"];

#[test]
fn without_a_reduction_there_are_no_fewer_states_and_the_verdict_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = vec!["--without"; 2 * REDUCTIONS.len()];
    for (nth, reduction) in REDUCTIONS.into_iter().enumerate() {
        all[2 * nth + 1] = reduction;
        let more = ["--without", reduction];
        let (exit, found) = search(folder.path(), "pair.json", &pair(), &more);
        assert_eq!((exit, &found["complete"]), (Some(0), &json!(true)), "{reduction}");
        assert!((21..1116).contains(&found["states"].as_u64().unwrap()), "{reduction}");
        let again = found["again"].as_str().unwrap();
        assert!(again.ends_with(&more.join(" ")), "{again}");
    }
    let (exit, found) = search(folder.path(), "pair.json", &pair(), &all);
    assert_eq!((exit, &found["states"]), (Some(0), &json!(1116)));
}

/// All of `paxos`, but for the two reductions without which most take more than a debug build's patience: without
/// these, those that take few states. The pipeline goes on from there, and with the other systems.
#[test]
fn planted_bugs_are_found_whichever_reduction_is_off() {
    let few = ["accept-is-no-promise", "acknowledges-early", "minority-quorum"];
    for reduction in REDUCTIONS {
        let bugs = match reduction {
            "moot_messages" | "urgent_first" => &few[..],
            _ => &[],
        };
        let mut args = vec!["audit", "paxos", "--explore", "--quiet", "--without", reduction];
        let bugs: Vec<_> = bugs.iter().map(|bug| format!("paxos/{bug}")).collect();
        args.extend(bugs.iter().flat_map(|bug| ["--mutant", bug]));
        let output = interregnum(&args);
        let told = text(&output.stdout) + &text(&output.stderr);
        assert_eq!((output.status.code(), told.as_str()), (Some(0), ""), "{reduction}");
    }
}
