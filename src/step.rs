//! What a step of GitHub Actions leaves behind: its summary, in the file that the runner names, and
//! annotations, which the runner reads from standard output.

use crate::files::said;
use crate::io::Io;
use interregnum_reports::github::MOST_BYTES;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};

/// Where the runner names the file.
const VARIABLE: &str = "GITHUB_STEP_SUMMARY";

/// Appends the summary to the runner's file, or prints it where there is no runner; then prints the
/// annotations. `summary` is told how many bytes there is room for.
pub(crate) fn publish(
    io: &mut Io,
    summary: impl Fn(usize) -> String,
    annotations: &str,
) -> Result<(), String> {
    // Whoever cannot unset a variable empties it.
    let file = std::env::var_os(VARIABLE).filter(|file| !file.is_empty());
    let written = match &file {
        None => {
            io.print(&summary(MOST_BYTES));
            Ok(())
        }
        Some(file) => append(file, summary).map_err(|error| {
            format!(
                "{}: {}; {VARIABLE} must name a file that can be written, or be empty to print the summary",
                file.display(),
                said(&error)
            )
        }),
    };
    io.print(annotations);
    if file.is_some() && written.is_ok() {
        // A log with nothing in it looks like a command that did nothing.
        io.flush();
        io.note("added to the summary of this step\n");
    }
    written
}

/// The runner counts everything that a step has written; a step may be several commands.
fn append(path: &OsString, summary: impl Fn(usize) -> String) -> io::Result<()> {
    let mut file = File::options().create(true).append(true).open(path)?;
    let there = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    file.write_all(summary(MOST_BYTES.saturating_sub(there)).as_bytes())
}
