//! Exit codes, and which one many runs together deserve.

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything that ran met its expectation.
    Passed = 0,
    /// An invariant, a liveness property or an expectation failed.
    Failed = 1,
    /// Bad usage or bad input.
    Usage = 2,
    /// It could not be told, or it was interrupted.
    Inconclusive = 3,
    /// Nothing ran.
    Nothing = 4,
    /// The simulation itself is at fault; a diverging replay is.
    Internal = 70,
}

impl Exit {
    /// The one of two that must not be missed: 70 before 2, 1, 3, 4, 0.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        const PRIORITY: [Exit; 6] = [
            Exit::Internal,
            Exit::Usage,
            Exit::Failed,
            Exit::Inconclusive,
            Exit::Nothing,
            Exit::Passed,
        ];
        PRIORITY.into_iter().find(|exit| *exit == self || *exit == other).unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Exit::{self, *};

    #[test]
    fn the_worst_comes_first() {
        let order = [Internal, Usage, Failed, Inconclusive, Nothing, Passed];
        for (rank, worse) in order.into_iter().enumerate() {
            for better in &order[rank..] {
                assert_eq!((worse.or(*better), better.or(worse)), (worse, worse));
            }
        }
        let sum: u32 = [Passed, Internal].into_iter().map(|exit: Exit| exit as u32).sum();
        assert_eq!(sum, 70);
    }
}
