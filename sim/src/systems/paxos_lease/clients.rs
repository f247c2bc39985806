//! The clients: each has work that only the holder of the lease may do, and now and then asks it to give up.
//!
//! A client asks a node and waits. A node that does not hold the lease may name the holder; the client asks there
//! then, but follows no hint of a node that it was sent to by a hint. Without an answer in time it goes on to the
//! next node in turn. It never stops.

use crate::scenario::{Duration, Ratio, Scenario};
use crate::seen::Client;
use crate::subject::Mistake;
use crate::workload::{Clients, Workload};
use interregnum_core::paxos_lease::{Call, Reply};
use interregnum_core::{CallId, Machine, NodeId, ProcessId, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the clients do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ActLoad {
    /// How many clients there are; each has one call at a time.
    #[schemars(range(max = 1000))]
    pub clients: u32,
    /// How long a client pauses after an answer, on average.
    pub pause: Duration,
    /// The share of calls that ask the holder to give the lease up.
    pub releases: Ratio,
}

impl Default for ActLoad {
    fn default() -> Self {
        Self { clients: 3, pause: Duration(Span::millis(20)), releases: Ratio::ppm(5_000) }
    }
}

impl ActLoad {
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        if self.clients <= 1000 {
            return Vec::new();
        }
        let message = format!("found `{}`, expected at most 1000", self.clients);
        vec![Mistake::new("workload.clients", message)]
    }

    /// How long a client waits for an answer: there and back, and a pause of the node.
    fn timeout(scenario: &Scenario) -> Span {
        scenario.network.delay.cap().times(4).max(Span::millis(100))
    }

    /// How long it takes at most, once a node holds the lease, until a client acts there: it goes through all
    /// nodes in turn, twice.
    pub(super) fn patience(&self, scenario: &Scenario) -> Span {
        let turn = Self::timeout(scenario) + self.pause.0.times(2);
        turn.times(2 * u64::from(scenario.cluster.nodes) + 2)
    }
}

/// The clients of a run.
#[derive(Debug)]
pub(super) struct Actors {
    load: ActLoad,
    nodes: u8,
    timeout: Span,
    clients: Vec<State>,
}

#[derive(Clone, Debug)]
struct State {
    /// Whom it asks next.
    node: u8,
    /// Whether a hint sent it there.
    hinted: bool,
    /// The call whose answer it waits for.
    waits: Option<CallId>,
}

impl Actors {
    pub(super) fn new(load: &ActLoad, scenario: &Scenario) -> Self {
        let nodes = scenario.cluster.nodes.max(1);
        let client = |number: u32| State {
            node: u8::try_from(number % u32::from(nodes)).unwrap_or(0),
            hinted: false,
            waits: None,
        };
        Self {
            nodes,
            timeout: ActLoad::timeout(scenario),
            clients: (0..load.clients).map(client).collect(),
            load: load.clone(),
        }
    }

    fn pause<M: Machine>(&self, client: Client, clients: &mut Clients<'_, M>) {
        let pause = clients.dice().between(Span::ZERO, self.load.pause.0.times(2));
        clients.wake(client, pause);
    }
}

impl<M: Machine<Call = Call, Reply = Reply>> Workload<M> for Actors {
    fn clients(&self) -> u32 {
        self.load.clients
    }

    fn begin(&mut self, clients: &mut Clients<'_, M>) {
        for client in 0..self.load.clients {
            self.pause(Client(client), clients);
        }
    }

    fn on_wake(&mut self, client: Client, clients: &mut Clients<'_, M>) {
        let releases = clients.dice().chance(self.load.releases);
        let Some(state) = self.clients.get_mut(client.0 as usize) else { return };
        if state.waits.is_some() {
            // Nobody answered.
            (state.node, state.hinted) = ((state.node + 1) % self.nodes, false);
        }
        let call = if releases { Call::Release } else { Call::Act };
        state.waits = Some(clients.call(client, ProcessId::main(NodeId(state.node)), call));
        clients.wake(client, self.timeout);
    }

    fn on_answer(
        &mut self,
        client: Client,
        id: CallId,
        reply: &Reply,
        clients: &mut Clients<'_, M>,
    ) {
        let nodes = self.nodes;
        let Some(state) = self.clients.get_mut(client.0 as usize) else { return };
        if state.waits != Some(id) {
            return;
        }
        state.waits = None;
        match *reply {
            Reply::Acted { .. } => state.hinted = false,
            Reply::NotHolder { owner: Some(owner) } if !state.hinted && owner.0 < nodes => {
                (state.node, state.hinted) = (owner.0, true);
            }
            Reply::NotHolder { .. } | Reply::Released { .. } => {
                (state.node, state.hinted) = ((state.node + 1) % nodes, false);
            }
        }
        self.pause(client, clients);
    }
}
