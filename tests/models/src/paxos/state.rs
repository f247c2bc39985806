//! Servers, clients, what is on its way between them, and what clients saw.

use super::server::{Ballot, Server, Vote};
use super::{CLIENTS, Choice, Kind, SERVERS};

/// What is on its way from one server to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wire {
    /// A ballot to promise.
    pub prepare: Ballot,
    /// The ballot that was promised, and what had been accepted before.
    pub prepared: (Ballot, Vote),
    /// What to accept.
    pub accept: Vote,
    /// The ballot in which something was accepted.
    pub accepted: Ballot,
    /// What was decided.
    pub decided: Vote,
}

impl Wire {
    pub(super) fn choices(&self, from: u8, to: u8, choices: &mut Vec<Choice>) {
        // Most are empty.
        if self.word() == 0 {
            return;
        }
        let none = Ballot::default();
        for (there, kind) in [
            (self.prepare != none, Kind::Prepare),
            (self.prepared.0 != none, Kind::Prepared),
            (self.accept.0 != 0, Kind::Accept),
            (self.accepted != none, Kind::Accepted),
            (self.decided.0 != 0, Kind::Decided),
        ] {
            if there {
                choices.push(Choice::Between(from, to, kind));
            }
        }
    }

    const fn word(&self) -> u64 {
        let (ballot, vote) = self.prepared;
        let [prepare, accept, accepted] = [self.prepare.0, self.accept.0, self.accepted.0];
        u64::from_le_bytes([prepare, ballot.0, vote.0, accept, accepted, self.decided.0, 0, 0])
    }
}

/// What a client waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// It is not there.
    #[default]
    Absent,
    /// That its put is confirmed.
    Puts,
    /// What it gets.
    Gets,
    /// Nothing more.
    Done,
}

/// A client, what is on its way from and to it, and what it saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// What it waits for.
    pub progress: Progress,
    /// Its put is on its way.
    pub puts: bool,
    /// Its get is on its way.
    pub gets: bool,
    /// Confirmations on their way, a bit for each server.
    pub confirmed: u8,
    /// The answer to its get is on its way: this value, or zero.
    pub gotten: u8,
    /// What it got.
    pub got: u8,
    /// How many operations of each client had returned when it made its get, two bits each.
    pub before: u8,
}

impl Client {
    pub(super) fn choices(&self, number: u8, choices: &mut Vec<Choice>) {
        if self.puts {
            choices.push(Choice::Put(number));
        }
        if self.gets {
            choices.push(Choice::Get(number));
        }
        let confirmed = (0..3).filter(|server| self.confirmed & 1 << server != 0);
        choices.extend(confirmed.map(|server| Choice::PutOk(server, number)));
        if self.gotten != 0 {
            choices.push(Choice::GetOk(number));
        }
    }

    /// How many of its operations have returned.
    const fn returned(&self) -> u8 {
        match self.progress {
            Progress::Absent | Progress::Puts => 0,
            Progress::Gets => 1,
            Progress::Done => 2,
        }
    }

    const fn word(&self) -> u64 {
        let [puts, gets] = [self.puts as u8, self.gets as u8];
        let mail = puts | gets << 1 | self.confirmed << 2;
        let values = self.gotten | self.got << 2;
        u64::from_le_bytes([self.progress as u8, mail, values, self.before, 0, 0, 0, 0])
    }
}

/// All of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The servers.
    pub servers: [Server; SERVERS],
    /// What is on its way to each server from each.
    pub wires: [[Wire; SERVERS]; SERVERS],
    /// The clients.
    pub clients: [Client; CLIENTS],
}

/// Three servers, a wire each way between any two, and three clients of half a word.
const WORDS: usize = 3 + 6 + 2;

impl State {
    pub(super) fn new(clients: usize) -> Self {
        let mut state = Self::default();
        for client in &mut state.clients[..clients] {
            (client.progress, client.puts) = (Progress::Puts, true);
        }
        state
    }

    pub(super) fn words(&self) -> [u64; WORDS] {
        let [a, b, c] = self.servers.each_ref().map(Server::word);
        let [[_, ab, ac], [ba, _, bc], [ca, cb, _]] =
            self.wires.each_ref().map(|wires| wires.each_ref().map(Wire::word));
        let [x, y, z] = self.clients.each_ref().map(Client::word);
        [a, b, c, ab, ac, ba, bc, ca, cb, x << 32 | y, z]
    }

    /// Puts something on the wires from one server to the others.
    pub(super) fn broadcast(&mut self, from: u8, mut send: impl FnMut(&mut Wire)) {
        for (to, wires) in (0..).zip(&mut self.wires) {
            if to != from {
                send(&mut wires[usize::from(from)]);
            }
        }
    }

    /// A confirmation arrives; the second of two has no effect.
    pub(super) fn put_ok(&mut self, server: u8, number: u8) -> bool {
        let returned = self.clients.map(|client| client.returned());
        let client = &mut self.clients[usize::from(number)];
        if client.progress != Progress::Puts {
            return false;
        }
        client.confirmed &= !(1 << server);
        (client.progress, client.gets) = (Progress::Gets, true);
        let others = (0..).zip(returned).filter(|(other, _)| *other != number);
        client.before = others.fold(0, |all, (other, count)| all | count << (2 * other));
        true
    }

    /// An answer arrives.
    pub(super) fn get_ok(&mut self, number: u8) -> bool {
        let client = &mut self.clients[usize::from(number)];
        client.got = std::mem::take(&mut client.gotten);
        client.progress = Progress::Done;
        true
    }

    /// Whether what clients saw could have happened one operation at a time.
    #[must_use]
    pub fn is_linearizable(&self) -> bool {
        self.goes_on([0; CLIENTS], 0)
    }

    /// Whether what has returned and has not been placed yet can be, when the register holds this.
    fn goes_on(&self, placed: [u8; CLIENTS], holds: u8) -> bool {
        let clients = || self.clients.iter().enumerate();
        if clients().all(|(at, client)| placed[at] >= client.returned()) {
            return true;
        }
        clients().any(|(at, client)| {
            let mut then = placed;
            then[at] += 1;
            match placed[at] {
                // A put may take effect before it is confirmed.
                0 if client.progress != Progress::Absent => {
                    self.goes_on(then, u8::try_from(at + 1).unwrap_or_default())
                }
                1 if client.progress == Progress::Done && client.got == holds => {
                    let before = |other: usize| client.before >> (2 * other) & 3;
                    let may_be_next = (0..CLIENTS).all(|other| placed[other] >= before(other));
                    may_be_next && self.goes_on(then, holds)
                }
                _ => false,
            }
        })
    }
}
