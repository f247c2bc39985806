//! The machine, what it is told and what it does: the vocabulary every protocol is written in.
//!
//! A step maps (state, configuration, input, clock readings, picks) to (state, ordered effects);
//! nothing else may influence it.
//!
//! - **Boot** is the only constructor. A crash drops the value; a restart boots a new one from what
//!   the disks kept. The struct *is* the volatile state.
//! - **A step is atomic, its effects are an ordered list.** A host may crash the process after any
//!   prefix of the list, or hold the rest back: a pause between the lease check and the write.
//! - **Sends are not ordered against disk operations.** What must be durable before it is visible is
//!   sent when the sync's ticket comes back.
//! - **Tickets and timers are small values chosen by the protocol.** They name the continuation; a
//!   handler compares them with its present state, for completions may be stale.
//! - **Timers** are armed for a window from which the host draws, so jitter never enters a machine.
//! - **Facts** are beliefs for checkers to cross-check; a machine never reads them back.

use crate::{
    CallId, Cell, DiskError, Embed, Fold, Folder, Image, Lens, LocalTime, Part, Place, ProcessId,
    Run, Slot, Span, Volume, WallTime,
};
use alloc::boxed::Box;
use core::fmt::Debug;
use core::num::NonZeroU32;
use core::ops::Range;

/// What every message, record, timer and so on must be able to do.
pub trait Value: Clone + Debug + Fold + Send + Sync + 'static {}
impl<T: Clone + Debug + Fold + Send + Sync + 'static> Value for T {}

/// A protocol as a pure state machine: enough to be simulated.
pub trait Machine: Debug + Sized + 'static {
    /// What the process was deployed with; immutable.
    type Config: Debug + 'static;
    /// What it says to other processes.
    type Message: Value;
    /// Names of its timers; at most one of each value is armed.
    type Timer: Value + PartialEq;
    /// What a disk slot holds.
    type Record: Value;
    /// Names of what continues when a disk operation completes.
    type Ticket: Value;
    /// What clients ask.
    type Call: Value;
    /// What clients are answered.
    type Reply: Value;
    /// What it says to the other processes of its node.
    type Notice: Value;
    /// What it believes, reported to checkers.
    type Fact: Value;

    /// Starts from what the local volumes hold; a first start sees a blank image.
    fn boot(config: &Self::Config, image: &Image<Self::Record>, cx: &mut Context<'_, Self>)
    -> Self;

    /// Handles one input.
    fn step(&mut self, config: &Self::Config, input: Input<Self>, cx: &mut Context<'_, Self>);
}

/// A type without values, for the alphabets that a machine does not use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Never {}

/// One thing that happens to a process.
#[derive(Debug)]
pub enum Input<M: Machine> {
    /// A message arrived; it may be old, repeated or out of order.
    Message {
        /// Who sent it.
        from: ProcessId,
        /// What it says.
        message: M::Message,
    },
    /// An armed timer fired; it is no longer armed.
    Timer(M::Timer),
    /// A disk operation completed.
    Disk {
        /// The ticket it was issued with.
        ticket: M::Ticket,
        /// How it ended.
        outcome: Outcome<M::Record>,
    },
    /// A client asks.
    Call {
        /// Names the call in replies.
        id: CallId,
        /// What is asked.
        call: M::Call,
    },
    /// Another process of the same node says something.
    Notice {
        /// Who.
        from: Part,
        /// What.
        notice: M::Notice,
    },
    /// A process of the same node ended, by crash, halt or kill.
    Exited(Part),
}

/// How a disk operation ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub enum Outcome<R> {
    /// Everything written to the volume before the sync was asked for is durable.
    Synced,
    /// What the slot holds. Boxed, because reads are rare and every input would pay for their size.
    Read(Box<Cell<R>>),
    /// The operation failed; what it covered may or may not be durable, now or later.
    Failed(DiskError),
}

/// When an armed timer may fire, counted on the node's monotonic clock from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Window {
    /// Not before this.
    pub min: Span,
    /// Not after this, unless the process is late for other reasons.
    pub max: Span,
}

impl Window {
    /// Exactly after `span`.
    #[must_use]
    pub const fn exactly(span: Span) -> Self {
        Self { min: span, max: span }
    }

    /// Somewhere between `min` and `max`.
    ///
    /// # Panics
    /// When `max` is below `min`.
    #[must_use]
    pub fn between(min: Span, max: Span) -> Self {
        assert!(min <= max, "a window must not end before it starts");
        Self { min, max }
    }
}

/// Why a machine stopped itself, in words for the trace.
pub type Reason = &'static str;

/// One thing a machine does.
#[derive(Debug)]
pub enum Effect<M: Machine> {
    /// Sends a message; it may be lost, repeated or delayed.
    Send {
        /// To whom.
        to: ProcessId,
        /// What.
        message: M::Message,
    },
    /// Arms a timer, replacing its earlier arming.
    Arm {
        /// Which timer.
        timer: M::Timer,
        /// When it may fire.
        window: Window,
    },
    /// Disarms a timer: an arming before this never fires.
    Cancel(M::Timer),
    /// Reads one slot.
    Read {
        /// Where.
        at: Place,
        /// Comes back with the outcome.
        ticket: M::Ticket,
    },
    /// Writes consecutive slots; durable after a later sync.
    Write {
        /// The first slot.
        at: Place,
        /// What.
        records: Run<M::Record>,
    },
    /// Empties slots; durable after a later sync, like a write.
    Erase {
        /// On which volume.
        volume: Volume,
        /// From the first to before the second.
        slots: Range<Slot>,
    },
    /// Makes every earlier write and erase on the volume durable.
    Sync {
        /// Which volume.
        volume: Volume,
        /// Comes back with the outcome.
        ticket: M::Ticket,
    },
    /// Answers a client; a call may be answered more than once.
    Reply {
        /// Which call.
        call: CallId,
        /// The answer.
        reply: M::Reply,
    },
    /// Says something to another process of this node.
    Notify {
        /// To whom.
        to: Part,
        /// What.
        notice: M::Notice,
    },
    /// Starts a process of this node that is not running.
    Spawn(Part),
    /// Ends a process of this node.
    Kill(Part),
    /// Sets the node's watchdog: unless set again, the node is reset after `Some` span, even while it
    /// is paused. `None` switches it off.
    Watchdog(Option<Span>),
    /// Reports a belief to the checkers.
    Fact(M::Fact),
    /// Reports that a rare branch was taken.
    Probe(&'static str),
    /// Ends this process: it cannot go on safely.
    Halt(Reason),
}

impl<M: Machine> Clone for Effect<M> {
    fn clone(&self) -> Self {
        match self {
            Self::Send { to, message } => Self::Send { to: *to, message: message.clone() },
            Self::Arm { timer, window } => Self::Arm { timer: timer.clone(), window: *window },
            Self::Cancel(timer) => Self::Cancel(timer.clone()),
            Self::Read { at, ticket } => Self::Read { at: *at, ticket: ticket.clone() },
            Self::Write { at, records } => Self::Write { at: *at, records: records.clone() },
            Self::Erase { volume, slots } => Self::Erase { volume: *volume, slots: slots.clone() },
            Self::Sync { volume, ticket } => Self::Sync { volume: *volume, ticket: ticket.clone() },
            Self::Reply { call, reply } => Self::Reply { call: *call, reply: reply.clone() },
            Self::Notify { to, notice } => Self::Notify { to: *to, notice: notice.clone() },
            Self::Spawn(part) => Self::Spawn(*part),
            Self::Kill(part) => Self::Kill(*part),
            Self::Watchdog(after) => Self::Watchdog(*after),
            Self::Fact(fact) => Self::Fact(fact.clone()),
            Self::Probe(name) => Self::Probe(name),
            Self::Halt(reason) => Self::Halt(reason),
        }
    }
}

impl<M: Machine> Fold for Effect<M> {
    fn fold(&self, into: &mut Folder) {
        match self {
            Self::Send { to, message } => (0_u8, *to, message).fold(into),
            Self::Arm { timer, window } => (1_u8, timer, *window).fold(into),
            Self::Cancel(timer) => (2_u8, timer).fold(into),
            Self::Read { at, ticket } => (3_u8, *at, ticket).fold(into),
            Self::Write { at, records } => (4_u8, *at, records).fold(into),
            Self::Erase { volume, slots } => (5_u8, *volume, slots).fold(into),
            Self::Sync { volume, ticket } => (6_u8, *volume, ticket).fold(into),
            Self::Reply { call, reply } => (7_u8, *call, reply).fold(into),
            Self::Notify { to, notice } => (8_u8, *to, notice).fold(into),
            Self::Spawn(part) => (9_u8, *part).fold(into),
            Self::Kill(part) => (10_u8, *part).fold(into),
            Self::Watchdog(after) => (11_u8, *after).fold(into),
            Self::Fact(fact) => (12_u8, fact).fold(into),
            Self::Probe(name) => (13_u8, *name).fold(into),
            Self::Halt(reason) => (14_u8, *reason).fold(into),
        }
    }
}

/// What a machine needs from its surroundings during a step. Object safe: the only door out.
pub trait Host<M: Machine> {
    /// The node's monotonic clock. Its rate errs; it may leap forward after a pause, and two
    /// readings within one step may differ.
    fn now(&mut self) -> LocalTime;
    /// The node's wall clock, which may be stepped either way at any time.
    fn wall(&mut self) -> WallTime;
    /// A number below `bound`.
    fn pick(&mut self, bound: NonZeroU32) -> u32;
    /// Takes the next effect of the step.
    fn emit(&mut self, effect: Effect<M>);
}

/// What a handler holds during a step: who it is, and the way to the host.
pub struct Context<'h, M: Machine> {
    me: ProcessId,
    host: &'h mut dyn Host<M>,
}

impl<'h, M: Machine> Context<'h, M> {
    /// A context for one step of `me`.
    pub fn new(me: ProcessId, host: &'h mut dyn Host<M>) -> Self {
        Self { me, host }
    }

    /// The process that is stepping.
    #[must_use]
    pub fn me(&self) -> ProcessId {
        self.me
    }

    /// Reads the node's monotonic clock.
    pub fn now(&mut self) -> LocalTime {
        self.host.now()
    }

    /// Reads the node's wall clock.
    pub fn wall(&mut self) -> WallTime {
        self.host.wall()
    }

    /// The only dice: a number below `bound`.
    pub fn pick(&mut self, bound: NonZeroU32) -> u32 {
        self.host.pick(bound)
    }

    /// Sends `message` to `to`.
    pub fn send(&mut self, to: ProcessId, message: M::Message) {
        self.host.emit(Effect::Send { to, message });
    }

    /// Arms `timer` for `window`, replacing its earlier arming.
    pub fn arm(&mut self, timer: M::Timer, window: Window) {
        self.host.emit(Effect::Arm { timer, window });
    }

    /// Disarms `timer`.
    pub fn cancel(&mut self, timer: M::Timer) {
        self.host.emit(Effect::Cancel(timer));
    }

    /// Reads the slot at `at`.
    pub fn read(&mut self, at: Place, ticket: M::Ticket) {
        self.host.emit(Effect::Read { at, ticket });
    }

    /// Writes one record; durable after a later sync.
    pub fn write(&mut self, at: Place, record: M::Record) {
        self.host.emit(Effect::Write { at, records: Run::One(record) });
    }

    /// Writes consecutive records that a power failure may tear apart.
    pub fn write_run(&mut self, at: Place, records: impl IntoIterator<Item = M::Record>) {
        self.host.emit(Effect::Write { at, records: Run::Many(records.into_iter().collect()) });
    }

    /// Empties a range of slots; durable after a later sync.
    pub fn erase(&mut self, volume: Volume, slots: Range<Slot>) {
        self.host.emit(Effect::Erase { volume, slots });
    }

    /// Makes every earlier write on `volume` durable.
    pub fn sync(&mut self, volume: Volume, ticket: M::Ticket) {
        self.host.emit(Effect::Sync { volume, ticket });
    }

    /// Answers a client.
    pub fn reply(&mut self, call: CallId, reply: M::Reply) {
        self.host.emit(Effect::Reply { call, reply });
    }

    /// Says something to another process of this node.
    pub fn notify(&mut self, to: Part, notice: M::Notice) {
        self.host.emit(Effect::Notify { to, notice });
    }

    /// Starts a process of this node.
    pub fn spawn(&mut self, part: Part) {
        self.host.emit(Effect::Spawn(part));
    }

    /// Ends a process of this node.
    pub fn kill(&mut self, part: Part) {
        self.host.emit(Effect::Kill(part));
    }

    /// Sets (or with `None` switches off) the node's watchdog.
    pub fn watchdog(&mut self, after: Option<Span>) {
        self.host.emit(Effect::Watchdog(after));
    }

    /// Reports a belief to the checkers.
    pub fn fact(&mut self, fact: M::Fact) {
        self.host.emit(Effect::Fact(fact));
    }

    /// Reports that a rare branch was taken.
    pub fn probe(&mut self, name: &'static str) {
        self.host.emit(Effect::Probe(name));
    }

    /// Ends this process; later effects of the step are not carried out.
    pub fn halt(&mut self, reason: Reason) {
        self.host.emit(Effect::Halt(reason));
    }

    /// Runs `inner` as the layer `L` of this machine, whose effects `M` wraps.
    pub fn layer<L: Machine, T>(&mut self, inner: impl FnOnce(&mut Context<'_, L>) -> T) -> T
    where
        M: Embed<L>,
    {
        let me = self.me;
        inner(&mut Context::new(me, &mut Lens::new(&mut *self.host)))
    }
}
