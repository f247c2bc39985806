//! The clients: they read and write a few keys, one request at a time.
//!
//! A client asks a node and waits. When no answer comes in time, or the node cannot say what became of the
//! request, it makes another call with the same request id; when the node names a leader, it asks there,
//! but follows no hint of a node that it was sent to by a hint, so that two stale hints do not keep it for
//! ever; else it goes on to the next node in turn. It never stops, so that there is always something to
//! answer, and its values are unique, so that an answer tells whose write it saw.

use super::load::KvLoad;
use crate::scenario::{Ratio, Scenario};
use crate::seen::Client;
use crate::workload::{Clients, Workload};
use interregnum_core::consensus::{ClientId, RequestId};
use interregnum_core::kv::{Kv, KvCommand, KvOutput, KvQuery};
use interregnum_core::paxos::{Call, ReadMode, Reply};
use interregnum_core::{CallId, Machine, NodeId, ProcessId, Span};
use std::num::NonZeroU64;

/// The share of writes that are compare-and-swaps.
const SWAPS: Ratio = Ratio::ppm(250_000);

/// The clients of a run.
#[derive(Debug)]
pub struct KvClients {
    load: KvLoad,
    mode: ReadMode,
    nodes: u8,
    timeout: Span,
    backoff: Span,
    clients: Vec<State>,
}

/// One client.
#[derive(Clone, Debug)]
struct State {
    /// The number of its request; the same in every call for it.
    request: u64,
    operation: Operation,
    /// The first call for the request.
    first: Option<CallId>,
    /// The latest one.
    latest: Option<CallId>,
    /// Whom it asked last.
    node: u8,
    /// Whose turn it is next.
    turn: u8,
    /// Whether a hint sent it to the node it asked last.
    hinted: bool,
    waits: Waits,
    /// The last value that the client saw, for compare-and-swap.
    seen: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    /// Between two requests.
    Pauses,
    /// For an answer.
    Answer,
    /// Before it asks again.
    Retries,
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Write(KvCommand),
    Read(KvQuery),
}

impl KvClients {
    /// The clients that `load` describes; lease reads only where `leases` are on.
    #[must_use]
    pub fn new(load: &KvLoad, leases: bool, scenario: &Scenario) -> Self {
        let nodes = scenario.cluster.nodes.max(1);
        let client = |number: u32| State {
            request: 0,
            operation: Operation::Read(KvQuery::Get { key: 0 }),
            first: None,
            latest: None,
            node: 0,
            turn: u8::try_from(number % u32::from(nodes)).unwrap_or(0),
            hinted: false,
            waits: Waits::Pauses,
            seen: None,
        };
        Self {
            mode: if leases && load.lease_reads { ReadMode::Lease } else { ReadMode::Log },
            nodes,
            timeout: load.timeout(scenario),
            backoff: load.backoff(scenario),
            clients: (0..load.clients).map(client).collect(),
            load: load.clone(),
        }
    }

    /// Draws the next request.
    fn renew<M: Machine>(&mut self, client: Client, clients: &mut Clients<'_, M>) {
        let keys = NonZeroU64::new(u64::from(self.load.keys)).unwrap_or(NonZeroU64::MIN);
        let dice = clients.dice();
        let key = u32::try_from(dice.below(keys)).unwrap_or(0);
        let (reads, swaps) = (dice.chance(self.load.reads), dice.chance(SWAPS));
        let Some(state) = self.clients.get_mut(client.0 as usize) else { return };
        state.request += 1;
        let value = u64::from(client.0.saturating_add(1)) << 32 | state.request;
        state.operation = match (reads, swaps) {
            (true, _) => Operation::Read(KvQuery::Get { key }),
            (false, true) => {
                let expected = state.seen;
                Operation::Write(KvCommand::CompareAndSwap { key, expected, value })
            }
            (false, false) => Operation::Write(KvCommand::Put { key, value }),
        };
        state.first = None;
    }

    /// Calls for the client's request, at `hint` or whoever's turn it is.
    fn call<M>(&mut self, client: Client, hint: Option<NodeId>, clients: &mut Clients<'_, M>)
    where
        M: Machine<Call = Call<Kv>>,
    {
        let Some(state) = self.clients.get_mut(client.0 as usize) else { return };
        state.hinted = hint.is_some();
        if let Some(hint) = hint {
            state.node = hint.0;
        }
        let (of, request) = (ClientId(client.0), RequestId(state.request));
        let call = match state.operation {
            Operation::Write(command) => Call::Submit { client: of, request, command },
            Operation::Read(query) => Call::Read { client: of, request, query, mode: self.mode },
        };
        let id = clients.call(client, ProcessId::main(NodeId(state.node)), call);
        state.first.get_or_insert(id);
        state.latest = Some(id);
        state.waits = Waits::Answer;
        clients.wake(client, self.timeout);
    }

    /// Goes on to the node whose turn it is.
    fn turn(&mut self, client: Client) {
        if let Some(state) = self.clients.get_mut(client.0 as usize) {
            state.node = state.turn % self.nodes;
            state.turn = (state.node + 1) % self.nodes;
        }
    }

    fn pause<M: Machine>(&mut self, client: Client, clients: &mut Clients<'_, M>) {
        let Some(state) = self.clients.get_mut(client.0 as usize) else { return };
        state.waits = Waits::Pauses;
        let pause = clients.dice().between(Span::ZERO, self.load.longest_pause());
        clients.wake(client, pause);
    }

    /// The node did nothing: asks again, a little later where nobody knows a leader.
    fn refused<M>(&mut self, client: Client, hint: Option<NodeId>, clients: &mut Clients<'_, M>)
    where
        M: Machine<Call = Call<Kv>>,
    {
        let Some(state) = self.clients.get_mut(client.0 as usize) else { return };
        let elsewhere = |node: &NodeId| node.0 != state.node && node.0 < self.nodes;
        if let Some(node) = hint.filter(elsewhere)
            && !state.hinted
        {
            self.call(client, Some(node), clients);
            return;
        }
        state.waits = Waits::Retries;
        let backoff = clients.dice().between(self.backoff, self.backoff.times(2));
        clients.wake(client, backoff);
    }
}

impl<M> Workload<M> for KvClients
where
    M: Machine<Call = Call<Kv>, Reply = Reply<Kv>>,
{
    fn clients(&self) -> u32 {
        self.load.clients
    }

    fn begin(&mut self, clients: &mut Clients<'_, M>) {
        for client in 0..self.load.clients {
            self.turn(Client(client));
            self.pause(Client(client), clients);
        }
    }

    fn on_wake(&mut self, client: Client, clients: &mut Clients<'_, M>) {
        let waits = self.clients.get(client.0 as usize).map(|state| state.waits);
        match waits {
            Some(Waits::Pauses) => self.renew(client, clients),
            Some(Waits::Answer | Waits::Retries) => self.turn(client),
            None => return,
        }
        self.call(client, None, clients);
    }

    fn on_answer(
        &mut self,
        client: Client,
        id: CallId,
        reply: &Reply<Kv>,
        clients: &mut Clients<'_, M>,
    ) {
        let Some(state) = self.clients.get_mut(client.0 as usize) else { return };
        // Answers to earlier requests, and to this one once it is answered, change nothing.
        if state.waits == Waits::Pauses || state.first.is_none_or(|first| id < first) {
            return;
        }
        let is_latest = state.latest == Some(id) && state.waits == Waits::Answer;
        match reply {
            Reply::Applied { output, .. } | Reply::Read { output, .. } => {
                if let KvOutput::Value(value) = output {
                    state.seen = *value;
                }
                self.pause(client, clients);
            }
            Reply::Forgotten => self.pause(client, clients),
            Reply::NotLeader { hint } | Reply::Unknown { hint } if is_latest => {
                self.refused(client, *hint, clients);
            }
            Reply::Overloaded if is_latest => self.refused(client, None, clients),
            Reply::NotLeader { .. } | Reply::Unknown { .. } | Reply::Overloaded => {}
        }
    }
}
