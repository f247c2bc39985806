//! `interregnum explore`: every order of what may happen, within bounds.

use crate::Program;
use crate::args::{Explore as Args, Format, MEMORY_MIB, Reduction};
use crate::exit::Exit;
use crate::files;
use crate::io::Io;
use crate::pace::Explorer;
use crate::replay::as_argument;
use crate::run::pool;
use crate::store::{make, store};
use clap::ValueEnum;
use interregnum_reports::documents::File;
use interregnum_reports::explore::{Searched, json, terminal, verdict};
use interregnum_sim::explore::cluster::{Exploration, Explore, How, Reductions};
use interregnum_sim::scenario::{Loaded, Scenario, identity};
use interregnum_sim::verdict::Verdict;
use rayon::ThreadPool;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The folder of histories within the folder of results.
const HISTORIES: &str = "histories";

/// Searches every scenario that says how.
pub(crate) fn explore(program: &Program, args: &Args, io: &mut Io) -> Exit {
    let loaded = match searchable(program, args, io) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    search(program, args, &loaded, io)
}

/// Why a scenario is not among those that are searched.
fn left_out(args: &Args, scenario: &Scenario) -> Option<&'static str> {
    let Some(explore) = &scenario.explore else {
        return Some(match scenario.mutant {
            Some(_) => {
                "no `explore` block, which says within which bounds to search; `audit --explore` has one for each \
                 planted bug"
            }
            None => "no `explore` block, which says within which bounds to search",
        });
    };
    if scenario.choices.is_some() {
        return Some("it has `choices`, a history that was found: `replay` follows it");
    }
    // Without reductions most models have no end that anybody would wait for.
    (args.unreduced && explore.unreduced.is_none()).then_some(
        "it does not say how many states there are `unreduced`; every reduction can be switched off with `--without`",
    )
}

/// Searches these scenarios, one after the other, and tells what was found.
pub(crate) fn search(
    program: &Program,
    args: &Args,
    scenarios: &[(PathBuf, Loaded)],
    io: &mut Io,
) -> Exit {
    let pool = match pool(args.jobs) {
        Ok(pool) => pool,
        Err(error) => {
            io.error(&error);
            return Exit::Usage;
        }
    };
    if let Some(Err(error)) = args.out.as_deref().map(make) {
        io.error(&error);
        return Exit::Usage;
    }
    let (mut all, mut exit) = (Vec::new(), Exit::Passed);
    for (nth, (path, loaded)) in (1..).zip(scenarios) {
        match one(program, args, path, loaded, &pool, io) {
            Ok(searched) => all.push(searched),
            Err(why) => {
                io.error(&format!("{}: {why}", path.display()));
                exit = exit.or(Exit::Usage);
            }
        }
        if crate::pace::is_interrupted() {
            let left: Vec<_> =
                scenarios.iter().skip(nth).map(|(path, _)| path.display().to_string()).collect();
            if !left.is_empty() {
                io.error(&format!("interrupted; not searched: {}", left.join(", ")));
            }
            exit = exit.or(Exit::Inconclusive);
            break;
        }
    }
    match args.format {
        Format::Human => io.print(&terminal(io.look(), &all, args.quiet)),
        Format::Json => io.print(&format!("{:#}\n", json(&all))),
    }
    let found = match verdict(&all) {
        None => Exit::Nothing,
        Some(Verdict::Passed) => Exit::Passed,
        Some(Verdict::Failed) => Exit::Failed,
        Some(Verdict::Inconclusive) => Exit::Inconclusive,
    };
    exit.or(found).or(io.exit())
}

/// Of a folder those scenarios are meant that say how they are searched.
fn searchable(program: &Program, args: &Args, io: &mut Io) -> Result<Vec<(PathBuf, Loaded)>, Exit> {
    let mut loaded = files::load_all(program, &args.paths, io)?;
    let mut first = None;
    loaded.retain(|(path, loaded)| {
        let why = left_out(args, &loaded.scenario);
        if let Some(why) = why {
            first.get_or_insert_with(|| format!("{}: {why}", path.display()));
        }
        why.is_none()
    });
    if let Some(why) = first.filter(|_| loaded.is_empty()) {
        io.error(&format!("nothing to search there; {why}"));
        return Err(Exit::Nothing);
    }
    Ok(loaded)
}

fn one(
    program: &Program,
    args: &Args,
    path: &Path,
    loaded: &Loaded,
    pool: &ThreadPool,
    io: &mut Io,
) -> Result<Searched, String> {
    let scenario = &loaded.scenario;
    let mut how = scenario.explore.clone().unwrap_or_default();
    let golden = match args.unreduced {
        true => how.unreduced,
        false => {
            how.states.filter(|_| args.depth.is_none() && !args.deep && args.without.is_empty())
        }
    };
    if args.unreduced {
        how.reductions = Reductions::NONE;
    }
    args.without.iter().for_each(|reduction| switch_off(*reduction, &mut how.reductions));
    how.depth = args.depth.or(how.depth);
    let watch = Explorer::new(io, &path.display().to_string(), args.quiet);
    let began = Instant::now();
    let found = loaded.prepared.explore(How {
        explore: &how,
        deep: args.deep,
        memory_bytes: args.memory << 20,
        pool,
        watch: &watch,
    });
    watch.clear();
    let (found, took) = (found?, began.elapsed());
    let (verdict, reason) = found.judge(&expected(scenario, &how, &found), golden);
    let again = again(program, args, path, loaded, &how, &found, io);
    Ok(Searched {
        path: path.display().to_string(),
        title: scenario.title.clone(),
        system: scenario.system.clone(),
        mutant: scenario.mutant.clone(),
        found,
        verdict,
        reason,
        took,
        again,
    })
}

fn switch_off(reduction: Reduction, reductions: &mut Reductions) {
    *match reduction {
        Reduction::MootMessages => &mut reductions.moot_messages,
        Reduction::IdleDeliveries => &mut reductions.idle_deliveries,
        Reduction::UrgentFirst => &mut reductions.urgent_first,
        Reduction::RefusedCalls => &mut reductions.refused_calls,
        Reduction::Budgets => &mut reductions.budgets,
    } = false;
}

/// The scenario that a search is judged by. Where nothing has to happen first, a history need not contain what
/// it does not need, so that it may be shorter than the stored one, but never longer.
fn expected(scenario: &Scenario, how: &Explore, found: &Exploration) -> Scenario {
    let mut scenario = scenario.clone();
    if !how.reductions.urgent_first {
        scenario.choices = scenario.choices.filter(|stored| stored.len() < found.trace.len());
    }
    scenario
}

/// The command line that shows again what was found: the history itself, if it is stored.
fn again(
    program: &Program,
    args: &Args,
    path: &Path,
    loaded: &Loaded,
    how: &Explore,
    found: &Exploration,
    io: &mut Io,
) -> String {
    // A bug that is named in place of a file has bounds of its own, which only the audit knows.
    let mut explore = match loaded.scenario.mutant.as_deref() {
        Some(id) if path == Path::new(id) => {
            format!("{} audit --explore --mutant {id}", program.name)
        }
        _ => format!("{} explore {}", program.name, as_argument(path)),
    };
    if let Some(depth) = args.depth {
        explore += &format!(" --depth {depth}");
    }
    if args.deep {
        explore += " --deep";
    }
    if args.unreduced {
        explore += " --unreduced";
    }
    if args.memory != MEMORY_MIB {
        explore += &format!(" --memory {}", args.memory);
    }
    for reduction in args.without.iter().filter_map(Reduction::to_possible_value) {
        explore += &format!(" --without {}", reduction.get_name());
    }
    let history = found.counterexample(&loaded.scenario, how);
    let (Some(out), Some(history)) = (&args.out, history) else { return explore };
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().filter(|c| !c.is_control()).take(50).collect();
    let hash = &identity(&history).to_string()[..8];
    let text = serde_json::to_string_pretty(&history).unwrap_or_default() + "\n";
    let file = File { path: format!("{HISTORIES}/{name}-{hash}.json"), text };
    let stored = out.join(&file.path);
    match store(out, &[file]) {
        Ok(()) => format!("{} replay {} --seed 0", program.name, as_argument(&stored)),
        Err(error) => {
            io.error(&error);
            explore
        }
    }
}
