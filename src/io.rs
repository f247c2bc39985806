//! The command's streams. Results go to standard output, everything else to standard error.

use crate::args::Color;
use crate::exit::Exit;
use crate::files::said;
use interregnum_reports::harmless;
use interregnum_reports::terminal::Look;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::Path;

/// Where the command writes.
pub struct Io {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    out_look: Look,
    err_look: Look,
    out_terminal: bool,
    err_terminal: bool,
    process: bool,
    state: State,
}

/// What became of standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// The reader has gone, as `head` does: nobody's mistake.
    Closed,
    /// It cannot be written.
    Failed,
}

impl Io {
    /// The process's own streams.
    #[must_use]
    pub fn process() -> Self {
        let width = |terminal| if terminal { terminal_width() } else { Look::PLAIN.width };
        let (out_terminal, err_terminal) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        Self {
            out: Box::new(BufWriter::new(io::stdout())),
            err: Box::new(io::stderr()),
            out_look: Look { color: false, width: width(out_terminal) },
            err_look: Look { color: false, width: width(err_terminal) },
            out_terminal,
            err_terminal,
            process: true,
            state: State::Open,
        }
    }

    /// Other streams, neither of which is a terminal; signals are left alone.
    #[must_use]
    pub fn new(out: Box<dyn Write>, err: Box<dyn Write>) -> Self {
        Self {
            out,
            err,
            out_look: Look::PLAIN,
            err_look: Look::PLAIN,
            out_terminal: false,
            err_terminal: false,
            process: false,
            state: State::Open,
        }
    }

    /// Decides on colours, from the flag, the environment and the terminal.
    pub(crate) fn set_color(&mut self, color: Color) {
        let decide = |auto: anstream::ColorChoice| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => auto != anstream::ColorChoice::Never,
        };
        if self.process || color == Color::Always {
            self.out_look.color = decide(anstream::AutoStream::choice(&io::stdout()));
            self.err_look.color = decide(anstream::AutoStream::choice(&io::stderr()));
        }
    }

    /// What standard output can show.
    pub(crate) const fn look(&self) -> Look {
        self.out_look
    }

    /// The same for a list: what no person sees at once is not cut into lines for one.
    pub(crate) const fn list_look(&self) -> Look {
        if self.out_terminal { self.out_look } else { self.out_look.unwrapped() }
    }

    /// What standard error can show.
    pub(crate) const fn err_look(&self) -> Look {
        self.err_look
    }

    /// Whether somebody may be watching standard error.
    pub(crate) const fn is_watched(&self) -> bool {
        self.err_terminal
    }

    /// Whether the process's signals are this command's to handle.
    pub(crate) const fn handles_signals(&self) -> bool {
        self.process
    }

    /// Whether nobody reads standard output any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.state != State::Open
    }

    /// Writes to standard output.
    pub(crate) fn print(&mut self, text: &str) {
        // The outcome is remembered in `state`; a document goes on being written elsewhere.
        let _ = self.write_all(text.as_bytes());
    }

    /// Writes to standard error; there is nowhere to complain if that fails.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = self.err.write_all(text.as_bytes());
        let _ = self.err.flush();
    }

    /// Says where a report begins.
    pub(crate) fn tell_of(&mut self, page: &Path) {
        // On a terminal both streams are one: what came first is to stand first.
        self.flush();
        let page = self.err_look.text(&page.display().to_string());
        self.note(&format!("report: {page}\n"));
    }

    /// One line on standard error that says what went wrong.
    pub(crate) fn error(&mut self, text: &str) {
        // On a terminal both streams are one: what came first is to stand first.
        self.flush();
        let label = if self.err_look.color { "\u{1b}[1;31merror:\u{1b}[0m" } else { "error:" };
        // It may name a file, and files may be called anything.
        let text: String = text.chars().map(|c| if c == '\n' { c } else { harmless(c) }).collect();
        self.note(&format!("{label} {text}\n"));
    }

    /// Writes out what is buffered; the exit code if standard output could not be written.
    pub(crate) fn flush(&mut self) {
        let _ = Write::flush(self);
    }

    /// The exit code that standard output deserves on its own.
    pub(crate) fn exit(&mut self) -> Exit {
        self.flush();
        if self.state == State::Failed { Exit::Usage } else { Exit::Passed }
    }

    /// Prints what the parser of the command line has to say: help, version or a mistake.
    pub(crate) fn usage(&mut self, error: &clap::Error) -> Exit {
        let text = error.render();
        if error.use_stderr() {
            self.note(&text.to_string());
            Exit::Usage
        } else {
            self.print(&text.to_string());
            self.exit()
        }
    }

    fn settle<T>(&mut self, result: io::Result<T>) -> io::Result<()> {
        if let Err(error) = result
            && self.state == State::Open
        {
            self.state = State::Closed;
            if error.kind() != ErrorKind::BrokenPipe {
                self.state = State::Failed;
                self.error(&format!(
                    "cannot write the results: {}; send them elsewhere, or store them with --out",
                    said(&error)
                ));
            }
        }
        Ok(())
    }
}

/// Standard output: once it is closed, writing goes on into nothing.
impl Write for Io {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.state == State::Open {
            let result = self.out.write_all(bytes);
            self.settle(result)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.state == State::Open {
            let result = self.out.flush();
            self.settle(result)?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Io {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Io").field("look", &self.out_look).field("state", &self.state).finish()
    }
}

/// As wide as the terminal, within what is pleasant to read.
fn terminal_width() -> u16 {
    let (_, columns) = console::Term::stdout().size();
    columns.clamp(60, 120)
}
