//! `interregnum scenario`: check, list, schema, new.

use crate::Program;
use crate::args::{Format, Scenario};
use crate::exit::Exit;
use crate::files;
use crate::io::Io;
use crate::replay::as_argument;
use interregnum_reports::listing::{self, Listed};
use interregnum_sim::scenario::{self, Loaded, nearest};
use interregnum_sim::subject::Subject;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Does what is asked about scenario files.
pub(crate) fn scenario(program: &Program, command: &Scenario, io: &mut Io) -> Exit {
    let exit = match command {
        Scenario::Check { paths } => check(program, paths, io),
        Scenario::List { paths, format } => list(program, paths, *format, io),
        Scenario::Schema => {
            io.print(&format!("{:#}\n", scenario::schema(&program.registry)));
            Exit::Passed
        }
        Scenario::New { path, system } => new(program, path, system.as_deref(), io),
    };
    exit.or(io.exit())
}

fn check(program: &Program, paths: &[PathBuf], io: &mut Io) -> Exit {
    let Some(files) = files_of(program, paths, io) else { return Exit::Usage };
    let mut exit = if files.is_empty() { Exit::Nothing } else { Exit::Passed };
    for path in &files {
        match files::read(program, path, io) {
            Some(_) => {
                let path = io.look().text(&path.display().to_string());
                io.print(&format!("{path}: ok\n"));
            }
            None => exit = exit.or(Exit::Usage),
        }
    }
    exit
}

fn list(program: &Program, paths: &[PathBuf], format: Format, io: &mut Io) -> Exit {
    let Some(files) = files_of(program, paths, io) else { return Exit::Usage };
    let mut exit = if files.is_empty() { Exit::Nothing } else { Exit::Passed };
    let mut listed = Vec::new();
    for path in &files {
        match files::read(program, path, io) {
            Some(Loaded { scenario, hash, .. }) => {
                listed.push(Listed::new(&path.display().to_string(), &scenario, hash));
            }
            None => exit = exit.or(Exit::Usage),
        }
    }
    if format == Format::Json {
        io.print(&listing::document(&listed).unwrap_or_default());
    } else if !listed.is_empty() {
        let table = listing::listing(io.list_look(), &listed);
        io.print(&table);
    }
    exit
}

fn files_of(program: &Program, paths: &[PathBuf], io: &mut Io) -> Option<Vec<PathBuf>> {
    match files::collect(program, paths) {
        Ok(files) => {
            if files.is_empty() {
                io.error(&files::nothing_there(program));
            }
            Some(files)
        }
        Err(errors) => {
            errors.iter().for_each(|error| io.error(error));
            None
        }
    }
}

fn new(program: &Program, path: &Path, system: Option<&str>, io: &mut Io) -> Exit {
    let registry = &program.registry;
    let subject = match system {
        Some(id) => registry.find(id),
        None => registry.iter().next(),
    };
    let Some(subject) = subject else {
        let known: Vec<_> = registry.iter().map(Subject::id).collect();
        let asked = system.unwrap_or("");
        let hint = match nearest(asked, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", known.join(", ")),
        };
        io.error(&format!("unknown system `{asked}`; {hint}"));
        return Exit::Usage;
    };
    match files::write_new(path, &skeleton(subject, &schema_beside(path))) {
        Ok(()) => {
            let (name, file) = (&program.name, as_argument(path));
            let path = io.err_look().text(&path.display().to_string());
            io.note(&format!("wrote {path}; now try: {name} run {file}\n"));
            Exit::Passed
        }
        Err(error) => {
            let hint = match error.kind() {
                ErrorKind::AlreadyExists => "name another one",
                ErrorKind::NotFound => "make the folder first",
                _ => "name a file in a folder that can be written",
            };
            io.error(&format!("{}: {}; {hint}", path.display(), files::said(&error)));
            Exit::Usage
        }
    }
}

/// A scenario that runs as it is and shows where everything goes.
fn skeleton(subject: &dyn Subject, schema: &str) -> String {
    let word = subject.target_words().first().copied();
    let target = word.map_or_else(|| "{ \"random\": 1 }".to_owned(), |word| format!("\"{word}\""));
    let id = subject.id();
    format!(
        r#"{{{schema}
  "version": 1,
  "title": "A first scenario",
  "why": "Say here what it would mean if this failed.",
  "system": "{id}",
  "cluster": {{ "nodes": 5 }},
  "network": {{ "delay": {{ "min": "1ms", "mean": "4ms" }}, "loss": "1%" }},
  "faults": [
    {{ "at": "5s", "for": "3s", "crash": {{ "target": {target} }} }},
    {{ "at": "12s", "for": "4s", "partition": {{ "isolate": {{ "random": 2 }} }} }}
  ],
  "expect": {{ "observed": "held" }}
}}
"#
    )
}

/// The line that tells editors of the schema, if one lies in a folder above.
fn schema_beside(path: &Path) -> String {
    let mut way = String::new();
    let Ok(path) = std::path::absolute(path) else { return String::new() };
    for folder in path.ancestors().skip(1) {
        if folder.join("scenario.schema.json").exists() {
            let way = if way.is_empty() { "./" } else { &way };
            return format!("\n  \"$schema\": \"{way}scenario.schema.json\",");
        }
        way.push_str("../");
    }
    String::new()
}
