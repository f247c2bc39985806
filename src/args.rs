//! The command line.

use crate::seeds::{parse_range, parse_seed};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use interregnum_core::Fingerprint;
use interregnum_sim::campaign::Seeds;
use interregnum_sim::scenario::Duration;
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0   passed
  1   failed: an invariant, a liveness property or an expectation
  2   bad usage or bad input
  3   inconclusive or interrupted; what was found is kept
  4   nothing ran
  70  internal error; a replay that differs from its run is one";

const EXAMPLES: &str = "\
Examples:
  interregnum run scenario.json
  interregnum run scenario.json --seeds 0..1000 --out report
  interregnum replay scenario.json --seed 0x2a
  interregnum report report/results.json
  interregnum explore scenario.json
  interregnum audit SYSTEM
  interregnum scenario new mine.json --system NAME";

/// Deterministic simulation of the protocols that decide who is in charge.
#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
#[command(arg_required_else_help = true, subcommand_required = true, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to use colours; NO_COLOR is heeded, too.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run scenarios with one seed or a range of seeds.
    #[command(after_long_help = EXIT_CODES)]
    Run(Run),
    /// Run one seed again, with everything that happens.
    #[command(after_long_help = EXIT_CODES)]
    Replay(Replay),
    /// Search every order of what may happen, within the bounds that a scenario gives.
    #[command(after_long_help = EXIT_CODES)]
    Explore(Explore),
    /// Plant every known bug; each must be caught by the property that its row names.
    #[command(after_long_help = EXIT_CODES)]
    Audit(Audit),
    /// Make every document of a report once more from its results.json or audit.json; nothing is run.
    #[command(after_long_help = EXIT_CODES)]
    Report(Report),
    /// Check, list and write scenario files.
    #[command(subcommand)]
    Scenario(Scenario),
    /// Print what completes this command in a shell.
    Completions {
        /// The shell.
        #[arg(value_enum, value_name = "SHELL")]
        shell: Shell,
    },
    /// Print the manual page, or write those of all subcommands.
    Man {
        /// Write every page into this folder.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// For machines.
    Json,
}

/// What a search leaves out because it makes no difference, by the names that scenarios have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Reduction {
    /// Messages that can never matter any more.
    MootMessages,
    /// Deliveries that change nothing.
    IdleDeliveries,
    /// What else could happen before something of which nothing is lost if it happens first.
    UrgentFirst,
    /// Calls that a node refuses.
    RefusedCalls,
    /// States that were reached with at least as much left of every budget.
    Budgets,
}

/// The forms of results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people.
    #[default]
    Human,
    /// For machines.
    Json,
    /// JUnit XML, for pipelines.
    Junit,
    /// For GitHub Actions: a summary of the step, and annotations.
    Github,
}

/// The forms of traces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum TraceForm {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line, the result last.
    Json,
    /// Chrome's trace events, for Perfetto and others; without the result.
    Chrome,
    /// A log with vector clocks for ShiViz; without the result.
    Shiviz,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Run {
    /// Scenario files; a folder stands for every `*.json` in it, at any depth.
    #[arg(required = true, value_name = "FILE|DIR")]
    pub(crate) paths: Vec<PathBuf>,
    /// The seed: decimal, 0x and hex digits, or a commit hash of 40 hex digits. Default: the
    /// file's own, or else the environment's INTERREGNUM_SEED, or else 1.
    #[arg(long, value_parser = parse_seed, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// A range of seeds without its end: 0..1000.
    #[arg(long, value_parser = parse_range, conflicts_with = "seed", value_name = "A..B")]
    pub(crate) seeds: Option<Seeds>,
    /// How many runs at a time. Default: one for each processor.
    #[arg(long, short, value_name = "N", value_parser = jobs)]
    pub(crate) jobs: Option<u16>,
    /// Run each seed twice and demand that both runs are the same.
    #[arg(long)]
    pub(crate) verify: bool,
    /// Write index.html, results.json, junit.xml and summary.md into this folder, and below it what
    /// failed, step by step and reduced.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// The form of the results on standard output.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Form,
    /// Print only what did not pass.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// How many MiB a search takes for states, if nothing else is said.
pub(crate) const MEMORY_MIB: u64 = 4096;

#[derive(Debug, ClapArgs)]
pub(crate) struct Explore {
    /// Scenario files with an `explore` block; a folder stands for every such file in it, at any depth.
    #[arg(required = true, value_name = "FILE|DIR")]
    pub(crate) paths: Vec<PathBuf>,
    /// By depth, one path to its end after the other: takes less memory and one processor, and what it finds is not
    /// the shortest.
    #[arg(long)]
    pub(crate) deep: bool,
    /// Leave nothing out that makes no difference, in the scenarios that say how many states there are then.
    #[arg(long)]
    pub(crate) unreduced: bool,
    /// Leave in what this reduction leaves out; may be given several times. How many states there are then is not
    /// compared with the file.
    #[arg(long, value_enum, value_name = "REDUCTION")]
    pub(crate) without: Vec<Reduction>,
    /// At most so many choices in a row. What is cut by this is not complete.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) depth: Option<u32>,
    /// At most so many MiB for states; more is inconclusive.
    #[arg(long, default_value_t = MEMORY_MIB, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..1 << 40))]
    pub(crate) memory: u64,
    /// How many threads. Default: one for each processor.
    #[arg(long, short, value_name = "N", value_parser = jobs)]
    pub(crate) jobs: Option<u16>,
    /// Store the history of what was found into this folder, for `replay` and `run`.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// The form of the results on standard output.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Print only what did not pass.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Audit {
    /// Only the planted bugs of this system.
    #[arg(value_name = "SYSTEM")]
    pub(crate) system: Option<String>,
    /// Only this planted bug; may be given several times.
    #[arg(long = "mutant", value_name = "ID")]
    pub(crate) mutants: Vec<String>,
    /// Search every order instead of drawing seeds, for the planted bugs that a small search shows.
    #[arg(long, conflicts_with = "seeds")]
    pub(crate) explore: bool,
    /// Leave in what this reduction of the search leaves out; may be given several times.
    #[arg(long, value_enum, requires = "explore", value_name = "REDUCTION")]
    pub(crate) without: Vec<Reduction>,
    /// At most so many seeds for each planted bug, from 0 on.
    #[arg(long, default_value_t = 2_000, value_name = "N", value_parser = count)]
    pub(crate) seeds: u64,
    /// How many runs at a time. Default: one for each processor.
    #[arg(long, short, value_name = "N", value_parser = jobs)]
    pub(crate) jobs: Option<u16>,
    /// Write index.html, audit.json, junit.xml and summary.md into this folder, and below it a page on each
    /// failing run, and the run reduced.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// The form of the results on standard output.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Form,
    /// Print only what did not pass.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Replay {
    /// The scenario file, or the id of a planted bug.
    #[arg(value_name = "FILE")]
    pub(crate) path: PathBuf,
    /// The seed: decimal, 0x and hex digits, or a commit hash of 40 hex digits.
    #[arg(long, value_parser = parse_seed, value_name = "N")]
    pub(crate) seed: u64,
    /// The fingerprint that the run had; another one is an internal error.
    #[arg(long, value_name = "HEX")]
    pub(crate) fingerprint: Option<Fingerprint>,
    /// The version of the command that made the run; another one is refused.
    #[arg(long, value_name = "VERSION")]
    pub(crate) of: Option<String>,
    /// The hash that the scenario had, or its first digits; another one is refused.
    #[arg(long, value_name = "HEX", value_parser = hash_digits)]
    pub(crate) scenario: Option<String>,
    /// Run the sound system in place of the planted bug.
    #[arg(long)]
    pub(crate) sound: bool,
    /// The form of the trace.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: TraceForm,
    /// Print what the run came to, but not the trace.
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Print the trace only up to this virtual time: 2s, 350ms.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Duration>,
    /// Print only what happens to processes of this node, or between them and others, clients among them: 1 or
    /// n1; may be given several times.
    #[arg(long = "node", value_name = "N", value_parser = node)]
    pub(crate) nodes: Vec<u8>,
    /// Print only lines that contain this text.
    #[arg(long, value_name = "TEXT")]
    pub(crate) grep: Option<String>,
    /// Print the state of a process wherever it has changed.
    #[arg(long)]
    pub(crate) state: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Report {
    /// The results that `run --out` or `audit --out` has written, or the folder that they are in.
    #[arg(value_name = "RESULTS")]
    pub(crate) path: PathBuf,
    /// Write the documents into this folder. Default: the one that the results are in.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Scenario {
    /// Say what is wrong with scenario files, if anything.
    Check {
        /// Scenario files; a folder stands for every `*.json` in it, at any depth.
        #[arg(required = true, value_name = "FILE|DIR")]
        paths: Vec<PathBuf>,
        /// The form of what is found.
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: Format,
    },
    /// List scenarios in a table.
    List {
        /// Scenario files or folders.
        #[arg(default_value = "scenarios", value_name = "FILE|DIR")]
        paths: Vec<PathBuf>,
        /// The form of the list.
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: Format,
    },
    /// Show what can go wrong, and for each system whom and when it can strike.
    Faults {
        /// Show what a fault of this kind can say: its fields, their values and defaults.
        #[arg(value_name = "KIND")]
        kind: Option<String>,
        /// The form of the tables.
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: Format,
    },
    /// Print the JSON Schema of scenario files.
    Schema,
    /// Write a first scenario, ready to run; an existing file is never touched.
    New {
        /// The file to write.
        #[arg(value_name = "FILE")]
        path: PathBuf,
        /// The system under test. Default: the first one known.
        #[arg(long, value_name = "SYSTEM")]
        system: Option<String>,
    },
}

fn jobs(text: &str) -> Result<u16, &'static str> {
    let good = text.parse().ok().filter(|jobs| (1..=1024).contains(jobs));
    good.ok_or("expected how many runs at a time, from 1 to 1024")
}

fn count(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "expected how many seeds from 0 on, a whole number and no range")
}

fn node(text: &str) -> Result<u8, &'static str> {
    text.strip_prefix('n')
        .unwrap_or(text)
        .parse()
        .map_err(|_| "a node is a number from 0 on, as in n1 or 1")
}

fn hash_digits(text: &str) -> Result<String, &'static str> {
    let good = (8..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    good.then(|| text.to_lowercase()).ok_or("a scenario hash is 8 to 32 hexadecimal digits")
}
