//! Alarms that are set again far more often than they go off: timers, clients' alarms.
//!
//! Each alarm has at most one live entry in the queue. Setting it later only moves the due time; the
//! entry finds out when it comes up, and goes back into the queue.

use crate::clock::TrueTime;

/// One alarm.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Alarm {
    due: Option<TrueTime>,
    queued: Option<TrueTime>,
}

/// What to do when an alarm's queue entry comes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ring {
    /// It is due.
    Now,
    /// Put an entry back for this time.
    Later(TrueTime),
    /// Nothing.
    Never,
}

impl Alarm {
    /// Sets it; true if an entry must be put into the queue for that time.
    pub(crate) fn set(&mut self, due: TrueTime) -> bool {
        self.due = Some(due);
        let needs_entry = self.queued.is_none_or(|queued| queued > due);
        if needs_entry {
            self.queued = Some(due);
        }
        needs_entry
    }

    /// When it is due, if it is set.
    pub(crate) const fn due(&self) -> Option<TrueTime> {
        self.due
    }

    pub(crate) fn clear(&mut self) {
        self.due = None;
    }

    /// Its queue entry for `now` has come up.
    pub(crate) fn ring(&mut self, now: TrueTime) -> Ring {
        // An entry that an earlier one replaced means nothing.
        if self.queued != Some(now) {
            return Ring::Never;
        }
        self.queued = None;
        match self.due {
            Some(due) if due <= now => {
                self.due = None;
                Ring::Now
            }
            Some(due) => {
                self.queued = Some(due);
                Ring::Later(due)
            }
            None => Ring::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_an_alarm_later_costs_no_entry_and_moving_it_earlier_one() {
        let at = TrueTime;
        let mut alarm = Alarm::default();
        assert!(alarm.set(at(10)));
        assert!(!alarm.set(at(30)));
        assert_eq!(alarm.ring(at(10)), Ring::Later(at(30)));
        assert!(alarm.set(at(20)));
        assert_eq!(alarm.ring(at(20)), Ring::Now);
        assert_eq!(alarm.ring(at(30)), Ring::Never);
        assert!(alarm.set(at(40)));
        alarm.clear();
        assert_eq!(alarm.ring(at(40)), Ring::Never);
    }
}
