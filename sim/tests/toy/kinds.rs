//! Each kind of fault bites, and is taken back when it ends.

use super::{base, prepare};
use interregnum_sim::outcome::{Observed, Outcome, TraceLine};
use serde_json::{Value, json};

/// Runs the toy with these faults. Everything must hold and every fault make a difference.
#[track_caller]
fn struck(faults: Value) -> (Outcome, Vec<TraceLine>) {
    let mut scenario = base();
    scenario["faults"] = faults;
    let mut lines = Vec::new();
    let outcome = prepare(false, scenario).trace(1, &mut |line| lines.push(line));
    assert_eq!(outcome.observed, Observed::Held, "{:?}", outcome.violation);
    assert_eq!(outcome.idle_faults, [0_usize; 0]);
    (outcome, lines)
}

const SECOND: u64 = 1_000_000_000;

/// The lines of these kinds from one second to another.
fn between<'l>(lines: &'l [TraceLine], kinds: &[&str], ms: [u64; 2]) -> Vec<&'l TraceLine> {
    let within = |line: &&TraceLine| (ms[0]..ms[1]).contains(&(line.at_ns / (SECOND / 1000)));
    lines.iter().filter(|line| kinds.contains(&&*line.kind)).filter(within).collect()
}

#[test]
fn only_one_class_of_messages_is_lost() {
    let (_, lines) = struck(json!([
        { "at": "1s", "for": "1s", "loss": { "ratio": "100%", "only": { "class": "even" } } },
    ]));
    let lost = between(&lines, &["dropped"], [0, 9_000]);
    let even = |line: &&TraceLine| line.what.ends_with(['0', '2', '4', '6', '8']);
    assert!(lost.len() > 5 && lost.iter().all(even), "{lost:?}");
    let after = between(&lines, &["delivered"], [2_100, 4_000]);
    assert!(after.iter().any(even) && !after.iter().all(even));
}

#[test]
fn links_of_clients_are_cut_and_nothing_else_is() {
    let (_, lines) = struck(json!([
        { "at": "1s", "for": "1s", "loss": { "ratio": "100%", "only": { "links": "clients" } } },
    ]));
    assert_eq!(between(&lines, &["called", "answered"], [1_100, 2_000]).len(), 0);
    assert!(between(&lines, &["answered"], [2_000, 3_000]).len() > 20);
    assert_eq!(between(&lines, &["dropped"], [0, 9_000]).len(), 0, "messages are not touched");
}

#[test]
fn a_clog_lets_nothing_through_and_then_everything_at_once() {
    let (_, lines) = struck(json!([
        { "at": "1s", "for": "1s", "clog": { "only": { "links": "nodes" } } },
    ]));
    assert_eq!(between(&lines, &["delivered"], [1_100, 2_000]).len(), 0);
    let at_once = lines.iter().filter(|line| line.kind == "delivered" && line.at_ns == 2 * SECOND);
    assert!(at_once.count() > 5);
    assert!(between(&lines, &["delivered"], [2_100, 3_000]).len() > 5);
}

#[test]
fn single_messages_are_held_back_and_others_overtake_them() {
    let (_, lines) = struck(json!([
        { "at": "1s", "for": "1s", "hold": {
            "ratio": "20%", "extra": { "min": "500ms", "mean": "500ms" } } },
    ]));
    let sent = between(&lines, &["sent"], [0, 2_700]);
    let number = |line: &&TraceLine| line.what.rsplit(' ').next().unwrap().to_owned();
    let sent_at = |what: &str| sent.iter().find(|line| number(line) == what).unwrap().at_ns;
    let delivered = between(&lines, &["delivered"], [1_000, 2_700]);
    let numbers: Vec<_> = delivered.iter().map(number).collect();
    let held = |(line, what): &(&&TraceLine, &String)| line.at_ns - sent_at(what) >= SECOND / 2;
    let late: Vec<_> = delivered.iter().zip(&numbers).filter(held).collect();
    assert!(
        late.len() > 2 && late.len() < numbers.len() / 3,
        "{} of {}",
        late.len(),
        numbers.len()
    );
    let overtaken = late.iter().filter(|(line, what)| {
        let sooner = |other: &&&TraceLine| other.at_ns < line.at_ns;
        let later = |other: &&&TraceLine| sent_at(&number(other)) > sent_at(what);
        delivered.iter().filter(sooner).any(|other| later(&other))
    });
    assert!(overtaken.count() > 2);
}

#[test]
fn a_slow_node_answers_slowly_and_the_others_do_not() {
    let (_, lines) = struck(json!([
        { "at": "1s", "for": "2s", "slow": { "target": { "node": 1 }, "times": 50 } },
    ]));
    let answers = |client: &str, ms| {
        let answers = between(&lines, &["answered"], ms);
        answers.iter().filter(|line| line.peer.as_deref() == Some(client)).count()
    };
    let (slow, quick) = (answers("client-1", [1_000, 3_000]), answers("client-0", [1_000, 3_000]));
    assert!(slow * 3 < quick, "{slow} {quick}");
    assert!(answers("client-1", [3_000, 5_000]) * 2 > quick, "it recovers");
}

#[test]
fn messages_between_two_nodes_are_delayed() {
    let (_, lines) = struck(json!([
        { "at": "1s", "for": "1s", "delay": {
            "extra": { "min": "2s", "mean": "2s" },
            "target": { "node": 0 }, "only": { "peer": { "node": 1 } } } },
    ]));
    let to = |node: &str, ms| {
        let got = between(&lines, &["delivered"], ms);
        got.iter()
            .filter(|line| line.process.as_deref().is_some_and(|p| p.starts_with(node)))
            .count()
    };
    assert_eq!(to("n1", [1_100, 2_000]), 0);
    assert!(to("n2", [1_100, 2_000]) > 3 && to("n1", [3_000, 4_000]) > 3);
}

#[test]
fn clocks_go_wrong_and_are_put_right() {
    let (outcome, lines) = struck(json!([
        { "at": "1s", "for": "1s", "clock_rate": { "target": { "node": 0 }, "ppm": 400_000 } },
        { "at": "1s", "for": "1s", "clock_step": { "target": { "node": 1 }, "forward": "1h" } },
        { "at": "3s", "for": "100ms", "power_loss": { "target": { "node": 2 } } },
    ]));
    assert_eq!(outcome.counts.get("probe:toy/wall-went-back"), Some(&1), "when it was set right");
    let changes = between(&lines, &["clock-changed"], [0, 9_000]);
    let changes: Vec<_> = changes.iter().map(|line| &*line.what).collect();
    assert_eq!(changes.len(), 5, "{changes:?}");
    let expected =
        ["Rate(400000)", "Step(3600000000000)", "Rate(0)", "Step(-3600000000000)", "Restarted"];
    for (change, expected) in changes.iter().zip(expected) {
        assert!(change.contains(expected), "{changes:?}");
    }
}

#[test]
fn a_fault_strikes_at_its_seam() {
    for (side, kind, seam) in [
        ("after", "crash", "stored"),
        ("before", "crash", "stored"),
        ("after", "power_loss", "stored"),
        ("after", "pause", "stored"),
    ] {
        let mut fault =
            json!({ "at": "1s", "for": "500ms", "when": { "seam": seam, "side": side, "nth": 3 } });
        fault[kind] = json!({ "target": "all" });
        let (_, lines) = struck(json!([fault]));
        let fell = |line: &&TraceLine| matches!(&*line.kind, "crashed" | "paused");
        let worker = lines.iter().filter(|line| line.at_ns >= SECOND).find(fell).unwrap();
        let said = lines.iter().filter(|line| {
            line.kind == "notified" && line.at_ns == worker.at_ns && line.process == worker.process
        });
        let here = said.filter(|line| line.what.starts_with("Stored")).count();
        assert_eq!(here, usize::from(side == "after"), "{side} {kind}");
    }
}

#[test]
fn a_sync_is_interrupted_before_or_after_it_is_durable() {
    let durable = |side: &str, kind: &str| {
        let mut fault = json!({
            "at": "1s", "for": "500ms", "when": { "seam": "sync", "side": side, "within": "1s" } });
        fault[kind] = json!({ "target": { "node": 1, "part": "worker" } });
        let (_, lines) = struck(json!([fault]));
        let fell =
            lines.iter().find(|line| line.kind == "crashed" && line.at_ns >= SECOND).unwrap();
        let made = lines.iter().filter(|line| line.kind == "durable" && line.at_ns == fell.at_ns);
        made.filter(|line| line.process == fell.process).count()
    };
    assert_eq!((durable("after", "crash"), durable("after", "power_loss")), (1, 1));
    assert_eq!(durable("before", "crash"), 1, "the disk goes on without the process");
}

#[test]
fn faults_of_the_network_wait_for_seams_too() {
    let (_, lines) = struck(json!([
        { "at": "1s", "for": "1s", "when": { "seam": "stored" }, "partition": { "isolate": { "node": 0 } } },
    ]));
    let began = lines.iter().find(|line| line.kind == "fault-began").unwrap();
    assert!(began.at_ns > SECOND && began.at_ns < 2 * SECOND);
    assert_eq!(lines.iter().filter(|line| line.kind == "fault-ended").count(), 1);
}

#[test]
fn interruptions_of_one_process_do_not_undo_each_other() {
    let (outcome, lines) = struck(json!([
        { "at": "1s", "for": "900ms", "pause": { "target": { "node": 0, "part": "agent" }, "after_effects": 2 } },
        { "at": "1s", "for": "200ms", "pause": { "target": { "node": 0, "part": "agent" }, "after_effects": 0 } },
        { "at": "3s", "for": "1s", "power_loss": { "target": { "node": 3 } } },
        { "at": "3500ms", "for": "1s", "power_loss": { "target": { "node": 3 } } },
    ]));
    assert_eq!(outcome.counts.get("paused"), Some(&2), "each strikes in its turn");
    let on_disk = |ms| {
        let durable = between(&lines, &["durable"], ms);
        durable.iter().filter(|line| line.what.starts_with("on n3 ")).count()
    };
    assert_eq!(on_disk([3_001, 4_500]), 0, "the disk is back when the last failure is over");
    assert!(on_disk([2_000, 3_000]) > 5 && on_disk([4_600, 5_600]) > 5);
}
