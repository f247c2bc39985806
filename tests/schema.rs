//! The committed schema is the one that the command prints, and it accepts what the parser accepts.

#[path = "toy/subject.rs"]
mod subject;

use interregnum_sim::scenario::{load, schema};
use interregnum_sim::subject::Registry;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn toys() -> Registry {
    interregnum::builtin().with(Box::new(subject::Toy))
}

/// `SNAPSHOTS=overwrite cargo test --test schema` writes it anew.
#[test]
fn the_committed_schema_is_current() {
    let printed = format!("{:#}\n", schema(&interregnum::builtin()));
    snapbox::assert_data_eq!(printed, snapbox::file!["../scenarios/scenario.schema.json"].raw());
}

#[test]
fn the_schema_is_a_schema() {
    for registry in [interregnum::builtin(), toys(), Registry::new()] {
        jsonschema::meta::validate(&schema(&registry)).expect("a valid schema");
    }
}

#[test]
fn the_schema_accepts_what_the_parser_accepts() {
    let (registry, mut accepted) = (toys(), 0);
    let validator = jsonschema::validator_for(&schema(&registry)).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in files(&[root.join("scenarios"), root.join("tests/transcripts")]) {
        let bytes = fs::read(&file).unwrap();
        if load(&bytes, &registry).is_ok() {
            let value: Value = serde_json::from_slice(&bytes).unwrap();
            let errors: Vec<_> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", file.display());
            accepted += 1;
        }
    }
    assert!(accepted > 10, "{accepted}");
}

#[test]
fn the_schema_refuses_what_an_editor_should_mark() {
    let validator = jsonschema::validator_for(&schema(&toys())).unwrap();
    let good = r#"{"version": 1, "title": "t", "system": "toy", "settings": {"lease": "2s"},
        "mutant": "toy/sleeper", "faults": [{"at": "1s", "crash": {"target": "leader"}}]}"#;
    assert!(validator.is_valid(&serde_json::from_str(good).unwrap()));
    for (from, to) in [
        ("\"version\": 1", "\"version\": 2"),
        ("\"title\": \"t\", ", ""),
        ("\"toy\"", "\"toys\""),
        ("\"settings\"", "\"setings\""),
        ("\"lease\"", "\"leese\""),
        ("\"2s\"", "\"2 parsecs\""),
        ("sleeper", "slepper"),
        ("\"crash\"", "\"crsh\""),
        ("\"crash\"", "\"pause\": {\"target\": \"all\"}, \"crash\""),
        (", \"crash\": {\"target\": \"leader\"}", ""),
        ("\"leader\"", "7"),
    ] {
        assert!(good.contains(from), "{from}");
        let bad: Value = serde_json::from_str(&good.replacen(from, to, 1)).unwrap();
        assert!(!validator.is_valid(&bad), "{bad}");
    }
}

/// `SNAPSHOTS=overwrite cargo test --test schema` writes them anew.
#[test]
fn the_committed_schemas_of_results_are_current() {
    let printed = |schema: schemars::Schema| format!("{:#}\n", schema.as_value());
    let results = printed(interregnum_reports::schema::results());
    snapbox::assert_data_eq!(results, snapbox::file!["../reports/results.schema.json"].raw());
    let audit = printed(interregnum_reports::schema::audit());
    snapbox::assert_data_eq!(audit, snapbox::file!["../reports/audit.schema.json"].raw());
}

/// What the toy's command prints as JSON.
fn printed(args: &[&str]) -> Value {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts/run.in");
    let output = std::process::Command::new(path.join("examples").join("toy"))
        .args(args)
        .args(["--format", "json"])
        .current_dir(folder)
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The schema without leave for fields that it does not name.
fn strict(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(strict);
            if object.get("properties").is_some_and(Value::is_object) {
                object.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
        }
        Value::Array(array) => array.iter_mut().for_each(strict),
        _ => {}
    }
}

#[test]
fn the_schemas_of_results_describe_all_that_is_written() {
    for (schema, outputs) in [
        (
            interregnum_reports::schema::results(),
            [
                vec!["run", "found.json", "planted.json", "panics.json", "--seeds", "0..3"],
                vec!["run", "undecided.json", "toothless.json", "idle.json", "breaks.json"],
            ],
        ),
        (
            interregnum_reports::schema::audit(),
            [vec!["audit"], vec!["audit", "--mutant", "toy/host-drops-facts"]],
        ),
    ] {
        let mut schema = schema.to_value();
        jsonschema::meta::validate(&schema).expect("a valid schema");
        strict(&mut schema);
        let validator = jsonschema::validator_for(&schema).unwrap();
        for args in outputs {
            let document = printed(&args);
            let errors: Vec<_> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
            assert!(errors.is_empty(), "{args:?}: {errors:?}");
        }
        assert!(!validator.is_valid(&serde_json::json!({ "version": 1 })));
    }
}

/// Every scenario file in these folders.
fn files(folders: &[PathBuf]) -> Vec<PathBuf> {
    let (mut todo, mut found) = (folders.to_vec(), Vec::new());
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() && !path.is_symlink() {
                todo.push(path);
            } else if name.ends_with(".json") && !name.ends_with(".schema.json") {
                found.push(path);
            }
        }
    }
    found
}
