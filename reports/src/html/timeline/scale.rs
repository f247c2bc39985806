//! A stretch of time laid out from left to right. Whole numbers only.

/// Where time begins on a picture, and how wide it is there.
pub(super) const LEFT: u64 = 64;
pub(super) const WIDTH: u64 = 900;

/// A stretch of time.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub(super) from: u64,
    pub(super) to: u64,
}

impl Scale {
    pub(super) fn x(self, at: u64) -> u64 {
        let at = at.clamp(self.from, self.to) - self.from;
        let x = u128::from(at) * u128::from(WIDTH) / u128::from((self.to - self.from).max(1));
        LEFT + u64::try_from(x).unwrap_or(WIDTH)
    }

    pub(super) const fn shows(self, from: u64, to: u64) -> bool {
        from <= self.to && to >= self.from
    }

    /// Between four and ten times, as round as they come.
    pub(super) fn ticks(self) -> Vec<u64> {
        let length = self.to - self.from;
        let mut step = 1_u64;
        'search: loop {
            for factor in [1, 2, 5] {
                if length / step.saturating_mul(factor) <= 8 {
                    step = step.saturating_mul(factor);
                    break 'search;
                }
            }
            step = step.saturating_mul(10);
        }
        let first = self.from.div_ceil(step);
        let times = (0..10).map_while(|n| first.checked_add(n)?.checked_mul(step));
        times.take_while(|at| *at <= self.to).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few_and_places_are_on_the_picture() {
        for (from, to) in
            [(0, 1), (0, 99), (7, 5_000_000_000), (3, u64::MAX), (5, 5), (u64::MAX, u64::MAX)]
        {
            let scale = Scale { from, to };
            let ticks = scale.ticks();
            assert!(
                ticks.len() <= 10 && ticks.iter().all(|at| (from..=to).contains(at)),
                "{ticks:?}"
            );
            for at in [0, from, to, u64::MAX] {
                assert!((LEFT..=LEFT + WIDTH).contains(&scale.x(at)));
            }
        }
        assert_eq!(Scale { from: 0, to: 5_600 }.ticks(), [0, 1_000, 2_000, 3_000, 4_000, 5_000]);
    }
}
