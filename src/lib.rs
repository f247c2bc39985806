//! The `interregnum` command, for the built-in systems and for those of other crates.
//!
//! A crate with a system of its own gets the whole command with
//! `interregnum::command(interregnum::builtin().with(Box::new(MySystem)))`.
//!
//! This crate parses, calls, prints and exits: what a run is, is `interregnum_sim`'s affair; what
//! its results look like is `interregnum_reports`'s.

#![forbid(unsafe_code)]

mod args;
mod audit;
mod exit;
mod explore;
mod fields;
mod files;
mod io;
mod keep;
mod manual;
mod output;
mod pace;
mod printer;
mod replay;
mod report;
mod run;
mod scenarios;
mod seeds;
mod shelf;
mod step;
mod store;

pub use exit::Exit;
pub use io::Io;

use args::{Args, Command};
use clap::{CommandFactory, FromArgMatches};
use interregnum_sim::campaign::said;
use interregnum_sim::scenario::nearest;
use interregnum_sim::subject::Registry;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// A command: its systems and the version that runs are bound to.
#[derive(Debug)]
pub struct Program {
    /// The name that printed command lines begin with.
    pub name: String,
    /// The version; it must change whenever a run could.
    pub version: String,
    /// The systems.
    pub registry: Registry,
}

impl Program {
    /// The `interregnum` command with these systems, under this crate's version. Whoever adds a
    /// system whose code changes apart from this crate should set a version of their own.
    #[must_use]
    pub fn new(registry: Registry) -> Self {
        let version = concat!(env!("CARGO_PKG_VERSION"), "+", env!("INTERREGNUM_REVISION"));
        Self { name: "interregnum".to_owned(), version: version.to_owned(), registry }
    }
}

/// The systems that come with the command.
#[must_use]
pub fn builtin() -> Registry {
    interregnum_sim::systems::registry()
}

/// Runs the command with the process's own arguments, streams and signals.
#[must_use]
pub fn command(registry: Registry) -> ExitCode {
    command_of(&Program::new(registry))
}

/// Runs the command of another program with the process's own arguments, streams and signals.
#[must_use]
pub fn command_of(program: &Program) -> ExitCode {
    let mut io = Io::process();
    quiet_panics();
    let exit = command_from(program, std::env::args_os(), &mut io);
    ExitCode::from(exit as u8)
}

/// Runs the command with these arguments, the first of which is the program's name.
pub fn command_from<I>(program: &Program, args: I, io: &mut Io) -> Exit
where
    I: IntoIterator,
    I::Item: Into<OsString> + Clone,
{
    let args = match parse(program, args) {
        Ok(args) => args,
        Err(error) => return io.usage(&error),
    };
    io.set_color(args.color);
    let exit = catch_unwind(AssertUnwindSafe(|| match &args.command {
        Command::Run(run) => run::run(program, run, io),
        Command::Replay(replay) => replay::replay(program, replay, io),
        Command::Audit(audit) => audit::audit(program, audit, io),
        Command::Explore(explore) => explore::explore(program, explore, io),
        Command::Report(report) => report::report(program, report, io),
        Command::Scenario(scenario) => scenarios::scenario(program, scenario, io),
        Command::Completions { shell } => manual::completions(program, *shell, io),
        Command::Man { out } => manual::man(program, out.as_deref(), io),
    }));
    let exit = exit.unwrap_or_else(|panic| {
        io.error(&format!("internal error: {}", said(&*panic)));
        Exit::Internal
    });
    io.flush();
    exit
}

/// A panic is an outcome here: of a machine, in which case it is in the results of its run, or of
/// the simulator, in which case it ends the command with a message. Where it happened is shown to
/// those who ask.
fn quiet_panics() {
    let asked = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
    if !asked {
        std::panic::set_hook(Box::new(|_| {}));
    }
}

fn parse<I>(program: &Program, args: I) -> Result<Args, clap::Error>
where
    I: IntoIterator,
    I::Item: Into<OsString> + Clone,
{
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    let mut matches = grammar(program)
        .try_get_matches_from(&args)
        .map_err(|error| with_nearest(grammar(program), &args, without_wrong_tip(error)))?;
    Args::from_arg_matches_mut(&mut matches)
}

/// All that can be said to the command.
fn grammar(program: &Program) -> clap::Command {
    Args::command()
        .name(program.name.clone())
        .bin_name(program.name.clone())
        .version(program.version.clone())
}

/// The parser takes an option that it does not know for a file's name; nobody means that.
fn without_wrong_tip(mut error: clap::Error) -> clap::Error {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(ContextValue::StyledStrs(mut tips)) = error.remove(ContextKind::Suggested)
    {
        tips.retain(|tip| !tip.to_string().contains(" as a value, use "));
        if !tips.is_empty() {
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
        }
    }
    error
}

/// The parser compares letters place by place, and takes `rnu` for nothing like `run`.
fn with_nearest(command: clap::Command, args: &[OsString], mut error: clap::Error) -> clap::Error {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let is_told = error.get(ContextKind::SuggestedSubcommand).is_some();
    let Some(ContextValue::String(wrong)) = error.get(ContextKind::InvalidSubcommand) else {
        return error;
    };
    if is_told || error.kind() != ErrorKind::InvalidSubcommand {
        return error;
    }
    let mut at = &command;
    for arg in args.iter().skip(1) {
        at = arg.to_str().and_then(|arg| at.find_subcommand(arg)).unwrap_or(at);
    }
    if let Some(near) = nearest(wrong, at.get_subcommands().map(clap::Command::get_name)) {
        let near = ContextValue::Strings(vec![near.to_owned()]);
        error.insert(ContextKind::SuggestedSubcommand, near);
    }
    error
}

/// What the README shows in Rust compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
