//! Phase 1 at the proposer: once per ballot, for all slots.
//!
//! A ballot is used only when the own promise of it is durable in both copies, so that a restart never
//! uses it again; `first` is fixed when it starts. Whether and when a node starts one is the election's
//! decision.

use super::findings::Findings;
use super::message::{Ballot, Body, Promise};
use super::rules::{Rules, Tally};
use super::{Config, Fact, Paxos, Role, Why};
use crate::consensus::App;
use crate::{Context, Fold, NodeId, NodeSet};
use alloc::boxed::Box;

/// A ballot in phase 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Preparing<A: App> {
    pub(super) ballot: Ballot,
    /// Whether the own promise was durable, so that others were asked.
    asked: bool,
    /// Who promised a higher ballot.
    refused: NodeSet,
    pub(super) findings: Findings<A>,
}

impl<A: App, R: Rules> Paxos<A, R> {
    /// Starts phase 1 of the ballot this node was elected with, unless it promised a higher one or may
    /// not promise any.
    pub(super) fn lead(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        let ballot = self.election.candidacy;
        if !self.election.may_lead || ballot <= self.acceptor.promised {
            return;
        }
        if !self.may_promise_now(config, ballot.node, cx) {
            cx.probe("paxos/grant-withholds-own-ballot");
            return;
        }
        self.adopt(config, ballot, cx);
        let findings = Findings::new(self.applied.next(), config.me());
        let preparing = Preparing { ballot, asked: false, refused: NodeSet::EMPTY, findings };
        self.role = Role::Preparing(Box::new(preparing));
        self.flush_promise(cx);
        self.prepare_if_durable(config, cx);
    }

    /// Asks everybody, this node included, once the own promise may be relied on.
    pub(super) fn prepare_if_durable(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        let Role::Preparing(preparing) = &mut self.role else {
            return;
        };
        let (ballot, first) = (preparing.ballot, preparing.findings.first);
        let copies = self.acceptor.durable_copies(ballot);
        if preparing.asked || !config.rules.may_use_ballot(copies) {
            return;
        }
        preparing.asked = true;
        Self::broadcast(config, &Body::Prepare { ballot, first }, cx);
        let promise = self.promise(config, ballot, first);
        self.on_promise(config, config.me(), &promise, cx);
    }

    /// Asks again whoever has not promised, while their promises still matter: before a majority promised, and
    /// while damage leaves slots open. Whoever refused is asked, too: the promise that stood against it may
    /// never have become durable, and then its next life gives this one.
    pub(super) fn prepare_again(&self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        let (ballot, findings) = match &self.role {
            Role::Preparing(preparing) if preparing.asked => {
                (preparing.ballot, &preparing.findings)
            }
            Role::Leading(leading) => match &leading.open {
                Some(findings) => (leading.ballot, &**findings),
                None => return,
            },
            _ => return,
        };
        let body = Body::Prepare { ballot, first: findings.first };
        let doubtful = findings.doubtful(self.applied.next());
        let settled = findings.promises.voters.difference(doubtful);
        for node in config.others().filter(|node| !settled.contains(*node)) {
            Self::send(config, node, body.clone(), cx);
        }
        if findings.needed > self.applied.next() {
            self.fetch(config, findings.source, cx);
        }
    }

    pub(super) fn on_promise(
        &mut self,
        config: &Config<R>,
        from: NodeId,
        promise: &Promise<A>,
        cx: &mut Context<'_, Self>,
    ) {
        let rules = &config.rules;
        match &mut self.role {
            Role::Preparing(preparing) if rules.counts_for(preparing.ballot, promise.ballot) => {
                preparing.refused.remove(from);
                preparing.findings.merge(rules, config.me(), from, promise);
                self.lead_if_promised(config, cx);
            }
            // A promise after the majority matters only to slots that damage left open.
            Role::Leading(leading) if rules.counts_for(leading.ballot, promise.ballot) => {
                leading.heard.insert(from);
                leading.refused.remove(from);
                if let Some(open) = &mut leading.open {
                    open.merge(rules, config.me(), from, promise);
                    self.settle_open_slots(config, cx);
                }
            }
            _ => {}
        }
    }

    /// Begins phase 2 once a majority promised and nothing compacted is missing here.
    pub(super) fn lead_if_promised(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        let Role::Preparing(preparing) = &self.role else {
            return;
        };
        let findings = &preparing.findings;
        if !config.rules.is_quorum(findings.promises, config.settings().members) {
            return;
        }
        if findings.needed > self.applied.next() {
            cx.probe("paxos/leader-fetches-snapshot");
            self.fetch(config, findings.source, cx);
            return;
        }
        if let Role::Preparing(preparing) = core::mem::replace(&mut self.role, Role::Follower) {
            self.begin_leading(config, preparing.ballot, preparing.findings, cx);
        }
    }

    /// An acceptor promised a higher ballot: it is lost for this one, unless it forgets.
    pub(super) fn on_nack(
        &mut self,
        config: &Config<R>,
        from: NodeId,
        ballot: Ballot,
        promised: Ballot,
        cx: &mut Context<'_, Self>,
    ) {
        let (own, refused) = match &mut self.role {
            Role::Follower => return,
            Role::Preparing(preparing) => (&mut preparing.ballot, &mut preparing.refused),
            Role::Leading(leading) => (&mut leading.ballot, &mut leading.refused),
        };
        if !config.rules.counts_for(*own, ballot) || promised <= *own {
            return;
        }
        let next = config.rules.ballot_after_refusal(*own, promised);
        if next == *own {
            refused.insert(from);
            self.give_up_if_refused(config, cx);
        } else {
            // No sound rule leads here: the promises were given to another ballot.
            *own = next;
            cx.fact(Fact::Led { ballot: next });
        }
    }

    /// Whether damage leaves a slot open that this ballot has not settled. Those who refused it would promise
    /// a higher one, and another leader may be heard by whom this one does not reach.
    pub(super) fn has_open_slots(&self, config: &Config<R>) -> bool {
        let Role::Leading(leading) = &self.role else {
            return false;
        };
        let members = config.settings().members;
        leading.open.as_ref().is_some_and(|open| {
            open.is_blocked(self.applied.next(), |faulty| {
                let voters = open.promises.voters.difference(faulty);
                !config.rules.is_quorum(Tally { voters, replies: voters.len() }, members)
            })
        })
    }

    /// Gives the ballot up when the acceptors left to it are no majority, be it only for one slot that
    /// damage left open. It is never raised in place: to lead again is the election's decision.
    pub(super) fn give_up_if_refused(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        let members = config.settings().members;
        let (ballot, refused, open) = match &self.role {
            Role::Follower => return,
            Role::Preparing(preparing) => (preparing.ballot, preparing.refused, None),
            Role::Leading(leading) => (leading.ballot, leading.refused, leading.open.as_ref()),
        };
        let is_quorum = |voters: NodeSet| {
            config.rules.is_quorum(Tally { voters, replies: voters.len() }, members)
        };
        let all = NodeSet::first(members);
        // Without the refusals too few are left where too many are damaged: only time heals that.
        let blocks = |faulty: NodeSet| {
            let good = all.difference(faulty);
            is_quorum(good) && !is_quorum(good.difference(refused))
        };
        let from = self.applied.next();
        let blocked = blocks(NodeSet::EMPTY) || open.is_some_and(|o| o.is_blocked(from, blocks));
        if blocked {
            cx.probe("paxos/ballot-refused");
            self.step_down(config, Why::Refused, cx);
            self.election.spend(ballot);
        }
    }
}
