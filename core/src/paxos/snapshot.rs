//! Snapshots: the state in place of the log that led to it.
//!
//! A snapshot is written to the place that the pointer does not name, flushed, then named, flushed, and
//! only then is the log cut. A node that lags installs another's in the same way. A few slots below the
//! snapshot stay in the log, for nodes that lag a little.

use super::record::{self, Lane, POINTER, Record, SNAPSHOTS, Snapshot, VOLUME};
use super::rules::{Rules, SnapshotStage};
use super::{Config, Fact, Paxos, Reply, Ticket};
use crate::consensus::{App, LogSlot, Replica};
use crate::{Context, Fold, NodeId};
use alloc::sync::Arc;

/// The snapshots of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Snapshots<A: App> {
    /// The latest, taken or installed.
    pub(super) latest: Option<Arc<Snapshot<A>>>,
    /// The last slot of the one that the pointer names.
    pub(super) pointed: LogSlot,
    /// At which place that is.
    pub(super) place: u8,
    /// The one being written.
    pub(super) saving: Option<Saving>,
    /// The lowest slot whose records may still be on the disk.
    pub(super) disk_start: LogSlot,
}

/// A snapshot on its way to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Saving {
    applied: LogSlot,
    /// Where the log may start once the snapshot holds.
    log_start: LogSlot,
}

impl<A: App, R: Rules> Paxos<A, R> {
    /// Takes a snapshot when enough was applied since the latest one and that one is on the disk.
    pub(super) fn snapshot_if_due(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        let latest = self.snapshots.latest.as_ref().map_or(LogSlot::ZERO, |s| s.applied);
        let due = self.applied.above(latest) >= config.settings().snapshot_interval;
        if due && self.snapshots.saving.is_none() {
            let replica = self.replica.clone();
            self.keep(config, Arc::new(Snapshot { applied: self.applied, replica }), cx);
        }
    }

    fn keep(&mut self, config: &Config<R>, snapshot: Arc<Snapshot<A>>, cx: &mut Context<'_, Self>) {
        let state = snapshot.replica.fingerprint();
        cx.fact(Fact::State { applied: snapshot.applied, state });
        self.snapshots.latest = Some(snapshot);
        self.save(config, cx);
    }

    /// Writes the latest snapshot, unless one is being written already.
    fn save(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        let Some(snapshot) = self.snapshots.latest.clone() else {
            return;
        };
        let applied = snapshot.applied;
        let retained = config.settings().retained;
        let log_start = LogSlot(applied.next().0.saturating_sub(retained)).max(self.log.start());
        if !self.acceptor.voter {
            // A node without memory keeps nothing on a disk that it cannot trust.
            self.log.cut(log_start);
            return;
        }
        // Until boot's sync completes, a power failure may bring back the pointer to the spare place.
        if self.snapshots.saving.is_some() || !self.acceptor.settled {
            return;
        }
        self.snapshots.saving = Some(Saving { applied, log_start });
        cx.write(SNAPSHOTS[usize::from(self.spare_place())], Record::Snapshot(snapshot));
        self.acceptor.sync(Ticket::Snapshot { applied }, cx);
        self.truncate_if(config, SnapshotStage::Written, cx);
    }

    const fn spare_place(&self) -> u8 {
        if self.snapshots.place == 0 { 1 } else { 0 }
    }

    pub(super) fn on_snapshot_durable(
        &mut self,
        config: &Config<R>,
        applied: LogSlot,
        cx: &mut Context<'_, Self>,
    ) {
        let Some(Saving { log_start, .. }) = self.saving(applied) else {
            return;
        };
        let place = self.spare_place();
        cx.write(POINTER, Record::Pointer { place, applied, log_start });
        self.acceptor.sync(Ticket::Pointer { applied }, cx);
        self.truncate_if(config, SnapshotStage::Durable, cx);
    }

    pub(super) fn on_pointer_durable(
        &mut self,
        config: &Config<R>,
        applied: LogSlot,
        cx: &mut Context<'_, Self>,
    ) {
        if self.saving(applied).is_none() {
            return;
        }
        self.truncate_if(config, SnapshotStage::Pointed, cx);
        self.snapshots.place = self.spare_place();
        self.snapshots.pointed = applied;
        self.snapshots.saving = None;
        self.save_if_newer(config, cx);
        // While it was being written, enough for the next one may have been applied.
        self.snapshot_if_due(config, cx);
    }

    /// A newer snapshot may have come while it could not be written.
    pub(super) fn save_if_newer(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        let pointed = self.snapshots.pointed;
        if self.snapshots.latest.as_ref().is_some_and(|latest| latest.applied > pointed) {
            self.save(config, cx);
        }
    }

    fn saving(&self, applied: LogSlot) -> Option<Saving> {
        self.snapshots.saving.filter(|saving| saving.applied == applied)
    }

    /// Cuts the log below the snapshot being saved, if its stage allows.
    fn truncate_if(
        &mut self,
        config: &Config<R>,
        stage: SnapshotStage,
        cx: &mut Context<'_, Self>,
    ) {
        let Some(Saving { log_start, .. }) = self.snapshots.saving else {
            return;
        };
        if !config.rules.may_truncate(stage) {
            return;
        }
        self.log.cut(log_start);
        let from = self.snapshots.disk_start;
        if from < log_start {
            self.snapshots.disk_start = log_start;
            let first = record::entry_place(from, Lane::Zero);
            let end = record::entry_place(log_start, Lane::Zero);
            cx.erase(VOLUME, first.slot..end.slot);
        }
    }

    /// Installs another node's state, if it is ahead of the own one.
    pub(super) fn on_snapshot(
        &mut self,
        config: &Config<R>,
        from: NodeId,
        snapshot: Arc<Snapshot<A>>,
        cx: &mut Context<'_, Self>,
    ) {
        if !config.rules.may_install(self.applied, snapshot.applied) {
            cx.probe("paxos/stale-snapshot-ignored");
            return;
        }
        cx.probe("paxos/snapshot-installed");
        // What the state holds of the slots under way is not known: it may be something else.
        if self.is_proposing_upto(snapshot.applied) {
            self.give_up_superseded(config, cx);
        }
        let Replica { app, sessions } = snapshot.replica.clone();
        self.replica.app = app;
        if config.rules.installs_sessions() {
            self.replica.sessions = sessions;
        }
        self.applied = snapshot.applied;
        self.settle_proposal(config, self.applied, None::<Reply<A>>, cx);
        // Everything below is in the state. What is on the disk stays until the snapshot is there, too.
        self.log.cut(self.applied.next());
        self.keep(config, snapshot, cx);
        self.advance(config, cx);
        self.lead_if_promised(config, cx);
        self.settle_open_slots(config, cx);
        self.fetch(config, from, cx);
    }
}
