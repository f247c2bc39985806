//! Which messages can never matter any more, for a search that tries every order.
//!
//! **What it claims.** Where [`Explorable::is_moot`] says so, whoever is handed the message, now or in any later
//! state, changes nothing that anybody can tell but by counting replies that are worth nothing. A message that
//! would only put off that a leader gives up counts as moot, too: to lead on is also possible while the
//! refusals are still on their way.
//!
//! **How.** What a node has promised and applied only grows while it lives, and a ballot that its owner has left
//! is never used again. Whether an old ballot is refused, and whether a late reply to it is counted, is asked of
//! the rules: where a planted bug decides otherwise, nothing is moot.
//!
//! Of the election, which decides nothing but when somebody tries to lead, only the present round is searched: what
//! was asked and told in an earlier life of a node is forgotten, although a round of the next life may have the
//! same number.
//!
//! Deliberately absent: messages that grant leases, which are never moot; a fetch, for what it brings may grow.

use super::message::{Ballot, Body, Ticket};
use super::rules::{Rules, Tally};
use super::{Config, Paxos, Role};
use crate::consensus::{App, Entry, LogSlot};
use crate::{Explorable, Fold, Folder, NodeId, NodeSet, Pending, Prospect};

/// Above any ballot that is used.
const ABOVE_ALL: Ballot = Ballot { round: u64::MAX / 2, node: NodeId(u8::MAX) };

impl<A: App, R: Rules> Fold for Paxos<A, R> {
    fn fold(&self, into: &mut Folder) {
        let Self { acceptor, log, replica, applied, snapshots, election, role, rules: _ } = self;
        acceptor.fold(into);
        log.fold(into);
        replica.fold(into);
        applied.fold(into);
        snapshots.fold(into);
        election.fold(into);
        role.fold(into);
    }
}

impl<A: App, R: Rules> Explorable for Paxos<A, R> {
    fn is_moot(&self, config: &Config<R>, pending: &Pending<'_, Self>) -> bool {
        let Pending { from, message, sender, senders, receivers } = pending;
        let leases = config.settings().lease.is_some();
        let unheard = !leases && !receivers.fires;
        let sender_is_done = |ballot| is_over(config, *sender, *senders, ballot);
        let is_done = |ballot| is_over(config, Some(self), *receivers, ballot);
        match &message.body {
            Body::Ask { round } => {
                !senders.fires || sender.is_some_and(|asker| !asker.election.is_now(*round))
            }
            Body::Tell { round, .. } => !receivers.fires || !self.election.is_now(*round),
            Body::Prepare { ballot, .. } => {
                // Whoever leads has sent a heartbeat, which raises the promise just as well.
                sender.is_some_and(|sender| sender.leads_settled(*ballot))
                    || (self.has_promised(config, *ballot, *receivers) && sender_is_done(*ballot))
            }
            Body::Promise(promise) => {
                is_done(promise.ballot) || (unheard && self.leads_settled(promise.ballot))
            }
            Body::Nack { ballot, promised } => is_done(*ballot) || promised <= ballot,
            Body::Accept { ballot, slot, entry, chosen_upto } => {
                let refused = self.refuses(config, *ballot, *receivers) && sender_is_done(*ballot);
                let needless = || {
                    let is_idle = sender_is_done(*ballot)
                        || sender.is_some_and(|s| s.has_vote(config, *ballot, *slot, config.me()));
                    let heard = senders.fires || leases;
                    is_idle && !heard && self.has_answered(*ballot, *slot, entry)
                };
                !receivers.restarts && *chosen_upto <= self.applied && (refused || needless())
            }
            Body::Accepted { ballot, slot } => {
                is_done(*ballot) || (unheard && self.has_vote(config, *ballot, *slot, from.node))
            }
            Body::AlreadyChosen { ballot, log_start } => {
                is_done(*ballot) || (unheard && *log_start <= self.applied.next())
            }
            Body::Heartbeat { ballot, chosen_upto, .. } => {
                let promised = self.has_promised(config, *ballot, *receivers);
                let idle = sender_is_done(*ballot)
                    || (!senders.fires && *ballot == self.acceptor.promised);
                !leases && promised && idle && !receivers.restarts && *chosen_upto <= self.applied
            }
            Body::Grant { ballot, .. } => is_done(*ballot) || unheard,
            Body::Release { .. } => !leases,
            Body::Fetch { .. } => false,
            Body::Chosen(batch) => {
                let end = batch.first.plus(batch.entries.len() as u64);
                !receivers.restarts && end <= self.applied.next()
            }
            Body::Snapshot(snapshot) => {
                !receivers.restarts && !config.rules.may_install(self.applied, snapshot.applied)
            }
        }
    }

    /// What was told, or granted without a lease, is looked at when the round ends. That it comes too late for
    /// that is as if the question, or the heartbeat, had come late.
    fn is_urgent(&self, config: &Config<R>, pending: &Pending<'_, Self>) -> bool {
        match &pending.message.body {
            Body::Tell { round, .. } => self.election.is_now(*round),
            Body::Grant { .. } => config.settings().lease.is_none(),
            _ => false,
        }
    }

    /// As long as the process cannot fall, that something is durable shows in nothing but what is sent then, and
    /// that may be on its way for long. Only the leader counts on its own acceptance at once.
    fn completes_at_once(&self, config: &Config<R>, ticket: &Ticket, own: Prospect) -> bool {
        let counts_itself =
            matches!(ticket, Ticket::Accepted { ballot, .. } if ballot.node == config.me());
        let log =
            matches!(ticket, Ticket::Booted | Ticket::Promised { .. } | Ticket::Accepted { .. });
        !own.restarts && log && !counts_itself
    }
}

/// Whether the owner of a ballot has left it for ever, and counts no reply to it.
fn is_over<A: App, R: Rules>(
    config: &Config<R>,
    owner: Option<&Paxos<A, R>>,
    prospect: Prospect,
    ballot: Ballot,
) -> bool {
    let rules = &config.rules;
    let counts = rules.counts_for(ABOVE_ALL, ballot) || rules.counts_vote(ABOVE_ALL, ballot);
    let raises = rules.ballot_after_refusal(Ballot::NONE, ABOVE_ALL) != Ballot::NONE;
    // A ballot is used only once its promise is durable, so that the next life does not use it again.
    let reuses = prospect.restarts && (rules.may_use_ballot(0) || rules.may_use_ballot(1));
    let left = |owner: &Paxos<A, R>| {
        owner.own_ballot() != Some(ballot) && owner.acceptor.promised >= ballot
    };
    !counts && !raises && !reuses && owner.is_none_or(left)
}

impl<A: App, R: Rules> Paxos<A, R> {
    /// The promise that is there as long as this process lives, or, if it may start anew, for ever.
    fn lasting_promise(&self, prospect: Prospect) -> Ballot {
        let [first, second] = self.acceptor.copies;
        match prospect.restarts {
            false => self.acceptor.promised,
            true if self.acceptor.settled => first.max(second),
            true => Ballot::NONE,
        }
    }

    /// Whether a prepare of `ballot` does not raise the promise, now or later.
    fn has_promised(&self, config: &Config<R>, ballot: Ballot, prospect: Prospect) -> bool {
        let lasting = self.lasting_promise(prospect);
        lasting == ballot || !config.rules.may_promise(lasting, ballot)
    }

    /// Whether an accept of `ballot` is refused, now and later.
    fn refuses(&self, config: &Config<R>, ballot: Ballot, prospect: Prospect) -> bool {
        !config.rules.may_accept(self.lasting_promise(prospect), ballot)
    }

    /// Whether the very entry was accepted in the ballot, durably, and nobody is owed an answer.
    fn has_answered(&self, ballot: Ballot, slot: LogSlot, entry: &Entry<A>) -> bool {
        self.log.get(slot).is_some_and(|cell| {
            cell.ballot == ballot && cell.entry == *entry && cell.stable && !cell.owed
        })
    }

    /// Whether this node leads in the ballot and needs no promise in it any more.
    fn leads_settled(&self, ballot: Ballot) -> bool {
        matches!(&self.role, Role::Leading(leading) if leading.ballot == ballot && leading.open.is_none())
    }

    /// Whether this node leads in the ballot and does not need the vote of `from` for the slot.
    fn has_vote(&self, config: &Config<R>, ballot: Ballot, slot: LogSlot, from: NodeId) -> bool {
        let repeated = Tally { voters: NodeSet::EMPTY, replies: u32::from(u8::MAX) };
        let counts_repeated = config.rules.is_quorum(repeated, config.settings().members);
        !counts_repeated
            && matches!(&self.role, Role::Leading(leading)
                if leading.ballot == ballot && leading.needs_no_vote(slot, from))
    }
}
