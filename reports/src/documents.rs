//! The files of a report: everything that is made of stored results, and nothing else. So a report is the
//! same whether it is written at the end of a run or made again from its JSON later.

use crate::audit::Audit;
use crate::export::chrome::chrome;
use crate::export::shiviz::shiviz;
use crate::json::End;
use crate::{Kept, bounds, github, html, junit};
use std::io;

/// A file of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path below the folder of the report, with `/` between its parts.
    pub path: String,
    /// What it says.
    pub text: String,
}

impl File {
    pub(crate) fn new(path: impl Into<String>, text: String) -> Self {
        Self { path: path.into(), text }
    }
}

/// The documents on everything that a command of this version ran; `index.html` comes last.
///
/// # Errors
/// Never: whatever is said can be written.
pub fn of_run(end: &End<'_>, version: &str) -> io::Result<Vec<File>> {
    let summaries = bounds::summaries(end.summaries);
    let end = End { summaries: &summaries, ..*end };
    let mut files = vec![
        File::new("junit.xml", junit::run(&end, version)?),
        File::new("summary.md", github::summary(&end, version, github::MOST_BYTES)),
    ];
    files.extend(html::of_run(&end, version));
    Ok(files)
}

/// The documents on an audit; `index.html` comes last.
///
/// # Errors
/// Never: whatever is said can be written.
pub fn of_audit(audit: &Audit) -> io::Result<Vec<File>> {
    let audit = &bounds::audit(audit);
    let mut files = vec![
        File::new("junit.xml", junit::audit(audit)?),
        File::new("summary.md", github::audit_summary(audit, github::MOST_BYTES)),
    ];
    for row in &audit.rows {
        for (kept, sound) in [(row.failed.as_ref(), ""), (row.twin_failed(), "-sound")] {
            let name = html::bug_name(&row.bug.id, sound);
            files.extend(kept.into_iter().flat_map(|kept| traces(&name, kept)));
        }
    }
    files.extend(html::of_audit(audit));
    Ok(files)
}

/// What other people's tools show of a run, if it was recorded.
pub(crate) fn traces(name: &str, kept: &Kept) -> Vec<File> {
    let Some(recording) = &kept.recording else { return Vec::new() };
    vec![
        File::new(format!("traces/{name}.trace.json"), chrome(&recording.lines, &kept.outcome)),
        File::new(format!("traces/{name}.shiviz.log"), shiviz(&recording.lines)),
    ]
}
