//! The machine: one OmniPaxos replica, its state in one record of a disk, its peers behind sessions.

use interregnum_sim::prelude::*;
use omnipaxos::storage::{Storage, StorageResult};
use omnipaxos::{ClusterConfig, OmniPaxos, OmniPaxosConfig, ServerConfig};
use omnipaxos::{ballot_leader_election::Ballot, macros::Entry, messages::Message, util::LogEntry};
use omnipaxos_storage::memory_storage::MemoryStorage;
use std::{collections::VecDeque, fmt, sync::Arc};

/// How often a replica looks for its leader.
pub(crate) const TICK: Span = Span::millis(120);
const RECORD: Place = Place::local(0, 0);

/// An entry of the log: a client's call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Fold, Entry)]
pub struct Command(pub(crate) CallId);

/// All that a replica must not forget. It is one record, replaced as a whole, like a file that is
/// renamed into place.
#[derive(Clone, Debug, Default, PartialEq, Fold)]
pub struct State {
    /// Grows with every change and every boot.
    version: u64,
    promised: Printed<Ballot>,
    accepted: Printed<Ballot>,
    pub(crate) decided: Vec<Command>,
    undecided: Vec<Command>,
}

#[derive(Debug)]
pub struct Config {
    pub(crate) nodes: u8,
    /// Planted: messages and answers do not wait for the disk.
    pub(crate) hasty: bool,
}

pub struct Replica {
    /// Works in memory; what it says is held until its state is on the disk.
    paxos: OmniPaxos<Command, MemoryStorage<Command>>,
    state: Arc<State>,
    durable: Arc<State>,
    syncing: Option<Arc<State>>,
    /// Messages, each with the version of the state that must be durable first.
    held: VecDeque<(u64, Message<Command>)>,
    /// How much of the decided log has been answered.
    answered: usize,
    /// The latest message sent, and the latest heard from each node.
    sent: Stamp,
    heard: NodeMap<Stamp>,
}

/// The version with which the sender has booted, and the message's number since.
type Stamp = (u64, u64);

impl fmt::Debug for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, durable {}, heard {:?}", self.state, self.durable.version, self.heard)
    }
}

impl Machine for Replica {
    type Config = Config;
    type Message = (Stamp, Printed<Message<Command>>);
    type Timer = ();
    type Record = Arc<State>;
    type Ticket = ();
    type Call = ();
    /// The index at which the call was decided; every replica says so.
    type Reply = u64;
    type Notice = Never;
    type Fact = Never;

    fn boot(config: &Config, image: &Image<Arc<State>>, cx: &mut Context<'_, Self>) -> Self {
        let durable = image.record(RECORD).cloned().unwrap_or_default();
        let mut state = State::clone(&durable);
        state.version += 1;
        let nodes = NodeId::first(config.nodes).map(pid).collect();
        let (pid, resend_message_tick_timeout) = (pid(cx.me().node), 2);
        let server_config = ServerConfig { pid, resend_message_tick_timeout, ..Default::default() };
        let cluster_config = ClusterConfig { configuration_id: 1, nodes, flexible_quorum: None };
        let storage = restore(&state).expect("memory does not fail");
        let paxos = OmniPaxosConfig { cluster_config, server_config }.build(storage);
        let mut replica = Self {
            paxos: paxos.expect("`deploy` has seen to that"),
            answered: durable.decided.len(),
            sent: (state.version, 0),
            heard: NodeMap::new(config.nodes, |_| Stamp::default()),
            held: VecDeque::new(),
            syncing: None,
            state: Arc::new(state),
            durable,
        };
        replica.step(config, Input::Timer(()), cx);
        replica
    }

    fn step(&mut self, config: &Config, input: Input<Self>, cx: &mut Context<'_, Self>) {
        match input {
            Input::Message { from, message: (stamp, Printed(message)) } => {
                let heard = &mut self.heard[from.node];
                if stamp.0 > heard.0 {
                    self.paxos.reconnected(pid(from.node));
                }
                // Like TCP: nothing twice, nothing out of order, nothing from an earlier session.
                if stamp > *heard {
                    *heard = stamp;
                    self.paxos.handle_incoming(message);
                }
            }
            Input::Timer(()) => {
                self.paxos.tick();
                cx.arm((), Window::between(TICK, TICK.scaled_up(5, 4)));
            }
            Input::Call { id, .. } => self.paxos.append(Command(id)).expect("nobody reconfigures"),
            Input::Disk { outcome: Outcome::Synced, .. } => {
                self.durable = self.syncing.take().expect("one sync at a time");
            }
            _ => return cx.halt("the disk failed"),
        }
        self.look();
        if self.syncing.is_none() && self.durable.version < self.state.version {
            cx.write(RECORD, Arc::clone(&self.state));
            cx.sync(RECORD.volume, ());
            self.syncing = Some(Arc::clone(&self.state));
        }
        // What may be said, given what is durable.
        let safe = Arc::clone(if config.hasty { &self.state } else { &self.durable });
        while let Some((_, message)) = self.held.pop_front_if(|(after, _)| *after <= safe.version) {
            let to = NodeId(u8::try_from(message.get_receiver() - 1).expect("a node"));
            self.sent.1 += 1;
            cx.send(ProcessId::main(to), (self.sent, Printed(message)));
        }
        for Command(id) in safe.decided.iter().skip(self.answered) {
            cx.reply(*id, self.answered as u64);
            self.answered += 1;
        }
    }
}

/// OmniPaxos numbers nodes from 1.
fn pid(node: NodeId) -> u64 {
    u64::from(node.0) + 1
}

fn restore(state: &State) -> StorageResult<MemoryStorage<Command>> {
    let mut storage = MemoryStorage::default();
    storage.append_entries([&*state.decided, &state.undecided].concat())?;
    storage.set_decided_idx(state.decided.len())?;
    storage.set_promise(state.promised.0)?;
    storage.set_accepted_round(state.accepted.0)?;
    Ok(storage)
}

impl Replica {
    /// Notes what OmniPaxos has stored and what it wants to say. The round of its log is the one
    /// thing that it does not show: while it accepts entries, that is the promised one.
    fn look(&mut self) {
        let State { version, accepted, .. } = *self.state;
        let mut state = State { version, accepted, ..State::default() };
        state.promised = Printed(self.paxos.get_promise());
        if let Some((_, true)) = self.paxos.get_current_leader() {
            state.accepted = state.promised;
        }
        for entry in self.paxos.read_entries(..).unwrap_or_default() {
            match entry {
                LogEntry::Decided(command) => state.decided.push(command),
                LogEntry::Undecided(command) => state.undecided.push(command),
                other => unreachable!("nobody compacts or reconfigures: {other:?}"),
            }
        }
        if state != *self.state {
            state.version += 1;
            self.state = Arc::new(state);
        }
        // Now, not when they may be sent: OmniPaxos goes on adding entries to an `AcceptDecide` that
        // it still holds, even after a newer `AcceptSync` to the same follower.
        let mut messages = Vec::new();
        self.paxos.take_outgoing_messages(&mut messages);
        self.held.extend(messages.into_iter().map(|message| (self.state.version, message)));
    }
}
