//! What a server does with a message.

use super::state::State;
use super::{Kind, MAJORITY, SERVERS};

/// A round and the server that it belongs to; the least one belongs to nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ballot(pub u8);

impl Ballot {
    const fn after(self, server: u8) -> Self {
        Self(((self.0 >> 2) + 1) << 2 | server)
    }
}

/// A value and the ballot in which it was accepted, by ballot; nothing, if zero. Values are numbers of
/// clients, from one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vote(pub u8);

impl Vote {
    /// A value in a ballot.
    #[must_use]
    pub const fn new(ballot: Ballot, value: u8) -> Self {
        Self(ballot.0 << 2 | value)
    }

    /// The value; zero if there is none.
    #[must_use]
    pub const fn value(self) -> u8 {
        self.0 & 3
    }

    /// The ballot.
    #[must_use]
    pub const fn ballot(self) -> Ballot {
        Ballot(self.0 >> 2)
    }
}

/// A server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// The highest ballot that it knows.
    pub ballot: Ballot,
    /// What it proposes; zero if nothing.
    pub proposal: u8,
    /// Who has promised its ballot, a bit each.
    pub promised: u8,
    /// What each of them had accepted.
    pub reported: [Vote; SERVERS],
    /// Who has accepted its proposal, a bit each, and a bit that says whether it knows of a decision.
    pub accepts: u8,
    /// What it has accepted.
    pub accepted: Vote,
}

/// The bit for a known decision.
const DECIDED: u8 = 1 << 7;

impl Server {
    /// Whether it knows of a decision.
    #[must_use]
    pub const fn is_decided(&self) -> bool {
        self.accepts & DECIDED != 0
    }

    pub(super) const fn word(&self) -> u64 {
        let [a, b, c] = self.reported;
        let promised = self.promised << 4 | self.proposal;
        let accepted = self.accepted.0;
        u64::from_le_bytes([self.ballot.0, promised, a.0, b.0, c.0, self.accepts, accepted, 0])
    }
}

impl State {
    /// A client's put arrives; whether it has an effect.
    pub(super) fn put(&mut self, client: u8) -> bool {
        let at = client % 3;
        let server = &mut self.servers[usize::from(at)];
        if server.is_decided() || server.proposal != 0 {
            return false;
        }
        server.proposal = client + 1;
        server.ballot = server.ballot.after(at);
        server.promised = 1 << at;
        server.reported[usize::from(at)] = server.accepted;
        let ballot = server.ballot;
        self.clients[usize::from(client)].puts = false;
        self.broadcast(at, |wire| wire.prepare = ballot);
        true
    }

    /// A client's get arrives; only who knows of a decision answers it.
    pub(super) fn get(&mut self, client: u8) -> bool {
        let server = &self.servers[usize::from((client + 1) % 3)];
        if !server.is_decided() {
            return false;
        }
        let value = server.accepted.value();
        let client = &mut self.clients[usize::from(client)];
        client.gets = false;
        client.gotten = value;
        true
    }

    /// A message between servers arrives; whether it has an effect.
    pub(super) fn deliver(&mut self, from: u8, to: u8, kind: Kind, forgetful: bool) -> bool {
        let server = &mut self.servers[usize::from(to)];
        if server.is_decided() {
            return false;
        }
        let wire = &mut self.wires[usize::from(to)][usize::from(from)];
        match kind {
            Kind::Prepare => {
                if server.ballot >= wire.prepare {
                    return false;
                }
                server.ballot = std::mem::take(&mut wire.prepare);
                let promise = (server.ballot, server.accepted);
                self.wires[usize::from(from)][usize::from(to)].prepared = promise;
            }
            Kind::Prepared => {
                let (ballot, vote) = wire.prepared;
                if ballot != server.ballot {
                    return false;
                }
                wire.prepared = Default::default();
                self.promised(from, to, vote, forgetful);
            }
            Kind::Accept => {
                let vote = wire.accept;
                if server.ballot > vote.ballot() {
                    return false;
                }
                wire.accept = Vote::default();
                (server.ballot, server.accepted) = (vote.ballot(), vote);
                self.wires[usize::from(from)][usize::from(to)].accepted = vote.ballot();
            }
            Kind::Accepted => {
                if wire.accepted != server.ballot {
                    return false;
                }
                wire.accepted = Ballot::default();
                self.accepted(from, to);
            }
            Kind::Decided => {
                let vote = std::mem::take(&mut wire.decided);
                (server.ballot, server.accepted) = (vote.ballot(), vote);
                server.accepts |= DECIDED;
            }
        }
        true
    }

    fn promised(&mut self, from: u8, to: u8, vote: Vote, forgetful: bool) {
        let server = &mut self.servers[usize::from(to)];
        server.promised |= 1 << from;
        server.reported[usize::from(from)] = vote;
        if server.promised.count_ones() != MAJORITY {
            return;
        }
        let highest = server.reported.into_iter().max().unwrap_or_default();
        if highest != Vote::default() && !forgetful {
            server.proposal = highest.value();
        }
        let vote = Vote::new(server.ballot, server.proposal);
        server.accepted = vote;
        server.accepts |= 1 << to;
        self.broadcast(to, |wire| wire.accept = vote);
    }

    fn accepted(&mut self, from: u8, to: u8) {
        let server = &mut self.servers[usize::from(to)];
        server.accepts |= 1 << from;
        if server.accepts.count_ones() != MAJORITY {
            return;
        }
        server.accepts |= DECIDED;
        let vote = Vote::new(server.ballot, server.proposal);
        self.broadcast(to, |wire| wire.decided = vote);
        self.clients[usize::from(vote.value() - 1)].confirmed |= 1 << to;
    }
}
