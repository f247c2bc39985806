//! What the cluster does not decide itself, and how a machine that is stepped gets to ask.

use super::Cluster;
use crate::clock::{Clock, TrueTime};
use crate::seen::{DropCause, Seen};
use interregnum_core::{
    DiskError, Effect, Host, LocalTime, Machine, NodeId, ProcessId, Run, Span, WallTime, Window,
};
use std::num::NonZeroU32;

/// Who chooses: when what is in flight arrives, when timers fire, what dice show. The sampled
/// timeline is one; a search through all orders would be another.
pub(crate) trait Driver<M: Machine> {
    /// True time.
    fn now(&self) -> TrueTime;
    /// Everything that happens is shown here, in order.
    fn see(&mut self, cluster: &Cluster<M>, seen: &Seen<'_, M>);
    /// A machine reads one of its node's clocks, the wall clock or the monotonic one.
    fn reads_clock(&mut self, process: ProcessId, wall: bool) {
        let _ = (process, wall);
    }
    /// Answers a machine's `pick`.
    fn pick(&mut self, process: usize, bound: NonZeroU32) -> u32;
    /// What becomes of something sent from one endpoint to another.
    fn fate(
        &mut self,
        cluster: &mut Cluster<M>,
        from: Endpoint,
        to: Endpoint,
        cargo: Cargo<'_, M>,
    ) -> Fate;
    /// How long the disk of `node` takes for a sync.
    fn sync_time(&mut self, node: NodeId) -> Span;
    /// Whether any fault may interfere with disks.
    fn disks_ail(&self) -> bool;
    /// What faults make of one operation of a process of `from` on the disk of `disk`.
    fn disk_turn(
        &mut self,
        cluster: &mut Cluster<M>,
        disk: NodeId,
        from: NodeId,
        operation: Operation,
    ) -> Turn;
    /// How long faults hold up an operation of a process of `from` on the disk of `disk`.
    fn disk_stall(&mut self, cluster: &mut Cluster<M>, disk: NodeId, from: NodeId) -> Stall;
    /// Lets the message arrive after so long.
    fn post(&mut self, letter: u32, after: Span);
    /// Lets another flight arrive after so long.
    fn launch(&mut self, flight: u32, after: Span);
    /// Lets the timer fire within a window of true time from now.
    fn arm(&mut self, process: usize, timer: usize, window: Window);
    /// The process's timers are due when a new clock says so, instead of the old one; true if any is armed.
    fn retime(&mut self, process: usize, old: &Clock, new: &Clock) -> bool;
    /// The seam that a process is at when this happens.
    fn seam(&self, seen: &Seen<'_, M>) -> Option<&'static str>;
    /// The timer must not fire before it is armed again.
    fn disarm(&mut self, process: usize, timer: usize);
    /// The node's watchdog goes off after so long, unless its generation has changed by then.
    fn watch(&mut self, node: NodeId, generation: u16, after: Span);
}

/// Where something comes from or goes to: a process or a disk of a node, or a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Its number, dense over processes, shared disks and clients.
    pub(crate) number: u32,
    /// Its node; clients have none.
    pub(crate) node: Option<NodeId>,
}

/// What is on its way from one endpoint to another.
#[derive(Debug)]
pub(crate) enum Cargo<'a, M: Machine> {
    /// A message; alone of all these it may arrive twice.
    Message(&'a M::Message),
    /// A client's call, or the answer to one.
    Call,
    Reply,
    /// A request to a shared disk, or its answer.
    Disk,
}

impl<M: Machine> Clone for Cargo<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: Machine> Copy for Cargo<'_, M> {}

/// What becomes of a message: up to two copies, each with its delay.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Lost(DropCause),
    Arrives { after: Span, again: Option<Span> },
}

/// What is asked of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Read,
    Write,
    Erase,
    Sync,
}

/// What becomes of a disk operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// What should.
    Well,
    /// It fails. Of what a failed sync covered, each change survives whose bit is set.
    Fails { error: DiskError, survivors: u64 },
    /// A read sees what was there before the fault.
    Stale { fault: u32 },
    /// A write is acknowledged and never carried out.
    Lost { fault: u32 },
    /// A write is acknowledged and goes to another slot, which the word picks.
    Strays { fault: u32, word: u64 },
}

/// How long a disk operation is held up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stall {
    For(Span),
    /// Until this fault ends.
    WhileLasts(u32),
}

impl<M: Machine> Cluster<M> {
    /// The process whose machine has the word: it is up and out of its place, and nothing that it asked for
    /// is being done.
    pub(crate) fn stepping(&self) -> Option<ProcessId> {
        let mut processes = self.processes.iter().filter(|_| !self.performing);
        Some(processes.find(|process| process.up && process.machine.is_none())?.id)
    }
}

/// A step's host: reads the node's clock, asks the driver for dice, carries out effects as they come.
pub(super) struct StepHost<'a, M: Machine, D> {
    pub(super) cluster: &'a mut Cluster<M>,
    pub(super) process: usize,
    pub(super) driver: &'a mut D,
}

impl<M: Machine, D: Driver<M>> Host<M> for StepHost<'_, M, D> {
    fn now(&mut self) -> LocalTime {
        self.driver.reads_clock(self.cluster.processes[self.process].id, false);
        self.cluster.reads_monotonic(self.process);
        self.cluster.clock_of(self.process).monotonic(self.driver.now())
    }

    fn wall(&mut self) -> WallTime {
        self.driver.reads_clock(self.cluster.processes[self.process].id, true);
        self.cluster.reads_wall(self.process);
        self.cluster.clock_of(self.process).wall(self.driver.now())
    }

    fn pick(&mut self, bound: NonZeroU32) -> u32 {
        self.driver.pick(self.process, bound)
    }

    fn emit(&mut self, effect: Effect<M>) {
        let (cluster, index, driver) = (&mut *self.cluster, self.process, &mut *self.driver);
        cluster.performing = true;
        if !cluster.is_free(index) {
            cluster.emit_in_trouble(index, effect, driver);
            cluster.performing = false;
            return;
        }
        // What happens most is not handed on to `perform`, and moved only at the end: what the machine has
        // only just written is slow to copy.
        match &effect {
            Effect::Send { to, message } => {
                let envelope = cluster.send(index, *to, message, driver);
                if let (Some(envelope), Effect::Send { message, .. }) = (envelope, effect) {
                    cluster.post(envelope, message, driver);
                }
            }
            Effect::Write { at, records: Run::One(record) } => {
                cluster.show_written(index, *at, record, driver);
                if let Effect::Write { at, records: Run::One(record) } = effect {
                    cluster.write(index, at, record, driver);
                }
            }
            _ => cluster.perform(index, effect, driver),
        }
        cluster.performing = false;
    }
}
