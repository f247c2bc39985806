//! Clients: what they call, when, and what they do with the answers. They belong to the simulator
//! and never fail, but their calls and answers travel like messages.

use crate::clock::TrueTime;
use crate::cluster::call_id;
use crate::dice::Dice;
use crate::seen::Client;
use interregnum_core::{CallId, Machine, ProcessId, Span};

/// What the clients of a run do.
pub trait Workload<M: Machine> {
    /// How many clients there are; they are numbered from 0.
    fn clients(&self) -> u32;

    /// The run begins.
    fn begin(&mut self, clients: &mut Clients<'_, M>);

    /// A client's alarm goes off.
    fn on_wake(&mut self, client: Client, clients: &mut Clients<'_, M>);

    /// An answer reaches a client. A call may be answered more than once, or never.
    fn on_answer(
        &mut self,
        client: Client,
        id: CallId,
        reply: &M::Reply,
        clients: &mut Clients<'_, M>,
    );

    /// The faults are over; calls made from now on must be answered if the system keeps its word.
    fn on_calm(&mut self, clients: &mut Clients<'_, M>) {
        let _ = clients;
    }
}

/// What clients can do: call, and set an alarm.
#[derive(Debug)]
pub struct Clients<'a, M: Machine> {
    pub(crate) now: TrueTime,
    pub(crate) dice: &'a mut Dice,
    pub(crate) calls_made: &'a mut [u32],
    pub(crate) actions: &'a mut Vec<Action<M>>,
}

#[derive(Debug)]
pub(crate) enum Action<M: Machine> {
    Call { client: Client, id: CallId, to: ProcessId, call: M::Call },
    Wake { client: Client, after: Span },
}

impl<M: Machine> Clients<'_, M> {
    /// True time: clients have perfect clocks.
    #[must_use]
    pub const fn now(&self) -> TrueTime {
        self.now
    }

    /// The clients' dice.
    pub const fn dice(&mut self) -> &mut Dice {
        self.dice
    }

    /// Calls a process; the answers will carry the id returned. Calls of clients that do not exist
    /// are not made.
    pub fn call(&mut self, client: Client, to: ProcessId, call: M::Call) -> CallId {
        let Some(made) = self.calls_made.get_mut(client.0 as usize) else {
            return call_id(client, 0);
        };
        *made = made.saturating_add(1);
        let id = call_id(client, *made);
        self.actions.push(Action::Call { client, id, to, call });
        id
    }

    /// Sets the client's alarm, replacing an earlier setting.
    pub fn wake(&mut self, client: Client, after: Span) {
        self.actions.push(Action::Wake { client, after });
    }
}

/// Clients that each wait for the answer to a call before they make the next one, but not forever.
#[derive(Clone, Debug)]
pub struct ClosedLoop<F> {
    /// How many clients there are.
    pub clients: u32,
    /// From an answer to the client's next call.
    pub pause: Span,
    /// How long a client waits for an answer before it makes its next call all the same.
    pub patience: Span,
    /// Makes one call.
    pub call: F,
}

impl<M: Machine, F: FnMut(Client, &mut Clients<'_, M>)> Workload<M> for ClosedLoop<F> {
    fn clients(&self) -> u32 {
        self.clients
    }

    fn begin(&mut self, clients: &mut Clients<'_, M>) {
        for client in 0..self.clients {
            let after = clients.dice().between(Span::ZERO, self.pause);
            clients.wake(Client(client), after);
        }
    }

    fn on_wake(&mut self, client: Client, clients: &mut Clients<'_, M>) {
        (self.call)(client, clients);
        clients.wake(client, self.patience);
    }

    fn on_answer(&mut self, client: Client, _: CallId, _: &M::Reply, clients: &mut Clients<'_, M>) {
        clients.wake(client, self.pause);
    }
}
