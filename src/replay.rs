//! `interregnum replay`: one run again, bit for bit, with everything that happens.

use crate::Program;
use crate::args::{Replay, TraceForm};
use crate::exit::Exit;
use crate::files;
use crate::io::Io;
use crate::pace::Watch;
use crate::printer::Printer;
use interregnum_core::Fingerprint;
use interregnum_reports::{Case, Record, Summary, number, span, terminal};
use interregnum_sim::audit::twin;
use interregnum_sim::campaign::{Cancelled, Pace, Seeds, blame};
use interregnum_sim::outcome::Outcome;
use interregnum_sim::scenario::Loaded;
use interregnum_sim::verdict::{Verdict, judge};
use serde::Serialize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many digits of the scenario's hash a command line carries.
const HASH_DIGITS: usize = 16;

/// What the command line of a sound twin ends with.
pub(crate) const SOUND: &str = " --sound";

/// A path as a shell takes it.
pub(crate) fn as_argument(path: &Path) -> String {
    let path = path.display().to_string();
    // A name that begins with a dash would be taken for an option.
    let path = if path.starts_with('-') { format!("./{path}") } else { path };
    shlex::try_quote(&path).map_or_else(|_| path.clone(), |quoted| quoted.into_owned())
}

/// The command line that repeats a run; it names all that the run depends on.
pub(crate) fn replay_line(
    program: &Program,
    path: &Path,
    loaded: &Loaded,
    seed: u64,
    fingerprint: Option<Fingerprint>,
) -> String {
    let file = as_argument(path);
    let mut line = format!("{} replay {file} --seed {seed:#x}", program.name);
    if let Some(fingerprint) = fingerprint {
        line.push_str(&format!(" --fingerprint {fingerprint}"));
    }
    let hash = &loaded.hash.to_string()[..HASH_DIGITS];
    line.push_str(&format!(" --of {} --scenario {hash}", program.version));
    line
}

/// Runs one seed again.
pub(crate) fn replay(program: &Program, args: &Replay, io: &mut Io) -> Exit {
    let Some(mut loaded) = files::read(program, &args.path, io) else { return Exit::Usage };
    if args.sound {
        match sound_twin(program, &loaded) {
            Ok(sound) => loaded = sound,
            Err(why) => {
                io.error(&format!("{}: {why}; leave out --sound", args.path.display()));
                return Exit::Usage;
            }
        }
    }
    if let Some(refusal) = refusal(program, args, &loaded) {
        io.error(&refusal);
        return Exit::Usage;
    }
    let patience = Patience { watch: Watch::new(io, 1, true), unread: AtomicBool::new(false) };
    match traced(args, &loaded, &patience, io) {
        Ok(Ok(outcome)) => conclude(program, args, &loaded, &outcome, io),
        Ok(Err(Cancelled { at_ns, events })) => {
            // Who reads no further has seen enough, and nothing was wrong with the run so far.
            if io.is_closed() {
                return io.exit();
            }
            let (at, events) = (span(at_ns), number(events));
            io.error(&format!(
                "interrupted at {at} of virtual time, after {events} events; \
                 the same command begins anew"
            ));
            Exit::Inconclusive.or(io.exit())
        }
        Err(panic) => {
            io.error(&format!("internal error: {}", blame(&*panic)));
            Exit::Internal
        }
    }
}

/// Makes the run and prints it, to the end of the document even if the run has none.
fn traced(args: &Replay, loaded: &Loaded, patience: &Patience, io: &mut Io) -> Traced {
    let mut printer = Printer::new(args, io, &patience.unread);
    let run = || loaded.prepared.trace_until(args.seed, &mut printer, patience);
    let ran = catch_unwind(AssertUnwindSafe(run));
    printer.end(ran.as_ref().ok().and_then(|ran| ran.as_ref().ok()));
    ran
}

/// How a run went, if it did not panic.
type Traced = std::thread::Result<Result<Outcome, Cancelled>>;

/// A replay ends when it is interrupted, or when nobody reads it any more.
struct Patience {
    watch: Watch,
    unread: AtomicBool,
}

impl Pace for Patience {
    fn is_cancelled(&self) -> bool {
        self.watch.is_cancelled() || self.unread.load(Ordering::Relaxed)
    }

    fn finished(&self, _: &Outcome) {}
}

fn sound_twin(program: &Program, loaded: &Loaded) -> Result<Loaded, &'static str> {
    if loaded.scenario.mutant.is_none() {
        return Err("it plants no bug, so that there is no sound twin");
    }
    twin(&program.registry, loaded).ok_or("without its planted bug it cannot be run")
}

/// Why this command, or this file, cannot make that run again.
fn refusal(program: &Program, args: &Replay, loaded: &Loaded) -> Option<String> {
    if let Some(of) = args.of.as_ref().filter(|of| **of != program.version) {
        return Some(format!(
            "the run was made by version {of}, this is version {}: it would be another run\n\
             build that version, or leave out --of and --fingerprint to see what this one does",
            program.version
        ));
    }
    let nodes = loaded.scenario.cluster.nodes;
    if let Some(node) = args.nodes.iter().find(|node| **node >= nodes) {
        let there = match nodes {
            1 => "only node 0".to_owned(),
            _ => format!("nodes 0 to {}", nodes - 1),
        };
        return Some(format!("there is no node {node}; {} has {there}", args.path.display()));
    }
    let hash = loaded.hash.to_string();
    let other = args.scenario.as_ref().filter(|digits| !hash.starts_with(digits.as_str()))?;
    Some(format!(
        "{} has changed since that run: its hash was {other}, now it is {}\n\
         restore the file, or leave out --scenario and --fingerprint to run what it says now",
        args.path.display(),
        &hash[..other.len()]
    ))
}

/// What the run came to, and whether it was the same run.
fn conclude(
    program: &Program,
    args: &Replay,
    loaded: &Loaded,
    outcome: &Outcome,
    io: &mut Io,
) -> Exit {
    let judgement = judge(&loaded.scenario, outcome);
    let case = Case::new(&args.path.display().to_string(), &loaded.scenario, loaded.hash);
    let print = Some(outcome.fingerprint);
    let mut replay = replay_line(program, &args.path, loaded, outcome.seed, print);
    if args.sound {
        replay.push_str(SOUND);
    }
    let record = Record { case: &case, outcome, judgement: &judgement, replay: &replay };
    let mut summary = Summary::new(case.clone(), &loaded.scenario, Seeds::one(outcome.seed));
    summary.add(&record);
    if args.format == TraceForm::Json {
        let _ = serde_json::to_writer(&mut *io, &Last { run: &record });
        io.print("\n");
    } else if args.format == TraceForm::Human {
        let look = io.look();
        let text = terminal::summary(look, &summary);
        let print = outcome.fingerprint;
        io.print(&format!("{}fingerprint {print}\n{text}", if args.quiet { "" } else { "\n" }));
    }
    io.flush();
    match args.fingerprint.filter(|expected| *expected != outcome.fingerprint) {
        Some(expected) => {
            io.error(&format!(
                "internal error: this is not the same run: its fingerprint is {}, \
                 expected {expected}\n\
                 every seed has a fingerprint of its own: if {:#x} is not the seed of that run, \
                 nothing is wrong but the seed",
                outcome.fingerprint, outcome.seed
            ));
            Exit::Internal
        }
        None => exit_of(summary.verdict()).or(io.exit()),
    }
}

/// The last line of a trace in JSON.
#[derive(Serialize)]
struct Last<'r> {
    run: &'r Record<'r>,
}

/// That of `run` with the same seed.
const fn exit_of(verdict: Option<Verdict>) -> Exit {
    match verdict {
        None => Exit::Nothing,
        Some(Verdict::Passed) => Exit::Passed,
        Some(Verdict::Failed) => Exit::Failed,
        Some(Verdict::Inconclusive) => Exit::Inconclusive,
    }
}
