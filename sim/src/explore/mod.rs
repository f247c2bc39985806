//! Exhaustive search: every order of everything that may happen, within bounds.
//!
//! A [`Model`] says what there is to choose in a state and where each choice leads. The search knows states
//! only by their [`Key`]: a 128-bit fingerprint, and what is left of the budgets for faults and the like. Two
//! states with the same fingerprint are taken for the same: among a billion states the odds that any two
//! were confused are about one in 10^21.
//!
//! There are two ways to go about it:
//! - **by layers** ([`Search::layers`]): everything that can be reached in one choice, then in two. What it
//!   finds first takes as few choices as possible. Threads share the work, and counts, verdict and trace do
//!   not depend on how many there are: successors are worked out side by side and taken in one after another,
//!   in the order of their parents.
//! - **by depth** ([`Search::deep`]): one path to its end, then the next. Where layers hold a whole frontier,
//!   this holds one path; its traces are longer, and it uses one thread.
//!
//! **Budgets.** A state that was reached before with at least as much left of every budget cannot lead to
//! anything new. Models whose keys have no budget have as many states as fingerprints.
//!
//! **What was exercised.** A search that finds nothing wrong proves nothing of a property that could not have
//! been false in any step. How often each could have been is summed over all steps that were tried, including
//! those that lead to states known before. Such steps are the same for any number of threads. By depth states
//! may be reached first, and again with more left, in another order than by layers, and by histories that
//! count otherwise; then the sums differ.
//!
//! What is absent: liveness. A search finds states that must not be, not runs that never get anywhere.

pub mod cluster;
mod deep;
mod key;
mod layers;
mod outcome;
mod table;
#[cfg(test)]
mod tests;

pub use key::{Key, Purse};
pub use outcome::{Cut, End, Exercised, Explored, Progress, Unwatched, Watch};

use std::fmt::Debug;

/// What can be searched: states, choices, and where a choice leads.
pub trait Model: Sync {
    /// A state, as it is kept until its choices have been made.
    type State: Send + Sync;
    /// One of the things that may happen next.
    type Choice: Clone + Debug + Send + Sync;
    /// What one thread works out successors with.
    type Workspace: Send;
    /// What is wrong with a state, or with the choice that led there.
    type Failure: Debug + Send;

    /// Room to work in.
    fn workspace(&self) -> Self::Workspace;

    /// Where everything begins.
    fn initial(&self, workspace: &mut Self::Workspace) -> Self::State;

    /// The key of a state.
    fn key(&self, state: &Self::State) -> Key;

    /// Puts every choice there is in this state into `choices`, always in the same order, and counts in
    /// `cuts` what a bound rules out.
    fn choices(&self, state: &Self::State, choices: &mut Vec<Self::Choice>, cuts: &mut [u64]);

    /// Works out where a choice leads, and leaves it in the workspace; counts in `cuts` what a bound keeps from
    /// being tried besides.
    fn step(
        &self,
        workspace: &mut Self::Workspace,
        state: &Self::State,
        choice: &Self::Choice,
        cuts: &mut [u64],
    ) -> Step<Self::Failure>;

    /// The state that the last step led to: asked for only if it is new.
    fn build(&self, workspace: &mut Self::Workspace, state: &Self::State) -> Self::State;

    /// The names of the bounds that `choices` and `step` count cuts for.
    fn bounds(&self) -> &'static [&'static str] {
        &[]
    }

    /// The names of the properties that steps are judged by.
    fn properties(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Adds to `times` how often each of them could have been false in the steps that were worked out in this
    /// workspace since this was asked last.
    fn exercised(&self, workspace: &mut Self::Workspace, times: &mut [u64]) {
        let _ = (workspace, times);
    }

    /// About how many bytes a state takes while it waits for its turn.
    fn weight(&self, state: &Self::State) -> usize {
        size_of_val(state)
    }
}

/// Where a choice leads.
#[derive(Debug)]
pub enum Step<F> {
    /// Nowhere: nothing has changed.
    Same,
    /// To the state with this key.
    To(Key),
    /// Out of bounds: which one, by its number in [`Model::bounds`].
    Beyond(usize),
    /// To something that must not be.
    Wrong(F),
}

/// How far a search may go.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most choices in a row.
    pub depth: u32,
    /// The most bytes for the table of known states and for those that wait.
    pub memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: u32::MAX, memory_bytes: 4 << 30 }
    }
}

/// A search to be made.
pub struct Search<'a, M: Model> {
    /// Of what.
    pub model: &'a M,
    /// How far.
    pub limits: Limits,
    /// Who looks on, and may stop it.
    pub watch: &'a dyn Watch,
}

impl<'a, M: Model> Search<'a, M> {
    /// Everything there is, unwatched.
    #[must_use]
    pub fn of(model: &'a M) -> Self {
        Self { model, limits: Limits::default(), watch: &Unwatched }
    }
}
