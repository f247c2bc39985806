//! Two-phase commit, as Gray and Lamport specify it in "Consensus on Transaction Commit" (2004).
//!
//! A transaction manager and some resource managers share a pool of messages in which whatever was once sent
//! stays. The same specification comes with TLA+ (`TwoPhase`) and, as an example, with stateright (`2pc`).

use crate::key_of;
use interregnum_sim::explore::{Key, Model, Step};

/// The most resource managers.
pub const MOST: usize = 16;

/// A transaction with so many resource managers.
#[derive(Clone, Copy, Debug)]
pub struct TwoPhase {
    /// How many; at most [`MOST`].
    pub managers: u8,
    /// What is taken for the same.
    pub symmetry: Symmetry,
    /// Planted: the transaction manager commits without the last resource manager.
    pub hasty: bool,
}

/// Which states are taken for the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symmetry {
    /// Only equal ones.
    None,
    /// Those that differ in nothing but which resource manager is which.
    Full,
}

/// How far a resource manager has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manager {
    /// It works.
    Working,
    /// It is ready to commit.
    Prepared,
    /// It has committed.
    Committed,
    /// It has aborted.
    Aborted,
}

/// What the transaction manager has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing yet.
    Open,
    /// To commit; the message that says so has been sent.
    Commit,
    /// To abort; the message that says so has been sent.
    Abort,
}

/// All of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// The resource managers; those that are not there work for ever.
    pub managers: [Manager; MOST],
    /// Of whom the transaction manager knows that they are ready, a bit each.
    known: u16,
    /// Who has said that it is ready, a bit each.
    said: u16,
    /// What has been decided.
    pub decision: Decision,
}

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The transaction manager decides to commit.
    Commit,
    /// The transaction manager decides to abort.
    Abort,
    /// The transaction manager hears that a resource manager is ready.
    Hear(u8),
    /// A resource manager gets ready.
    Prepare(u8),
    /// A resource manager aborts by itself.
    GiveUp(u8),
    /// A resource manager hears the decision.
    Obey(u8),
}

impl Model for TwoPhase {
    type State = State;
    type Choice = Choice;
    type Workspace = Option<State>;
    type Failure = &'static str;

    fn workspace(&self) -> Option<State> {
        None
    }

    fn initial(&self, _: &mut Option<State>) -> State {
        let managers = [Manager::Working; MOST];
        State { managers, known: 0, said: 0, decision: Decision::Open }
    }

    fn key(&self, state: &State) -> Key {
        let sides = u64::from(state.known) << 16 | u64::from(state.said);
        let packed = |managers: &[Manager]| managers.iter().fold(0, |all, m| all << 2 | *m as u64);
        key_of(&[packed(&state.managers), sides << 2 | state.decision as u64])
    }

    fn choices(&self, state: &State, choices: &mut Vec<Choice>, _: &mut [u64]) {
        let open = state.decision == Decision::Open;
        if open && state.known | u16::from(self.hasty) << (self.managers - 1) == self.all() {
            choices.push(Choice::Commit);
        }
        if open {
            choices.push(Choice::Abort);
        }
        for (number, manager) in (0..self.managers).zip(&state.managers) {
            if open && state.said & 1 << number != 0 {
                choices.push(Choice::Hear(number));
            }
            if *manager == Manager::Working {
                choices.extend([Choice::Prepare(number), Choice::GiveUp(number)]);
            }
            if !open {
                choices.push(Choice::Obey(number));
            }
        }
    }

    fn step(
        &self,
        next: &mut Option<State>,
        state: &State,
        choice: &Choice,
        _: &mut [u64],
    ) -> Step<&'static str> {
        let mut after = *state;
        match *choice {
            Choice::Commit => after.decision = Decision::Commit,
            Choice::Abort => after.decision = Decision::Abort,
            Choice::Hear(number) => after.known |= 1 << number,
            Choice::Prepare(number) => {
                after.managers[usize::from(number)] = Manager::Prepared;
                after.said |= 1 << number;
            }
            Choice::GiveUp(number) => after.managers[usize::from(number)] = Manager::Aborted,
            Choice::Obey(number) => {
                let commits = state.decision == Decision::Commit;
                after.managers[usize::from(number)] =
                    if commits { Manager::Committed } else { Manager::Aborted };
            }
        }
        if after == *state {
            return Step::Same;
        }
        let has = |what| after.managers.contains(&what);
        if has(Manager::Committed) && has(Manager::Aborted) {
            return Step::Wrong("one has committed and another one has aborted");
        }
        if self.symmetry == Symmetry::Full {
            after = self.sorted(after);
        }
        *next = Some(after);
        Step::To(self.key(&after))
    }

    fn build(&self, next: &mut Option<State>, state: &State) -> State {
        next.unwrap_or(*state)
    }
}

impl TwoPhase {
    /// A transaction in which only equal states are the same.
    #[must_use]
    pub const fn of(managers: u8) -> Self {
        Self { managers, symmetry: Symmetry::None, hasty: false }
    }

    const fn all(&self) -> u16 {
        u16::MAX >> (16 - self.managers)
    }

    /// The one of all renamings in which the resource managers are in order, by all that there is to each.
    fn sorted(&self, mut state: State) -> State {
        let count = usize::from(self.managers);
        let mut each = [(Manager::Working, false, false); MOST];
        for (number, (each, manager)) in each.iter_mut().zip(state.managers).enumerate() {
            *each = (manager, state.known & 1 << number != 0, state.said & 1 << number != 0);
        }
        each[..count].sort_unstable();
        (state.known, state.said) = (0, 0);
        for (number, (manager, known, said)) in each.into_iter().enumerate() {
            state.managers[number] = manager;
            state.known |= u16::from(known) << number;
            state.said |= u16::from(said) << number;
        }
        state
    }
}

impl State {
    /// A renaming in which the resource managers are in order by how far they have come, and only by that:
    /// what stateright's example has. Two states of one symmetry may have different ones.
    #[must_use]
    pub fn half_sorted(&self) -> Self {
        let mut order: [usize; MOST] = std::array::from_fn(|number| number);
        order.sort_by_key(|number| self.managers[*number]);
        let mut state = Self { known: 0, said: 0, ..*self };
        for (to, from) in order.into_iter().enumerate() {
            state.managers[to] = self.managers[from];
            state.known |= (self.known >> from & 1) << to;
            state.said |= (self.said >> from & 1) << to;
        }
        state
    }
}
