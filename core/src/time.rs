//! Durations and clock readings, in whole nanoseconds.
//!
//! Only durations measured on one clock are ever compared; a [`LocalTime`] means nothing on another
//! node. True time is the host's alone and has no type here.

use crate::{Fold, Folder};
use core::fmt;
use core::ops::{Add, Sub};

/// A duration in nanoseconds; at most about 584 years. Arithmetic saturates.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest duration, used as "never".
    pub const MAX: Self = Self(u64::MAX);

    /// A duration of `nanos` nanoseconds.
    #[must_use]
    pub const fn nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// A duration of `micros` microseconds.
    #[must_use]
    pub const fn micros(micros: u64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    /// A duration of `millis` milliseconds.
    #[must_use]
    pub const fn millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// A duration of `secs` seconds.
    #[must_use]
    pub const fn secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// The number of nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// This duration `times` over.
    #[must_use]
    pub const fn times(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }

    /// `self * numerator / denominator`, rounded down.
    ///
    /// # Panics
    /// When `denominator` is zero.
    #[must_use]
    pub fn scaled_down(self, numerator: u64, denominator: u64) -> Self {
        let product = u128::from(self.0) * u128::from(numerator);
        Self(u64::try_from(product / u128::from(denominator)).unwrap_or(u64::MAX))
    }

    /// `self * numerator / denominator`, rounded up.
    ///
    /// # Panics
    /// When `denominator` is zero.
    #[must_use]
    pub fn scaled_up(self, numerator: u64, denominator: u64) -> Self {
        let product = u128::from(self.0) * u128::from(numerator);
        Self(u64::try_from(product.div_ceil(u128::from(denominator))).unwrap_or(u64::MAX))
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Span {
    /// The largest unit that loses nothing down to microseconds: `1.5s`, `250ms`, `40us`, `7ns`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name) = match self.0 {
            1_000_000_000.. => (1_000_000_000, "s"),
            1_000_000.. => (1_000_000, "ms"),
            1_000.. => (1_000, "us"),
            _ => return write!(f, "{}ns", self.0),
        };
        let (whole, mut rest) = (self.0 / unit, self.0 % unit);
        write!(f, "{whole}")?;
        if rest != 0 {
            f.write_str(".")?;
        }
        let mut digit = unit / 10;
        while rest != 0 {
            write!(f, "{}", rest / digit)?;
            rest %= digit;
            digit /= 10;
        }
        f.write_str(name)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A reading of one node's monotonic clock, in nanoseconds since an arbitrary start.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime(pub u64);

/// By how far it is from what the fold is relative to.
impl Fold for LocalTime {
    #[inline]
    fn fold(&self, into: &mut Folder) {
        into.word(self.0.wrapping_sub(into.now().0));
    }
}

impl LocalTime {
    /// The reading `span` later.
    #[must_use]
    pub const fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// How much later this reading is than `earlier`; zero if it is not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Debug for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", Span(self.0))
    }
}

/// When a node's monotonic clock has counted a span. All that can be asked of it is how much is left, so that
/// one deadline that has passed is like any other: a search that lets time pass has only so many states
/// because of that.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(LocalTime);

impl Deadline {
    /// One that has passed from the start.
    pub const PASSED: Self = Self(LocalTime(0));

    /// `span` after the clock showed `now`.
    #[must_use]
    pub const fn after(now: LocalTime, span: Span) -> Self {
        Self(now.after(span))
    }

    /// Whether it is reached by the time the clock shows `now`.
    #[must_use]
    pub const fn is_passed(self, now: LocalTime) -> bool {
        self.left(now).0 == 0
    }

    /// How much is left when the clock shows `now`; nothing, once it is reached.
    #[must_use]
    pub const fn left(self, now: LocalTime) -> Span {
        self.0.since(now)
    }
}

/// By what is left of it when the clock shows what the fold is relative to.
impl Fold for Deadline {
    #[inline]
    fn fold(&self, into: &mut Folder) {
        into.word(self.left(into.now()).0);
    }
}

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A reading of one node's wall clock, in nanoseconds since its epoch; it may step either way.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Fold, Debug)]
pub struct WallTime(pub i64);

/// A ratio in parts per million, for clock rates. At most 500,000 where it bounds a clock.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Fold, Debug)]
pub struct Ppm(pub u32);

impl Ppm {
    const ONE: u64 = 1_000_000;

    /// The longest time a holder may act on a grant that lasts `grant` on the grantor's clock, both
    /// clocks within this bound of real time: `grant * (1 - rho) / (1 + rho)`, rounded down.
    #[must_use]
    pub fn usable_of(self, grant: Span) -> Span {
        grant
            .scaled_down(Self::ONE.saturating_sub(u64::from(self.0)), Self::ONE + u64::from(self.0))
    }

    /// The shortest grant of which a holder may use `usable`, both clocks within this bound of real time:
    /// `usable * (1 + rho) / (1 - rho)`, rounded up.
    ///
    /// # Panics
    /// When the bound is a whole (1,000,000) or more: such a clock may stand still.
    #[must_use]
    pub fn covering(self, usable: Span) -> Span {
        usable.scaled_up(Self::ONE + u64::from(self.0), Self::ONE - u64::from(self.0))
    }

    /// The longest real time that a clock within this bound takes to show `local`:
    /// `local / (1 - rho)`, rounded up.
    ///
    /// # Panics
    /// When the bound is a whole (1,000,000) or more: such a clock may stand still.
    #[must_use]
    pub fn longest_real(self, local: Span) -> Span {
        local.scaled_up(Self::ONE, Self::ONE - u64::from(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn spans_print_exactly() {
        for (span, text) in [
            (Span::ZERO, "0ns"),
            (Span::nanos(1_500), "1.5us"),
            (Span::millis(250), "250ms"),
            (Span::nanos(1_000_000_001), "1.000000001s"),
            (Span::secs(90), "90s"),
        ] {
            assert_eq!(span.to_string(), text);
        }
    }

    #[test]
    fn a_holder_rounds_down_and_a_bound_rounds_up() {
        // G = 10 ticks and rho = 5 %: 9.047... must become 9, never 10.
        assert_eq!(Ppm(50_000).usable_of(Span::nanos(10)), Span::nanos(9));
        assert_eq!(Ppm(50_000).longest_real(Span::nanos(10)), Span::nanos(11));
        assert_eq!(Ppm(0).usable_of(Span::secs(1)), Span::secs(1));
        // Of 10 ticks 9 may be used, and it takes all 10 to cover them; 8 take 9.
        assert_eq!(Ppm(50_000).covering(Span::nanos(9)), Span::nanos(10));
        assert_eq!(Ppm(50_000).covering(Span::nanos(8)), Span::nanos(9));
    }

    #[test]
    fn a_deadline_that_has_passed_is_like_any_other() {
        let (early, late) = (Deadline::after(LocalTime(3), Span::nanos(2)), Deadline::PASSED);
        let print = |deadline: Deadline, now: u64| {
            let mut folder = Folder::new();
            folder.rebase(LocalTime(now));
            deadline.fold(&mut folder);
            folder.fingerprint()
        };
        assert!(!early.is_passed(LocalTime(4)) && early.is_passed(LocalTime(5)));
        assert_ne!(print(early, 4), print(late, 4));
        assert_eq!(print(early, 5), print(late, 9));
        let later = Deadline::after(LocalTime(103), Span::nanos(2));
        assert_eq!(print(early, 4), print(later, 104));
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Span::ZERO - Span::secs(1), Span::ZERO);
        assert_eq!(LocalTime(5).since(LocalTime(9)), Span::ZERO);
        assert_eq!(Span::MAX.scaled_up(3, 2), Span::MAX);
    }
}
