//! The trace of a replay, as far as somebody wants to read it.

use crate::args::{Replay, TraceForm};
use crate::io::Io;
use interregnum_core::Fingerprint;
use interregnum_reports::export::chrome::ChromeTrace;
use interregnum_reports::export::shiviz::ShivizLog;
use interregnum_reports::terminal::{Look, trace_header, trace_line};
use interregnum_sim::outcome::{Highlight, Outcome, TraceLine};
use interregnum_sim::trace::Recorder;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// So many replies at most are remembered until their clients have them.
const MOST_REPLIES: usize = 1 << 16;

/// Prints the lines of a trace that were asked for.
pub(crate) struct Printer<'p> {
    args: &'p Replay,
    io: &'p mut Io,
    look: Look,
    nodes: Vec<String>,
    /// Whether the reply at a line, which no client has taken so far, came from one of these nodes.
    replies: BTreeMap<u64, bool>,
    chrome: ChromeTrace,
    shiviz: ShivizLog,
    /// Set once nobody reads any more.
    unread: &'p AtomicBool,
}

impl<'p> Printer<'p> {
    pub(crate) fn new(args: &'p Replay, io: &'p mut Io, unread: &'p AtomicBool) -> Self {
        let (look, nodes) = (io.look(), args.nodes.iter().map(|node| format!("n{node}")).collect());
        let (chrome, shiviz) = (ChromeTrace::default(), ShivizLog::default());
        let replies = BTreeMap::new();
        let mut printer = Self { args, io, look, nodes, replies, chrome, shiviz, unread };
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

    /// Ends what the trace is written as, with what lasted in the run; of one that was cut short, that is not
    /// known.
    pub(crate) fn end(&mut self, outcome: Option<&Outcome>) {
        if self.args.format != TraceForm::Chrome {
            return;
        }
        let _ = match outcome.map(|outcome| self.shown(outcome)) {
            Some(shown) => self.chrome.end(self.io, &shown),
            None => self.chrome.close(self.io),
        };
    }

    /// A run with as much of what lasted in it as was asked for. Nothing that lasts is a line with some text.
    fn shown(&self, outcome: &Outcome) -> Outcome {
        let mut shown = outcome.clone();
        if let Some(until) = &self.args.until {
            shown.virtual_ns = shown.virtual_ns.min(until.0.as_nanos());
        }
        let (end, is_lines_only) = (shown.virtual_ns, self.args.quiet || self.args.grep.is_some());
        let is_shown = |highlight: &Highlight| {
            let node = highlight.node.map(|node| format!("n{node}"));
            let is_about =
                self.nodes.is_empty() || node.is_none_or(|node| self.nodes.contains(&node));
            is_about && highlight.at_ns <= end && !is_lines_only
        };
        let before_gap = shown.highlights.iter().take(shown.highlights_gap);
        shown.highlights_gap = before_gap.filter(|highlight| is_shown(highlight)).count();
        shown.highlights.retain(is_shown);
        shown
    }

    fn is_of(&self, process: &str) -> bool {
        let node = process.split('/').next().unwrap_or(process);
        self.nodes.iter().any(|wanted| wanted == node)
    }

    /// Whether a line is about one of the nodes asked for. What is about nobody is about all of them; what a
    /// client takes is about the node that replied.
    fn is_about(&mut self, line: &TraceLine) -> bool {
        if self.nodes.is_empty() {
            return true;
        }
        let (process, peer) = (line.process.as_deref(), line.peer.as_deref());
        let is_about = match (process, peer) {
            (None, None) => true,
            (None, Some(_)) => {
                line.cause.and_then(|cause| self.replies.remove(&cause)).unwrap_or(false)
            }
            _ => [process, peer].into_iter().flatten().any(|end| self.is_of(end)),
        };
        if line.kind == "replied" {
            self.replies.insert(line.line, is_about);
            if self.replies.len() > MOST_REPLIES {
                self.replies.pop_first();
            }
        }
        is_about
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
