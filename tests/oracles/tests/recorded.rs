//! Histories whose verdicts are known: ten made by hand, which are in the tree, and, where
//! `INTERREGNUM_HISTORIES` names a folder of the same shape, those that were recorded elsewhere.
//!
//! A folder's `verdicts.tsv` has one line a file: its name, the verdict, how many events there are of
//! each type, and how many processes.

use interregnum_oracles::map::{self, Map};
use interregnum_oracles::register::{self, Register};
use interregnum_oracles::{Event, What, judge};
use interregnum_sim::linear::{Budget, Sequential, Verdict};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

#[test]
fn those_made_by_hand_are_judged_rightly() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("histories");
    assert_eq!(judge_folder(&here), 10);
}

#[test]
fn those_recorded_elsewhere_are_judged_rightly() {
    let Some(folder) = std::env::var_os("INTERREGNUM_HISTORIES") else {
        println!("external corpus not run: INTERREGNUM_HISTORIES is not set");
        return;
    };
    let began = Instant::now();
    let files = judge_folder(Path::new(&folder));
    println!(
        "external corpus: {files} histories in {}, every verdict agrees, {:.1} s",
        Path::new(&folder).display(),
        began.elapsed().as_secs_f32()
    );
}

/// Demands the right verdict on every history of a folder, and returns how many there are.
fn judge_folder(folder: &Path) -> usize {
    let table = folder.join("verdicts.tsv");
    let table = fs::read_to_string(&table).unwrap_or_else(|e| panic!("{}: {e}", table.display()));
    let mut lines = table.lines();
    let head = "file\tverdict\tinvokes\tok\tfail\tinfo\tprocesses";
    assert_eq!(lines.next(), Some(head), "{}", folder.display());
    let rows: Vec<_> = lines.collect();
    assert!(!rows.is_empty(), "{} lists no history", folder.display());
    let wrong: Vec<_> = rows.iter().filter_map(|row| judge_row(folder, row).err()).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    rows.len()
}

fn judge_row(folder: &Path, row: &str) -> Result<(), String> {
    let columns: Vec<_> = row.split('\t').collect();
    let [file, verdict, counts @ ..] = &*columns else { return Err(format!("a row: {row}")) };
    let counts: Vec<usize> = counts.iter().filter_map(|count| count.parse().ok()).collect();
    let expected = match *verdict {
        "linearizable" => Verdict::Linearizable,
        "not-linearizable" => Verdict::NotLinearizable,
        _ => return Err(format!("{file}: no such verdict: {verdict}")),
    };
    let text = fs::read_to_string(folder.join(file)).map_err(|e| format!("{file}: {e}"))?;
    // What was not parted into events as its maker parted it is not the history that has the verdict.
    let judged = if file.ends_with(".log") {
        register::parse(&text).and_then(|history| judge_history(Register, history, &text, &counts))
    } else {
        map::parse(&text).and_then(|history| judge_history(Map, history, &text, &counts))
    };
    let (judged, steps) = judged.map_err(|wrong| format!("{file}: {wrong}"))?;
    println!("{file}: {judged:?}, at most {steps} steps an event");
    if judged == expected { Ok(()) } else { Err(format!("{file}: {judged:?}, not {verdict}")) }
}

fn judge_history<S: Sequential>(
    spec: S,
    history: Vec<Event<S>>,
    text: &str,
    counts: &[usize],
) -> Result<(Verdict, u64), String> {
    let count = |what: fn(&What<S>) -> bool| history.iter().filter(|e| what(&e.what)).count();
    let failed = |line: &&str| line.contains(":fail");
    let lost = count(|what| matches!(what, What::Lost));
    let ended = count(|what| matches!(what, What::Returned(_) | What::Failed));
    let failed = text.lines().filter(failed).count();
    let processes: BTreeSet<_> = history.iter().map(|event| event.process).collect();
    let invoked = count(|what| matches!(what, What::Invoked(_)));
    let found = [invoked, ended - failed, failed, lost, processes.len()];
    if found != *counts {
        return Err(format!("has {found:?} events and processes, not {counts:?}"));
    }
    judge(spec, history, Budget::default())
}
