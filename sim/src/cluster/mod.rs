//! The cluster: nodes, processes, links, volumes and clocks, and what each event does to them.
//!
//! This is the only place that knows what delivering, crashing, tearing or healing means. It decides
//! nothing: when something happens, and whether a message is lost, is asked of a `Driver`.

mod ailments;
mod arrive;
mod branch;
mod clocks;
mod deployment;
mod disks;
mod driver;
mod mail;
mod medium;
mod network;
mod node;
mod pages;
mod power;
mod seams;
mod shared;
mod slab;
mod stale;
mod step;
pub(crate) mod storage;
mod tamper;

use crate::clock::{Clock, TrueTime};
use crate::seen::{Client, MessageId, Seen};
use clocks::Clocks;
use driver::StepHost;
use interregnum_core::{CallId, Effect, Input, Machine, NodeId, NodeSet, ProcessId};
use mail::Letter;
use network::Network;
use slab::Slab;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use step::Course;
use storage::Storage;

pub(crate) use ailments::{Records, Spoil};
pub(crate) use branch::{Aftermath, Branch, UnderWay};
pub(crate) use clocks::ClockTrouble;
pub use deployment::{Deployed, Deployment};
pub(crate) use disks::Unhang;
pub(crate) use driver::{Cargo, Driver, Endpoint, Fate, Operation, Stall, Turn};
pub(crate) use medium::{Bad, Fate as Survival, Odds};
pub(crate) use power::{Interruption, Trip};
pub(crate) use seams::{Reached, Watch};
pub(crate) use step::call_id;
pub use tamper::Misdeed;
pub(crate) use tamper::Tamper;

/// Something else on its way.
#[derive(Debug)]
pub(crate) enum Flight<M: Machine> {
    /// To a process.
    Parcel { to: u32, parcel: Parcel<M> },
    /// A reply on its way to a client.
    Answer { client: Client, id: CallId, reply: M::Reply },
    /// A sync that a node's own disk is working on.
    Syncing { process: usize, incarnation: u32, volume: u8, mark: storage::Mark, ticket: M::Ticket },
    /// A request to a shared disk, or a sync that it is working on.
    Shared(shared::Request<M>),
    /// A process is about to be started by another one of its node.
    Spawning(usize),
    /// A process is started once its disk can be read.
    Booting(usize),
    /// What a slow disk held up goes on, unless it has by now.
    Late(u32),
}

/// What a process is handed.
#[derive(Debug)]
pub(crate) struct Parcel<M: Machine> {
    input: Input<M>,
    /// If it is a message, which one.
    id: MessageId,
    /// Only this incarnation of the process may have it.
    incarnation: Option<u32>,
}

impl<M: Machine> Parcel<M> {
    /// For whichever incarnation is up when it arrives.
    const fn new(input: Input<M>) -> Self {
        Self { input, id: MessageId(0), incarnation: None }
    }

    /// For one incarnation only.
    const fn to(incarnation: u32, input: Input<M>) -> Self {
        Self { input, id: MessageId(0), incarnation: Some(incarnation) }
    }

    const fn message(id: MessageId, from: ProcessId, message: M::Message) -> Self {
        Self { input: Input::Message { from, message }, id, incarnation: None }
    }
}

/// What waits for a paused process.
#[derive(Debug)]
enum Held<M: Machine> {
    Parcel(Parcel<M>),
    /// A timer that was due; the rest of the interrupted step may yet cancel it.
    Timer(usize),
}

/// One machine's process.
#[derive(Debug)]
pub(crate) struct Process<M: Machine> {
    pub(crate) id: ProcessId,
    config: Arc<M::Config>,
    /// Whether it runs.
    pub(crate) up: bool,
    /// Its state, if it is up and not in the middle of a step.
    pub(crate) machine: Option<Box<M>>,
    course: Course,
    pub(crate) incarnation: u32,
    /// Whether it runs without having been spawned.
    starts: bool,
    /// Whether it is to run, as far as its own node is concerned: whoever was not spawned stays down.
    wanted: bool,
    /// Faults that keep it down, or paused.
    held_down: Vec<u32>,
    held_paused: Vec<u32>,
    /// Effects of the step in which it was paused, to be carried out when it goes on.
    tail: VecDeque<Effect<M>>,
    /// What arrived while it was paused.
    backlog: VecDeque<Held<M>>,
    timers: Vec<Armed<M::Timer>>,
    /// Interruptions of coming steps.
    trips: Vec<Trip>,
    /// Whether faults that will pass kept it from reading its disk when it booted.
    misread: bool,
}

impl<M: Machine> Process<M> {
    pub(crate) fn config(&self) -> &M::Config {
        &self.config
    }

    pub(crate) const fn is_paused(&self) -> bool {
        !self.held_paused.is_empty()
    }
}

#[derive(Debug)]
struct Armed<T> {
    timer: T,
    armed: bool,
}

#[derive(Debug)]
struct Node<M: Machine> {
    clocks: Clocks,
    volumes: Vec<Storage<M::Record>>,
    /// Faults that keep a shared disk down; elsewhere the processes are.
    disk_held_down: Vec<u32>,
    /// How often the node lost power.
    power_cycles: u32,
    /// Whether its disk was replaced by a blank one.
    replaced: bool,
    watchdog: u16,
    /// When it goes off.
    watchdog_due: Option<TrueTime>,
    first_process: usize,
    processes: usize,
}

/// The cluster under test.
#[derive(Debug)]
pub struct Cluster<M: Machine> {
    computers: u8,
    nodes: Vec<Node<M>>,
    processes: Vec<Process<M>>,
    clients: u32,
    pub(crate) network: Network,
    letters: Slab<Letter<M>>,
    flights: Slab<Flight<M>>,
    messages_sent: u64,
    paths: BTreeMap<(usize, NodeId), shared::Path>,
    /// What disks do not get done as long as a fault lasts.
    hung: Vec<disks::Hung>,
    /// Nodes whose power failed in the middle of a step, with the fault.
    blackouts: Vec<(u32, NodeId)>,
    /// Faults that wait for a seam, and those that found one.
    watches: Vec<Watch>,
    reached: VecDeque<Reached>,
    /// How often each fault of the plan made a difference.
    bites: Vec<u64>,
    /// What the host does wrong, if it does.
    tamper: Option<Tamper<M>>,
    /// Whether an effect is being carried out, in the middle of some machine's step.
    performing: bool,
}

/// Arrivals that a paused process keeps; what comes after is lost.
const BACKLOG_MAX: usize = 4096;

impl<M: Machine> Cluster<M> {
    /// A cluster in which nothing has been booted yet.
    pub(crate) fn new(
        deployment: Deployment<M>,
        computers: u8,
        clients: u32,
        faults: usize,
        mut clock: impl FnMut(NodeId) -> (i32, Clock),
    ) -> Self {
        let total = computers.saturating_add(deployment.shared_disks).min(NodeSet::CAPACITY);
        let mut nodes: Vec<_> = NodeId::first(total)
            .map(|node| {
                let (ppm, clock) = clock(node);
                Node {
                    clocks: Clocks::new(ppm, clock),
                    volumes: Vec::new(),
                    disk_held_down: Vec::new(),
                    power_cycles: 0,
                    replaced: false,
                    watchdog: 0,
                    watchdog_due: None,
                    first_process: 0,
                    processes: 0,
                }
            })
            .collect();
        let mut processes = Vec::new();
        let mut deployed = deployment.processes;
        deployed.sort_by_key(|process| process.id);
        for process in deployed {
            let node = &mut nodes[process.id.node.index()];
            if node.processes == 0 {
                node.first_process = processes.len();
            }
            node.processes += 1;
            for (place, record) in process.records {
                node.preload(process.id, place, record);
            }
            processes.push(Process::new(process.id, process.config, process.running));
        }
        Self {
            computers,
            network: Network::new(nodes.len()),
            nodes,
            processes,
            clients,
            letters: Slab::new(),
            flights: Slab::new(),
            messages_sent: 0,
            paths: BTreeMap::new(),
            hung: Vec::new(),
            blackouts: Vec::new(),
            watches: Vec::new(),
            reached: VecDeque::new(),
            bites: vec![0; faults],
            tamper: None,
            performing: false,
        }
    }

    /// The nodes that run processes; the others are shared disks.
    pub(crate) const fn computers(&self) -> NodeSet {
        NodeSet::first(self.computers)
    }

    pub(crate) fn node_count(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn processes(&self) -> impl Iterator<Item = &Process<M>> {
        self.processes.iter()
    }

    pub(crate) fn process(&self, id: ProcessId) -> Option<&Process<M>> {
        self.processes.get(self.index(id)?)
    }

    pub(crate) fn process_at(&self, index: usize) -> &Process<M> {
        &self.processes[index]
    }

    /// The dense number of a process.
    pub(crate) fn index(&self, id: ProcessId) -> Option<usize> {
        let node = self.nodes.get(id.node.index())?;
        let part = usize::from(id.part.0);
        (part < node.processes).then_some(node.first_process + part)
    }

    /// The numbers of a node's processes.
    pub(crate) fn parts(&self, node: NodeId) -> std::ops::Range<usize> {
        self.nodes
            .get(node.index())
            .map_or(0..0, |node| node.first_process..node.first_process + node.processes)
    }

    pub(crate) fn clock(&self, node: NodeId) -> &Clock {
        &self.nodes[node.index()].clocks.clock
    }

    fn clock_of(&self, process: usize) -> &Clock {
        self.clock(self.processes[process].id.node)
    }

    /// How many endpoints there are: processes, shared disks, clients.
    pub(crate) fn endpoints(&self) -> usize {
        self.processes.len() + self.nodes.len() + self.clients as usize
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.letters.len() + self.flights.len()
    }

    pub(crate) fn bites(&self) -> &[u64] {
        &self.bites
    }

    /// Counts that a fault made a difference.
    pub(crate) fn bite(&mut self, fault: u32) {
        if let Some(bites) = self.bites.get_mut(fault as usize) {
            *bites += 1;
        }
    }

    fn volume(&mut self, node: NodeId, volume: u8) -> &mut Storage<M::Record> {
        self.nodes[node.index()].volume(volume)
    }

    fn endpoint(&self, process: usize) -> Endpoint {
        Endpoint { number: number(process), node: Some(self.processes[process].id.node) }
    }

    fn disk_endpoint(&self, disk: NodeId) -> Endpoint {
        Endpoint { number: number(self.processes.len() + disk.index()), node: Some(disk) }
    }

    fn client_endpoint(&self, client: Client) -> Endpoint {
        let before = self.processes.len() + self.nodes.len();
        Endpoint { number: number(before).saturating_add(client.0), node: None }
    }

    /// Counts a bite of whichever fault cuts this link.
    fn bite_of_cut(&mut self, from: NodeId, to: NodeId) {
        if let Some(fault) = self.network.cut_by(from, to) {
            self.bite(fault);
        }
    }

    /// A client calls a process. The call travels like a message.
    pub(crate) fn ask(
        &mut self,
        client: Client,
        id: CallId,
        to: ProcessId,
        call: M::Call,
        driver: &mut impl Driver<M>,
    ) {
        driver.see(self, &Seen::Asked { client, id, to, call: &call });
        let Some(index) = self.index(to) else { return };
        let (from, to) = (self.client_endpoint(client), self.endpoint(index));
        // A call is never delivered twice: a client's connection sees to that.
        if let Fate::Arrives { after, .. } = driver.fate(self, from, to, Cargo::Call) {
            let parcel = Parcel::new(Input::Call { id, call });
            let flight = self.flights.insert(Flight::Parcel { to: number(index), parcel });
            driver.launch(flight, after);
        }
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
