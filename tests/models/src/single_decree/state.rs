//! Acceptors, proposers, and what is on its way between them.

use super::{ACCEPTORS, PROPOSERS};
use std::cmp::Ordering;

/// A value and the ballot in which it was accepted, by ballot; nothing, if zero. Ballots and values are
/// numbers of proposers, from one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vote(u8);

impl Vote {
    const fn new(ballot: u8, value: u8) -> Self {
        Self(ballot << 2 | value)
    }

    const fn value(self) -> u8 {
        self.0 & 3
    }
}

/// An acceptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Acceptor {
    /// The ballot that it has promised; zero if none.
    pub promised: u8,
    /// What it has accepted.
    pub accepted: Vote,
}

/// How far a proposer has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It has not started.
    #[default]
    Idle,
    /// It waits for promises.
    Preparing,
    /// It waits for acceptances.
    Accepting,
    /// It has decided.
    Decided,
}

/// A proposer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proposer {
    /// How far it has come.
    pub phase: Phase,
    /// Who has promised, a bit each.
    pub promises: u8,
    /// The highest vote that it heard of.
    pub highest: Vote,
    /// Who has accepted, a bit each.
    pub acks: u8,
    /// What it proposes; zero if it does not know yet.
    pub value: u8,
}

/// What is on its way between a proposer and an acceptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// A request to promise.
    pub prepare: bool,
    /// A promise.
    pub promise: bool,
    /// What had been accepted before that promise.
    pub reported: Vote,
    /// A request to accept this value, or zero.
    pub accept: u8,
    /// An acceptance.
    pub ack: bool,
}

/// All of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct State {
    acceptors: [Acceptor; ACCEPTORS],
    proposers: [Proposer; PROPOSERS],
    /// By proposer, then by acceptor.
    links: [[Link; ACCEPTORS]; PROPOSERS],
}

impl State {
    /// A proposer.
    #[must_use]
    pub fn proposer(&self, proposer: u8) -> &Proposer {
        &self.proposers[usize::from(proposer)]
    }

    /// What is on its way between these.
    #[must_use]
    pub fn link(&self, proposer: u8, acceptor: u8) -> &Link {
        &self.links[usize::from(proposer)][usize::from(acceptor)]
    }

    /// Who has decided what.
    pub fn decisions(&self) -> impl Iterator<Item = (u8, u8)> {
        let proposers = (0..).zip(&self.proposers);
        let decided = proposers.filter(|(_, proposer)| proposer.phase == Phase::Decided);
        decided.map(|(number, proposer)| (number, proposer.value))
    }

    /// Whether no two values are decided.
    pub(super) fn agrees(&self) -> bool {
        let mut values = self.decisions().map(|(_, value)| value);
        let first = values.next();
        values.all(|value| Some(value) == first)
    }

    pub(super) fn words(&self) -> [u64; 4] {
        let bytes =
            self.acceptors.iter().map(|acceptor| acceptor.promised | acceptor.accepted.0 << 2);
        let acceptors = bytes.fold(0, |all, byte| all << 8 | u64::from(byte));
        let word = |number: usize| {
            let proposer = &self.proposers[number];
            let [first, second] = [proposer.phase as u8 | proposer.promises << 2, proposer.acks];
            let third = proposer.highest.0 | proposer.value << 4;
            let own = u64::from_le_bytes([first, second, third, 0, 0, 0, 0, 0]);
            self.links[number].iter().fold(own, |all, link| {
                let mail = u8::from(link.prepare) | u8::from(link.promise) << 1;
                let mail = mail | u8::from(link.ack) << 2 | link.accept << 3;
                all << 11 | u64::from(link.reported.0) << 5 | u64::from(mail)
            })
        };
        [acceptors, word(0), word(1), word(2)]
    }

    fn parts(&mut self, proposer: u8, acceptor: u8) -> (&mut Proposer, &mut Acceptor, &mut Link) {
        let [p, a] = [proposer, acceptor].map(usize::from);
        (&mut self.proposers[p], &mut self.acceptors[a], &mut self.links[p][a])
    }

    pub(super) fn start(&mut self, proposer: u8) {
        self.proposers[usize::from(proposer)].phase = Phase::Preparing;
        self.links[usize::from(proposer)].iter_mut().for_each(|link| link.prepare = true);
    }

    pub(super) fn prepare(&mut self, number: u8, acceptor: u8) {
        let (_, acceptor, link) = self.parts(number, acceptor);
        link.prepare = false;
        if number + 1 > acceptor.promised {
            acceptor.promised = number + 1;
            (link.promise, link.reported) = (true, acceptor.accepted);
        }
    }

    pub(super) fn promise(&mut self, number: u8, from: u8, deaf: bool) {
        let (proposer, _, link) = self.parts(number, from);
        link.promise = false;
        let reported = std::mem::take(&mut link.reported);
        if proposer.phase != Phase::Preparing {
            return;
        }
        proposer.promises |= 1 << from;
        proposer.highest = proposer.highest.max(reported);
        if proposer.promises.count_ones() < 2 {
            return;
        }
        let highest = std::mem::take(&mut proposer.highest).value();
        let value = if highest == 0 || deaf { number + 1 } else { highest };
        (proposer.phase, proposer.value) = (Phase::Accepting, value);
        self.links[usize::from(number)].iter_mut().for_each(|link| link.accept = value);
    }

    pub(super) fn accept(&mut self, number: u8, acceptor: u8) {
        let (_, acceptor, link) = self.parts(number, acceptor);
        let value = std::mem::take(&mut link.accept);
        if number + 1 >= acceptor.promised {
            acceptor.promised = number + 1;
            acceptor.accepted = Vote::new(number + 1, value);
            link.ack = true;
        }
    }

    pub(super) fn ack(&mut self, number: u8, from: u8) {
        let (proposer, _, link) = self.parts(number, from);
        link.ack = false;
        if proposer.phase != Phase::Accepting {
            return;
        }
        proposer.acks |= 1 << from;
        if proposer.acks.count_ones() >= 2 {
            proposer.phase = Phase::Decided;
        }
    }

    /// Forgets what can have no effect any more.
    pub(super) fn forget(&mut self) {
        for ((proposer, links), ballot) in self.proposers.iter_mut().zip(&mut self.links).zip(1..) {
            if proposer.phase > Phase::Preparing {
                proposer.promises = 0;
            }
            if proposer.phase > Phase::Accepting {
                proposer.acks = 0;
            }
            for (link, acceptor) in links.iter_mut().zip(&self.acceptors) {
                link.prepare &= ballot > acceptor.promised;
                link.promise &= proposer.phase == Phase::Preparing;
                link.ack &= proposer.phase == Phase::Accepting;
                if !link.promise {
                    link.reported = Vote::default();
                }
                if ballot < acceptor.promised {
                    link.accept = 0;
                }
            }
        }
    }

    /// The least of all states that differ in nothing but which acceptor is which.
    pub(super) fn least(&self) -> Self {
        let ways = [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        ways.into_iter().map(|way| self.renamed(way)).fold(*self, |least, other| {
            match other.cmp(&least) {
                Ordering::Less => other,
                _ => least,
            }
        })
    }

    /// The state in which these acceptors are the first, the second and the third.
    fn renamed(&self, way: [usize; ACCEPTORS]) -> Self {
        let mut state = *self;
        state.acceptors = way.map(|acceptor| self.acceptors[acceptor]);
        for ((to, from), proposer) in
            state.links.iter_mut().zip(&self.links).zip(&mut state.proposers)
        {
            *to = way.map(|acceptor| from[acceptor]);
            let renamed =
                |bits: u8| (0..).zip(way).fold(0, |all, (new, old)| all | (bits >> old & 1) << new);
            proposer.promises = renamed(proposer.promises);
            proposer.acks = renamed(proposer.acks);
        }
        state
    }
}
