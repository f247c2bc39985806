//! Messages: from the moment they are sent to their arrival.
//!
//! Most of what happens in a run is this, so a message is moved as seldom as can be: it is looked at where
//! its sender left it, lies in a slab of its own while it is on its way, and goes from there to its receiver.

use super::{Cargo, Cluster, Driver, Endpoint, Fate, Parcel, number};
use crate::seen::{DropCause, MessageId, Seen};
use interregnum_core::{Input, Machine, ProcessId, Span};

/// A message on its way.
#[derive(Debug)]
pub(crate) struct Letter<M: Machine> {
    /// The number of the process that is to have it.
    to: u32,
    id: MessageId,
    from: ProcessId,
    message: M::Message,
}

impl<M: Machine> Letter<M> {
    /// Which one, from whom, to whom, and what it says.
    pub(super) fn into_parts(self) -> (MessageId, ProcessId, u32, M::Message) {
        (self.id, self.from, self.to, self.message)
    }
}

/// What a message travels in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope {
    /// The number of the process that is to have it.
    to: u32,
    id: MessageId,
    from: ProcessId,
    after: Span,
}

impl<M: Machine> Cluster<M> {
    /// Shows that a message is sent; what it travels in, if it gets there.
    #[inline(always)]
    pub(super) fn send(
        &mut self,
        index: usize,
        to: ProcessId,
        message: &M::Message,
        driver: &mut impl Driver<M>,
    ) -> Option<Envelope> {
        let from = self.processes[index].id;
        self.messages_sent += 1;
        let id = MessageId(self.messages_sent);
        driver.see(self, &Seen::Sent { id, from, to, message });
        let lost = |why| Seen::Dropped { id, from, to, message, why };
        let Some(target) = self.index(to) else {
            driver.see(self, &lost(DropCause::Down));
            return None;
        };
        if self.network.is_cut(from.node, to.node) {
            self.bite_of_cut(from.node, to.node);
            driver.see(self, &lost(DropCause::Cut));
            return None;
        }
        let [from_end, to_end] = [(index, from), (target, to)]
            .map(|(index, id)| Endpoint { number: number(index), node: Some(id.node) });
        match driver.fate(self, from_end, to_end, Cargo::Message(message)) {
            Fate::Lost(why) => {
                driver.see(self, &lost(why));
                None
            }
            Fate::Arrives { after, again } => {
                let envelope = |after| Envelope { to: to_end.number, id, from, after };
                if let Some(again) = again {
                    self.post(envelope(again), message.clone(), driver);
                }
                Some(envelope(after))
            }
        }
    }

    /// Puts a message on its way.
    #[inline(always)]
    pub(super) fn post(
        &mut self,
        envelope: Envelope,
        message: M::Message,
        driver: &mut impl Driver<M>,
    ) {
        let Envelope { to, id, from, after } = envelope;
        let letter = self.letters.insert(Letter { to, id, from, message });
        driver.post(letter, after);
    }

    /// Lets a message arrive. As a rule its process is there to take it at once; then it is looked at where
    /// it lies, and moved once, to the machine.
    #[inline(always)]
    pub(crate) fn receive(&mut self, letter: u32, driver: &mut impl Driver<M>) {
        let Some(&Letter { to, id, from, ref message }) = self.letters.get(letter) else { return };
        let index = to as usize;
        let process = &self.processes[index];
        let takes = process.up && !process.is_paused() && self.watches.is_empty();
        if !takes || self.network.is_cut(from.node, process.id.node) {
            return self.receive_in_trouble(letter, driver);
        }
        driver.see(self, &Seen::Delivered { id, from, to: process.id, message });
        let Letter { from, message, .. } = self.letters.take(letter);
        self.step(index, Input::Message { from, message }, driver);
    }

    #[inline(never)]
    fn receive_in_trouble(&mut self, letter: u32, driver: &mut impl Driver<M>) {
        let Letter { to, id, from, message } = self.letters.take(letter);
        self.hand_over(to as usize, Parcel::message(id, from, message), driver);
    }
}
