//! Which messages can never matter any more, for a search that tries every order.
//!
//! **What it claims.** Where [`Explorable::is_moot`] says so, whoever is handed the message, now or in any later
//! state, changes nothing that anybody can tell but by counting replies that are worth nothing.
//!
//! **How.** What an acceptor has promised only grows while it lives, and a ballot that its owner has left is never
//! used again. Both is asked of the rules: where a planted bug decides otherwise, nothing is moot.
//!
//! Deliberately absent: any claim that rests on the clock; claims on what an acceptor is asked if it may start
//! anew, for it forgets what it promised; an acceptance asked for twice, which lengthens the record.

use super::message::{Ballot, Message, Restart, Started};
use super::proposer::{Attempt, Phase};
use super::rules::{Rules, Tally};
use super::{Config, PaxosLease};
use crate::{Explorable, Fold, Folder, NodeId, NodeSet, Pending, Prospect};

impl<R: Rules> Fold for PaxosLease<R> {
    fn fold(&self, into: &mut Folder) {
        let Self { restart, durable, proposes, acceptor, proposer, rules: _ } = self;
        restart.fold(into);
        durable.fold(into);
        proposes.fold(into);
        acceptor.fold(into);
        proposer.fold(into);
    }
}

impl<R: Rules> Explorable for PaxosLease<R> {
    fn is_moot(&self, config: &Config<R>, pending: &Pending<'_, Self>) -> bool {
        let Pending { from, message, sender, senders, receivers } = pending;
        let is_done = |ballot| is_over(config, Some(self), *receivers, ballot);
        // The answer to a sender that has left the ballot is moot, be it a promise or a refusal.
        let sender_is_done = |ballot| is_over(config, *sender, *senders, ballot);
        match **message {
            // The promise is there already, or is refused for as long as this process lives: nothing changes.
            Message::Prepare { ballot } => {
                let rules = &config.rules;
                let promised = self.acceptor.promised;
                let promises_nothing = promised == ballot || !rules.may_promise(promised, ballot);
                !receivers.restarts
                    && keeps_promises(config)
                    && promises_nothing
                    && sender_is_done(ballot)
            }
            Message::Accept { ballot } => {
                self.refuses_for_good(config, ballot, *receivers) && sender_is_done(ballot)
            }
            // It ends nothing that is recorded, and nothing that it could end will be.
            Message::Release { ballot } => {
                let ends = |recorded| config.rules.is_released(recorded, ballot);
                self.refuses_for_good(config, ballot, *receivers)
                    && !self.acceptor.recorded.iter().any(|recorded| ends(recorded.ballot))
                    && !later_ballots(ballot).into_iter().any(ends)
            }
            Message::Promise { ballot, live } => {
                let is_needless = |attempt: &Attempt| {
                    // Phase 1 of a ballot is not gone back to, and what it renews stays what it is.
                    attempt.phase == Phase::Accepting
                        || !config.rules.is_open(live, attempt.base, config.me())
                        || has_vote(config, attempt, from.node)
                };
                is_done(ballot) || self.is_needless(config, *receivers, ballot, is_needless)
            }
            Message::Accepted { ballot } => {
                let is_needless = |attempt: &Attempt| {
                    attempt.phase == Phase::Accepting && has_vote(config, attempt, from.node)
                };
                is_done(ballot) || self.is_needless(config, *receivers, ballot, is_needless)
            }
            Message::Refused { ballot, .. } => is_done(ballot),
        }
    }

    /// Before its count is durable a node neither answers nor asks. What it missed meanwhile might as well be
    /// under way still, or for ever; only a start that comes before shows whether the count was durable.
    fn completes_at_once(&self, _: &Config<R>, _: &Started, own: Prospect) -> bool {
        !own.restarts
    }
}

/// Ballots such as their owner may use after `ballot`, in the same start or in a later one: the next ones, which a
/// rule could take for `ballot` itself, and the furthest.
const fn later_ballots(ballot: Ballot) -> [Ballot; 6] {
    let Ballot { counter, restart, node } = ballot;
    let next = counter.saturating_add(1);
    let anew = Restart(restart.0.saturating_add(1));
    let last = Restart(u32::MAX);
    [
        Ballot { counter: next, restart, node },
        Ballot { counter: u32::MAX, restart, node },
        Ballot { counter, restart: anew, node },
        Ballot { counter: 1, restart: anew, node },
        Ballot { counter: u32::MAX, restart: last, node },
        Ballot { counter: 1, restart: last, node },
    ]
}

/// Whether replies to `ballot` count neither for other ballots of its owner, nor for `ballot` used again.
fn is_used_once<R: Rules>(config: &Config<R>, prospect: Prospect, ballot: Ballot) -> bool {
    let rules = &config.rules;
    // A ballot is used only once the count of starts is durable, so that the next life does not use it again.
    let reuses = rules.may_use_ballot(false) || rules.may_propose_after_amnesia();
    let counts = later_ballots(ballot).into_iter().any(|later| rules.counts_for(later, ballot));
    !(counts || prospect.restarts && reuses)
}

/// Whether the owner of a ballot has left it for ever, and heeds no reply to it.
fn is_over<R: Rules>(
    config: &Config<R>,
    owner: Option<&PaxosLease<R>>,
    prospect: Prospect,
    ballot: Ballot,
) -> bool {
    let left = |owner: &PaxosLease<R>| {
        let heeds = |attempt: Attempt| {
            attempt.ballot == ballot || config.rules.counts_for(attempt.ballot, ballot)
        };
        // Counters only grow within a start, and every attempt raises them.
        let is_past = owner.restart > ballot.restart
            || (owner.restart == ballot.restart && owner.proposer.counter >= ballot.counter);
        is_past && !owner.proposer.attempt.is_some_and(heeds)
    };
    is_used_once(config, prospect, ballot) && owner.is_none_or(left)
}

/// Whether what an acceptor has promised never sinks.
fn keeps_promises<R: Rules>(config: &Config<R>) -> bool {
    let high = Ballot { counter: u32::MAX, restart: Restart(u32::MAX), node: NodeId(u8::MAX) };
    let low = Ballot { counter: 1, restart: Restart(1), node: NodeId(0) };
    let rules = &config.rules;
    !rules.may_promise(high, low)
        && !rules.may_accept(high, low)
        && rules.promised_by_accepting(low, high) == high
}

/// Whether the sender's reply is counted already, and would not count again.
fn has_vote<R: Rules>(config: &Config<R>, attempt: &Attempt, from: NodeId) -> bool {
    let repeated = Tally { voters: NodeSet::EMPTY, replies: u32::from(u8::MAX) };
    !config.rules.is_quorum(repeated, config.settings().members)
        && attempt.tally.voters.contains(from)
}

impl<R: Rules> PaxosLease<R> {
    /// Whether an acceptance in `ballot` is refused now and as long as this process lives, which is for good.
    fn refuses_for_good(&self, config: &Config<R>, ballot: Ballot, prospect: Prospect) -> bool {
        !prospect.restarts
            && keeps_promises(config)
            && !config.rules.may_accept(self.acceptor.promised, ballot)
    }

    /// Whether the attempt in `ballot` is under way, has no need of a reply, and no other attempt will have.
    fn is_needless(
        &self,
        config: &Config<R>,
        prospect: Prospect,
        ballot: Ballot,
        is_needless: impl Fn(&Attempt) -> bool,
    ) -> bool {
        let attempt = self.proposer.attempt.filter(|attempt| attempt.ballot == ballot);
        is_used_once(config, prospect, ballot) && attempt.as_ref().is_some_and(is_needless)
    }
}
