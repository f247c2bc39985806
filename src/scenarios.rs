//! `interregnum scenario`: check, list, schema, new.

use crate::Program;
use crate::args::{Format, Scenario};
use crate::exit::Exit;
use crate::fields::Kind;
use crate::files::{self, Wrong};
use crate::io::Io;
use crate::replay::as_argument;
use interregnum_reports::listing::{self, Checked, Listed, Mistaken};
use interregnum_reports::vocabulary::Vocabulary;
use interregnum_sim::scenario::{self, Fault, Loaded, nearest};
use interregnum_sim::subject::Subject;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Does what is asked about scenario files.
pub(crate) fn scenario(program: &Program, command: &Scenario, io: &mut Io) -> Exit {
    let exit = match command {
        Scenario::Check { paths, format: Format::Human } => check(program, paths, io),
        Scenario::Check { paths, format: Format::Json } => check_for_machines(program, paths, io),
        Scenario::List { paths, format } => list(program, paths, *format, io),
        Scenario::Faults { kind: Some(kind), format } => fields_of(program, kind, *format, io),
        Scenario::Faults { kind: None, format } => {
            let vocabulary = Vocabulary::of(&program.registry);
            let text = match format {
                Format::Human => vocabulary.text(io.look()),
                Format::Json => vocabulary.document().unwrap_or_default(),
            };
            io.print(&text);
            Exit::Passed
        }
        Scenario::Schema => {
            io.print(&format!("{:#}\n", scenario::schema(&program.registry)));
            Exit::Passed
        }
        Scenario::New { path, system } => new(program, path, system.as_deref(), io),
    };
    exit.or(io.exit())
}

fn fields_of(program: &Program, kind: &str, format: Format, io: &mut Io) -> Exit {
    // Reports and chaos write kinds with dashes.
    let name = kind.replace('-', "_");
    if !Fault::KINDS.contains(&name.as_str()) {
        let hint = match nearest(&name, Fault::KINDS.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", Fault::KINDS.join(", ")),
        };
        io.error(&format!("unknown kind of fault `{kind}`; {hint}"));
        return Exit::Usage;
    }
    let kind = Kind::of(&program.registry, &name);
    let text = match format {
        Format::Human => kind.text(io.look()),
        Format::Json => kind.document().unwrap_or_default(),
    };
    io.print(&text);
    Exit::Passed
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

/// The same as one document, with every mistake in it.
fn check_for_machines(program: &Program, paths: &[PathBuf], io: &mut Io) -> Exit {
    let Some(files) = files_of(program, paths, io) else { return Exit::Usage };
    let mut exit = if files.is_empty() { Exit::Nothing } else { Exit::Passed };
    let mut checked = Vec::new();
    for path in &files {
        let problems = match files::examine(program, path) {
            Ok(_) => Vec::new(),
            Err(Wrong::Unreadable(why)) => vec![Mistaken::unreadable(why)],
            Err(Wrong::Mistaken(_, problems)) => problems.iter().map(Mistaken::new).collect(),
        };
        exit = exit.or(if problems.is_empty() { Exit::Passed } else { Exit::Usage });
        checked.push(Checked::new(&path.display().to_string(), problems));
    }
    io.print(&listing::checked(&checked).unwrap_or_default());
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
                io.error(&files::nothing_there(program, paths));
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
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.exists()) {
        let file = path.display();
        io.error(&format!("{file}: there is no folder {}; make it first", folder.display()));
        return Exit::Usage;
    }
    let schema = schema_beside(path);
    match files::write_new(path, &skeleton(&program.name, subject, &schema)) {
        Ok(()) => {
            let (name, file) = (&program.name, as_argument(path));
            let path = io.err_look().text(&path.display().to_string());
            io.note(&format!("wrote {path}; now try: {name} run {file}\n"));
            if schema.is_empty() {
                io.note(&format!(
                    "no schema lies in a folder above: for completion in an editor, write one with\n  \
                     {name} scenario schema > scenario.schema.json\nand name it in the file: \
                     \"$schema\": \"./scenario.schema.json\"\n"
                ));
            }
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
fn skeleton(name: &str, subject: &dyn Subject, schema: &str) -> String {
    let word = subject.target_words().first().copied();
    let target = word.map_or_else(|| "{ \"random\": 1 }".to_owned(), |word| format!("\"{word}\""));
    let id = subject.id();
    format!(
        r#"{{{schema}
  "version": 1,
  "title": "A first scenario",
  "why": "Say here what it would mean if this failed. As it is, somebody falls and starts again, then two nodes are cut off for a while, on a network that loses one message in a hundred; whoever is left must serve, and everybody must agree afterwards. `{name} scenario faults` lists what else can go wrong; `at_least` under `expect` names counts without which a run proves nothing.",
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
