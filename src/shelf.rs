//! The folder of a report, and what an earlier report left there.
//!
//! A folder remembers what the command has written into it, with a hash of each file. What the next report does
//! not write again is removed: a page that tells of other results must not lie beside these. Whatever else is
//! there, and what somebody has changed since, is left alone.

use crate::files::{is_report, said};
use crate::store::{no_folder, persist, staged, store};
use interregnum_core::Fingerprint;
use interregnum_reports::documents::File;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The file in which a folder remembers.
const LIST: &str = ".interregnum-files";

/// The names under which `--out` stores results.
pub(crate) const RESULTS: [&str; 2] = ["results.json", "audit.json"];

/// The page on everything.
const PAGE: &str = "index.html";

/// Whatever else the command writes: files, and folders of files. Nothing else is ever removed.
const DOCUMENTS: [&str; 3] = [PAGE, "junit.xml", "summary.md"];
const FOLDERS: [&str; 3] = ["runs", "traces", REGRESSIONS];

/// The folder within the folder of results for failing runs, reduced.
pub(crate) const REGRESSIONS: &str = "regressions";

/// A file that the command wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its path below the folder.
    path: String,
    /// The hash of what it said. Results may be large and have none: they are known by how they begin.
    print: Option<Fingerprint>,
}

impl Entry {
    pub(crate) fn of(file: &File) -> Self {
        Self { path: file.path.clone(), print: Some(Fingerprint::of(file.text.as_str())) }
    }

    /// A file that is never removed, for there is no saying what it is: somebody has a use for it.
    pub(crate) fn spared(path: String) -> Self {
        Self { path, print: None }
    }

    fn of_results(name: &str) -> Self {
        Self { path: name.to_owned(), print: None }
    }

    /// Reads a line of the list; `None` if the command writes no such file.
    fn read(line: &str) -> Option<Self> {
        let (print, path) = line.split_once(' ')?;
        let is_ours = match path.split_once('/') {
            None => DOCUMENTS.contains(&path) || RESULTS.contains(&path),
            Some((folder, name)) => {
                let is_plain = !name.contains(['/', '\\']) && !["", ".", ".."].contains(&name);
                FOLDERS.contains(&folder) && is_plain
            }
        };
        let print = if print == "-" { None } else { Some(print.parse().ok()?) };
        is_ours.then(|| Self { path: path.to_owned(), print })
    }

    fn line(&self) -> String {
        let print = self.print.map_or_else(|| "-".to_owned(), |print| print.to_string());
        format!("{print} {}\n", self.path)
    }

    /// Whether documents are made of it, and not the other way around.
    fn is_source(&self) -> bool {
        RESULTS.contains(&self.path.as_str()) || self.path.starts_with(REGRESSIONS)
    }

    /// Whether it is there as it was written.
    fn is_unchanged(&self, folder: &Path) -> bool {
        let path = folder.join(&self.path);
        let is = |path: &Path, kind: fn(&fs::FileType) -> bool| {
            path.symlink_metadata().is_ok_and(|data| kind(&data.file_type()))
        };
        let parent = path.parent().filter(|parent| *parent != folder);
        if !is(&path, fs::FileType::is_file)
            || parent.is_some_and(|at| !is(at, fs::FileType::is_dir))
        {
            return false;
        }
        let Some(print) = self.print else { return is_report(&path) };
        fs::read_to_string(path).is_ok_and(|text| Fingerprint::of(text.as_str()) == print)
    }
}

/// Results that are complete, and the name that they are to have.
pub(crate) type Results = (NamedTempFile, &'static str);

/// Makes these documents the report in `folder`, and what was stored there meanwhile a part of it. Without
/// results, those that are there stay. The page comes last and goes first: it never lies beside results that
/// it does not tell of, even if the documents cannot be written. Returns its path.
pub(crate) fn replace(
    folder: &Path,
    results: Option<Results>,
    documents: &[File],
    stored: &[Entry],
) -> Result<PathBuf, String> {
    let earlier = remembered(folder);
    let (staged, mut now, failure) = match staged(folder, documents) {
        Ok(staged) => (staged, documents.iter().map(Entry::of).collect(), None),
        Err(error) if results.is_none() => return Err(error),
        Err(error) => (Vec::new(), Vec::new(), Some(error)),
    };
    now.extend_from_slice(stored);
    match &results {
        Some((_, name)) => now.push(Entry::of_results(name)),
        None => now.extend(earlier.iter().filter(|entry| entry.is_source()).cloned()),
    }
    for entry in &earlier {
        let is_written = now.iter().any(|other| other.path == entry.path);
        if (!is_written || entry.path == PAGE) && entry.is_unchanged(folder) {
            let path = folder.join(&entry.path);
            fs::remove_file(&path).map_err(|error| no_folder(&path, &said(&error)))?;
        }
    }
    // Those in which something is left stay.
    FOLDERS.iter().for_each(|name| drop(fs::remove_dir(folder.join(name))));
    let list = now.iter().map(Entry::line).collect();
    store(folder, &[File { path: LIST.to_owned(), text: list }])?;
    if let Some((file, name)) = results {
        persist(file, &folder.join(name))?;
    }
    for (file, path) in staged {
        persist(file, &path)?;
    }
    failure.map_or_else(|| Ok(folder.join(PAGE)), Err)
}

/// What an earlier report wrote.
fn remembered(folder: &Path) -> Vec<Entry> {
    let list = fs::read_to_string(folder.join(LIST)).unwrap_or_default();
    list.lines().filter_map(Entry::read).collect()
}
