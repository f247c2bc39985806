//! The files of a report on disk: each is there whole or not at all.

use crate::files::{said, temporary};
use interregnum_reports::documents::File;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes these files below `folder`, in place of earlier ones. None appears before all of them are written.
pub(crate) fn store(folder: &Path, files: &[File]) -> io::Result<()> {
    let mut complete = Vec::new();
    for File { path, text } in files {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent)?;
        let mut file = temporary(parent)?;
        file.write_all(text.as_bytes())?;
        complete.push((file, path));
    }
    for (file, path) in complete {
        file.persist(path).map_err(|error| error.error)?;
    }
    Ok(())
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
