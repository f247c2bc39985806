//! The trace of a replay, as far as somebody wants to read it.

use crate::args::{Replay, TraceForm};
use crate::io::Io;
use interregnum_core::Fingerprint;
use interregnum_reports::export::chrome::ChromeTrace;
use interregnum_reports::export::shiviz::ShivizLog;
use interregnum_reports::terminal::{Look, trace_header, trace_line};
use interregnum_sim::outcome::{Outcome, TraceLine};
use interregnum_sim::trace::Recorder;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// Prints the lines of a trace that were asked for.
pub(crate) struct Printer<'p> {
    args: &'p Replay,
    io: &'p mut Io,
    look: Look,
    nodes: Vec<String>,
    chrome: ChromeTrace,
    shiviz: ShivizLog,
    /// Set once nobody reads any more.
    unread: &'p AtomicBool,
}

impl<'p> Printer<'p> {
    pub(crate) fn new(args: &'p Replay, io: &'p mut Io, unread: &'p AtomicBool) -> Self {
        let (look, nodes) = (io.look(), args.nodes.iter().map(|node| format!("n{node}")).collect());
        let (chrome, shiviz) = (ChromeTrace::default(), ShivizLog::default());
        let mut printer = Self { args, io, look, nodes, chrome, shiviz, unread };
        printer.begin();
        printer
    }

    // `Io` swallows the failures of its stream and remembers them: none are told here.
    fn begin(&mut self) {
        let _ = match self.args.format {
            TraceForm::Human if !self.args.quiet => {
                self.io.print(&format!("{}\n", trace_header(self.look)));
                Ok(())
            }
            TraceForm::Human | TraceForm::Json => Ok(()),
            TraceForm::Chrome => self.chrome.begin(self.io),
            TraceForm::Shiviz => self.shiviz.begin(self.io),
        };
    }

    /// Ends what the trace is written as.
    pub(crate) fn end(&mut self, outcome: &Outcome) {
        if self.args.format == TraceForm::Chrome {
            let _ = self.chrome.end(self.io, outcome);
        }
    }

    /// Whether a line is about one of the nodes asked for. What is about no process is about all of them.
    fn is_about(&self, line: &TraceLine) -> bool {
        let of_node = |process: &String| {
            let node = process.split('/').next().unwrap_or(process);
            self.nodes.iter().any(|wanted| wanted == node)
        };
        self.nodes.is_empty()
            || line.process.is_none()
            || [&line.process, &line.peer].into_iter().flatten().any(of_node)
    }
}

impl Recorder for Printer<'_> {
    fn wants(&mut self, _: u64, at_ns: u64, _: Fingerprint) -> bool {
        if self.io.is_closed() {
            self.unread.store(true, Ordering::Relaxed);
        }
        let late = self.args.until.is_some_and(|until| at_ns > until.0.as_nanos());
        !(self.args.quiet || late || self.io.is_closed())
    }

    fn wants_states(&self) -> bool {
        self.args.state
    }

    fn take(&mut self, line: TraceLine) {
        if !self.is_about(&line) {
            return;
        }
        let fields =
            [Some(&line.kind), line.process.as_ref(), line.peer.as_ref(), Some(&line.what)];
        let mut fields = fields.into_iter().flatten();
        let wanted = self.args.grep.as_deref().unwrap_or("");
        if !fields.any(|field| field.contains(wanted)) {
            return;
        }
        let _ = match self.args.format {
            TraceForm::Human => {
                self.io.print(&format!("{}\n", trace_line(self.look, &line)));
                Ok(())
            }
            TraceForm::Json => serde_json::to_writer(&mut *self.io, &line)
                .map_err(Into::into)
                .and_then(|()| self.io.write_all(b"\n")),
            TraceForm::Chrome => self.chrome.line(self.io, &line),
            TraceForm::Shiviz => self.shiviz.line(self.io, &line),
        };
    }
}
