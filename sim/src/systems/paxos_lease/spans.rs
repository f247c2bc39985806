//! How long things last, worked out from the terms once more: what is judged must not rest on what the machine
//! works out for itself.

use interregnum_core::Span;
use interregnum_core::paxos_lease::Terms;

/// The spans that follow from the terms of a lease, each on the clock of whoever it binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spans {
    /// How long an acceptor excludes others for whom it granted the lease.
    pub(super) grant: Span,
    /// How long a lease may be held at most: `floor(grant * (1 - rho) / (1 + rho))`.
    pub(super) hold: Span,
    /// How long a restarted acceptor must be silent: `ceil(hold * (1 + rho) / (1 - rho))`.
    pub(super) quarantine: Span,
}

impl Spans {
    pub(super) fn of(terms: Terms) -> Self {
        let (one, rho) = (1_000_000_u128, u128::from(terms.rate.0.min(500_000)));
        let nanos = |nanos: u128| Span::nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let hold = u128::from(terms.grant.as_nanos()) * (one - rho) / (one + rho);
        let quarantine = (hold * (one + rho)).div_ceil(one - rho);
        Self { grant: terms.grant, hold: nanos(hold), quarantine: nanos(quarantine) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interregnum_core::Ppm;

    #[test]
    fn a_hold_is_rounded_down_and_a_silence_up() {
        for (grant, rate, hold, quarantine) in [
            (220, 100_000, 180, 220),
            (10, 50_000, 9, 10),
            (9, 50_000, 8, 9),
            (5, 250_000, 3, 5),
            (7, 0, 7, 7),
        ] {
            let terms = Terms { grant: Span::nanos(grant), rate: Ppm(rate) };
            let (hold, quarantine) = (Span::nanos(hold), Span::nanos(quarantine));
            assert_eq!(Spans::of(terms), Spans { grant: terms.grant, hold, quarantine });
            assert_eq!((terms.hold(), terms.quarantine()), (hold, quarantine));
        }
    }
}
