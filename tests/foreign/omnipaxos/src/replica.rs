//! The machine: one OmniPaxos replica on one record of a disk.

use crate::disk::{Command, Disk, State};
use interregnum_sim::prelude::*;
use omnipaxos::util::LogEntry;
use omnipaxos::{ClusterConfig, OmniPaxos, OmniPaxosConfig, ServerConfig, messages::Message};
use std::{cell::RefCell, fmt, mem::take, rc::Rc, sync::Arc};

#[derive(Debug)]
pub struct Config {
    pub nodes: u8,
    pub election_ticks: u64,
    /// Planted: messages and answers do not wait for the disk.
    pub hasty: bool,
    /// Messages are fetched from OmniPaxos when they can be sent, not after each step.
    pub lazy: bool,
}

/// One end of a connection: the boot of the other end, how much was sent to it and heard from it.
#[derive(Debug, Default)]
struct Link {
    boot: u64,
    sent: u64,
    heard: u64,
}

pub struct Replica {
    paxos: OmniPaxos<Command, Disk>,
    disk: Disk,
    written: Arc<State>,
    links: NodeMap<Link>,
    /// How much of the decided log has been answered.
    answered: usize,
    /// Messages and answers that wait for the next sync, and those that wait for the one under way.
    next: Batch,
    held: Option<Batch>,
}

type Batch = (Vec<Message<Command>>, Vec<(CallId, u64)>);

impl fmt::Debug for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.disk, self.links)
    }
}

impl Machine for Replica {
    type Config = Config;
    /// With the sender's boot, the receiver's, and the number of the message between the two.
    type Message = ([u64; 3], Printed<Message<Command>>);
    type Timer = ();
    type Record = Arc<State>;
    type Ticket = ();
    type Call = ();
    /// The index at which the call was decided; every replica says so.
    type Reply = u64;
    type Notice = Never;
    type Fact = Never;

    fn boot(config: &Config, image: &Image<Arc<State>>, cx: &mut Context<'_, Self>) -> Self {
        let written = image.record(Place::local(0, 0)).cloned().unwrap_or_default();
        let disk = Disk(Rc::new(RefCell::new(Arc::clone(&written))));
        Arc::make_mut(&mut disk.0.borrow_mut()).boots += 1;
        let server_config = ServerConfig {
            pid: pid(cx.me().node),
            election_tick_timeout: config.election_ticks,
            resend_message_tick_timeout: config.election_ticks * 2,
            ..ServerConfig::default()
        };
        let nodes = NodeId::first(config.nodes).map(pid).collect();
        let cluster_config = ClusterConfig { configuration_id: 1, nodes, flexible_quorum: None };
        let paxos = OmniPaxosConfig { cluster_config, server_config }.build(disk.clone());
        let paxos = paxos.expect("`deploy` has seen to that");
        let links = NodeMap::new(config.nodes, |_| Link::default());
        let answered = written.decided.0;
        let next = Batch::default();
        let mut replica = Self { paxos, disk, written, links, answered, next, held: None };
        replica.step(config, Input::Timer(()), cx);
        replica
    }

    fn step(&mut self, config: &Config, input: Input<Self>, cx: &mut Context<'_, Self>) {
        match input {
            Input::Message { from, message: ([theirs, mine, number], Printed(message)) } => {
                let link = &mut self.links[from.node];
                if theirs > link.boot {
                    *link = Link { boot: theirs, ..Link::default() };
                    self.paxos.reconnected(pid(from.node));
                }
                // Like TCP: nothing from another session, nothing twice, nothing out of order.
                if (theirs, mine) == (link.boot, self.written.boots) && number > link.heard {
                    link.heard = number;
                    self.paxos.handle_incoming(message);
                }
            }
            Input::Timer(()) => {
                self.paxos.tick();
                cx.arm((), Window::between(TICK, TICK.scaled_up(5, 4)));
            }
            Input::Call { id, .. } => self.paxos.append(Command(id)).expect("nobody reconfigures"),
            Input::Disk { outcome: Outcome::Synced, .. } => {
                let batch = self.held.take().unwrap_or_default();
                self.release(batch, cx);
            }
            _ => return cx.halt("the disk failed"),
        }
        if self.held.is_none() || !config.lazy {
            self.paxos.take_outgoing_messages(&mut self.next.0);
        }
        if self.held.is_none() {
            self.flush(config.hasty, cx);
        }
    }
}

pub const TICK: Span = Span::millis(10);

/// OmniPaxos numbers nodes from 1.
fn pid(node: NodeId) -> u64 {
    u64::from(node.0) + 1
}

impl Replica {
    pub fn leads(&self) -> bool {
        self.paxos.get_current_leader() == Some((self.paxos.get_pid(), true))
    }

    /// Writes down what OmniPaxos has stored; what it says waits until that is durable.
    fn flush(&mut self, hasty: bool, cx: &mut Context<'_, Self>) {
        let mut batch = take(&mut self.next);
        for entry in self.paxos.read_decided_suffix(self.answered).unwrap_or_default() {
            let LogEntry::Decided(Command(id)) = entry else { unreachable!("{entry:?}") };
            batch.1.push((id, self.answered as u64));
            self.answered += 1;
        }
        let state = Arc::clone(&self.disk.0.borrow());
        let stored = !Arc::ptr_eq(&state, &self.written);
        self.written = Arc::clone(&state);
        if hasty || !stored {
            self.release(take(&mut batch), cx);
        }
        if stored {
            cx.write(Place::local(0, 0), state);
            cx.sync(Volume::Local(0), ());
            self.held = Some(batch);
        }
    }

    fn release(&mut self, (messages, answers): Batch, cx: &mut Context<'_, Self>) {
        for message in messages {
            let to = NodeId(u8::try_from(message.get_receiver() - 1).expect("a node"));
            let link = &mut self.links[to];
            link.sent += 1;
            let session = [self.written.boots, link.boot, link.sent];
            cx.send(ProcessId::main(to), (session, Printed(message)));
        }
        answers.into_iter().for_each(|(id, index)| cx.reply(id, index));
    }
}
