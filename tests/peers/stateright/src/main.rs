//! The exhaustive search timed against stateright's, on stateright's own example: Paxos with three clients.
//!
//! `cargo run --release` measures each way of searching several times, each time in a process of its own that
//! is bound to one core, and prints a table of the fastest. Time is that of the process's threads, not the
//! wall's, for the machine may be busy. Memory is the most that was resident, less what was before the search.
//!
//! Both sides judge what clients saw: stateright in each state, ours in each state where it has changed.

mod example;

use cpu_time::ProcessTime;
use interregnum_models::paxos::Paxos;
use interregnum_sim::explore::{Explored, Search};
use stateright::{Checker, Model};
use std::fs;
use std::process::Command;

/// A way of searching: its name, and a search that returns how many states there are.
type Way = (&'static str, fn(usize) -> u64);

const WAYS: [Way; 4] = [
    ("stateright-bfs", stateright_bfs),
    ("stateright-dfs", stateright_dfs),
    ("ours-layers", ours_layers),
    ("ours-deep", ours_deep),
];

fn stateright_bfs(clients: usize) -> u64 {
    let checker = example::model(clients).checker().threads(1).spawn_bfs().join();
    checker.assert_properties();
    checker.unique_state_count() as u64
}

fn stateright_dfs(clients: usize) -> u64 {
    let checker = example::model(clients).checker().threads(1).spawn_dfs().join();
    checker.assert_properties();
    checker.unique_state_count() as u64
}

fn ours_layers(clients: usize) -> u64 {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    states(&Search::of(&ours(clients)).layers(&pool))
}

fn ours_deep(clients: usize) -> u64 {
    states(&Search::of(&ours(clients)).deep())
}

fn ours(clients: usize) -> Paxos {
    Paxos::of(u8::try_from(clients).expect("few clients"))
}

fn states<C, F: std::fmt::Debug>(found: &Explored<C, F>) -> u64 {
    assert!(found.is_complete(), "{:?}", found.end);
    found.states
}

/// What a search took.
#[derive(Clone, Copy, Debug)]
struct Taken {
    states: u64,
    cpu_seconds: f64,
    peak_kib: u64,
}

impl Taken {
    /// Searches here and now.
    fn by(search: fn(usize) -> u64, clients: usize) -> Self {
        let cores = core_affinity::get_core_ids().unwrap_or_default();
        let is_bound = cores.last().is_some_and(|core| core_affinity::set_for_current(*core));
        assert!(is_bound, "cannot be bound to one core");
        let before = resident_kib("VmRSS:");
        let began = ProcessTime::now();
        let states = search(clients);
        let cpu_seconds = began.elapsed().as_secs_f64();
        Self { states, cpu_seconds, peak_kib: resident_kib("VmHWM:") - before }
    }

    /// Searches in another process.
    fn elsewhere(way: &str, clients: usize) -> Self {
        let program = std::env::current_exe().expect("this program");
        let output = Command::new(program).args([way, &clients.to_string()]).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{way}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("text");
        let [states, cpu_seconds, peak_kib] = *text.split_whitespace().collect::<Vec<_>>() else {
            panic!("{way} says: {text}")
        };
        Self {
            states: states.parse().expect("a number"),
            cpu_seconds: cpu_seconds.parse().expect("a number"),
            peak_kib: peak_kib.parse().expect("a number"),
        }
    }

    fn rate(&self) -> f64 {
        self.states as f64 / self.cpu_seconds
    }

    fn bytes_per_state(&self) -> f64 {
        self.peak_kib as f64 * 1024.0 / self.states as f64
    }
}

/// A line of what the system says about this process.
fn resident_kib(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let kib = status.lines().find_map(|text| text.strip_prefix(line)?.split_whitespace().next());
    kib.and_then(|kib| kib.parse().ok()).expect("a number of KiB")
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let number = |text: &String| text.parse::<usize>().ok();
    match &*arguments {
        [way, clients] if number(way).is_none() => {
            let way = WAYS.into_iter().find(|(name, _)| name == way).expect("a way of searching");
            let taken = Taken::by(way.1, number(clients).expect("how many clients"));
            println!("{} {} {}", taken.states, taken.cpu_seconds, taken.peak_kib);
        }
        [clients, rounds] => {
            table(number(clients).expect("clients"), number(rounds).expect("rounds"));
        }
        [] => table(3, 3),
        _ => eprintln!("usage: [CLIENTS ROUNDS]"),
    }
}

/// Measures every way so many times, and prints the fastest of each.
fn table(clients: usize, rounds: usize) {
    let mut all = WAYS.map(|_| Vec::new());
    for _ in 0..rounds {
        for ((way, _), all) in WAYS.into_iter().zip(&mut all) {
            all.push(Taken::elsewhere(way, clients));
        }
    }
    println!("Paxos, {clients} clients, the fastest of {rounds}:\n");
    println!("| search | states | CPU s | slowest | states/CPU s | B/state |");
    println!("|---|---:|---:|---:|---:|---:|");
    let by_time = |a: &&Taken, b: &&Taken| a.cpu_seconds.total_cmp(&b.cpu_seconds);
    let best = all.map(|all| {
        let slowest = *all.iter().max_by(by_time).expect("a round");
        (*all.iter().min_by(by_time).expect("a round"), slowest)
    });
    for ((way, _), (best, slowest)) in WAYS.into_iter().zip(&best) {
        let (rate, bytes) = (best.rate(), best.bytes_per_state());
        let [fast, slow] = [best, slowest].map(|taken| taken.cpu_seconds);
        println!("| {way} | {} | {fast:.2} | {slow:.2} | {rate:.0} | {bytes:.0} |", best.states);
    }
    let [bfs, dfs, layers, deep] = best.map(|(best, _)| best);
    assert!([dfs, layers, deep].iter().all(|taken| taken.states == bfs.states), "counts differ");
    println!("\n| rate of | against its DFS | against its BFS |\n|---|---:|---:|");
    for (way, taken) in [("ours-layers", layers), ("ours-deep", deep)] {
        let [dfs, bfs] = [dfs, bfs].map(|theirs| taken.rate() / theirs.rate());
        println!("| {way} | {dfs:.1}x | {bfs:.1}x |");
    }
}
