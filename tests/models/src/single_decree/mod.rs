//! Single-decree Paxos with three acceptors and proposers that have one ballot each, and what makes its states
//! fewer.
//!
//! A proposer starts at any time, asks all acceptors for promises and, when it has two, asks all to accept the
//! value of the highest vote that it heard of, or else its own; it has decided when two have accepted. A message
//! is consumed when it arrives, whether it has an effect or not.
//!
//! The [`Reductions`] can be combined. None changes which proposers can decide which values.

mod state;

pub use state::{Acceptor, Link, Phase, Proposer, State, Vote};

use interregnum_sim::explore::{Key, Model, Step};

/// How many acceptors there are.
pub const ACCEPTORS: usize = 3;
/// The most proposers.
pub const PROPOSERS: usize = 3;

/// So many proposers.
#[derive(Clone, Copy, Debug)]
pub struct SingleDecree {
    /// How many; at most [`PROPOSERS`].
    pub proposers: u8,
    /// What is left out.
    pub reductions: Reductions,
    /// Planted: proposers do not listen to what was accepted before.
    pub deaf: bool,
}

/// What is left out of the search because it makes no difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reductions {
    /// Messages that can have no effect any more are gone, and so is what a proposer needs no longer.
    pub dead_messages: bool,
    /// States that differ in nothing but which acceptor is which are the same.
    pub symmetry: bool,
    /// If an acceptance is on its way to a proposer that waits for it, nothing else happens first: it touches
    /// nothing but this proposer, which does nothing else meanwhile.
    pub acks_first: bool,
    /// A proposer takes in two promises, or two acceptances, in one step, and never one.
    pub quorums: bool,
}

/// What may happen. The first number is that of the proposer, the second that of the acceptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A proposer starts.
    Start(u8),
    /// It is asked for a promise.
    Prepare(u8, u8),
    /// The promise comes back.
    Promise(u8, u8),
    /// It is asked to accept.
    Accept(u8, u8),
    /// The acceptance comes back.
    Ack(u8, u8),
    /// The promises of all but this acceptor come back.
    Promises(u8, u8),
    /// The acceptances of two acceptors come back.
    Acks(u8),
}

impl Model for SingleDecree {
    type State = State;
    type Choice = Choice;
    type Workspace = State;
    type Failure = &'static str;

    fn workspace(&self) -> State {
        State::default()
    }

    fn initial(&self, _: &mut State) -> State {
        State::default()
    }

    fn key(&self, state: &State) -> Key {
        crate::key_of(&state.words())
    }

    fn choices(&self, state: &State, choices: &mut Vec<Choice>, _: &mut [u64]) {
        let first = choices.len();
        for proposer in 0..self.proposers {
            self.choices_of(proposer, state, choices);
            let is_ack = |choice: &Choice| {
                let waits = |proposer: u8| state.proposer(proposer).phase == Phase::Accepting;
                matches!(choice, Choice::Ack(proposer, _) if waits(*proposer))
            };
            if !self.reductions.acks_first {
                continue;
            }
            if let Some(ack) = choices[first..].iter().copied().find(is_ack) {
                choices.truncate(first);
                choices.push(ack);
                return;
            }
        }
    }

    fn step(
        &self,
        next: &mut State,
        state: &State,
        choice: &Choice,
        _: &mut [u64],
    ) -> Step<&'static str> {
        *next = *state;
        match *choice {
            Choice::Start(proposer) => next.start(proposer),
            Choice::Prepare(proposer, acceptor) => next.prepare(proposer, acceptor),
            Choice::Promise(proposer, acceptor) => next.promise(proposer, acceptor, self.deaf),
            Choice::Accept(proposer, acceptor) => next.accept(proposer, acceptor),
            Choice::Ack(proposer, acceptor) => next.ack(proposer, acceptor),
            Choice::Promises(proposer, but) => {
                for acceptor in (0..3).filter(|acceptor| *acceptor != but) {
                    next.promise(proposer, acceptor, self.deaf);
                }
            }
            Choice::Acks(proposer) => {
                let acked = (0..3).filter(|acceptor| state.link(proposer, *acceptor).ack);
                acked.take(2).for_each(|acceptor| next.ack(proposer, acceptor));
            }
        }
        if !next.agrees() {
            return Step::Wrong("two values are decided");
        }
        if self.reductions.dead_messages {
            next.forget();
        }
        if self.reductions.symmetry {
            *next = next.least();
        }
        Step::To(self.key(next))
    }

    fn build(&self, next: &mut State, _: &State) -> State {
        *next
    }
}

impl SingleDecree {
    /// So many proposers, and nothing planted.
    #[must_use]
    pub const fn of(proposers: u8, reductions: Reductions) -> Self {
        Self { proposers, reductions, deaf: false }
    }

    fn choices_of(&self, proposer: u8, state: &State, choices: &mut Vec<Choice>) {
        let phase = state.proposer(proposer).phase;
        if phase == Phase::Idle {
            choices.push(Choice::Start(proposer));
            return;
        }
        let quorums = self.reductions.quorums;
        let links = || (0..3).map(|acceptor| (acceptor, state.link(proposer, acceptor)));
        for (acceptor, link) in links() {
            for (there, choice) in [
                (link.prepare, Choice::Prepare(proposer, acceptor)),
                (link.promise && !quorums, Choice::Promise(proposer, acceptor)),
                (link.accept != 0, Choice::Accept(proposer, acceptor)),
                (link.ack && !quorums, Choice::Ack(proposer, acceptor)),
            ] {
                if there {
                    choices.push(choice);
                }
            }
        }
        if quorums && phase == Phase::Preparing {
            for but in 0..3 {
                if links().all(|(acceptor, link)| acceptor == but || link.promise) {
                    choices.push(Choice::Promises(proposer, but));
                }
            }
        }
        let acks = links().filter(|(_, link)| link.ack).count();
        if quorums && phase == Phase::Accepting && acks >= 2 {
            choices.push(Choice::Acks(proposer));
        }
    }
}
