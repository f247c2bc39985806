//! Single-decree Paxos behind a register, as the example `paxos` of stateright 0.31.0 has it.
//!
//! Three servers; each client puts its own value at one of them and, when that is confirmed, gets what is
//! there from the next one. A server takes one put, proposes it at once and never tries again. A message is
//! delivered once, at any time; one that would have no effect stays where it is. What clients saw must be
//! linearizable, and is part of the state.
//!
//! **Compact.** In all of this any server sends any other one at most one message of each kind, so that what
//! is on its way is a place for each kind between each two, and a state is a hundred bytes.

mod server;
mod state;

pub use server::{Ballot, Server, Vote};
pub use state::{Client, Progress, State, Wire};

use crate::key_of;
use interregnum_sim::explore::{Key, Model, Step};

/// How many servers there are.
pub const SERVERS: usize = 3;
/// The most clients.
pub const CLIENTS: usize = 3;
/// More than half of the servers.
const MAJORITY: u32 = 2;

/// So many clients.
#[derive(Clone, Copy, Debug)]
pub struct Paxos {
    /// How many; at most [`CLIENTS`].
    pub clients: u8,
    /// Planted: whoever is promised something forgets what had been accepted.
    pub forgetful: bool,
}

/// A message that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A client's put at its server.
    Put(u8),
    /// A client's get at its server.
    Get(u8),
    /// A server's confirmation at a client.
    PutOk(u8, u8),
    /// What was gotten, at a client.
    GetOk(u8),
    /// From a server to another one.
    Between(u8, u8, Kind),
}

/// The kinds of messages between servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Promise me this ballot.
    Prepare,
    /// I do, and this is what I accepted last.
    Prepared,
    /// Accept this.
    Accept,
    /// I have.
    Accepted,
    /// This is decided.
    Decided,
}

impl Model for Paxos {
    type State = State;
    type Choice = Choice;
    type Workspace = State;
    type Failure = &'static str;

    fn workspace(&self) -> State {
        State::default()
    }

    fn initial(&self, _: &mut State) -> State {
        State::new(usize::from(self.clients))
    }

    fn key(&self, state: &State) -> Key {
        key_of(&state.words())
    }

    fn choices(&self, state: &State, choices: &mut Vec<Choice>, _: &mut [u64]) {
        for (number, client) in (0..self.clients).zip(&state.clients) {
            client.choices(number, choices);
        }
        for (to, wires) in (0..).zip(&state.wires) {
            for (from, wire) in (0..).zip(wires) {
                wire.choices(from, to, choices);
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
        let happened = match *choice {
            Choice::Put(client) => next.put(client),
            Choice::Get(client) => next.get(client),
            Choice::PutOk(server, client) => next.put_ok(server, client),
            Choice::GetOk(client) => next.get_ok(client),
            Choice::Between(from, to, kind) => next.deliver(from, to, kind, self.forgetful),
        };
        if !happened {
            return Step::Same;
        }
        // Only what clients see can make a history worse.
        if matches!(choice, Choice::PutOk(..) | Choice::GetOk(_)) && !next.is_linearizable() {
            return Step::Wrong("what clients saw is not linearizable");
        }
        Step::To(self.key(next))
    }

    fn build(&self, next: &mut State, _: &State) -> State {
        *next
    }
}

impl Paxos {
    /// So many clients, and nothing planted.
    #[must_use]
    pub const fn of(clients: u8) -> Self {
        Self { clients, forgetful: false }
    }
}
