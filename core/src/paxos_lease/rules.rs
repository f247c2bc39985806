//! The predicates that decide safety, one trait per role, each with its sound body.
//!
//! The machine asks its rules wherever the argument needs it; a wrong answer at any of them lets two nodes
//! hold the lease at once. Tests replace single predicates to prove that the checkers bite. Deliberately
//! absent: anything that only liveness or speed depends on.

use super::config::Terms;
use super::message::Ballot;
use crate::{Deadline, Fold, LocalTime, NodeId, NodeSet, Span};
use core::fmt::Debug;
use core::hash::Hash;

/// The sound rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Sound;

impl AcceptorRules for Sound {}
impl ProposerRules for Sound {}
impl Rules for Sound {}

/// The rules of both roles.
pub trait Rules:
    AcceptorRules + ProposerRules + Clone + Debug + Eq + Hash + Send + Sync + 'static
{
}

/// The replies to one question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Tally {
    /// The distinct nodes that replied.
    pub voters: NodeSet,
    /// How many replies came, repetitions included; it must decide nothing.
    pub replies: u32,
}

impl Tally {
    /// Counts a reply; true if its sender had not replied before.
    pub const fn add(&mut self, from: NodeId) -> bool {
        self.replies = self.replies.saturating_add(1);
        self.voters.insert(from)
    }
}

/// What an acceptor may do.
pub trait AcceptorRules {
    /// Phase 1: whether a promise for `ballot` may be given after one for `promised`.
    fn may_promise(&self, promised: Ballot, ballot: Ballot) -> bool {
        ballot >= promised
    }

    /// Phase 2: whether a lease may be recorded in `ballot` after promising `promised`.
    fn may_accept(&self, promised: Ballot, ballot: Ballot) -> bool {
        ballot >= promised
    }

    /// What the acceptor has promised once it accepts in `ballot`: an acceptance is a promise, too.
    fn promised_by_accepting(&self, promised: Ballot, ballot: Ballot) -> Ballot {
        promised.max(ballot)
    }

    /// Phase 2: whether the record of `ballot` takes the place of that of `live`, which runs: only if the same start
    /// of the same node asks anew. Any other proposer has made sure that no lease runs, unless it asked so long ago
    /// that the acceptor has started anew since, and forgotten what it promised. Then what it asks for is over and
    /// may be released, but the lease of `live` may be held.
    fn may_replace(&self, live: Ballot, ballot: Ballot) -> bool {
        (live.node, live.restart) == (ballot.node, ballot.restart)
    }

    /// For how long a recorded lease runs, on the acceptor's clock.
    fn grant(&self, terms: &Terms) -> Span {
        terms.grant
    }

    /// Whether anybody may be answered: a start that a crash makes forgotten would leave the next one in the belief
    /// that there is nothing to have forgotten, and that it need not be silent.
    fn may_answer(&self, start_is_durable: bool) -> bool {
        start_is_durable
    }

    /// How long after a restart the acceptor answers nobody, for it forgot what it recorded and promised.
    fn quarantine(&self, terms: &Terms) -> Span {
        terms.quarantine()
    }

    /// Whether the end of the lease of one ballot ends the recorded one: a late release must not end what the
    /// same owner was granted since.
    fn is_released(&self, recorded: Ballot, released: Ballot) -> bool {
        released == recorded
    }
}

/// What a proposer may do.
pub trait ProposerRules {
    /// Whether a ballot of this start may be used: one of which a crash makes the start forgotten would be
    /// used twice.
    fn may_use_ballot(&self, start_is_durable: bool) -> bool {
        start_is_durable
    }

    /// Whether a node may ask for the lease whose disk lost the count of its starts.
    fn may_propose_after_amnesia(&self) -> bool {
        false
    }

    /// For how long a lease may be held, on the holder's clock.
    fn hold(&self, terms: &Terms) -> Span {
        terms.hold()
    }

    /// From when a lease counts that is asked for a second time, to be recorded: `asked` is when it ends if from the
    /// first question, `asked_again` if from the second. An acceptor may have started anew in between. It forgot its
    /// promise, and is silent only for as long as what was asked for before its start may be held.
    fn counted_from(&self, asked: Deadline, asked_again: Deadline) -> Deadline {
        let _ = asked_again;
        asked
    }

    /// When a lease ends that was asked for when the clock showed `asked`, and that a majority has recorded
    /// by `now`: the acceptors' time began no sooner than the question was sent.
    fn deadline(&self, asked: Deadline, now: LocalTime, hold: Span) -> Deadline {
        let _ = (now, hold);
        asked
    }

    /// Whether the holder is still in time. A deadline is data to be looked at before every act; a timer may
    /// be late.
    fn in_time(&self, until: Deadline, now: LocalTime) -> bool {
        !until.is_passed(now)
    }

    /// Whether a promise that tells of `live` leaves the lease open to this proposer, who renews the lease of
    /// `base` if it holds one. Its own name is not enough: the lease may stem from an attempt that it gave
    /// up, and of which it does not know how long it runs.
    fn is_open(&self, live: Option<Ballot>, base: Option<Ballot>, me: NodeId) -> bool {
        let _ = me;
        live.is_none() || live == base
    }

    /// Whether a reply for `reply` counts for the attempt in `ballot`.
    fn counts_for(&self, ballot: Ballot, reply: Ballot) -> bool {
        reply == ballot
    }

    /// Whether the replies come from a majority of the configured nodes.
    fn is_quorum(&self, tally: Tally, members: u8) -> bool {
        tally.voters.len() * 2 > u32::from(members)
    }

    /// Whether a renewal lengthens the lease as soon as it is asked for, rather than when a majority has
    /// recorded it.
    fn renews_before_quorum(&self) -> bool {
        false
    }

    /// Whether durations are measured on the wall clock, which anybody may step.
    fn trusts_wall_clock(&self) -> bool {
        false
    }
}
