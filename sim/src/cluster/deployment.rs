//! What there is before anything happens.

use interregnum_core::{Machine, NodeId, Place, ProcessId};

/// What is deployed before the run starts.
#[derive(Debug)]
pub struct Deployment<M: Machine> {
    /// The processes: those of one node are its parts 0, 1, ... in this order.
    pub processes: Vec<Deployed<M>>,
    /// How many shared disks there are. They are the nodes after the last one that runs processes.
    pub shared_disks: u8,
}

impl<M: Machine> Deployment<M> {
    /// One process on each of `nodes` nodes, running from the start on an empty disk.
    pub fn one_each(nodes: u8, mut config: impl FnMut(NodeId) -> M::Config) -> Self {
        let deployed = |node| Deployed {
            id: ProcessId::main(node),
            config: config(node),
            records: Vec::new(),
            running: true,
        };
        Self { processes: NodeId::first(nodes).map(deployed).collect(), shared_disks: 0 }
    }
}

/// One process to deploy.
#[derive(Debug)]
pub struct Deployed<M: Machine> {
    /// Its place.
    pub id: ProcessId,
    /// Its configuration.
    pub config: M::Config,
    /// Records that are durable on its local volumes before its first start.
    pub records: Vec<(Place, M::Record)>,
    /// Whether it runs from the start; otherwise another process must spawn it.
    pub running: bool,
}
