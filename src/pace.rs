//! Patience: Ctrl-C, and how far a long campaign has come.

use crate::io::Io;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use interregnum_reports::number;
use interregnum_sim::campaign::Pace;
use interregnum_sim::explore::Progress;
use interregnum_sim::outcome::Outcome;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

/// Set by Ctrl-C.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How often a line is printed where no bar can be drawn.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// Progress of all runs, on standard error; cancelled by Ctrl-C.
pub(crate) struct Watch {
    bar: Option<ProgressBar>,
    plain: bool,
    total: u64,
    done: AtomicU64,
    events: AtomicU64,
    began: Instant,
    printed: Mutex<Instant>,
    /// What is counted, if not runs: one for each planted bug, however many runs it takes.
    bugs: Option<AtomicU64>,
}

impl Watch {
    /// Watches over `total` runs.
    pub(crate) fn new(io: &Io, total: u64, quiet: bool) -> Self {
        Self::counting(io, total, quiet, None)
    }

    /// Watches over the audit of `total` planted bugs.
    pub(crate) fn of_bugs(io: &Io, total: u64, quiet: bool) -> Self {
        Self::counting(io, total, quiet, Some(AtomicU64::new(0)))
    }

    /// One planted bug is done with.
    pub(crate) fn next_bug(&self) {
        if let Some(bugs) = &self.bugs {
            bugs.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    fn counting(io: &Io, total: u64, quiet: bool, bugs: Option<AtomicU64>) -> Self {
        if io.handles_signals() {
            catch_interrupts();
        }
        let now = Instant::now();
        let word = if bugs.is_some() { "planted bugs" } else { "runs" };
        let bar = (io.is_watched() && !quiet && total > 1).then(|| bar(total, word));
        Self {
            plain: bar.is_none() && !quiet && io.handles_signals(),
            bar,
            total,
            done: AtomicU64::new(0),
            events: AtomicU64::new(0),
            began: now,
            printed: Mutex::new(now),
            bugs,
        }
    }

    /// Takes the bar from the screen while something else is printed.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Removes the bar.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, done: u64) {
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        if printed.elapsed() < PLAIN_EVERY {
            return;
        }
        *printed = Instant::now();
        let seconds = self.began.elapsed().as_secs().max(1);
        let events = self.events.load(Ordering::Relaxed);
        let (counted, word) = match &self.bugs {
            Some(bugs) => (bugs.load(Ordering::Relaxed), "planted bugs"),
            None => (done, "runs"),
        };
        let (total, runs, events) = (self.total, done / seconds, events / seconds);
        eprintln!("{counted} of {total} {word}, {runs} runs/s, {events} events/s");
    }
}

impl Pace for Watch {
    fn is_cancelled(&self) -> bool {
        INTERRUPTED.load(Ordering::Relaxed)
    }

    fn finished(&self, outcome: &Outcome) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.events.fetch_add(outcome.events, Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.inc(u64::from(self.bugs.is_none()));
        } else if self.plain {
            self.line(done);
        }
    }
}

/// Progress of one search, on standard error; cancelled by Ctrl-C.
pub(crate) struct Explorer {
    bar: Option<ProgressBar>,
    plain: bool,
    name: String,
    began: Instant,
    printed: Mutex<Instant>,
}

impl Explorer {
    /// Watches over the search of the scenario called `name`.
    pub(crate) fn new(io: &Io, name: &str, quiet: bool) -> Self {
        if io.handles_signals() {
            catch_interrupts();
        }
        let now = Instant::now();
        let bar = (io.is_watched() && !quiet).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        let plain = bar.is_none() && !quiet && io.handles_signals();
        Self { bar, plain, name: name.to_owned(), began: now, printed: Mutex::new(now) }
    }

    /// Removes the bar.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl interregnum_sim::explore::Watch for Explorer {
    fn stops(&self, progress: Progress) -> bool {
        let Progress { states, transitions, depth, waiting, bytes } = progress;
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = if self.bar.is_some() { Duration::from_millis(250) } else { PLAIN_EVERY };
        if (self.bar.is_some() || self.plain) && printed.elapsed() >= pause {
            *printed = Instant::now();
            let rate = transitions / self.began.elapsed().as_secs().max(1);
            let line = format!(
                "{}: {} states, depth {depth}, {} waiting, {} transitions/s, {} MiB",
                self.name,
                number(states),
                number(waiting),
                number(rate),
                number(bytes >> 20)
            );
            match &self.bar {
                Some(bar) => bar.set_message(line),
                None => eprintln!("{line}"),
            }
        }
        INTERRUPTED.load(Ordering::Relaxed)
    }
}

/// Whether Ctrl-C was pressed.
pub(crate) fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// The first Ctrl-C cuts short the runs that go on, and what is complete is kept; the second ends the
/// command at once.
fn catch_interrupts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Without a handler Ctrl-C ends the process at once, which is no disaster either.
        let _ = ctrlc::set_handler(|| {
            if INTERRUPTED.swap(true, Ordering::Relaxed) {
                std::process::exit(crate::Exit::Inconclusive as i32);
            }
        });
    });
}

fn bar(total: u64, word: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(&format!(
        "  {{bar:40.cyan/dim}} {{human_pos}} of {{human_len}} {word}, {{per_sec}}, {{eta}} left",
    ))
    .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    bar.set_style(style.progress_chars("━╸─"));
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}
