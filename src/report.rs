//! `interregnum report`: every document of a report once more, from its JSON alone. Nothing is run.

use crate::Program;
use crate::args::Report;
use crate::exit::Exit;
use crate::files::{is_report, said};
use crate::io::Io;
use crate::shelf::{self, RESULTS};
use crate::store::{make, no_folder};
use interregnum_reports::documents::{self, File};
use interregnum_reports::stored::{self, Stored};
use interregnum_reports::terminal::Look;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// More than this is not read: what is made of it has to be held, too.
const MOST_BYTES: u64 = 4 << 30;

/// Makes the documents of stored results once more.
pub(crate) fn report(_: &Program, args: &Report, io: &mut Io) -> Exit {
    match again(args, io.look()) {
        Ok(written) => {
            io.print(&written);
            io.exit()
        }
        Err(error) => {
            io.error(&error);
            Exit::Usage
        }
    }
}

/// What was written, a line for each file.
fn again(args: &Report, look: Look) -> Result<String, String> {
    let path = results(&args.path)?;
    let stored = read(&path)?;
    let files = match &stored {
        Stored::Run(results) => documents::of_run(&results.end(), &results.of),
        Stored::Audit(audit) => documents::of_audit(audit),
    };
    let folder = args.out.as_deref().unwrap_or_else(|| path.parent().unwrap_or(Path::new("")));
    if let Some(others) = others(folder, &path) {
        let (others, path) = (others.display(), path.display());
        return Err(format!(
            "{others}: these are other results than {path}, and the page beside them must tell of them; give --out \
             another folder"
        ));
    }
    let about = |error| no_folder(folder, &said(&error));
    let files: Vec<File> = files.map_err(about)?;
    if !folder.as_os_str().is_empty() {
        make(folder)?;
    }
    shelf::replace(folder, None, &files, &[])?;
    let line = |file: &File| {
        let path = folder.join(&file.path).display().to_string();
        look.text(&path) + "\n"
    };
    Ok(files.iter().map(line).collect())
}

/// The results in `folder`, if there are some, and none are those at `path` or a copy of them.
fn others(folder: &Path, path: &Path) -> Option<PathBuf> {
    let there = RESULTS.map(|name| folder.join(name));
    let mut there = there.into_iter().filter(|there| is_report(there)).peekable();
    let first = there.peek().cloned()?;
    // What cannot be compared is not known to be the same.
    let mut are_these = there.map(|there| is_copy(&there, path).unwrap_or(false));
    (!are_these.any(|is| is)).then_some(first)
}

/// Whether two files say the same. They may be too large to be held.
fn is_copy(one: &Path, other: &Path) -> io::Result<bool> {
    if one.canonicalize()? == other.canonicalize()? {
        return Ok(true);
    }
    if fs::metadata(one)?.len() != fs::metadata(other)?.len() {
        return Ok(false);
    }
    let open = |path| fs::File::open(path).map(BufReader::new);
    let (mut one, mut other) = (open(one)?, open(other)?);
    loop {
        let (here, there) = (one.fill_buf()?, other.fill_buf()?);
        let same = here.len().min(there.len());
        if here[..same] != there[..same] || (same == 0 && here.len() != there.len()) {
            return Ok(false);
        }
        if same == 0 {
            return Ok(true);
        }
        one.consume(same);
        other.consume(same);
    }
}

/// The file that is meant: of a folder, the results in it.
fn results(path: &Path) -> Result<PathBuf, String> {
    let name = path.display();
    let kind = fs::metadata(path).map_err(|error| {
        let expected = "expected the results.json or audit.json that --out has written";
        format!("{name}: {}; {expected}", said(&error))
    })?;
    if kind.is_dir() {
        let mut found =
            RESULTS.map(|name| path.join(name)).into_iter().filter(|path| path.is_file());
        return match (found.next(), found.next()) {
            (Some(only), None) => Ok(only),
            (Some(results), Some(audit)) => {
                let (results, audit) = (results.display(), audit.display());
                Err(format!(
                    "{name}: both {results} and {audit} are there; name the one that is meant"
                ))
            }
            (None, _) => Err(format!(
                "{name}: neither results.json nor audit.json is there; `run --out` and `audit --out` write them"
            )),
        };
    }
    // To open a pipe that nobody writes to would take for ever.
    if !kind.is_file() {
        return Err(format!("{name}: this is no file, but a pipe or a device; name a file"));
    }
    if kind.len() > MOST_BYTES {
        let most = MOST_BYTES >> 30;
        return Err(format!("{name}: more than {most} GiB; run fewer seeds at a time"));
    }
    Ok(path.to_owned())
}

fn read(path: &Path) -> Result<Stored, String> {
    let open = || fs::File::open(path).map(BufReader::new);
    stored::read(open).map_err(|why| format!("{}: {why}", path.display()))
}
