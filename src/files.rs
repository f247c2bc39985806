//! Scenario files on disk: which ones are meant, and what they hold.

use crate::Program;
use crate::exit::Exit;
use crate::io::Io;
use crate::shelf::RESULTS;
use interregnum_reports::diagnostic::problems;
use interregnum_sim::scenario::{Loaded, MOST_BYTES, Problem, load, nearest};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// How deep folders are searched: deeper ones are a loop of links.
const DEEPEST: usize = 32;

/// What may be named where scenarios are wanted.
const EXPECTED: &str = "expected a scenario file, a folder of them, or the id of a planted bug";

/// What to do about a folder that cannot be searched.
const SEARCHED: &str = "a folder is searched to its end: name the files that are meant, or mend it";

/// The files meant by `paths`: each file, and of each folder its `*.json` at any depth except
/// `*.schema.json` and what this command wrote there as results, sorted. A file that is named twice is meant once. The id of a planted bug stands
/// for its scenario, which is part of the program.
pub(crate) fn collect(program: &Program, paths: &[PathBuf]) -> Result<Vec<PathBuf>, Vec<String>> {
    let (mut files, mut wrong) = (Vec::new(), Vec::new());
    for path in paths {
        if planted(program, path).is_some() {
            files.push(path.clone());
            continue;
        }
        match fs::metadata(path) {
            Ok(kind) if kind.is_dir() => {
                let mut found = Vec::new();
                if let Err((at, error)) = search(path, 0, &mut found) {
                    wrong.push(format!("{}: {}; {SEARCHED}", at.display(), said(&error)));
                }
                found.sort();
                files.append(&mut found);
            }
            Ok(_) => files.push(path.clone()),
            Err(error) => {
                let hint = misspelt(program, path).unwrap_or_else(|| EXPECTED.to_owned());
                wrong.push(format!("{}: {}; {hint}", path.display(), said(&error)));
            }
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

/// The scenario of the planted bug whose id stands in place of a file. A file of that name comes first.
fn planted(program: &Program, path: &Path) -> Option<&'static str> {
    let id = path.to_str()?;
    if path.exists() {
        return None;
    }
    let subjects = program.registry.iter();
    let planted = subjects.filter(|subject| subject.mutants().iter().any(|bug| bug.id == id));
    planted.into_iter().find_map(|subject| subject.scenario_of(id))
}

/// The planted bug whose id is nearly what was named.
fn misspelt(program: &Program, path: &Path) -> Option<String> {
    let mutants = program.registry.iter().flat_map(|subject| subject.mutants());
    let near = nearest(path.to_str()?, mutants.map(|bug| bug.id))?;
    Some(format!("did you mean `{near}`?"))
}

/// What to say where there is nothing to run.
pub(crate) fn nothing_there(program: &Program, paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    format!(
        "no scenario file in {}; a folder stands for every *.json in it, and `{} scenario new FILE` \
         writes a first one",
        paths.join(", "),
        program.name
    )
}

fn search(
    folder: &Path,
    depth: usize,
    found: &mut Vec<PathBuf>,
) -> Result<(), (PathBuf, io::Error)> {
    let about = |error| (folder.to_owned(), error);
    if depth > DEEPEST {
        return Err(about(io::Error::other("too deep a folder, or a loop of links")));
    }
    for entry in fs::read_dir(folder).map_err(about)? {
        let path = entry.map_err(about)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            search(&path, depth + 1, found)?;
        } else if name.ends_with(".json") && !name.ends_with(".schema.json") && !is_report(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether a file holds the results of a command, as `--out` writes them: who has them written beside the
/// scenarios does not mean them to be run.
pub(crate) fn is_report(path: &Path) -> bool {
    let names = RESULTS.map(OsStr::new);
    let is_named = path.file_name().is_some_and(|name| names.contains(&name));
    is_named && path.is_file() && begins_as_report(path).unwrap_or(false)
}

fn begins_as_report(path: &Path) -> io::Result<bool> {
    let mut begin = String::new();
    File::open(path)?.take(64).read_to_string(&mut begin)?;
    begin.retain(|c| !c.is_whitespace());
    Ok(begin.starts_with("{\"version\":1,\"command\":\""))
}

/// Reads every file that is meant before anything is done with one: nobody wants to hear of a mistake after an
/// hour.
///
/// # Errors
/// Some cannot be read or are mistaken, which has been told.
pub(crate) fn load_all(
    program: &Program,
    paths: &[PathBuf],
    io: &mut Io,
) -> Result<Vec<(PathBuf, Loaded)>, Exit> {
    let files = collect(program, paths).map_err(|errors| {
        errors.iter().for_each(|error| io.error(error));
        Exit::Usage
    })?;
    let count = files.len();
    let read = |path: PathBuf| read(program, &path, io).map(|loaded| (path, loaded));
    let loaded: Vec<_> = files.into_iter().filter_map(read).collect();
    if loaded.len() < count {
        let wrong = count - loaded.len();
        if count > 1 {
            io.error(&format!("{wrong} of {count} scenario files cannot be run; nothing was run: mend them, or leave them out"));
        }
        return Err(Exit::Usage);
    }
    Ok(loaded)
}

/// What is wrong with a scenario file.
pub(crate) enum Wrong {
    /// It cannot be read.
    Unreadable(String),
    /// What it says, of which these are the bytes.
    Mistaken(Vec<u8>, Vec<Problem>),
}

/// Reads and checks one scenario file; on a mistake, tells it and returns nothing.
pub(crate) fn read(program: &Program, path: &Path, io: &mut Io) -> Option<Loaded> {
    let wrong = match examine(program, path) {
        Ok(loaded) => return Some(loaded),
        Err(wrong) => wrong,
    };
    let name = path.display().to_string();
    match wrong {
        Wrong::Unreadable(why) => io.error(&format!("{name}: {why}")),
        Wrong::Mistaken(bytes, found) => {
            let text = problems(io.err_look(), &name, &bytes, &found);
            io.note(&text);
        }
    }
    None
}

/// Reads and checks one scenario file.
pub(crate) fn examine(program: &Program, path: &Path) -> Result<Loaded, Wrong> {
    let embedded = planted(program, path).map(|text| Ok(text.as_bytes().to_vec()));
    let bytes = embedded.unwrap_or_else(|| read_bounded(path));
    let bytes = bytes.map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => misspelt(program, path),
            _ => None,
        };
        let hint = hint.unwrap_or_else(|| "expected a scenario file that can be read".to_owned());
        Wrong::Unreadable(format!("{}; {hint}", said(&error)))
    })?;
    load(&bytes, &program.registry).map_err(|found| Wrong::Mistaken(bytes, found))
}

/// Reads no more than it takes to see that a file is too large.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let kind = fs::metadata(path)?.file_type();
    if kind.is_dir() {
        return Err(io::Error::other("this is a folder"));
    }
    // To open a pipe that nobody writes to would take for ever.
    if !kind.is_file() {
        return Err(io::Error::other("this is no file, but a pipe or a device"));
    }
    File::open(path)?.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// An error of the system in plain words, without its number.
pub(crate) fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::NotADirectory => "a part of this path is a file, not a folder".to_owned(),
        io::ErrorKind::IsADirectory => "this is a folder, not a file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::AlreadyExists => "this file exists; it is left as it is".to_owned(),
        _ => numberless(&error.to_string()).to_owned(),
    }
}

/// What the system says, without its number.
pub(crate) fn numberless(text: &str) -> &str {
    text.split_once(" (os error ").map_or(text, |(plain, _)| plain)
}

/// Writes a new file whole or not at all; one that exists is left alone.
pub(crate) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let mut file = temporary(path.parent().unwrap_or(Path::new("")))?;
    file.write_all(text.as_bytes())?;
    file.persist_noclobber(path).map(drop).map_err(|error| error.error)
}

/// A file beside the one that it will become, readable as other files are.
pub(crate) fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        // The process's umask still applies.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.prefix(".interregnum-").tempfile_in(folder)
}
