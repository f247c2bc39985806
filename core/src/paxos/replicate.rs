//! Phase 2 at the leader: one entry per slot, for ever, and the count of who accepted it.

use super::findings::{Findings, Verdict};
use super::lease::Beat;
use super::message::{Ballot, Body, Reply};
use super::rules::{Progress, Rules, Tally};
use super::{Config, Fact, Paxos, Role, Why};
use crate::consensus::{App, Entry, LogSlot};
use crate::{CallId, Context, Fold, LocalTime, NodeId, NodeSet};
use alloc::boxed::Box;
use alloc::collections::VecDeque;

/// A ballot in phase 2.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Leading<A: App> {
    pub(super) ballot: Ballot,
    /// The last slot that phase 1 found anything in: new commands go above, reads wait for it.
    pub(super) top: LogSlot,
    /// The first slot not applied, which is that of the first proposal.
    pub(super) base: LogSlot,
    pub(super) proposals: VecDeque<Proposal>,
    /// What phase 1 found, while some slots are left open.
    pub(super) open: Option<Box<Findings<A>>>,
    /// Who promised a higher ballot.
    pub(super) refused: NodeSet,
    /// Who answered anything in this ballot during this heartbeat round.
    pub(super) heard: NodeSet,
    /// For how many rounds those were no majority.
    pub(super) silent_rounds: u32,
    /// For how many rounds damage left a slot open.
    pub(super) open_rounds: u32,
    /// Slots below were already under way when this round began: their accepts may be lost.
    pub(super) stale_below: LogSlot,
    /// The latest heartbeat's number.
    pub(super) sequence: u64,
    /// The latest heartbeats that may still earn a lease.
    pub(super) beats: [Option<Beat>; 2],
    /// Until when the lease is held.
    pub(super) lease_until: Option<LocalTime>,
}

/// One slot under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Proposal {
    tally: Tally,
    call: Option<CallId>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
enum State {
    /// What to propose is not known yet.
    Open,
    /// Proposed.
    Sent,
    /// A majority accepted it in this ballot.
    Chosen,
}

impl<A: App> Leading<A> {
    /// The slot of the next new command.
    pub(super) fn next(&self) -> LogSlot {
        self.base.plus(self.proposals.len() as u64)
    }

    /// Whether another vote of `from` for the slot would make no difference.
    pub(super) fn needs_no_vote(&self, slot: LogSlot, from: NodeId) -> bool {
        let index = slot.0.checked_sub(self.base.0).and_then(|index| usize::try_from(index).ok());
        let Some(index) = index else { return true };
        self.proposals.get(index).is_some_and(|proposal| match proposal.state {
            State::Open => false,
            State::Sent => proposal.tally.voters.contains(from),
            State::Chosen => true,
        })
    }

    fn proposal(&mut self, slot: LogSlot) -> Option<&mut Proposal> {
        let index = usize::try_from(slot.0.checked_sub(self.base.0)?).ok()?;
        self.proposals.get_mut(index)
    }
}

impl<A: App, R: Rules> Paxos<A, R> {
    /// A majority promised: proposes for every slot in which anything may have been chosen, and opens for
    /// new commands above.
    pub(super) fn begin_leading(
        &mut self,
        config: &Config<R>,
        ballot: Ballot,
        findings: Findings<A>,
        cx: &mut Context<'_, Self>,
    ) {
        let (base, top) = (self.applied.next(), findings.top);
        let open = Proposal { tally: Tally::default(), call: None, state: State::Open };
        let proposals = (base.0..=top.0).map(|_| open).collect();
        self.role = Role::Leading(Box::new(Leading {
            ballot,
            top,
            base,
            proposals,
            open: Some(Box::new(findings)),
            refused: NodeSet::EMPTY,
            heard: NodeSet::EMPTY,
            silent_rounds: 0,
            open_rounds: 0,
            stale_below: base,
            sequence: 0,
            beats: [None; 2],
            lease_until: None,
        }));
        cx.fact(Fact::Led { ballot });
        self.settle_open_slots(config, cx);
        self.beat(config, cx);
    }

    /// Proposes what phase 1 found, in each slot for which enough promises count.
    pub(super) fn settle_open_slots(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        let Role::Leading(leading) = &mut self.role else {
            return;
        };
        let (ballot, base, top) = (leading.ballot, leading.base, leading.top);
        let Some(findings) = leading.open.take() else {
            return;
        };
        let missing = findings.needed > self.applied.next();
        let mut waits = missing;
        if missing {
            self.fetch(config, findings.source, cx);
        } else {
            for slot in (base.0..=top.0).map(LogSlot) {
                waits |= !self.settle_open_slot(config, ballot, slot, &findings, cx);
            }
        }
        if let Role::Leading(leading) = &mut self.role {
            leading.open = waits.then_some(findings);
            self.give_up_if_refused(config, cx);
        }
    }

    /// False if the slot stays open.
    fn settle_open_slot(
        &mut self,
        config: &Config<R>,
        ballot: Ballot,
        slot: LogSlot,
        findings: &Findings<A>,
        cx: &mut Context<'_, Self>,
    ) -> bool {
        let Role::Leading(leading) = &mut self.role else {
            return true;
        };
        let Some(proposal) = leading.proposal(slot).filter(|p| p.state == State::Open) else {
            return true;
        };
        match findings.verdict(&config.rules, slot, config.settings().members) {
            Verdict::Open => {
                cx.probe("paxos/slot-left-open");
                false
            }
            Verdict::Propose { entry, votes, found } => {
                if found {
                    cx.probe("paxos/recovered-undecided-slot");
                }
                proposal.state = State::Sent;
                proposal.tally = Tally { voters: votes, replies: votes.len() };
                self.send_accepts(config, ballot, slot, entry, cx);
                true
            }
        }
    }

    /// Proposes a new entry; the caller has checked that this node leads and has room.
    pub(super) fn propose_entry(
        &mut self,
        config: &Config<R>,
        entry: Entry<A>,
        call: Option<CallId>,
        cx: &mut Context<'_, Self>,
    ) {
        let Role::Leading(leading) = &mut self.role else {
            return;
        };
        let (ballot, slot) = (leading.ballot, leading.next());
        let tally = Tally::default();
        leading.proposals.push_back(Proposal { tally, call, state: State::Sent });
        self.acknowledge_early(config, Progress::Proposed, &entry, slot, call, cx);
        self.send_accepts(config, ballot, slot, entry, cx);
    }

    /// Proposes `entry` to everybody, unless another one is known to be chosen here: then this leader was
    /// overtaken while it prepared, and whoever accepted from it would take its word for what is chosen.
    fn send_accepts(
        &mut self,
        config: &Config<R>,
        ballot: Ballot,
        slot: LogSlot,
        entry: Entry<A>,
        cx: &mut Context<'_, Self>,
    ) {
        let overtaken = self.log.get(slot).is_some_and(|cell| cell.chosen && cell.entry != entry);
        if overtaken && !config.rules.may_lead_on(false) {
            return self.give_up_overtaken(config, cx);
        }
        let chosen_upto = self.applied;
        for node in config.others() {
            let body = Body::Accept { ballot, slot, entry: entry.clone(), chosen_upto };
            Self::send(config, node, body, cx);
        }
        self.accept(config, ballot, slot, entry, cx);
    }

    /// Counts one acceptance.
    pub(super) fn on_accepted(
        &mut self,
        config: &Config<R>,
        from: NodeId,
        ballot: Ballot,
        slot: LogSlot,
        cx: &mut Context<'_, Self>,
    ) {
        let Role::Leading(leading) = &mut self.role else {
            return;
        };
        if !config.rules.counts_vote(leading.ballot, ballot) {
            return;
        }
        leading.heard.insert(from);
        leading.refused.remove(from);
        let Some(proposal) = leading.proposal(slot).filter(|p| p.state == State::Sent) else {
            return;
        };
        proposal.tally.add(from);
        if !config.rules.is_quorum(proposal.tally, config.settings().members) {
            return;
        }
        proposal.state = State::Chosen;
        if let Some(cell) = self.log.get_mut(slot) {
            cell.chosen = true;
        }
        self.advance(config, cx);
    }

    /// The own acceptance of a slot became durable.
    pub(super) fn on_own_acceptance(
        &mut self,
        config: &Config<R>,
        slot: LogSlot,
        cx: &mut Context<'_, Self>,
    ) {
        let Role::Leading(leading) = &mut self.role else {
            return;
        };
        let Some(call) = leading.proposal(slot).and_then(|proposal| proposal.call) else {
            return;
        };
        if config.rules.may_acknowledge(Progress::AcceptedHere)
            && let Some(entry) = self.log.get(slot).map(|cell| cell.entry.clone())
        {
            let call = Some(call);
            self.acknowledge_early(config, Progress::AcceptedHere, &entry, slot, call, cx);
        }
    }

    /// The slot was applied here. Gives what it answered to whoever asked, if this ballot chose it.
    pub(super) fn settle_proposal(
        &mut self,
        config: &Config<R>,
        slot: LogSlot,
        reply: Option<Reply<A>>,
        cx: &mut Context<'_, Self>,
    ) {
        let hint = self.hint(config);
        let Role::Leading(leading) = &mut self.role else {
            return;
        };
        let mut reply = reply;
        while leading.base <= slot {
            let at = leading.base;
            leading.base = at.next();
            let Some(Proposal { call, state, .. }) = leading.proposals.pop_front() else {
                continue;
            };
            let Some(call) = call else {
                continue;
            };
            let ours = at == slot && state == State::Chosen;
            let allowed = config.rules.may_acknowledge(Progress::AppliedInOwnBallot);
            let answer = reply.take().filter(|_| ours && allowed);
            cx.reply(call, answer.unwrap_or(Reply::Unknown { hint }));
        }
    }

    /// A compacted slot is chosen, in whatever ballot: fetches the state that contains it.
    pub(super) fn on_already_chosen(
        &mut self,
        config: &Config<R>,
        from: NodeId,
        ballot: Ballot,
        log_start: LogSlot,
        cx: &mut Context<'_, Self>,
    ) {
        let Role::Leading(leading) = &mut self.role else {
            return;
        };
        if config.rules.counts_for(leading.ballot, ballot) {
            leading.heard.insert(from);
            if log_start > self.applied.next() {
                cx.probe("paxos/leader-behind-log-start");
                self.fetch(config, from, cx);
            }
        }
    }

    /// Sends again what may be lost, a bounded number of slots each round.
    pub(super) fn replicate_again(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        let Role::Leading(leading) = &mut self.role else {
            return;
        };
        let stale = leading.stale_below.above(leading.base).min(config.settings().batch);
        leading.stale_below = leading.next();
        let (ballot, chosen_upto) = (leading.ballot, self.applied);
        for (at, proposal) in (leading.base.0..leading.base.plus(stale).0).zip(&leading.proposals) {
            let slot = LogSlot(at);
            if proposal.state != State::Sent {
                continue;
            }
            let Some(cell) = self.log.get(slot).filter(|cell| cell.ballot == ballot) else {
                continue;
            };
            let voters = proposal.tally.voters;
            for node in config.others().filter(|node| !voters.contains(*node)) {
                let body = Body::Accept { ballot, slot, entry: cell.entry.clone(), chosen_upto };
                Self::send(config, node, body, cx);
            }
        }
    }

    /// Others know everything up to `slot` to be chosen: gives the ballot up if it proposed for any of
    /// that and has not seen its entry chosen, unless that is the entry.
    pub(super) fn lead_on_if_own(
        &mut self,
        config: &Config<R>,
        slot: LogSlot,
        own_entry: bool,
        cx: &mut Context<'_, Self>,
    ) {
        let Role::Leading(leading) = &self.role else {
            return;
        };
        let slots = (leading.base.0..=slot.0).zip(&leading.proposals);
        let mut undecided = slots.filter(|(_, proposal)| proposal.state == State::Sent);
        if undecided.next().is_some() && !config.rules.may_lead_on(own_entry) {
            self.give_up_overtaken(config, cx);
        }
    }

    fn give_up_overtaken(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        cx.probe("paxos/ballot-overtaken");
        if let Some(ballot) = self.leads() {
            self.step_down(config, Why::Overtaken, cx);
            self.election.spend(ballot);
        }
    }

    /// Gives the ballot up for ever: proposes and reads nothing more in it, and only then releases its
    /// lease. Whoever waits for an answer learns that there will be none.
    pub(super) fn step_down(&mut self, config: &Config<R>, why: Why, cx: &mut Context<'_, Self>) {
        let Role::Leading(leading) = core::mem::replace(&mut self.role, Role::Follower) else {
            return;
        };
        let hint = self.hint(config);
        cx.fact(Fact::SteppedDown { ballot: leading.ballot, why });
        for call in leading.proposals.iter().filter_map(|proposal| proposal.call) {
            cx.reply(call, Reply::Unknown { hint });
        }
        self.release(config, &leading, cx);
    }
}
