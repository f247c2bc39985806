//! Layers of one process: an outer machine holds inner ones and wraps what they do.
//!
//! The outer machine says once, in [`Embed`], how an inner layer's alphabets become its own; a
//! [`Lens`] then is the inner layer's host. Nothing is buffered: an effect passes straight through.
//! An inner layer talks to the layer above by [`Effect::Notify`] to its own part, which comes back
//! through the host like any other notice.

use crate::{Effect, Host, LocalTime, Machine, Volume, WallTime};
use core::marker::PhantomData;
use core::num::NonZeroU32;

/// How machine `Self` wraps the alphabets of its layer `L`.
pub trait Embed<L: Machine>: Machine {
    /// Wraps a message.
    fn message(inner: L::Message) -> Self::Message;
    /// Wraps a timer.
    fn timer(inner: L::Timer) -> Self::Timer;
    /// Wraps a record.
    fn record(inner: L::Record) -> Self::Record;
    /// Wraps a ticket.
    fn ticket(inner: L::Ticket) -> Self::Ticket;
    /// Wraps a reply.
    fn reply(inner: L::Reply) -> Self::Reply;
    /// Wraps a notice.
    fn notice(inner: L::Notice) -> Self::Notice;
    /// Wraps a fact.
    fn fact(inner: L::Fact) -> Self::Fact;
    /// Where the layer's volumes are among the process's own; layers must not share one.
    fn volume(inner: Volume) -> Volume {
        inner
    }
}

/// The host of an inner layer: wraps each effect and passes it to the outer machine's host.
pub struct Lens<'h, L, U: Machine> {
    outer: &'h mut dyn Host<U>,
    layer: PhantomData<fn(L)>,
}

impl<'h, L: Machine, U: Embed<L>> Lens<'h, L, U> {
    /// A lens through which layer `L` sees the host of `U`.
    pub fn new(outer: &'h mut dyn Host<U>) -> Self {
        Self { outer, layer: PhantomData }
    }
}

impl<L: Machine, U: Embed<L>> Host<L> for Lens<'_, L, U> {
    fn now(&mut self) -> LocalTime {
        self.outer.now()
    }

    fn wall(&mut self) -> WallTime {
        self.outer.wall()
    }

    fn pick(&mut self, bound: NonZeroU32) -> u32 {
        self.outer.pick(bound)
    }

    fn emit(&mut self, effect: Effect<L>) {
        let place = |mut at: crate::Place| {
            at.volume = U::volume(at.volume);
            at
        };
        self.outer.emit(match effect {
            Effect::Send { to, message } => Effect::Send { to, message: U::message(message) },
            Effect::Arm { timer, window } => Effect::Arm { timer: U::timer(timer), window },
            Effect::Cancel(timer) => Effect::Cancel(U::timer(timer)),
            Effect::Read { at, ticket } => {
                Effect::Read { at: place(at), ticket: U::ticket(ticket) }
            }
            Effect::Write { at, records } => {
                Effect::Write { at: place(at), records: records.map(U::record) }
            }
            Effect::Erase { volume, slots } => Effect::Erase { volume: U::volume(volume), slots },
            Effect::Sync { volume, ticket } => {
                Effect::Sync { volume: U::volume(volume), ticket: U::ticket(ticket) }
            }
            Effect::Reply { call, reply } => Effect::Reply { call, reply: U::reply(reply) },
            Effect::Notify { to, notice } => Effect::Notify { to, notice: U::notice(notice) },
            Effect::Spawn(part) => Effect::Spawn(part),
            Effect::Kill(part) => Effect::Kill(part),
            Effect::Watchdog(after) => Effect::Watchdog(after),
            Effect::Fact(fact) => Effect::Fact(U::fact(fact)),
            Effect::Probe(name) => Effect::Probe(name),
            Effect::Halt(reason) => Effect::Halt(reason),
        });
    }
}
