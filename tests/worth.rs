//! Green runs are worth something: what a scenario wants to see at least is not there without its faults.

use interregnum::{Io, Program, builtin, command_from};
use serde_json::Value;
use std::fs;
use std::io::{Write, sink};
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

/// The results of all scenarios in this folder.
fn run(folder: &Path, seeds: &str) -> Value {
    let out = Memory::default();
    let mut io = Io::new(Box::new(out.clone()), Box::new(sink()));
    let folder = folder.to_str().unwrap();
    let args = ["interregnum", "run", folder, "--seeds", seeds, "--format", "json"];
    command_from(&Program::new(builtin()), args, &mut io);
    drop(io);
    let results = out.0.lock().unwrap();
    serde_json::from_slice(&results).unwrap()
}

/// Start-up alone elects leaders, answers clients and takes snapshots; a pause or a crash is a fault's doing.
#[test]
fn scenarios_expect_what_their_faults_bring_about() {
    const SEEDS: usize = 4;
    let folder = tempfile::tempdir().unwrap();
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/paxos");
    let mut files = 0;
    for entry in fs::read_dir(scenarios).unwrap() {
        let path = entry.unwrap().path();
        let mut scenario: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let fields = scenario.as_object_mut().unwrap();
        let faults = ["faults", "chaos"].map(|field| fields.remove(field));
        if faults.iter().flatten().next().is_none() {
            continue;
        }
        fields.remove("$schema");
        fs::write(folder.path().join(path.file_name().unwrap()), scenario.to_string()).unwrap();
        files += 1;
    }
    let results = run(folder.path(), &format!("0..{SEEDS}"));
    let runs = results["runs"].as_array().unwrap();
    assert_eq!(runs.len(), files * SEEDS);
    let enough: Vec<_> = runs.iter().filter(|run| run["verdict"] == "passed").collect();
    let named: Vec<_> = enough.iter().map(|run| [&run["scenario"], &run["seed"]]).collect();
    assert!(enough.is_empty(), "at_least is seen without any fault: {named:?}");
}
