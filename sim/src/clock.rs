//! True time, which only the simulator knows, and the clocks that nodes read instead.

use interregnum_core::{Fold, LocalTime, Span, WallTime};
use std::fmt;

/// True time: nanoseconds since the run began.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct TrueTime(pub u64);

impl TrueTime {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// Never.
    pub const NEVER: Self = Self(u64::MAX);

    /// The time `span` later.
    #[must_use]
    pub const fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.as_nanos()))
    }

    /// How much later this is than `earlier`; zero if it is not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span::nanos(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for TrueTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0 / 1_000_000_000, self.0 / 1_000 % 1_000_000)
    }
}

impl fmt::Debug for TrueTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const MILLION: u64 = 1_000_000;

/// When runs begin, by a wall clock that is right.
pub(crate) const EPOCH: WallTime = WallTime(1_700_000_000_000_000_000);

/// One node's clocks: a monotonic one that runs fast or slow, and a wall clock that is driven by the same
/// crystal, but also set wrong and stepped.
///
/// The monotonic clock counts through pauses and crashes of the node's processes; it starts anew, from
/// any reading, only with the node's power. The wall clock has a battery.
#[derive(Clone, Debug)]
pub struct Clock {
    /// True time at which the present rate began, and what the clock showed then.
    since: TrueTime,
    shown: LocalTime,
    /// Nanoseconds that the clock counts in a true millisecond.
    rate: u64,
    /// How far the wall clock's reading is above the monotonic clock's.
    wall_ahead_ns: i64,
}

/// What happened to a node's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum ClockChange {
    /// From now on the monotonic clock runs fast by so many parts per million.
    Rate(i32),
    /// The wall clock was set forward by so many nanoseconds.
    Step(i64),
    /// With its node's power the monotonic clock started anew.
    Restarted {
        /// What it showed last.
        showed: LocalTime,
        /// What it shows now.
        shows: LocalTime,
    },
}

impl Clock {
    /// A clock that runs fast by `ppm` parts per million (slow, if negative), showing `shown` now, and
    /// a wall clock that is right.
    ///
    /// # Panics
    /// When the rate is off by more than half.
    #[must_use]
    pub fn new(ppm: i32, shown: LocalTime) -> Self {
        let monotonic = i64::try_from(shown.0).unwrap_or(i64::MAX);
        let wall_ahead_ns = EPOCH.0.saturating_sub(monotonic);
        Self { since: TrueTime::ZERO, shown, rate: rate(ppm), wall_ahead_ns }
    }

    /// A clock that shows `shown` whatever the time.
    #[must_use]
    pub(crate) const fn standing(shown: LocalTime) -> Self {
        // It is right from the end of time on.
        Self { since: TrueTime::NEVER, shown, rate: MILLION, wall_ahead_ns: EPOCH.0 }
    }

    /// Changes the clock, from `now` on.
    pub(crate) fn change(&mut self, now: TrueTime, change: ClockChange) {
        match change {
            ClockChange::Step(ns) => self.wall_ahead_ns = self.wall_ahead_ns.saturating_add(ns),
            ClockChange::Rate(ppm) => {
                (self.shown, self.since, self.rate) = (self.monotonic(now), now, rate(ppm));
            }
            ClockChange::Restarted { shows: shown, .. } => {
                let wall = self.wall(now).0;
                (self.shown, self.since) = (shown, now);
                let monotonic = i64::try_from(shown.0).unwrap_or(i64::MAX);
                self.wall_ahead_ns = wall.saturating_sub(monotonic);
            }
        }
    }

    /// What the monotonic clock shows at `now`.
    #[must_use]
    pub fn monotonic(&self, now: TrueTime) -> LocalTime {
        let real = now.since(self.since).as_nanos();
        let shown = if self.rate == MILLION {
            real
        } else {
            // Whole millions first, so that the product fits for any run length.
            (real / MILLION) * self.rate + (real % MILLION) * self.rate / MILLION
        };
        self.shown.after(Span::nanos(shown))
    }

    /// What the wall clock shows at `now`.
    #[must_use]
    pub fn wall(&self, now: TrueTime) -> WallTime {
        let monotonic = i64::try_from(self.monotonic(now).0).unwrap_or(i64::MAX);
        WallTime(monotonic.saturating_add(self.wall_ahead_ns))
    }

    /// How long it really takes until this clock has counted `local`: the first instant at which it
    /// shows at least that much more.
    #[must_use]
    pub fn real(&self, local: Span) -> Span {
        if self.rate == MILLION {
            return local;
        }
        let local = local.as_nanos();
        let (whole, rest) = (local / self.rate, local % self.rate);
        Span::nanos(whole.saturating_mul(MILLION))
            + Span::nanos((rest * MILLION).div_ceil(self.rate))
    }

    /// How long it really takes until this clock shows what `other` would show at `then`, if both show the
    /// same now.
    pub(crate) fn instead_of(&self, other: &Self, now: TrueTime, then: TrueTime) -> Span {
        self.real(other.monotonic(then).since(other.monotonic(now)))
    }
}

fn rate(ppm: i32) -> u64 {
    assert!(ppm.unsigned_abs() <= 500_000, "a clock that is off by more than half");
    MILLION.saturating_add_signed(i64::from(ppm))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_take_effect_from_now_on() {
        let mut clock = Clock::new(0, LocalTime(1_000));
        let at = |ms: u64| TrueTime(ms * MILLION);
        clock.change(at(1), ClockChange::Rate(500_000));
        assert_eq!(clock.monotonic(at(1)), LocalTime(1_000 + MILLION));
        assert_eq!(clock.monotonic(at(3)), LocalTime(1_000 + 4 * MILLION));
        assert_eq!(clock.wall(at(3)), WallTime(EPOCH.0 + 4_000_000));
        clock.change(at(3), ClockChange::Step(-5_000_000));
        assert_eq!(clock.wall(at(3)), WallTime(EPOCH.0 - 1_000_000));
        assert_eq!(clock.monotonic(at(3)), LocalTime(1_000 + 4 * MILLION));
        clock.change(at(3), ClockChange::Restarted { showed: LocalTime(3), shows: LocalTime(7) });
        assert_eq!(clock.monotonic(at(3)), LocalTime(7));
        assert_eq!(clock.wall(at(3)), WallTime(EPOCH.0 - 1_000_000), "it has a battery");
    }

    #[test]
    fn what_was_due_on_one_clock_is_due_on_another() {
        let (slow, fast) = (Clock::new(-500_000, LocalTime(0)), Clock::new(500_000, LocalTime(0)));
        let due = TrueTime(30 * MILLION);
        assert_eq!(fast.instead_of(&slow, TrueTime::ZERO, due), Span::millis(10));
        assert_eq!(slow.instead_of(&slow, TrueTime::ZERO, due), Span::millis(30));
    }

    #[test]
    fn a_timer_never_fires_before_its_clock_says_so() {
        for ppm in [-500_000, -200, 0, 1, 499_999] {
            let clock = Clock::new(ppm, LocalTime(77));
            for local in [1, 999, 1_000_003, 86_400_000_000_000] {
                let real = clock.real(Span::nanos(local));
                let at = |time| clock.monotonic(TrueTime(time)).0 - 77;
                assert!(at(real.as_nanos()) + 1 >= local, "{ppm} {local}");
                assert!(at(real.as_nanos() - 1) <= local, "{ppm} {local}");
            }
        }
    }
}
