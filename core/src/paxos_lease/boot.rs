//! Boot: which start this is, and what must be durable before anything is done in it.
//!
//! The count is written to the place that does not hold the last durable one, so a torn write costs nothing: the
//! start that it counted had not been acted upon. For that, what was read is made durable first: after a crash that
//! left the node its power, it may be a count that was written and never synced, and the place that is overwritten
//! next then holds the last durable one. Where no count is left, or one may be there that the
//! medium does not give out, the node cannot tell which ballots it used. It writes no count then, so that it stays
//! so until the disk gives it out again or somebody repairs it, and is an acceptor only, after the silence that any
//! acceptor keeps. It leaves a mark, though: if all that comes back is what the deployment wrote, the
//! next start is not the first one, and is silent like any other.

use super::acceptor::Acceptor;
use super::fact::Fact;
use super::message::{Restart, Started, Timer};
use super::proposer::Proposer;
use super::record::{self, Record, VOLUME};
use super::rules::Rules;
use super::{Config, PaxosLease};
use crate::{Cell, Context, Deadline, DiskError, Image, LocalTime};
use core::marker::PhantomData;

impl<R: Rules> PaxosLease<R> {
    pub(super) fn start(
        config: &Config<R>,
        image: &Image<Record>,
        now: LocalTime,
        cx: &mut Context<'_, Self>,
    ) -> Self {
        let former = last_start(image);
        let proposes = former.is_some() || config.rules.may_propose_after_amnesia();
        let restart = Restart(former.map_or(1, |Restart(former)| former + 1));
        // The first start ever has nothing to forget. Whatever is where a mark would be, there was one before.
        let forgot = former != Some(Restart(0)) || is_marked(image);
        let silent_until = if forgot {
            Deadline::after(now, config.rules.quarantine(config.terms()))
        } else {
            Deadline::PASSED
        };
        if former.is_none() {
            cx.fact(Fact::Amnesiac);
        }
        if proposes {
            cx.arm(Timer::Attempt, config.settings().attempt);
        }
        match former {
            Some(former) => cx.sync(VOLUME, Started(former)),
            None if proposes => Self::write_count(restart, cx),
            None => Self::leave_mark(image, restart, cx),
        }
        Self {
            restart,
            durable: false,
            proposes,
            acceptor: Acceptor::new(silent_until),
            proposer: Proposer::default(),
            rules: PhantomData,
        }
    }

    /// What was read is durable now, or else this start's own count or mark is.
    pub(super) fn on_synced(&mut self, Started(restart): Started, cx: &mut Context<'_, Self>) {
        if restart == self.restart {
            self.durable = true;
        } else if !self.durable {
            Self::write_count(self.restart, cx);
        }
    }

    fn write_count(restart: Restart, cx: &mut Context<'_, Self>) {
        cx.write(record::place(restart), Record(restart));
        cx.sync(VOLUME, Started(restart));
    }

    /// This start has no count. A mark that can be read says all that there is to say.
    fn leave_mark(image: &Image<Record>, restart: Restart, cx: &mut Context<'_, Self>) {
        if image.record(record::MARK).is_none() {
            cx.write(record::MARK, record::MARKED);
        }
        cx.sync(VOLUME, Started(restart));
    }

    /// What a failed sync covered may or may not be durable, and a later good sync does not tell: only a start,
    /// which reads what is there and writes again, is safe. Nothing was done in this one.
    pub(super) fn on_failed(error: DiskError, cx: &mut Context<'_, Self>) {
        cx.halt(match error {
            DiskError::Io => "a sync failed",
            DiskError::Full => "the disk is full",
        });
    }
}

/// Whether there was a start without a count, also if its mark is torn, or cannot be read now.
fn is_marked(image: &Image<Record>) -> bool {
    !matches!(image.cell(record::MARK), Cell::Empty)
}

/// The highest count there is, wherever it was written: also one that went to the wrong place counted a start. A
/// damaged one was torn before it was durable. One that cannot be read may be the last one.
fn last_start(image: &Image<Record>) -> Option<Restart> {
    let mut last = None;
    for (slot, cell) in image.range(VOLUME, 0..u64::MAX) {
        match cell {
            Cell::Intact { home, .. } if *home == record::MARK => {}
            // It says nothing of counts.
            Cell::Unreadable if slot == record::MARK.slot => {}
            // After the last count there is no other; it would come again.
            Cell::Intact { record: Record(Restart(u32::MAX)), .. } | Cell::Unreadable => {
                return None;
            }
            Cell::Intact { record: Record(restart), .. } => last = last.max(Some(*restart)),
            Cell::Empty | Cell::Damaged => {}
        }
    }
    last
}
