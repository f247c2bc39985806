//! The one stream: everything that happens in a run, in order. Fingerprint, invariants, counts,
//! trace and reports are folds over it; nothing else observes a run.

use crate::clock::{ClockChange, TrueTime};
use interregnum_core::{
    CallId, DiskError, Fold, Folder, Machine, NodeId, NodeSet, Part, Place, ProcessId, Slot, Volume,
};
use std::ops::Range;

/// A client, by number. Clients belong to the simulator: they do not crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Client(pub u32);

/// Why something that was sent did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum DropCause {
    /// The network lost it, as it loses its usual share.
    Loss,
    /// A fault lost it.
    Fault,
    /// The link is cut.
    Cut,
    /// The receiver was down.
    Down,
    /// The receiver was paused for so long that its backlog was full.
    Backlog,
}

/// Why a process went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum CrashCause {
    /// The process crashed.
    Crash,
    /// The node lost power.
    Power,
    /// The node's watchdog reset it.
    Watchdog,
    /// Another process of the node ended it.
    Killed,
}

/// How a disk operation ended, as the process is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum DiskEnd {
    /// A sync completed.
    Synced,
    /// A read completed.
    Read,
    /// The operation failed.
    Failed(DiskError),
}

/// What a fault did to a record that was durable, or seemed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Harm {
    /// Its checksum is bad.
    Rotten,
    /// The device reports an error whenever it is read.
    Unreadable,
    /// It was being overwritten when the power failed: neither the old nor the new record is left.
    Torn,
    /// The latest write was acknowledged but never carried out: what the slot held before is still there.
    Lost,
    /// A record that belongs elsewhere took its place.
    Overwritten,
}

impl Harm {
    /// Whether the medium itself gives it away, so that a machine can know without remembering.
    #[must_use]
    pub const fn is_detectable(self) -> bool {
        !matches!(self, Self::Lost)
    }
}

/// One message of a run, by number, from its sending to each of its arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct MessageId(pub u64);

/// One thing that happened. `kind` gives its name, [`Kinds`] are sets of names.
#[derive(Debug)]
#[expect(missing_docs, reason = "the fields say what the variant's line says")]
pub enum Seen<'a, M: Machine> {
    /// A process sent a message.
    Sent { id: MessageId, from: ProcessId, to: ProcessId, message: &'a M::Message },
    /// A message was handed to its receiver.
    Delivered { id: MessageId, from: ProcessId, to: ProcessId, message: &'a M::Message },
    /// A message was lost.
    Dropped {
        id: MessageId,
        from: ProcessId,
        to: ProcessId,
        message: &'a M::Message,
        why: DropCause,
    },
    /// A timer fired.
    Fired { process: ProcessId, timer: &'a M::Timer },
    /// A process said something to another one of its node.
    Notified { from: ProcessId, to: Part, notice: &'a M::Notice },
    /// It was heard.
    Noticed { from: Part, to: ProcessId, notice: &'a M::Notice },
    /// A process was told that another one of its node ended.
    ToldExit { process: ProcessId, exited: Part },
    /// A client called.
    Asked { client: Client, id: CallId, to: ProcessId, call: &'a M::Call },
    /// The call reached the process.
    Called { process: ProcessId, id: CallId, call: &'a M::Call },
    /// A process answered.
    Replied { process: ProcessId, id: CallId, reply: &'a M::Reply },
    /// The answer reached the client.
    Answered { client: Client, id: CallId, reply: &'a M::Reply },
    /// A process wrote a record; it is not durable yet.
    Written { process: ProcessId, at: Place, record: &'a M::Record },
    /// A record became durable on `node`, which is the writer's own or a shared disk.
    Durable { node: NodeId, at: Place, by: ProcessId, record: &'a M::Record },
    /// Slots were emptied, durably.
    Erased { node: NodeId, volume: Volume, slots: &'a Range<Slot>, by: ProcessId },
    /// An unsynced write was lost in a power failure.
    Forgotten { node: NodeId, at: Place, by: ProcessId },
    /// What a slot of `node` held is lost, whether or not anybody has noticed. It is good again once it is
    /// written or erased.
    Damaged { node: NodeId, at: Place, harm: Harm },
    /// The disk of `node` was replaced by a blank one.
    Replaced { node: NodeId },
    /// A process reads something else than there is: an error that will pass, or what is stale.
    Misread { process: ProcessId, at: Place, stale: bool },
    /// A process was told how a disk operation ended.
    DiskDone { process: ProcessId, ticket: &'a M::Ticket, end: DiskEnd },
    /// A process reported a belief.
    Fact { process: ProcessId, fact: &'a M::Fact },
    /// A process took a rare branch.
    Probe { process: ProcessId, name: &'static str },
    /// A process started; the first time, its incarnation is 1.
    Booted { process: ProcessId, incarnation: u32 },
    /// A process went down.
    Crashed { process: ProcessId, why: CrashCause },
    /// A process ended itself.
    Halted { process: ProcessId, reason: &'static str },
    /// A process stopped between two effects.
    Paused { process: ProcessId },
    /// A paused process went on.
    Resumed { process: ProcessId },
    /// A node's clocks changed otherwise than by running.
    ClockChanged { node: NodeId, change: ClockChange },
    /// A fault began; `index` is its number in the plan.
    FaultBegan { index: u32, kind: &'static str, nodes: NodeSet },
    /// A fault ended.
    FaultEnded { index: u32, kind: &'static str },
    /// The calm phase began: these nodes are healed, everything else is for good.
    Calm { core: NodeSet },
}

macro_rules! kinds {
    ($($variant:ident $name:literal),* $(,)?) => {
        /// The kinds of [`Seen`] values.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "documented at `Seen`")]
        pub enum Kind { $($variant),* }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in traces and counts.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }

        impl<M: Machine> Seen<'_, M> {
            /// What kind of thing this is.
            #[inline(always)]
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$variant { .. } => Kind::$variant),* }
            }
        }
    };
}
kinds! {
    Sent "sent", Delivered "delivered", Dropped "dropped", Fired "fired", Notified "notified",
    Noticed "noticed", ToldExit "told-exit", Asked "asked", Called "called", Replied "replied",
    Answered "answered", Written "written", Durable "durable", Erased "erased",
    Forgotten "forgotten", DiskDone "disk-done", Fact "fact", Probe "probe", Booted "booted",
    Crashed "crashed", Halted "halted", Paused "paused", Resumed "resumed",
    ClockChanged "clock-changed", FaultBegan "fault-began", FaultEnded "fault-ended", Calm "calm",
    Damaged "damaged", Replaced "replaced", Misread "misread",
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u32);

impl Kinds {
    /// The set of these kinds.
    #[must_use]
    pub const fn of(kinds: &[Kind]) -> Self {
        let (mut set, mut next) = (0, 0);
        while next < kinds.len() {
            set |= 1 << kinds[next] as u32;
            next += 1;
        }
        Self(set)
    }

    /// The kinds of both sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `kind` is in the set.
    #[inline]
    #[must_use]
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u32) != 0
    }
}

impl<M: Machine> Seen<'_, M> {
    /// Absorbs the moment, the kind and every field.
    ///
    /// What is said or written is absorbed once, where it originates; its arrival names the origin:
    /// a message by its number, a call by its id, a durable record by its writer and place (records
    /// become durable, or are lost, in the order they were written).
    #[inline(always)]
    pub fn fold(&self, now: TrueTime, into: &mut Folder) {
        into.word(now.0);
        let kind = (self.kind() as u64) << 32;
        if let Self::Sent { from, to, .. }
        | Self::Delivered { from, to, .. }
        | Self::Dropped { from, to, .. } = self
        {
            into.word(kind | ends(*from, *to));
        } else {
            into.word(kind);
        }
        match self {
            Self::Sent { message, .. } => message.fold(into),
            Self::Delivered { id, .. } => id.fold(into),
            Self::Dropped { id, why, .. } => (id, why).fold(into),
            Self::Fired { process, timer } => (process, timer).fold(into),
            Self::Notified { from, to, notice } => (from, to, notice).fold(into),
            Self::Noticed { from, to, notice } => (from, to, notice).fold(into),
            Self::ToldExit { process, exited } => (process, exited).fold(into),
            Self::Asked { client, id, to, call } => (client, id, to, call).fold(into),
            Self::Called { process, id, call: _ } => (process, id).fold(into),
            Self::Replied { process, id, reply } => (process, id, reply).fold(into),
            Self::Answered { client, id, reply } => (client, id, reply).fold(into),
            Self::Written { process, at, record } => (process, at, record).fold(into),
            Self::Durable { node, at, by, record: _ } => (node, at, by).fold(into),
            Self::Erased { node, volume, slots, by } => {
                (node, volume, (slots.start, slots.end), by).fold(into);
            }
            Self::Forgotten { node, at, by } => (node, at, by).fold(into),
            Self::Damaged { node, at, harm } => (node, at, harm).fold(into),
            Self::Replaced { node } => node.fold(into),
            Self::Misread { process, at, stale } => (process, at, stale).fold(into),
            Self::DiskDone { process, ticket, end } => (process, ticket, end).fold(into),
            Self::Fact { process, fact } => (process, fact).fold(into),
            Self::Probe { process, name } => (process, *name).fold(into),
            Self::Booted { process, incarnation } => (process, incarnation).fold(into),
            Self::Crashed { process, why } => (process, why).fold(into),
            Self::Halted { process, reason } => (process, *reason).fold(into),
            Self::Paused { process } | Self::Resumed { process } => process.fold(into),
            Self::ClockChanged { node, change } => (node, change).fold(into),
            Self::FaultBegan { index, kind, nodes } => (index, *kind, nodes).fold(into),
            Self::FaultEnded { index, kind } => (index, *kind).fold(into),
            Self::Calm { core } => core.fold(into),
        }
    }

    /// The process it happened to, if it is about one.
    #[must_use]
    pub const fn process(&self) -> Option<ProcessId> {
        match self {
            Self::Sent { from, .. } | Self::Notified { from, .. } => Some(*from),
            Self::Delivered { to, .. } | Self::Dropped { to, .. } | Self::Noticed { to, .. } => {
                Some(*to)
            }
            Self::Fired { process, .. }
            | Self::ToldExit { process, .. }
            | Self::Called { process, .. }
            | Self::Replied { process, .. }
            | Self::Written { process, .. }
            | Self::DiskDone { process, .. }
            | Self::Misread { process, .. }
            | Self::Fact { process, .. }
            | Self::Probe { process, .. }
            | Self::Booted { process, .. }
            | Self::Crashed { process, .. }
            | Self::Halted { process, .. }
            | Self::Paused { process }
            | Self::Resumed { process } => Some(*process),
            Self::Asked { to, .. } => Some(*to),
            Self::Durable { by, .. } | Self::Erased { by, .. } | Self::Forgotten { by, .. } => {
                Some(*by)
            }
            Self::Answered { .. }
            | Self::ClockChanged { .. }
            | Self::Damaged { .. }
            | Self::Replaced { .. }
            | Self::FaultBegan { .. }
            | Self::FaultEnded { .. }
            | Self::Calm { .. } => None,
        }
    }
}

/// Both ends of a message in one word.
const fn ends(from: ProcessId, to: ProcessId) -> u64 {
    (from.node.0 as u64) << 24
        | (from.part.0 as u64) << 16
        | (to.node.0 as u64) << 8
        | to.part.0 as u64
}
