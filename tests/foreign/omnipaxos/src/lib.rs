//! [OmniPaxos](https://crates.io/crates/omnipaxos) 0.2.4, untouched, under Interregnum's simulator:
//! what it takes to try a protocol that others wrote. It is judged by its disks and its answers.

mod replica;

use interregnum_sim::prelude::*;
use replica::{Config, Replica, TICK};

static AGREEMENT: Property =
    Property::invariant("OX1", "one log", "no two disks or answers differ about a decided index");
static PROGRESS: Property =
    Property::liveness("OX2", "progress", "some call made in the calm phase is answered in time");
const PATIENCE: Span = Span::millis(500);

/// What is decided where, as disks and answers show it.
fn decided(seen: &Seen<'_, Replica>, show: &mut dyn FnMut(NodeId, u64, CallId)) {
    match seen {
        Seen::Durable { node, record, .. } => {
            (0..).zip(&record.decided).for_each(|(index, entry)| show(*node, index, entry.0));
        }
        Seen::Replied { process, id, reply } => show(process.node, **reply, *id),
        _ => {}
    }
}

/// The system.
#[derive(Debug, Default)]
pub struct Omni {
    /// Planted: messages and answers do not wait for the disk.
    pub hasty: bool,
}

impl System for Omni {
    type Process = Replica;
    type Settings = NoOptions;
    type Load = NoOptions;
    const ID: &'static str = "omnipaxos";
    const ABOUT: &'static str = "the replicated log of the omnipaxos crate";

    fn properties(&self) -> Vec<Property> {
        vec![AGREEMENT, PROGRESS]
    }

    fn deploy(&self, setup: &Setup<'_, Self>) -> Result<Deployment<Replica>, Vec<Mistake>> {
        let nodes = setup.scenario.cluster.nodes;
        let deployment = Deployment::one_each(nodes, |_| Config { nodes, hasty: self.hasty });
        let mistake = || vec![Mistake::new("cluster.nodes", "found 1, expected at least 2")];
        if nodes < 2 { Err(mistake()) } else { Ok(deployment) }
    }

    fn workload(
        &self,
        setup: &Setup<'_, Self>,
    ) -> Result<Box<dyn Workload<Replica>>, Vec<Mistake>> {
        let nodes: Vec<_> = NodeId::first(setup.scenario.cluster.nodes).collect();
        let call = move |client, clients: &mut Clients<'_, Replica>| {
            let node = *clients.dice().choose(&nodes).expect("`deploy` has seen to that");
            clients.call(client, ProcessId::main(node), ());
        };
        Ok(Box::new(ClosedLoop { clients: 4, pause: Span::millis(20), patience: PATIENCE, call }))
    }

    fn checks(&self, setup: &Setup<'_, Self>) -> Vec<Box<dyn Check<Replica>>> {
        let progress = Answers::new(&PROGRESS, self.calm_bound(setup));
        vec![Box::new(Agreement::new(&AGREEMENT, decided)), Box::new(progress)]
    }

    /// Everything but bad disks: sessions hide duplication and overtaking, the disk hides restarts.
    fn tolerance(&self, _: &Setup<'_, Self>) -> Tolerance {
        use ChaosKind::*;
        let kinds = &[Crash, PowerLoss, Pause, Partition, Loss, Duplication, Delay];
        Tolerance::of(kinds)
    }

    fn core(&self, setup: &Setup<'_, Self>, _: View<'_, Replica>) -> Core {
        Core::majority(setup.scenario.cluster.nodes)
    }

    /// Sixty elections and a client's patience.
    fn calm_bound(&self, _: &Setup<'_, Self>) -> Span {
        TICK.times(60) + PATIENCE
    }
}
