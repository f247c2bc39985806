//! Peak memory of one virtual hour against ten, each in a process of its own.

use interregnum_sim::subject::Prepared;
use serde_json::{Value, json};
use std::process::Command;

const FLAG: &str = "--virtual-hours=";

/// The virtual hours that this process was started to simulate, if it was.
pub(super) fn asked_for() -> Option<u64> {
    std::env::args().find_map(|arg| arg.strip_prefix(FLAG)?.parse().ok())
}

/// So many faults, spread over the run. Scripted, for drawn faults last longer in a longer run, and what
/// must be kept while a node is down grows with the time that it is.
const FAULTS: u64 = 400;

pub(super) fn scenario(hours: u64) -> Value {
    let kinds = [
        json!({ "crash": { "target": "leader" } }),
        json!({ "pause": { "target": "leader" } }),
        json!({ "power_loss": { "target": { "random": 1 } } }),
        json!({ "partition": { "isolate": "leader" } }),
    ];
    let faults = (1..=FAULTS).zip(kinds.iter().cycle()).map(|(nth, kind)| {
        let mut fault = kind.clone();
        fault["at"] = json!(format!("{}ms", nth * hours * 3_600_000 / (FAULTS + 1)));
        fault["for"] = json!("4s");
        fault
    });
    json!({
        "version": 1,
        "title": "a long run",
        "system": "paxos",
        "network": { "loss": "1%" },
        "workload": { "clients": 2, "pause": "100ms" },
        "duration": format!("{hours}h"),
        "faults": faults.collect::<Vec<_>>(),
        "max_events": 10_000_000_000_u64,
    })
}

/// Runs and prints what it took.
pub(super) fn run(prepared: &dyn Prepared) {
    let outcome = prepared.run(1);
    println!("{} {}", outcome.events, peak_kib().unwrap_or(0));
}

/// Starts both and prints their peaks.
pub(super) fn compare() {
    for hours in [1, 10] {
        let program = std::env::current_exe().expect("this benchmark's own path");
        let output = Command::new(program).arg(format!("{FLAG}{hours}")).output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let text = text.unwrap_or_default();
        let (events, peak) = text.trim().split_once(' ').unwrap_or(("?", "?"));
        println!("{hours:>2} virtual h, {FAULTS} faults: {events} events, peak memory {peak} KiB");
    }
}

/// The most memory this process ever held, where the system tells.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
