//! Paxos as a consensus service: a replicated log under one stable leader.
//!
//! **What it is.** Every node is acceptor, learner and possible leader. Phase 1 is done once per ballot
//! for all slots (`prepare`), phase 2 once per slot (`replicate`, `acceptor`); chosen entries are applied
//! in order (`learner`), cut off by snapshots (`snapshot`) and answered to clients (`client`). Who leads
//! is decided beside it, in heartbeat rounds (`election`), and a leader may hold a lease for reads from
//! its own state (`lease`).
//!
//! **Source.** L. Lamport, "The Part-Time Parliament" and "Paxos Made Simple"; the consensus service of
//! the leader-election patent family of US 9,596,301; Omni-Paxos (EuroSys '23) for the election under
//! partial connectivity; "Protocol-Aware Recovery for Consensus-Based Storage" (FAST '18) for damaged
//! disks.
//!
//! **Assumptions.** Fixed membership. A sync that completes makes earlier writes durable; at most one of
//! the two copies of a promise rots. With leases, every clock's rate is within the configured bound.
//!
//! **Promises.** Agreement reads no clock: whatever the timing, no two nodes apply different entries in
//! one slot, and no entry applied is ever lost while a majority keeps its disks. Without leases the
//! machine never asks for the time. With them, reads from the leader's state are linearizable. Once some
//! node reaches a majority and links stop changing, a leader emerges within a few rounds and stays.
//!
//! **Deliberately absent.** Membership change; forwarding of requests (clients follow the hint); batching
//! of several entries into one ballot message; encodings. Heartbeats alone grant leases, not each
//! accept, so that the path of every entry reads no clock.

mod acceptor;
mod boot;
mod client;
pub mod config;
mod election;
pub mod fact;
mod findings;
mod glance;
mod learner;
mod lease;
mod log;
pub mod message;
mod moot;
mod prepare;
pub mod record;
mod replicate;
pub mod rules;
mod snapshot;

pub use config::{Config, ConfigError, Lease, Settings};
pub use fact::{Damage, Fact, Why};
pub use message::{
    Ballot, Batch, Body, Call, ClusterId, Held, Message, Promise, ReadMode, Reply, SlotReport,
    Ticket, Timer,
};
pub use record::{Record, Snapshot};
pub use rules::{
    AcceptorRules, LearnerRules, Progress, ProposerRules, ReaderRules, Rules, SnapshotStage, Sound,
    Tally,
};

use self::acceptor::Acceptor;
use self::election::Election;
use self::log::Log;
use self::prepare::Preparing;
use self::replicate::Leading;
use self::snapshot::Snapshots;
use crate::consensus::{App, LogSlot, Replica};
use crate::{Context, DiskError, Fold, Image, Input, Machine, Never, NodeId, Outcome, ProcessId};
use alloc::boxed::Box;
use core::marker::PhantomData;

/// One node of the consensus service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Paxos<A: App, R: Rules> {
    acceptor: Acceptor,
    log: Log<A>,
    replica: Replica<A>,
    applied: LogSlot,
    snapshots: Snapshots<A>,
    election: Election,
    role: Role<A>,
    rules: PhantomData<fn() -> R>,
}

/// What a node does as a proposer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Fold)]
enum Role<A: App> {
    /// Nothing.
    Follower,
    /// Phase 1.
    Preparing(Box<Preparing<A>>),
    /// Phase 2.
    Leading(Box<Leading<A>>),
}

impl<A: App, R: Rules> Machine for Paxos<A, R> {
    type Config = Config<R>;
    type Message = Message<A>;
    type Timer = Timer;
    type Record = Record<A>;
    type Ticket = Ticket;
    type Call = Call<A>;
    type Reply = Reply<A>;
    type Notice = Never;
    type Fact = Fact;

    fn boot(config: &Config<R>, image: &Image<Record<A>>, cx: &mut Context<'_, Self>) -> Self {
        Self::recover(config, image, cx)
    }

    fn step(&mut self, config: &Config<R>, input: Input<Self>, cx: &mut Context<'_, Self>) {
        match input {
            Input::Message { from, message } => self.on_message(config, from, message, cx),
            Input::Disk { ticket, outcome: Outcome::Synced } => self.on_synced(config, ticket, cx),
            Input::Disk { ticket, outcome: Outcome::Failed(error) } => {
                Self::on_failed(config, ticket, error, cx);
            }
            Input::Timer(Timer::Round) => self.on_round(config, cx),
            Input::Call { id, call } => self.on_call(config, id, call, cx),
            // The machine reads nothing after boot, and its processes do not talk within a node.
            Input::Disk { outcome: Outcome::Read(_), .. }
            | Input::Notice { .. }
            | Input::Exited(_) => {}
        }
    }
}

impl<A: App, R: Rules> Paxos<A, R> {
    /// The ballot in which this node proposes, if it leads.
    #[must_use]
    pub fn leads(&self) -> Option<Ballot> {
        match &self.role {
            Role::Leading(leading) => Some(leading.ballot),
            Role::Follower | Role::Preparing(_) => None,
        }
    }

    /// Everything up to this slot is applied, and what came of it.
    #[must_use]
    pub const fn decisions(&self) -> (LogSlot, &Replica<A>) {
        (self.applied, &self.replica)
    }

    fn on_message(
        &mut self,
        config: &Config<R>,
        from: ProcessId,
        message: Message<A>,
        cx: &mut Context<'_, Self>,
    ) {
        if message.cluster != config.cluster() || !config.is_peer(cx.me(), from) {
            cx.probe("paxos/foreign-message");
            return;
        }
        let from = from.node;
        match message.body {
            Body::Accept { ballot, slot, entry, chosen_upto } => {
                self.on_accept(config, from, ballot, slot, entry, cx);
                self.conclude(config, ballot, chosen_upto, cx);
            }
            Body::Accepted { ballot, slot } => self.on_accepted(config, from, ballot, slot, cx),
            Body::Prepare { ballot, first } => self.on_prepare(config, from, ballot, first, cx),
            Body::Promise(promise) => self.on_promise(config, from, &promise, cx),
            Body::AlreadyChosen { ballot, log_start } => {
                self.on_already_chosen(config, from, ballot, log_start, cx);
            }
            Body::Nack { ballot, promised } => self.on_nack(config, from, ballot, promised, cx),
            Body::Heartbeat { ballot, sequence, chosen_upto } => {
                self.on_heartbeat(config, from, ballot, sequence, cx);
                self.conclude(config, ballot, chosen_upto, cx);
                self.fetch_if_behind(config, from, chosen_upto, cx);
            }
            Body::Grant { ballot, sequence } => {
                self.on_grant(config, from, ballot, sequence, cx);
            }
            Body::Release { ballot, sequence } => self.on_release(config, ballot, sequence),
            Body::Ask { round } => self.on_ask(config, from, round, cx),
            Body::Tell { round, candidacy, elected, happy, chosen_upto } => {
                let told = election::Told { candidacy, elected, happy, chosen_upto };
                self.election.on_tell(from, round, told);
            }
            Body::Fetch { from: slot } => self.on_fetch(config, from, slot, cx),
            Body::Chosen(batch) => self.on_chosen(config, from, &batch, cx),
            Body::Snapshot(snapshot) => self.on_snapshot(config, from, snapshot, cx),
        }
    }

    fn on_synced(&mut self, config: &Config<R>, ticket: Ticket, cx: &mut Context<'_, Self>) {
        self.acceptor.on_synced();
        match ticket {
            Ticket::Accepted { ballot, slot } => self.on_accept_durable(config, ballot, slot, cx),
            Ticket::Promised { copy, ballot } => self.on_copy_durable(config, copy, ballot, cx),
            Ticket::Booted => self.on_booted(config, cx),
            Ticket::Snapshot { applied } => self.on_snapshot_durable(config, applied, cx),
            Ticket::Pointer { applied } => self.on_pointer_durable(config, applied, cx),
        }
    }

    /// What a failed sync covered may or may not be durable, and a later good sync does not tell: only a
    /// restart, which reads what is there, is safe.
    fn on_failed(config: &Config<R>, ticket: Ticket, error: DiskError, cx: &mut Context<'_, Self>) {
        if config.rules.makes_up_for_failed_sync() {
            return cx.sync(record::VOLUME, ticket);
        }
        cx.halt(match error {
            DiskError::Io => "a sync failed",
            DiskError::Full => "the disk is full",
        });
    }

    fn send(config: &Config<R>, to: NodeId, body: Body<A>, cx: &mut Context<'_, Self>) {
        let to = ProcessId { node: to, part: cx.me().part };
        cx.send(to, Message { cluster: config.cluster(), body });
    }

    fn broadcast(config: &Config<R>, body: &Body<A>, cx: &mut Context<'_, Self>) {
        for node in config.others() {
            Self::send(config, node, body.clone(), cx);
        }
    }

    /// Whether the disk completes what it is asked for. While it hangs, this node is no acceptor that
    /// anybody could count on, itself least of all.
    const fn disk_works(&self, config: &Config<R>) -> bool {
        self.acceptor.stalled_rounds <= config.settings().stall_rounds
    }

    /// The ballot this node proposes in or prepares.
    fn own_ballot(&self) -> Option<Ballot> {
        match &self.role {
            Role::Follower => None,
            Role::Preparing(preparing) => Some(preparing.ballot),
            Role::Leading(leading) => Some(leading.ballot),
        }
    }
}
