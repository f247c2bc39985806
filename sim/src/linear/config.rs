//! Configurations, and sets of them in which none is superfluous.

use interregnum_core::Fold;
use std::collections::BTreeMap;

/// What became of one pending operation in one configuration.
#[derive(Clone, Debug, PartialEq, Eq, Fold)]
pub(super) enum Mark<O> {
    /// It is not placed. These results it could have had meanwhile without changing the state, in order.
    Waiting(Vec<O>),
    /// It was placed, changed the state, and has to return this.
    Placed(O),
    /// It was placed, changed the state, and never returns.
    Spent,
}

impl<O: Ord> Mark<O> {
    /// Whether who has this mark can do all that who has the other one can do.
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            // An operation that never returns need not be placed.
            (Self::Waiting(_) | Self::Spent, Self::Spent) => true,
            (Self::Placed(mine), Self::Placed(theirs)) => mine == theirs,
            (Self::Waiting(seen), Self::Placed(output)) => seen.binary_search(output).is_ok(),
            (Self::Waiting(mine), Self::Waiting(theirs)) => {
                theirs.iter().all(|output| mine.binary_search(output).is_ok())
            }
            (Self::Placed(_), _) | (Self::Spent, _) => false,
        }
    }

    /// The operation could return this here without a change.
    pub(super) fn see(&mut self, output: O) {
        if let Self::Waiting(seen) = self
            && let Err(place) = seen.binary_search(&output)
        {
            seen.insert(place, output);
        }
    }

    fn weight(&self) -> u64 {
        match self {
            Self::Waiting(seen) => 1 + seen.len() as u64,
            Self::Placed(_) | Self::Spent => 1,
        }
    }
}

/// One way in which everything that returned so far can have happened.
#[derive(Clone, Debug, Fold)]
pub(super) struct Config<T, O> {
    /// The state that this leads to.
    pub(super) state: T,
    /// What became of each pending operation, oldest first.
    pub(super) marks: Vec<Mark<O>>,
}

impl<T, O: Ord> Config<T, O> {
    /// What it costs to write it down.
    pub(super) fn weight(&self) -> u64 {
        1 + self.marks.iter().map(Mark::weight).sum::<u64>()
    }
}

/// Configurations none of which can do all that another one can do.
#[derive(Debug)]
pub(super) struct Frontier<T, O> {
    by_state: BTreeMap<T, Vec<Vec<Mark<O>>>>,
    /// How many marks and configurations were written or compared.
    pub(super) steps: u64,
}

impl<T: Ord + Clone, O: Ord + Clone> Frontier<T, O> {
    pub(super) const fn new() -> Self {
        Self { by_state: BTreeMap::new(), steps: 0 }
    }

    pub(super) fn of(configs: impl IntoIterator<Item = Config<T, O>>) -> Self {
        let mut frontier = Self::new();
        for config in configs {
            frontier.add(config);
        }
        frontier
    }

    /// Adds a configuration unless it is superfluous, and drops those that become so.
    pub(super) fn add(&mut self, config: Config<T, O>) -> bool {
        self.steps += config.weight();
        let others = self.by_state.entry(config.state).or_default();
        self.steps += others.len() as u64;
        if others.iter().any(|other| covers(other, &config.marks)) {
            return false;
        }
        others.retain(|other| !covers(&config.marks, other));
        others.push(config.marks);
        true
    }

    pub(super) fn into_configs(self) -> Vec<Config<T, O>> {
        let configs = self.by_state.into_iter().flat_map(|(state, ways)| {
            ways.into_iter().map(move |marks| Config { state: state.clone(), marks })
        });
        configs.collect()
    }
}

fn covers<O: Ord>(one: &[Mark<O>], other: &[Mark<O>]) -> bool {
    one.iter().zip(other).all(|(mine, theirs)| mine.covers(theirs))
}
