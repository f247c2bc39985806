//! The files of a report on disk: each is there whole or not at all.

use crate::files::{said, temporary};
use interregnum_reports::documents::File;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Writes these files below `folder`, in place of earlier ones. None appears before all of them are written. An
/// error names the file that it is about.
pub(crate) fn store(folder: &Path, files: &[File]) -> Result<(), String> {
    for (file, path) in staged(folder, files)? {
        persist(file, &path)?;
    }
    Ok(())
}

/// These files, complete, under other names than those that they are to have.
pub(crate) fn staged(
    folder: &Path,
    files: &[File],
) -> Result<Vec<(NamedTempFile, PathBuf)>, String> {
    let stage = |File { path, text }: &File| {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        let file = written(parent, text).map_err(|error| no_folder(&path, &said(&error)))?;
        Ok((file, path))
    };
    files.iter().map(stage).collect()
}

/// Gives a complete file its name.
pub(crate) fn persist(file: NamedTempFile, path: &Path) -> Result<(), String> {
    file.persist(path).map(drop).map_err(|error| no_folder(path, &said(&error.error)))
}

/// A file with this text, under another name still.
pub(crate) fn written(folder: &Path, text: &str) -> io::Result<NamedTempFile> {
    fs::create_dir_all(folder)?;
    let mut file = temporary(folder)?;
    file.write_all(text.as_bytes())?;
    Ok(file)
}

/// Makes the folder of a report, if it does not exist.
pub(crate) fn make(folder: &Path) -> Result<(), String> {
    if folder.exists() && !folder.is_dir() {
        return Err(no_folder(folder, "this is a file, not a folder"));
    }
    fs::create_dir_all(folder).map_err(|error| no_folder(folder, &said(&error)))
}

/// Why nothing can be stored in a folder, and what to name instead.
pub(crate) fn no_folder(folder: &Path, why: &str) -> String {
    let folder = folder.display();
    format!(
        "{folder}: {why}; --out takes a folder that can be written, and makes it if it is not there"
    )
}
