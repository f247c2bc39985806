//! Who leads: heartbeat rounds in which every node asks every other what it knows.
//!
//! After Omni-Paxos. A node holds one ballot to be *elected* and is *happy* while it can tell that the
//! elected leader is alive or is itself elected and connected to a majority. Only a node that is
//! connected to a majority, is unhappy and hears nobody happy takes over; so leadership is stable although
//! links fail pairwise, and a leader that lost its majority is replaced even where it is still heard. A
//! node whose disk hangs counts itself neither as a voter nor as a candidate, and answers nobody: others would
//! go on to count on one that talks but can promise nothing. A leader that damage keeps from settling a slot
//! leaves it to others for a while: they may reach the nodes that still know.
//!
//! Nothing here decides safety. Deliberately absent: the clock; time is counted in rounds, whose length
//! the host draws.

use super::message::{Ballot, Body, Timer};
use super::rules::{Rules, Tally};
use super::{Config, Paxos, Role, Why};
use crate::consensus::{App, LogSlot};
use crate::{Context, Fold, NodeId, NodeMap, NodeSet};

/// What the node knows of the election.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Election {
    round: u64,
    /// False for a node that forgot which ballots it used.
    pub(super) may_lead: bool,
    /// The ballot this node leads or means to lead with, if any.
    pub(super) candidacy: Ballot,
    /// The ballot held to be elected.
    pub(super) elected: Ballot,
    pub(super) happy: bool,
    /// For so many rounds it leaves it to others to lead.
    abstains: u32,
    told: NodeMap<Option<Told>>,
    /// What was applied when the previous round ended.
    applied_before: LogSlot,
}

/// What another node told in this round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Told {
    pub(super) candidacy: Ballot,
    pub(super) elected: Ballot,
    pub(super) happy: bool,
    pub(super) chosen_upto: LogSlot,
}

impl Election {
    /// After boot: whoever was promised last may lead, but nothing is known of it.
    pub(super) fn new(members: u8, promised: Ballot) -> Self {
        Self {
            round: 0,
            may_lead: true,
            candidacy: Ballot::NONE,
            elected: promised,
            happy: false,
            abstains: 0,
            told: NodeMap::new(members, |_| None),
            applied_before: LogSlot::ZERO,
        }
    }

    pub(super) fn on_tell(&mut self, from: NodeId, round: u64, told: Told) {
        if round == self.round {
            self.told[from] = Some(told);
        }
    }

    /// Whether answers in this round count.
    pub(super) const fn is_now(&self, round: u64) -> bool {
        round == self.round
    }

    /// The ballot was given up: to lead again, this node must be elected again with a new one.
    pub(super) fn spend(&mut self, ballot: Ballot) {
        if self.candidacy == ballot {
            self.candidacy = Ballot::NONE;
            self.happy = false;
        }
    }

    fn repliers(&self) -> impl Iterator<Item = (NodeId, Told)> {
        self.told.iter().filter_map(|(node, told)| Some((node, (*told)?)))
    }

    /// Draws the round's conclusion.
    fn conclude<R: Rules>(&mut self, config: &Config<R>, promised: Ballot, disk_works: bool) {
        let me = config.me();
        let is_quorum = |others: NodeSet| {
            let mut voters = others;
            if disk_works {
                voters.insert(me);
            }
            let tally = Tally { voters, replies: voters.len() };
            config.rules.is_quorum(tally, config.settings().members)
        };
        for (_, told) in self.told.iter() {
            self.elected = self.elected.max(told.map_or(Ballot::NONE, |told| told.candidacy));
        }
        let own = !self.candidacy.is_none() && self.elected == self.candidacy;
        self.happy = if own {
            let below = |told: &Told| told.elected <= self.candidacy;
            let content = |told: Told| told.happy && told.elected > self.candidacy;
            let followers = self.repliers().filter(|(_, told)| below(told)).map(|(n, _)| n);
            config.rules.may_stay_elected(is_quorum(followers.collect()))
                || self.repliers().any(|(_, told)| content(told))
        } else {
            let leads = |told: Told| told.happy && told.candidacy == self.elected;
            !self.elected.is_none() && self.repliers().any(|(_, told)| leads(told))
        };
        let any_happy = self.repliers().any(|(_, told)| told.happy);
        let connected = is_quorum(self.repliers().map(|(node, _)| node).collect());
        let may_run = disk_works && self.abstains == 0;
        self.abstains = self.abstains.saturating_sub(1);
        if may_run && config.rules.may_take_over(self.happy, any_happy, connected) {
            let known = self.repliers().map(|(_, told)| told.elected).max();
            let highest = self.elected.max(promised).max(known.unwrap_or(Ballot::NONE));
            self.candidacy = Ballot { round: highest.round.saturating_add(1), node: me };
            self.elected = self.candidacy;
            self.happy = true;
        }
        if promised > self.elected {
            self.elected = promised;
            self.happy = true;
        }
    }
}

impl<A: App, R: Rules> Paxos<A, R> {
    /// A heartbeat round ends and the next one begins.
    pub(super) fn on_round(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        if self.election.may_lead {
            self.acceptor.on_round();
            let disk_works = self.disk_works(config);
            self.election.conclude(config, self.acceptor.promised, disk_works);
            self.give_up_if_unelected(config, cx);
            let election = &self.election;
            let elected = election.elected == election.candidacy && !election.elected.is_none();
            if elected && matches!(self.role, Role::Follower) {
                self.lead(config, cx);
            } else {
                self.prepare_again(config, cx);
            }
            self.replicate_again(config, cx);
            self.beat(config, cx);
        }
        self.catch_up(config, cx);
        self.begin_round(config, cx);
    }

    /// Asks everybody, and waits for the end of the round.
    pub(super) fn begin_round(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        self.election.round = self.election.round.saturating_add(1);
        for (_, told) in self.election.told.iter_mut() {
            *told = None;
        }
        Self::broadcast(config, &Body::Ask { round: self.election.round }, cx);
        cx.arm(Timer::Round, config.settings().heartbeat);
    }

    /// A node without memory is silent, and so is one whose disk hangs: neither can promise, so that they
    /// must not make anybody believe in a majority.
    pub(super) fn on_ask(
        &self,
        config: &Config<R>,
        from: NodeId,
        round: u64,
        cx: &mut Context<'_, Self>,
    ) {
        if !self.acceptor.voter || !self.disk_works(config) {
            return;
        }
        let Election { candidacy, elected, happy, .. } = self.election;
        let chosen_upto = self.applied;
        let body = Body::Tell { round, candidacy, elected, happy, chosen_upto };
        Self::send(config, from, body, cx);
    }

    /// Abdication: a leader that the round found unhappy, outbid or unheard stops for ever in its ballot.
    fn give_up_if_unelected(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        let Some(own) = self.own_ballot() else {
            return;
        };
        let disk_works = self.disk_works(config);
        let mut why = None;
        if !disk_works && matches!(self.role, Role::Preparing(_)) {
            cx.probe("paxos/gave-up-for-its-disk");
            why = Some(Why::Unheard);
        }
        let has_open_slots = self.has_open_slots(config);
        if let Role::Leading(leading) = &mut self.role {
            let mut voters = core::mem::take(&mut leading.heard);
            if disk_works {
                voters.insert(config.me());
            }
            let tally = Tally { voters, replies: voters.len() };
            leading.silent_rounds = if config.rules.is_quorum(tally, config.settings().members) {
                0
            } else {
                leading.silent_rounds.saturating_add(1)
            };
            let limit = config.settings().abdication_rounds;
            if config.rules.abdicates(leading.silent_rounds, limit) {
                cx.probe("paxos/abdicated-unheard");
                why = Some(Why::Unheard);
            }
            leading.open_rounds =
                if has_open_slots { leading.open_rounds.saturating_add(1) } else { 0 };
            if config.rules.abdicates(leading.open_rounds, limit) {
                cx.probe("paxos/gave-up-for-open-slots");
                self.election.abstains = 2 * limit;
                why = Some(Why::Refused);
            }
        }
        if !self.election.happy || self.election.elected > own {
            why = Some(Why::Unelected);
        }
        if let Some(why) = why {
            self.step_down(config, why, cx);
            self.election.spend(own);
        }
    }

    /// Asks whoever told of more, unless something arrived during the round anyway.
    fn catch_up(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        let stuck = self.applied == self.election.applied_before;
        self.election.applied_before = self.applied;
        let ahead = self.election.repliers().max_by_key(|(_, told)| told.chosen_upto);
        if let Some((node, told)) = ahead
            && told.chosen_upto > self.applied
            && (stuck || told.chosen_upto.above(self.applied) > config.settings().batch)
        {
            self.fetch(config, node, cx);
        }
    }

    /// Who leads, as far as this node knows.
    pub(super) fn hint(&self, config: &Config<R>) -> Option<NodeId> {
        match &self.role {
            Role::Follower => {
                let Election { elected, happy, .. } = self.election;
                // A ballot of its own that it does not lead in is spent, or not yet begun.
                let other = !elected.is_none() && elected.node != config.me();
                (happy && other).then_some(elected.node)
            }
            Role::Preparing(_) | Role::Leading(_) => Some(config.me()),
        }
    }
}
