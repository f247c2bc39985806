//! `interregnum audit`: every known bug is planted, and must be caught.

use crate::Program;
use crate::args::{Audit as Args, Explore, Form, Format};
use crate::exit::Exit;
use crate::explore;
use crate::files::said;
use crate::io::Io;
use crate::keep::Keeper;
use crate::pace::{Watch, is_interrupted};
use crate::replay::{SOUND, replay_line};
use crate::run::pool;
use crate::shelf::{self, Entry};
use crate::step;
use crate::store::{no_folder, written};
use interregnum_reports::audit::{Audit, Audited};
use interregnum_reports::documents;
use interregnum_reports::{Case, Reduction, diagnostic, github, junit, terminal};
use interregnum_sim::audit::{Row, Trial, Unfit, try_out};
use interregnum_sim::campaign::Broken;
use interregnum_sim::outcome::Outcome;
use interregnum_sim::recording::{Recording, record};
use interregnum_sim::scenario::{Loaded, load, nearest};
use interregnum_sim::subject::{Exempt, Mutant, Subject};
use interregnum_sim::verdict::Verdict;
use rayon::ThreadPool;
use std::path::{Path, PathBuf};

/// A planted bug to be tried, if it has a scenario.
struct Candidate<'p> {
    subject: &'p dyn Subject,
    mutant: &'static Mutant,
    row: Option<Row>,
}

/// Searches for the planted bugs that were asked for, each within the bounds that show it.
fn explored(program: &Program, args: &Args, io: &mut Io) -> Exit {
    let format = match args.format {
        Form::Human => Format::Human,
        Form::Json => Format::Json,
        Form::Junit | Form::Github => {
            io.error("a search has no such form; give --format human or json");
            return Exit::Usage;
        }
    };
    let (candidates, _) = match chosen(program, args, io) {
        Ok(chosen) => chosen,
        Err(exit) => return exit,
    };
    let (mut found, all) = (Vec::new(), candidates.len());
    for Candidate { subject, mutant, .. } in candidates {
        let Some(text) = subject.exploration_of(mutant.id) else { continue };
        match load(text.as_bytes(), &program.registry) {
            Ok(loaded) => found.push((PathBuf::from(mutant.id), loaded)),
            Err(problems) => {
                for problem in problems {
                    io.error(&format!("{}: {}", mutant.id, problem.message));
                }
                return Exit::Usage;
            }
        }
    }
    let left = all - found.len();
    if left > 0 && !args.quiet {
        io.note(&format!(
            "{left} of {all} planted bugs are not searched for: no bounds are known within which they show\n"
        ));
    }
    let args = Explore {
        paths: Vec::new(),
        deep: false,
        unreduced: false,
        without: args.without.clone(),
        depth: None,
        memory: crate::args::MEMORY_MIB,
        jobs: args.jobs,
        out: args.out.clone(),
        format,
        quiet: args.quiet,
    };
    explore::search(program, &args, &found, io)
}

/// Tries every planted bug that was asked for.
pub(crate) fn audit(program: &Program, args: &Args, io: &mut Io) -> Exit {
    if args.explore {
        return explored(program, args, io);
    }
    let (candidates, exempt) = match chosen(program, args, io) {
        Ok(chosen) => chosen,
        Err(exit) => return exit,
    };
    if args.seeds == 0 {
        io.error("an audit without seeds tries nothing; give --seeds at least 1");
        return Exit::Nothing;
    }
    let pool = match pool(args.jobs) {
        Ok(pool) => pool,
        Err(error) => {
            io.error(&error);
            return Exit::Usage;
        }
    };
    let keeper = match args.out.as_deref().map(Keeper::begin).transpose() {
        Ok(keeper) => keeper,
        Err(error) => {
            io.error(&error);
            return Exit::Usage;
        }
    };
    let watch = Watch::of_bugs(io, candidates.len() as u64, args.quiet);
    let exempt = exempt.iter().map(Into::into).collect();
    let mut found = Audit { of: program.version.clone(), exempt, ..Audit::default() };
    let mut session = Session { program, args, pool, watch, keeper, io };
    for candidate in candidates {
        if is_interrupted() || session.io.is_closed() {
            found.interrupted = true;
            break;
        }
        match session.one(&candidate) {
            Ok(row) => found.rows.push(row),
            Err((error, replay)) => {
                found.error = Some(format!("internal error: {}: {error}", candidate.mutant.id));
                session.io.note(&format!("{replay}\n"));
                break;
            }
        }
        session.watch.next_bug();
    }
    found.interrupted |= is_interrupted();
    session.conclude(&found)
}

type Chosen<'p> = (Vec<Candidate<'p>>, Vec<Exempt>);

/// The planted bugs that are meant, each with its scenario read.
fn chosen<'p>(program: &'p Program, args: &Args, io: &mut Io) -> Result<Chosen<'p>, Exit> {
    let systems: Vec<_> = program.registry.iter().collect();
    if let Some(id) = &args.system
        && program.registry.find(id).is_none()
    {
        return Err(unknown(io, "system", id, systems.iter().map(|system| system.id())));
    }
    let is_meant = |id: &str| args.system.as_deref().is_none_or(|system| system == id);
    let systems: Vec<_> = systems.into_iter().filter(|system| is_meant(system.id())).collect();
    let ids = |system: &&dyn Subject| {
        let exempt = system.exempt().iter().map(|exempt| exempt.id);
        system.mutants().iter().map(|mutant| mutant.id).chain(exempt).collect::<Vec<_>>()
    };
    let known: Vec<_> = systems.iter().flat_map(ids).collect();
    if let Some(id) = args.mutants.iter().find(|id| !known.contains(&id.as_str())) {
        return Err(unknown(io, "planted bug", id, known.iter().copied()));
    }
    let is_wanted = |id: &str| args.mutants.is_empty() || args.mutants.iter().any(|m| m == id);
    let (mut candidates, mut exempt, mut unfit) = (Vec::new(), Vec::new(), false);
    for subject in systems {
        exempt.extend(subject.exempt().iter().filter(|exempt| is_wanted(exempt.id)));
        for mutant in subject.mutants().iter().filter(|mutant| is_wanted(mutant.id)) {
            let row = match Row::new(&program.registry, subject, mutant) {
                Ok(row) => Some(row),
                Err(Unfit::NoScenario) => None,
                Err(why) => {
                    unfit = true;
                    complain(io, mutant, &why);
                    None
                }
            };
            candidates.push(Candidate { subject, mutant, row });
        }
    }
    if unfit { Err(Exit::Usage) } else { Ok((candidates, exempt)) }
}

fn unknown<'k>(io: &mut Io, what: &str, id: &str, known: impl Iterator<Item = &'k str>) -> Exit {
    let known: Vec<_> = known.collect();
    let hint = match nearest(id, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", known.join(", ")),
    };
    io.error(&format!("unknown {what} `{}`; {hint}", id.escape_debug()));
    Exit::Usage
}

/// A system brought a scenario that is of no use.
fn complain(io: &mut Io, mutant: &Mutant, why: &Unfit) {
    match why {
        Unfit::NoScenario => {}
        Unfit::Unreadable(text, problems) => {
            let look = io.err_look();
            io.note(&diagnostic::problems(look, mutant.id, text.as_bytes(), problems));
        }
        Unfit::PlantsAnother(other) => {
            let other = other.as_deref().unwrap_or("nothing");
            io.error(&format!(
                "{0}: its scenario plants {other}; its `mutant` must be {0}",
                mutant.id
            ));
        }
    }
}

/// One audit, under way.
struct Session<'s> {
    program: &'s Program,
    args: &'s Args,
    pool: ThreadPool,
    watch: Watch,
    keeper: Option<Keeper>,
    io: &'s mut Io,
}

impl Session<'_> {
    /// Tries one planted bug; an error comes with the command line that shows it again.
    fn one(&mut self, candidate: &Candidate<'_>) -> Result<Audited, (Broken, String)> {
        let mutant = candidate.mutant;
        let Some(row) = &candidate.row else { return Ok(Audited::untried(mutant)) };
        let line = |loaded: &Loaded, seed, print| {
            replay_line(self.program, Path::new(mutant.id), loaded, seed, print)
        };
        let trial = try_out(row, self.args.seeds, &self.pool, &self.watch)
            .map_err(|broken| (broken.clone(), line(&row.planted, broken.seed, None)))?;
        let reduced = self.keep(candidate.subject, row, &trial);
        let recording = self.record(candidate.subject, row, &trial);
        let case = Case::new(mutant.id, &row.planted.scenario, row.planted.hash)
            .noted(candidate.subject.notation());
        let planted = |failed: Option<&Outcome>| match failed {
            Some(failed) => line(&row.planted, failed.seed, Some(failed.fingerprint)),
            None => line(&row.planted, 0, None),
        };
        let sound =
            |failed: &Outcome| line(&row.sound, failed.seed, Some(failed.fingerprint)) + SOUND;
        let mut audited = Audited::tried(mutant, case, trial, planted, sound);
        audited.record(recording, reduced);
        Ok(audited)
    }

    /// Stores what failed, reduced: of the sound twin, if it did, for that is the worse news.
    fn keep(&mut self, subject: &dyn Subject, row: &Row, trial: &Trial) -> Option<Reduction> {
        let keeper = self.keeper.as_mut()?;
        let (loaded, failed) = worst(row, trial)?;
        let sound = if trial.twin.failed.is_some() { "-sound" } else { "" };
        let name = row.mutant.id.replace('/', "-") + sound;
        let io = &mut *self.io;
        let watch = &self.watch;
        watch.aside(|| keeper.keep(subject, &loaded.scenario, (failed, &name), watch, io))
    }

    /// What happened in the run that is stored, step by step.
    fn record(&self, subject: &dyn Subject, row: &Row, trial: &Trial) -> Option<Recording> {
        self.keeper.as_ref()?;
        let (loaded, failed) = worst(row, trial)?;
        record(subject, &loaded.scenario, failed, &self.watch)
    }

    fn conclude(self, found: &Audit) -> Exit {
        let Self { args, watch, keeper, io, .. } = self;
        watch.clear();
        let document = found.document().unwrap_or_default();
        let mut exit = match found.verdict() {
            None => Exit::Nothing,
            Some(Verdict::Passed) => Exit::Passed,
            Some(Verdict::Failed) => Exit::Failed,
            Some(Verdict::Inconclusive) => Exit::Inconclusive,
        };
        let unpublished = match args.format {
            Form::Human => {
                let text = terminal::audit(io.look(), found, args.quiet);
                io.print(&text);
                None
            }
            Form::Json => {
                io.print(&document);
                None
            }
            Form::Junit => {
                io.print(&junit::audit(found).unwrap_or_default());
                None
            }
            Form::Github => {
                let summary = |room| github::audit_summary(found, room);
                step::publish(io, summary, &github::audit_annotations(found)).err()
            }
        };
        if found.rows.is_empty() && found.error.is_none() && !found.interrupted {
            io.error("no planted bug there; without SYSTEM and --mutant all of them are tried");
        }
        let stored = keeper.map_or(Vec::new(), |keeper| keeper.stored);
        let page = args.out.as_deref().map(|folder| write(folder, found, &document, &stored));
        let unwritten = match page.transpose() {
            Ok(page) => {
                page.filter(|_| !args.quiet).iter().for_each(|page| io.tell_of(page));
                None
            }
            Err(error) => Some(error),
        };
        for error in unpublished.into_iter().chain(unwritten) {
            io.error(&error);
            exit = exit.or(Exit::Usage);
        }
        if found.interrupted {
            io.error("interrupted; what was found until then is kept");
            exit = exit.or(Exit::Inconclusive);
        }
        if let Some(error) = &found.error {
            io.error(error);
            exit = exit.or(Exit::Internal);
        }
        exit.or(io.exit())
    }
}

/// Writes the documents of an audit into its folder; returns the page.
fn write(
    folder: &Path,
    found: &Audit,
    document: &str,
    stored: &[Entry],
) -> Result<PathBuf, String> {
    let about = |error| no_folder(folder, &said(&error));
    let results = written(folder, document).map_err(about)?;
    let documents = documents::of_audit(found).map_err(about)?;
    shelf::replace(folder, Some((results, "audit.json")), &documents, stored)
}

/// The run of a trial that tells most: the sound twin's, if it failed, for that is the worse news.
fn worst<'t>(row: &'t Row, trial: &'t Trial) -> Option<(&'t Loaded, &'t Outcome)> {
    let twin = trial.twin.failed.as_ref().map(|failed| (&row.sound, failed));
    twin.or(trial.failed.as_ref().map(|failed| (&row.planted, failed)))
}
