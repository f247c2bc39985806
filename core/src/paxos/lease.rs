//! Heartbeats, and the leader's lease for reads from its own state.
//!
//! A grantor promises no other owner's ballot, its own included, for the agreed span after it received a
//! heartbeat; the leader acts on a majority's grants for a shorter span after it *sent* that heartbeat.
//! Only spans on one clock are compared. A restarted grantor forgot its grants and keeps silent for a
//! whole span. Without leases nothing here reads the clock.

use super::acceptor::{Granted, OwedGrant};
use super::message::{Ballot, Body};
use super::replicate::Leading;
use super::rules::{Rules, Tally};
use super::{Config, Fact, Paxos, Role};
use crate::consensus::App;
use crate::{Context, Fold, LocalTime, NodeId};

/// A heartbeat under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Beat {
    sequence: u64,
    /// The leader's clock before it sent any of its copies.
    sent: LocalTime,
    grants: Tally,
}

impl<A: App, R: Rules> Paxos<A, R> {
    /// Sends a heartbeat, if leading. The leader is one of its own grantors.
    pub(super) fn beat(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        let Role::Leading(leading) = &mut self.role else {
            return;
        };
        leading.sequence = config.rules.next_heartbeat(leading.sequence);
        let (ballot, sequence) = (leading.ballot, leading.sequence);
        if let Some(lease) = config.settings().lease {
            let sent = cx.now();
            let grants = Tally::default();
            leading.beats = [Some(Beat { sequence, sent, grants }), leading.beats[0]];
            let until = sent.after(lease.grant);
            self.acceptor.granted = Some(Granted { ballot, sequence, until });
        }
        let chosen_upto = self.applied;
        Self::broadcast(config, &Body::Heartbeat { ballot, sequence, chosen_upto }, cx);
        self.renew(config, config.me(), sequence, cx);
    }

    /// A heartbeat is a promise, too, and must be as durable before it is answered.
    pub(super) fn on_heartbeat(
        &mut self,
        config: &Config<R>,
        from: NodeId,
        ballot: Ballot,
        sequence: u64,
        cx: &mut Context<'_, Self>,
    ) {
        if !self.acceptor.voter || ballot.node != from {
            return;
        }
        if !config.rules.may_grant(self.acceptor.promised, ballot) {
            self.refuse(config, from, ballot, cx);
            return;
        }
        self.adopt(config, ballot, cx);
        self.flush_promise(cx);
        if let Some(lease) = config.settings().lease {
            self.grant(ballot, sequence, cx.now().after(lease.grant));
        }
        if config.rules.may_reveal_promise(self.acceptor.durable_copies(ballot)) {
            Self::send(config, from, Body::Grant { ballot, sequence }, cx);
        } else {
            self.acceptor.owed_grant = Some(OwedGrant { ballot, sequence });
        }
    }

    /// A late copy of an earlier heartbeat must not shorten what a later one was granted.
    fn grant(&mut self, ballot: Ballot, sequence: u64, until: LocalTime) {
        let granted = match self.acceptor.granted {
            Some(old) if old.ballot == ballot => Granted {
                ballot,
                sequence: old.sequence.max(sequence),
                until: old.until.max(until),
            },
            _ => Granted { ballot, sequence, until },
        };
        self.acceptor.granted = Some(granted);
    }

    pub(super) fn on_grant(
        &mut self,
        config: &Config<R>,
        from: NodeId,
        ballot: Ballot,
        sequence: u64,
        cx: &mut Context<'_, Self>,
    ) {
        let Role::Leading(leading) = &mut self.role else {
            return;
        };
        if config.rules.counts_for(leading.ballot, ballot) {
            leading.heard.insert(from);
            self.renew(config, from, sequence, cx);
        }
    }

    /// Counts a grant; a majority's for one heartbeat extends the lease from when that was sent.
    fn renew(
        &mut self,
        config: &Config<R>,
        from: NodeId,
        sequence: u64,
        cx: &mut Context<'_, Self>,
    ) {
        let (Role::Leading(leading), Some(lease)) = (&mut self.role, config.settings().lease)
        else {
            return;
        };
        let beats = leading.beats.iter_mut().flatten();
        let Some(beat) =
            beats.into_iter().find(|beat| config.rules.counts_grant(beat.sequence, sequence))
        else {
            return;
        };
        beat.grants.add(from);
        if !config.rules.may_hold(beat.grants, config.settings().members) {
            return;
        }
        let begins = config.rules.lease_begins(beat.sent, cx.now());
        let until = begins.after(config.rules.lease_usable(&lease));
        if leading.lease_until.is_none_or(|held| held < until) {
            leading.lease_until = Some(until);
            cx.fact(Fact::LeaseHeld { ballot: leading.ballot, until });
        }
    }

    /// Whether this node may promise `candidate`'s ballot now, which may be its own.
    pub(super) fn may_promise_now(
        &mut self,
        config: &Config<R>,
        candidate: NodeId,
        cx: &mut Context<'_, Self>,
    ) -> bool {
        if config.settings().lease.is_none() {
            return true;
        }
        let now = cx.now();
        if self.acceptor.quiet_until.is_some_and(|until| now < until) {
            return false;
        }
        self.acceptor.quiet_until = None;
        match self.acceptor.granted {
            Some(Granted { ballot, until, .. }) if now < until => {
                !config.rules.grant_forbids(ballot.node, candidate)
            }
            _ => true,
        }
    }

    /// Whether this node may answer from its own state at `now`, a reading taken after the answer was
    /// computed.
    pub(super) fn is_reader_at(&self, config: &Config<R>, now: LocalTime) -> bool {
        let Role::Leading(leading) = &self.role else {
            return false;
        };
        config.rules.has_recovered(self.applied, leading.top)
            && leading.lease_until.is_some_and(|until| config.rules.is_lease_live(now, until))
    }

    /// Ends the grants of a ballot in which this node has just stopped for ever, so that its successor
    /// need not wait for them.
    pub(super) fn release(
        &mut self,
        config: &Config<R>,
        leading: &Leading<A>,
        cx: &mut Context<'_, Self>,
    ) {
        let (ballot, sequence) = (leading.ballot, leading.sequence);
        if config.settings().lease.is_none() {
            return;
        }
        if leading.lease_until.is_some() {
            cx.fact(Fact::LeaseLost { ballot });
        }
        self.on_release(config, ballot, sequence);
        Self::broadcast(config, &Body::Release { ballot, sequence }, cx);
    }

    pub(super) fn on_release(&mut self, config: &Config<R>, ballot: Ballot, sequence: u64) {
        self.acceptor.granted.take_if(|granted| {
            config.rules.is_released((granted.ballot, granted.sequence), (ballot, sequence))
        });
    }
}
