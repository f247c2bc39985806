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

/// One node's clocks: a monotonic one that runs fast or slow, and a wall clock set wrong by an offset.
///
/// The monotonic clock counts through pauses and crashes of the node's processes; it starts anew only
/// with the node's power.
#[derive(Clone, Debug)]
pub struct Clock {
    /// True time at which the present rate began, and what the clock showed then.
    since: TrueTime,
    shown: LocalTime,
    /// Nanoseconds that the clock counts in a true millisecond.
    rate: u64,
    wall_offset_ns: i64,
}

impl Clock {
    /// A clock that runs fast by `ppm` parts per million (slow, if negative), showing `shown` now.
    ///
    /// # Panics
    /// When the rate is off by half or more.
    #[must_use]
    pub fn new(ppm: i32, shown: LocalTime) -> Self {
        assert!(ppm.unsigned_abs() <= 500_000, "a clock that is off by more than half");
        let rate = MILLION.saturating_add_signed(i64::from(ppm));
        Self { since: TrueTime::ZERO, shown, rate, wall_offset_ns: 0 }
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
        WallTime(monotonic.saturating_add(self.wall_offset_ns))
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
