//! Where the results of `run` go: standard output, a folder, or both.

use crate::args::Form;
use crate::files::{said, temporary};
use crate::io::Io;
use crate::shelf::{self, Entry};
use crate::step;
use crate::store::{make, no_folder};
use interregnum_reports::json::{End, RunDocument};
use interregnum_reports::{Record, documents, github, junit};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A folder being filled. Its files appear under their names when they are complete.
pub(crate) struct Folder {
    folder: PathBuf,
    results: RunDocument<BufWriter<NamedTempFile>>,
}

impl Folder {
    /// Begins to fill `folder`, which is made if it does not exist.
    pub(crate) fn begin(folder: &Path, version: &str) -> Result<Self, String> {
        make(folder)?;
        let about = |error: io::Error| no_folder(folder, &said(&error));
        let file = BufWriter::new(temporary(folder).map_err(about)?);
        let results = RunDocument::begin(file, version).map_err(about)?;
        Ok(Self { folder: folder.to_owned(), results })
    }

    /// Adds a run.
    pub(crate) fn run(&mut self, record: &Record<'_>) -> Result<(), String> {
        self.results.run(record).map_err(|error| no_folder(&self.folder, &said(&error)))
    }

    /// Completes the files; returns the page.
    fn end(self, end: &End<'_>, version: &str, stored: &[Entry]) -> Result<PathBuf, String> {
        const NAME: &str = "results.json";
        let path = self.folder.join(NAME);
        let about = |error: io::Error| no_folder(&path, &said(&error));
        let results = self.results.end(end).map_err(about)?.into_inner();
        let results = results.map_err(|error| about(error.into_error()))?;
        let documents = documents::of_run(end, version).map_err(about)?;
        shelf::replace(&self.folder, Some((results, NAME)), &documents, stored)
    }
}

/// Everything that takes results.
pub(crate) struct Output<'io> {
    pub(crate) io: &'io mut Io,
    form: Form,
    any: bool,
    folder: Option<Folder>,
    version: String,
    /// Why the folder could not be written, once that has happened.
    pub(crate) broken: Option<String>,
}

impl<'io> Output<'io> {
    /// Results go to `folder` if it is given, and to standard output in this form.
    pub(crate) fn begin(
        io: &'io mut Io,
        form: Form,
        folder: Option<Folder>,
        version: &str,
    ) -> io::Result<Self> {
        if form == Form::Json {
            RunDocument::begin(&mut *io, version)?;
        }
        Ok(Self { io, form, any: false, folder, version: version.to_owned(), broken: None })
    }

    /// Adds a run.
    pub(crate) fn run(&mut self, record: &Record<'_>) {
        if self.form == Form::Json {
            // `Io` swallows the failures of its stream and remembers them.
            let _ = RunDocument::resume(&mut *self.io, self.any).run(record);
            self.any = true;
        }
        if let Some(folder) = &mut self.folder
            && let Err(error) = folder.run(record)
        {
            self.folder = None;
            self.broken.get_or_insert(error);
        }
    }

    /// Whether there is anybody left to read what comes.
    pub(crate) fn is_unread(&self) -> bool {
        self.io.is_closed() && self.folder.is_none()
    }

    /// Adds text for people, if people are being written for.
    pub(crate) fn text(&mut self, text: &str) {
        if self.form == Form::Human {
            self.io.print(text);
        }
    }

    /// Completes every document, the folder's with what has been `stored` there; returns the folder's page.
    pub(crate) fn end(&mut self, end: &End<'_>, stored: &[Entry]) -> Option<PathBuf> {
        match self.form {
            Form::Human => {}
            Form::Json => {
                let _ = RunDocument::resume(&mut *self.io, self.any).end(end);
            }
            Form::Junit => match junit::run(end, &self.version) {
                Ok(text) => self.io.print(&text),
                Err(error) => {
                    self.broken.get_or_insert(format!("cannot make JUnit XML: {}", said(&error)));
                }
            },
            Form::Github => {
                let summary = |room| github::summary(end, &self.version, room);
                if let Err(error) = step::publish(self.io, summary, &github::annotations(end)) {
                    self.broken.get_or_insert(error);
                }
            }
        }
        match self.folder.take()?.end(end, &self.version, stored) {
            Ok(page) => Some(page),
            Err(error) => {
                self.broken.get_or_insert(error);
                None
            }
        }
    }
}
