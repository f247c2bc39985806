//! L1 to L3: at most one node holds the leader's lease, and only by right.
//!
//! **Exclusion.** A grantor excludes all other owners from when a heartbeat reached it until its own clock
//! has counted a grant, provided that it sent the grant; a leader excludes the others from its own heartbeat
//! on. A release of that heartbeat, or of a later one of its ballot, ends that, and so does a heartbeat of a
//! higher ballot: its owner was elected by a majority, which excluded it no longer. All of it is seen on the
//! wire and on the clocks.
//!
//! **L2.** Who answers a call in the very step that took it up acts on a lease: nothing else allows that
//! where leases are on. At that moment a majority must exclude the others in its favour. And who excludes the
//! others neither promises their ballots nor asks for promises of its own.
//! **L3.** A restarted acceptor gives no promise, its own included, until its clock has counted a grant.
//! **L1.** No two nodes believe at one instant of true time that they hold. A belief is borne out if a
//! majority was seen to exclude the others when it arose. A node that acts without believing, or believes
//! without ever having had a majority, makes the evidence inconsistent.
//!
//! Answers that a pause held back are not judged: the step that gave them was earlier. Without a lease, or on
//! its own, no node is watched.

use super::evidence::Layer;
use super::properties::{L1, L2, L3};
use super::watched::{Exclusion, Held, Watched};
use crate::check::{Check, Failure, Report, Tally, View};
use crate::clock::{ClockChange, TrueTime};
use crate::seen::{Kind, Kinds, Seen};
use interregnum_core::paxos::{Ballot, Body, Fact, Reply};
use interregnum_core::{LocalTime, Machine, NodeId, Span};
use std::fmt;
use std::marker::PhantomData;

/// Judges leases of the Paxos layer `L` of machines `M`.
pub(super) struct Leases<M, L> {
    holders: Tally,
    rights: Tally,
    silence: Tally,
    nodes: Vec<Watched>,
    grant: Span,
    /// A belief that no majority bore out.
    unfounded: Option<(NodeId, TrueTime)>,
    layer: PhantomData<fn() -> (M, L)>,
}

impl<M, L> fmt::Debug for Leases<M, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leases").field("nodes", &self.nodes).finish_non_exhaustive()
    }
}

impl<M: Machine, L: Layer<M>> Leases<M, L> {
    pub(super) fn new(members: u8, grant: Span) -> Self {
        Self {
            holders: Tally::new(&L1),
            rights: Tally::new(&L2),
            silence: Tally::new(&L3),
            nodes: vec![Watched::default(); usize::from(members)],
            grant,
            unfounded: None,
            layer: PhantomData,
        }
    }

    /// What the clock of `node` would show, had it never started anew: what is counted on it goes on
    /// through power failures.
    fn counted(&self, view: View<'_, M>, node: NodeId) -> LocalTime {
        let before = self.nodes.get(node.index()).map_or(0, |watched| watched.counted_before);
        LocalTime(view.local_time(node).0.wrapping_add(before))
    }

    fn sent(&mut self, view: View<'_, M>, from: NodeId, body: &Body<L::App>) -> Option<Failure> {
        let counted = self.counted(view, from);
        let node = self.nodes.get_mut(from.index())?;
        match body {
            Body::Heartbeat { ballot, sequence, .. } => {
                let known = |e: &Exclusion| (e.ballot, e.sequence) > (*ballot, *sequence);
                if node.granted[0].as_ref().is_none_or(|own| !known(own)) {
                    let until = counted.after(self.grant);
                    let (ballot, sequence) = (*ballot, *sequence);
                    node.grants(Exclusion { ballot, sequence, until, since: view.now() });
                }
                None
            }
            Body::Grant { ballot, sequence } => {
                node.took_part = true;
                let is_it = |e: &&Exclusion| (e.ballot, e.sequence) == (*ballot, *sequence);
                let heard = node.heard.iter().flatten().find(is_it).copied();
                if let Some(heard) = heard {
                    node.grants(Exclusion { since: view.now(), ..heard });
                }
                None
            }
            Body::Release { ballot, sequence } => {
                node.released(*ballot, *sequence);
                None
            }
            Body::Accepted { .. } => {
                node.took_part = true;
                None
            }
            Body::Promise(promise) => self.promises(view, from, promise.ballot),
            Body::Prepare { ballot, .. } => self.promises(view, from, *ballot),
            _ => None,
        }
    }

    fn delivered(&mut self, view: View<'_, M>, to: NodeId, body: &Body<L::App>) {
        let counted = self.counted(view, to);
        let Some(node) = self.nodes.get_mut(to.index()) else { return };
        match *body {
            Body::Heartbeat { ballot, sequence, .. } => {
                let until = counted.after(self.grant);
                node.superseded(ballot);
                node.hears(Exclusion { ballot, sequence, until, since: view.now() });
            }
            Body::Release { ballot, sequence } => node.released(ballot, sequence),
            _ => {}
        }
    }

    /// `from` promises `ballot`, or asks for promises of its own.
    fn promises(&mut self, view: View<'_, M>, from: NodeId, ballot: Ballot) -> Option<Failure> {
        let (now, clock) = (view.now(), self.counted(view, from));
        let node = self.nodes.get_mut(from.index())?;
        node.took_part = true;
        if let Some(restarted) = node.restarted {
            self.silence.exercised(now);
            if clock < restarted.after(self.grant) {
                self.silence.violated += 1;
                let awake = clock.since(restarted);
                let what = format!("{from} promises {ballot} {awake} after its restart");
                return Some(Failure::new(&L3, what).because(now, from, "sent a promise"));
            }
        }
        let granted = node.granted[0]?;
        if granted.ballot.node == ballot.node {
            return None;
        }
        self.rights.exercised(now);
        if clock >= granted.until {
            return None;
        }
        self.rights.violated += 1;
        let left = granted.until.since(clock);
        let what =
            format!("{from} promises {ballot}, although {} is granted a lease", granted.ballot);
        let fact = format!("its grant to {} has {left} to run", granted.ballot);
        Some(Failure::new(&L2, what).because(now, from, fact))
    }

    /// How many nodes exclude all others in favour of `owner`.
    fn majority_excludes_for(&self, view: View<'_, M>, owner: NodeId) -> bool {
        self.excluding_for(view, owner) * 2 > self.nodes.len()
    }

    /// How many nodes exclude others in favour of `owner` at this moment.
    fn excluding_for(&self, view: View<'_, M>, owner: NodeId) -> usize {
        let nodes = (0..=u8::MAX).map(NodeId).zip(&self.nodes);
        let live = |(node, watched): &(NodeId, &Watched)| {
            let mut granted = watched.granted.iter().flatten();
            granted.any(|e| e.ballot.node == owner && self.counted(view, *node) < e.until)
        };
        nodes.filter(live).count()
    }

    /// Who excluded others in favour of `owner` last, and how long ago that ended.
    fn last_grants(
        &self,
        view: View<'_, M>,
        owner: NodeId,
    ) -> impl Iterator<Item = (TrueTime, NodeId, String)> {
        let nodes = (0..=u8::MAX).map(NodeId).zip(&self.nodes);
        let mut grants: Vec<_> = nodes
            .filter_map(|(node, watched)| {
                let mut granted = watched.granted.iter().flatten();
                let grant = granted.find(|grant| grant.ballot.node == owner)?;
                let clock = self.counted(view, node);
                let (ballot, sequence) = (grant.ballot, grant.sequence);
                let what = if clock < grant.until {
                    let left = grant.until.since(clock);
                    format!("granted {owner} a lease, heartbeat {sequence} of {ballot}, that lasts {left} longer")
                } else {
                    let ago = clock.since(grant.until);
                    format!("granted {owner} a lease, heartbeat {sequence} of {ballot}, that ended {ago} before")
                };
                Some((grant.since, node, what))
            })
            .collect();
        grants.sort_by_key(|grant| grant.0);
        grants.into_iter()
    }

    fn believes(&mut self, view: View<'_, M>, holder: NodeId, until: LocalTime) -> Option<Failure> {
        let now = view.now();
        if view.local_time(holder) >= until {
            self.holders.checked();
            return None;
        }
        let borne_out = self.majority_excludes_for(view, holder);
        self.nodes.get_mut(holder.index())?.held = Some(Held { until, since: now, borne_out });
        if !borne_out {
            self.unfounded.get_or_insert((holder, now));
        }
        self.holders.exercised(now);
        let mut others = (0..=u8::MAX).map(NodeId).zip(&self.nodes);
        let (other, held) = others.find_map(|(node, watched)| {
            let held = watched.held.filter(|held| view.local_time(node) < held.until)?;
            (node != holder).then_some((node, held))
        })?;
        let what = format!("{other} and {holder} both hold the leader's lease");
        let failure = Failure::new(&L1, what)
            .because(held.since, other, "believes to hold the lease until later")
            .because(now, holder, "believes to hold the lease");
        self.holders.violated += 1;
        Some(if borne_out && held.borne_out { failure } else { failure.inconsistent() })
    }

    /// `node` answers a call in the step that took it up.
    fn acts(&mut self, view: View<'_, M>, node: NodeId) -> Option<Failure> {
        let now = view.now();
        self.rights.exercised(now);
        if !self.majority_excludes_for(view, node) {
            self.rights.violated += 1;
            let (excluding, nodes) = (self.excluding_for(view, node), self.nodes.len());
            let what = format!(
                "{node} answers from its own state, and only {excluding} of {nodes} nodes exclude \
                 others in its favour at that moment"
            );
            let failure = self.last_grants(view, node).fold(Failure::new(&L2, what), because);
            return Some(failure.because(now, node, "answers from its own state"));
        }
        // One who acts a little longer than it claimed will soon act without a majority.
        if self.nodes.get(node.index())?.held.is_some() {
            return None;
        }
        self.holders.violated += 1;
        let what = format!("{node} acts on a lease that it does not claim to hold");
        let failure = Failure::new(&L1, what).because(now, node, "answers from its own state");
        Some(failure.inconsistent())
    }
}

fn because(failure: Failure, (at, node, what): (TrueTime, NodeId, String)) -> Failure {
    failure.because(at, node, what)
}

impl<M: Machine, L: Layer<M>> Check<M> for Leases<M, L> {
    fn interest(&self) -> Kinds {
        if self.nodes.len() < 2 {
            return Kinds::default();
        }
        Kinds::of(&[
            Kind::Sent,
            Kind::Delivered,
            Kind::Called,
            Kind::Replied,
            Kind::Booted,
            Kind::Crashed,
            Kind::Halted,
            Kind::Fact,
            Kind::ClockChanged,
        ])
    }

    fn observe(&mut self, seen: &Seen<'_, M>, view: View<'_, M>, report: &mut Report) {
        let failure = match *seen {
            Seen::Sent { from, message, .. } => {
                L::message(message).and_then(|message| self.sent(view, from.node, &message.body))
            }
            Seen::Delivered { to, message, .. } => {
                if let Some(message) = L::message(message) {
                    self.delivered(view, to.node, &message.body);
                }
                None
            }
            Seen::Called { process, id, .. } => {
                if let Some(node) = self.nodes.get_mut(process.node.index()) {
                    node.called = Some((id, view.now()));
                }
                None
            }
            Seen::Replied { process, id, reply } => {
                let node = self.nodes.get(process.node.index());
                let at_once = node.is_some_and(|node| node.called == Some((id, view.now())));
                let answer = L::reply(reply)
                    .is_some_and(|r| matches!(r, Reply::Applied { .. } | Reply::Read { .. }));
                if at_once && answer { self.acts(view, process.node) } else { None }
            }
            _ => self.observe_rare(seen, view),
        };
        if let Some(failure) = failure {
            report.fail(failure);
        }
    }

    fn finish(&mut self, view: View<'_, M>, report: &mut Report) {
        if let Some((node, since)) = self.unfounded {
            self.holders.violated += 1;
            let what = format!("{node} claimed a lease that no majority granted it");
            let failure = Failure::new(&L1, what)
                .because(since, node, "believed to hold the lease")
                .because(view.now(), node, "never acted on it without a majority");
            report.fail(failure.inconsistent());
        }
    }

    fn tallies(&self) -> Vec<Tally> {
        vec![self.holders.clone(), self.rights.clone(), self.silence.clone()]
    }
}

impl<M: Machine, L: Layer<M>> Leases<M, L> {
    fn observe_rare(&mut self, seen: &Seen<'_, M>, view: View<'_, M>) -> Option<Failure> {
        match *seen {
            Seen::Fact { process, fact } => match *L::fact(fact)? {
                Fact::LeaseHeld { until, .. } => return self.believes(view, process.node, until),
                Fact::LeaseLost { .. } | Fact::SteppedDown { .. } => {
                    self.nodes.get_mut(process.node.index())?.held = None;
                }
                _ => {}
            },
            Seen::Booted { process, incarnation } => {
                let counted = self.counted(view, process.node);
                let node = self.nodes.get_mut(process.node.index())?;
                node.held = None;
                node.heard = [None; 2];
                if incarnation > 1 && node.took_part {
                    node.restarted = Some(counted);
                }
            }
            Seen::ClockChanged { node, change: ClockChange::Restarted { showed, shows } } => {
                let node = self.nodes.get_mut(node.index())?;
                let lost = showed.0.wrapping_sub(shows.0);
                node.counted_before = node.counted_before.wrapping_add(lost);
            }
            Seen::Crashed { process, .. } | Seen::Halted { process, .. } => {
                self.nodes.get_mut(process.node.index())?.held = None;
            }
            _ => {}
        }
        None
    }
}
