//! By what a search knows a state.

/// By what a search knows a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The fingerprint of everything but the budgets.
    pub print: u128,
    /// What is left of the budgets.
    pub purse: Purse,
}

impl Key {
    /// The key of a state without budgets.
    #[must_use]
    pub const fn of(print: u128) -> Self {
        Self { print, purse: Purse::EMPTY }
    }
}

/// Ten budgets of at most 31, in one word: six bits for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purse(u64);

/// How many bits a budget has.
const WIDTH: usize = 6;

/// The bit of each budget that is never used, so that comparing them borrows from nobody.
const SPARE: u64 = 0x0820_8208_2082_0820;

impl Purse {
    /// Nothing left of anything.
    pub const EMPTY: Self = Self(0);
    /// How many budgets there is room for.
    pub const BUDGETS: usize = 10;
    /// The most that a budget can be.
    pub const MOST: u8 = 31;

    /// So much of each; what is more than [`Purse::MOST`] is taken for that.
    #[must_use]
    pub fn new(amounts: [u8; Self::BUDGETS]) -> Self {
        let amounts = amounts.iter().rev().map(|amount| u64::from(*amount.min(&Self::MOST)));
        Self(amounts.fold(0, |word, amount| word << WIDTH | amount))
    }

    /// What is left of a budget.
    #[must_use]
    pub const fn left(self, budget: usize) -> u8 {
        (self.0 >> (WIDTH * budget)).to_le_bytes()[0] & Self::MOST
    }

    /// One less of a budget, if there is any left.
    #[must_use]
    pub const fn spend(self, budget: usize) -> Option<Self> {
        match self.left(budget) {
            0 => None,
            _ => Some(Self(self.0 - (1 << (WIDTH * budget)))),
        }
    }

    /// Whether there is at least as much left of every budget as in `other`.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        ((self.0 | SPARE) - other.0) & SPARE == SPARE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_purse_covers_what_has_no_more_of_anything(
            a in prop::array::uniform10(0..=Purse::MOST),
            b in prop::array::uniform10(0..=Purse::MOST),
        ) {
            let covers = a.iter().zip(&b).all(|(a, b)| a >= b);
            prop_assert_eq!(Purse::new(a).covers(Purse::new(b)), covers);
            prop_assert!(Purse::new(a).covers(Purse::new(a)));
        }

        #[test]
        fn what_is_spent_is_gone(amounts in prop::array::uniform10(0..=Purse::MOST), at in 0..10_usize) {
            let before = Purse::new(amounts);
            let Some(after) = before.spend(at) else {
                prop_assert_eq!(amounts[at], 0);
                return Ok(());
            };
            prop_assert_eq!(after.left(at) + 1, amounts[at]);
            prop_assert!(before.covers(after) && !after.covers(before));
            prop_assert!((0..10).all(|other| other == at || after.left(other) == amounts[other]));
        }
    }
}
