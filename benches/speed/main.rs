//! How fast the simulator is, in delivered events per CPU-second, beside a bare event loop.
//!
//! `cargo bench` prints a table; nothing here passes or fails. CPU time is used because wall time
//! says more about the neighbours than about the code. The bare loop does the least that any
//! discrete-event simulator must do: a heap, a ChaCha8 draw for each delay, a match in a trivial
//! machine. It bounds what is possible on the machine it runs on.

mod bare;
mod memory;

use cpu_time::ProcessTime;
use interregnum_sim::scenario::Scenario;
use interregnum_sim::subject::Prepared;
use serde_json::{Value, json};

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let quick = std::env::args().any(|arg| arg == "--test");
    if let Some(hours) = memory::asked_for() {
        return memory::run(&*prepare(&memory::scenario(hours)));
    }
    let scale = if quick { 100 } else { 1 };
    println!("{:<44} {:>12} {:>14} {:>9}", "", "events", "events/CPU-s", "of bare");
    let bare = median(3, || bare::rate(20_000_000 / scale));
    print_row("bare loop: heap, ChaCha8, trivial machines", 20_000_000 / scale, bare, bare);
    for nodes in [5, 25, 101] {
        let steady = prepare(&steady(nodes, 60 / scale.min(30)));
        let mut events = 0;
        let rate = median(3, || {
            let (delivered, rate) = measure(|| steady.run(1).events);
            events = delivered;
            rate
        });
        print_row(&format!("Paxos, {nodes} nodes, 1 % loss, steady"), events, rate, bare);
    }
    fresh(quick, bare);
    if !quick {
        memory::compare();
    }
}

/// Many short runs, each of a fresh cluster: the shape of fuzzing.
fn fresh(quick: bool, bare: u64) {
    let short = prepare(&short());
    let runs = if quick { 20 } else { 4000 };
    let mut each = 0;
    let rate = median(3, || {
        let (events, rate) = measure(|| (0..runs).map(|seed| short.run(seed).events).sum());
        each = events / runs;
        rate
    });
    print_row(&format!("Paxos, fresh clusters of {each} events"), each * runs, rate, bare);
    println!(
        "{:<44} {:>12} runs/CPU-s of 800 events; the bare loop would do {}",
        "",
        rate / 800,
        bare / 800
    );
}

fn print_row(name: &str, events: u64, rate: u64, bare: u64) {
    let percent = rate * 1000 / bare.max(1);
    println!("{name:<44} {events:>12} {rate:>14} {:>7}.{}%", percent / 10, percent % 10);
}

/// Runs `work`, which returns a number of events, and returns it with the events per CPU-second.
fn measure(work: impl FnOnce() -> u64) -> (u64, u64) {
    let start = ProcessTime::now();
    let events = work();
    let nanos = start.elapsed().as_nanos().max(1);
    let rate = u128::from(events) * 1_000_000_000 / nanos;
    (events, u64::try_from(rate).unwrap_or(u64::MAX))
}

fn median(times: usize, mut rate: impl FnMut() -> u64) -> u64 {
    let mut rates: Vec<_> = (0..times).map(|_| rate()).collect();
    rates.sort_unstable();
    rates[times / 2]
}

fn prepare(scenario: &Value) -> Box<dyn Prepared> {
    let scenario: Scenario = serde_json::from_value(scenario.clone()).expect("a good scenario");
    let registry = interregnum_sim::systems::registry();
    let paxos = registry.find("paxos").expect("the Paxos system");
    paxos.prepare(&scenario).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// A cluster under load, without faults but for 1 % loss.
fn steady(nodes: u8, seconds: u64) -> Value {
    json!({
        "version": 1,
        "title": "steady state",
        "system": "paxos",
        "cluster": { "nodes": nodes },
        "network": { "delay": { "min": "1ms", "mean": "3ms", "max": "5ms" }, "loss": "1%" },
        "duration": format!("{seconds}s"),
        "max_events": 1_000_000_000_u64,
    })
}

/// About 800 delivered events from boot to end.
fn short() -> Value {
    let mut scenario = steady(5, 1);
    scenario["duration"] = json!("300ms");
    scenario
}
