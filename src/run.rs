//! `interregnum run`.

use crate::Program;
use crate::args::{Form, Run};
use crate::exit::Exit;
use crate::files;
use crate::io::Io;
use crate::keep::Keeper;
use crate::output::{Folder, Output};
use crate::pace::{Watch, is_interrupted};
use crate::replay::replay_line;
use crate::seeds::parse_seed;
use interregnum_reports::json::End;
use interregnum_reports::{Case, Kept, Record, Summary, terminal};
use interregnum_sim::campaign::{Broken, Campaign, Ended, Seeds};
use interregnum_sim::recording::record;
use interregnum_sim::scenario::Loaded;
use interregnum_sim::subject::Subject;
use interregnum_sim::verdict::{Verdict, judge};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Where the environment may name a seed.
const SEED_VARIABLE: &str = "INTERREGNUM_SEED";

/// The seed of a run for which nobody asked for another.
const DEFAULT_SEED: u64 = 1;

/// How many scenarios that did not pass have a command line at the very end.
const MOST_LINES: usize = 10;

/// Runs every scenario with every seed.
pub(crate) fn run(program: &Program, args: &Run, io: &mut Io) -> Exit {
    let loaded = match files::load_all(program, &args.paths, io) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let seeds = args.seeds.or(args.seed.map(Seeds::one));
    // A seed that nobody will use may be anything.
    let fallback = match seeds.map_or_else(fallback, |_| Ok(DEFAULT_SEED)) {
        Ok(seed) => seed,
        Err(error) => {
            io.error(&error);
            return Exit::Usage;
        }
    };
    if loaded.is_empty() || seeds.is_some_and(|seeds| seeds.count == 0) {
        io.error(&if loaded.is_empty() {
            files::nothing_there(program, &args.paths)
        } else {
            "an empty range of seeds; A..B is without B, so that 5..6 is one seed".to_owned()
        });
        return Exit::Nothing;
    }
    let pool = match pool(args.jobs) {
        Ok(pool) => pool,
        Err(error) => {
            io.error(&error);
            return Exit::Usage;
        }
    };
    let folder = match args.out.as_deref().map(|out| Folder::begin(out, &program.version)) {
        None => None,
        Some(Ok(folder)) => Some(folder),
        Some(Err(error)) => {
            io.error(&error);
            return Exit::Usage;
        }
    };
    let mut keeper = match args.out.as_deref().map(Keeper::begin).transpose() {
        Ok(keeper) => keeper,
        Err(error) => {
            io.error(&error);
            return Exit::Usage;
        }
    };
    keeper.iter_mut().for_each(|keeper| loaded.iter().for_each(|(path, _)| keeper.spare(path)));
    let each = seeds.map_or(1, |seeds| seeds.count);
    let total = each.saturating_mul(loaded.len() as u64);
    let watch = Watch::new(io, total, args.quiet);
    match Output::begin(io, args.format, folder, &program.version) {
        Ok(output) => {
            let summaries = Vec::new();
            Session { program, args, seeds, fallback, pool, watch, keeper, output, summaries }
                .all(&loaded)
        }
        Err(_) => Exit::Usage,
    }
}

/// The threads that runs are made in.
pub(crate) fn pool(jobs: Option<u16>) -> Result<ThreadPool, String> {
    let threads = jobs.map_or(0, usize::from);
    ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| {
        let error = error.to_string();
        let why = files::numberless(&error);
        format!("cannot start threads: {why}; give fewer --jobs, or free memory")
    })
}

/// The seed where neither a flag nor the file names one.
fn fallback() -> Result<u64, String> {
    match std::env::var(SEED_VARIABLE) {
        Err(std::env::VarError::NotPresent) => Ok(DEFAULT_SEED),
        Err(error) => Err(format!("{SEED_VARIABLE}: {error}; unset it, or give --seed")),
        // Whoever cannot unset a variable empties it.
        Ok(text) if text.is_empty() => Ok(DEFAULT_SEED),
        Ok(text) => match parse_seed(&text) {
            Ok(seed) => Ok(seed),
            Err(expected) => {
                Err(format!("{SEED_VARIABLE}={text}: {expected}; unset it, or give --seed"))
            }
        },
    }
}

/// One invocation, under way.
struct Session<'s> {
    program: &'s Program,
    args: &'s Run,
    /// The seeds that were asked for.
    seeds: Option<Seeds>,
    /// The seed of files that name none.
    fallback: u64,
    pool: ThreadPool,
    watch: Watch,
    keeper: Option<Keeper>,
    output: Output<'s>,
    summaries: Vec<Summary>,
}

impl Session<'_> {
    fn all(mut self, loaded: &[(PathBuf, Loaded)]) -> Exit {
        let mut exit = Exit::Passed;
        let (mut interrupted, mut broken) = (false, None);
        for (path, scenario) in loaded {
            if is_interrupted() || self.output.is_unread() {
                interrupted = true;
                break;
            }
            match self.one(path, scenario) {
                Ok(ended) => interrupted |= ended.interrupted,
                Err(error) => {
                    let replay = replay_line(self.program, path, scenario, error.seed, None);
                    broken =
                        Some((format!("internal error in {}: {error}", path.display()), replay));
                    break;
                }
            }
            exit = exit.or(self.show(loaded.len() > 1));
        }
        // The last one may have been cut short after its runs: while one of them was being recorded.
        interrupted |= is_interrupted();
        self.watch.clear();
        let error = broken.as_ref().map(|(what, _)| what.as_str());
        let end = End { summaries: &self.summaries, interrupted, error };
        let stored = self.keeper.take().map_or(Vec::new(), |keeper| keeper.stored);
        let page = self.output.end(&end, &stored);
        self.last_words(end.verdict());
        if let Some(page) = page.filter(|_| !self.args.quiet) {
            self.output.io.tell_of(&page);
        }
        exit.or(self.complaints(broken, interrupted))
    }

    /// Runs one scenario with all seeds.
    fn one(&mut self, path: &Path, loaded: &Loaded) -> Result<Ended, Broken> {
        let notation = self.program.registry.find(&loaded.scenario.system).map(Subject::notation);
        let case = Case::new(&path.display().to_string(), &loaded.scenario, loaded.hash)
            .noted(notation.unwrap_or_default());
        let own = loaded.scenario.seed.map_or(self.fallback, |seed| seed.0);
        let (seeds, verify) = (self.seeds.unwrap_or(Seeds::one(own)), self.args.verify);
        let mut summary = Summary::new(case.clone(), &loaded.scenario, seeds);
        let campaign = Campaign { prepared: &*loaded.prepared, seeds, verify };
        let (program, output, watch) = (self.program, &mut self.output, &self.watch);
        let ended = campaign.run(&self.pool, watch, |outcome| {
            let judgement = judge(&loaded.scenario, &outcome);
            let print = Some(outcome.fingerprint);
            let replay = replay_line(program, path, loaded, outcome.seed, print);
            let record =
                Record { case: &case, outcome: &outcome, judgement: &judgement, replay: &replay };
            summary.add(&record);
            output.run(&record);
            if output.is_unread() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        self.record(loaded, &mut summary);
        self.keep(path, loaded, &mut summary);
        self.summaries.push(summary);
        ended
    }

    /// Records, for the report, what happened in the first failing runs of each property.
    fn record(&self, loaded: &Loaded, summary: &mut Summary) {
        let subject = self.program.registry.find(&loaded.scenario.system);
        let (Some(_), Some(subject)) = (&self.keeper, subject) else { return };
        for kept in summary.to_record() {
            kept.recording = record(subject, &loaded.scenario, &kept.outcome, &self.watch);
        }
    }

    /// Stores the first run that failed, reduced.
    fn keep(&mut self, path: &Path, loaded: &Loaded, summary: &mut Summary) {
        let Some(keeper) = &mut self.keeper else { return };
        let failed = |kept: &&mut Kept| {
            kept.judgement.verdict == Verdict::Failed && kept.outcome.violation.is_some()
        };
        let subject = self.program.registry.find(&loaded.scenario.system);
        let (Some(kept), Some(subject)) = (summary.kept.iter_mut().find(failed), subject) else {
            return;
        };
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let io = &mut *self.output.io;
        let (scenario, failed) = (&loaded.scenario, &kept.outcome);
        let watch = &self.watch;
        kept.reduction = watch.aside(|| keeper.keep(subject, scenario, (failed, &name), watch, io));
    }

    /// Prints what the scenario showed that was run last; its exit code.
    fn show(&mut self, among_others: bool) -> Exit {
        let Some(summary) = self.summaries.last() else { return Exit::Nothing };
        let look = self.output.io.look();
        let text = if among_others || self.args.quiet {
            let mut text = terminal::brief(look, summary, self.args.quiet);
            if among_others && summary.verdict() != Some(Verdict::Passed) {
                text.push('\n');
            }
            text
        } else {
            terminal::summary(look, summary)
        };
        let output = &mut self.output;
        self.watch.aside(|| output.text(&text));
        match summary.verdict() {
            None => Exit::Nothing,
            Some(Verdict::Passed) => Exit::Passed,
            Some(Verdict::Failed) => Exit::Failed,
            Some(Verdict::Inconclusive) => Exit::Inconclusive,
        }
    }

    /// The sum of several scenarios, and the command lines that show each failure again.
    fn last_words(&mut self, verdict: Option<Verdict>) {
        let look = self.output.io.look();
        if self.summaries.len() > 1 && !(self.args.quiet && verdict == Some(Verdict::Passed)) {
            let text = terminal::overview(look, &self.summaries, verdict);
            self.output.text(&text);
        }
        let wrong = self.summaries.iter().filter(|s| s.verdict() != Some(Verdict::Passed));
        let lines: String = wrong
            .filter_map(|summary| summary.kept.first())
            .take(MOST_LINES)
            .map(|kept| format!("{}\n", kept.replay))
            .collect();
        if self.args.format != Form::Human {
            self.output.io.flush();
            self.output.io.note(&lines);
        } else if self.summaries.len() > 1 {
            // With a single scenario, its failure has just been printed, the command line last.
            self.output.text(&lines);
        }
    }

    /// What went wrong besides the verdicts, on standard error.
    fn complaints(&mut self, broken: Option<(String, String)>, interrupted: bool) -> Exit {
        let mut exit = self.output.io.exit();
        if let Some(unwritten) = self.output.broken.take() {
            self.output.io.error(&unwritten);
            exit = exit.or(Exit::Usage);
        }
        if interrupted {
            if is_interrupted() {
                self.output.io.error("interrupted; what was found until then is kept");
            }
            exit = exit.or(Exit::Inconclusive);
        }
        if let Some((what, replay)) = broken {
            self.output.io.error(&format!("{what}\n{replay}"));
            exit = exit.or(Exit::Internal);
        }
        exit
    }
}
