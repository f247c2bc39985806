//! Whom a fault strikes, resolved at the moment it begins.

use super::Run;
use crate::dice::Dice;
use crate::scenario::Target;
use crate::system::System;
use interregnum_core::{NodeId, NodeSet, ProcessId};

/// What a target means at a certain moment: some processes, and the nodes they are on. A shared disk
/// is a node without processes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Struck {
    /// Numbers of processes.
    pub(super) processes: Vec<usize>,
    /// Nodes.
    pub(super) nodes: NodeSet,
    /// Links to cut: from each node of the first set to each of the second.
    pub(super) cuts: Vec<(NodeSet, NodeSet)>,
}

impl Struck {
    pub(super) const fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

impl<S: System> Run<'_, S> {
    /// What `target` means now.
    pub(super) fn resolve(&self, target: &Target, dice: &mut Dice) -> Struck {
        let all = self.computers();
        let nodes = match target {
            Target::All => all,
            Target::Majority => random_nodes(all, all.len() / 2 + 1, dice),
            Target::Minority => random_nodes(all, all.len().saturating_sub(1) / 2, dice),
            Target::Random(count) => random_nodes(all, u32::from(*count), dice),
            Target::Group(name) => {
                let groups = &self.setup.scenario.cluster.groups;
                groups.get(name).into_iter().flatten().copied().map(NodeId).collect()
            }
            Target::Nodes(nodes) => nodes.iter().copied().map(NodeId).collect(),
            Target::Fault(number) => self.hit_by(*number),
            Target::OtherThan { target, random } => {
                let others = all.difference(self.resolve(target, dice).nodes);
                random_nodes(others, u32::from(random.unwrap_or(1)), dice)
            }
            Target::Node { node, part: None } => [NodeId(*node)].into_iter().collect(),
            Target::Node { node, part: Some(part) } => return self.part(NodeId(*node), part),
            Target::Named(word) => return self.processes(self.ask(word, None)),
            Target::Asked(word, argument) => {
                return self.processes(self.ask(word, Some(argument)));
            }
            Target::Any(word) => {
                let found = self.ask(word, None);
                return self.processes(dice.choose(&found).copied().into_iter().collect());
            }
        };
        self.whole(nodes)
    }

    pub(super) fn ask(&self, word: &str, argument: Option<&serde_json::Value>) -> Vec<ProcessId> {
        self.system.resolve(word, argument, self.timeline.view(&self.cluster))
    }

    /// The nodes that the fault of this number struck when it last began: also once it has ended.
    fn hit_by(&self, number: u32) -> NodeSet {
        let mut faults = self.plan.faults.iter().zip(&self.effects);
        let known = faults.find(|(planned, _)| planned.dice == number);
        known.map_or(NodeSet::EMPTY, |(_, effects)| effects.hit)
    }

    fn whole(&self, nodes: NodeSet) -> Struck {
        let total = u8::try_from(self.cluster.node_count()).unwrap_or(NodeSet::CAPACITY);
        let nodes = nodes.intersection(NodeSet::first(total));
        let processes = nodes.iter().flat_map(|node| self.cluster.parts(node)).collect();
        Struck { processes, nodes, cuts: Vec::new() }
    }

    fn part(&self, node: NodeId, part: &str) -> Struck {
        let number = self.system.parts().iter().position(|name| *name == part);
        let process = number.and_then(|number| self.cluster.parts(node).nth(number));
        let nodes = process.map(|_| node).into_iter().collect();
        Struck { processes: process.into_iter().collect(), nodes, cuts: Vec::new() }
    }

    fn processes(&self, found: Vec<ProcessId>) -> Struck {
        let nodes = found.iter().map(|id| id.node).collect();
        let processes = found.iter().filter_map(|id| self.cluster.index(*id)).collect();
        Struck { processes, nodes, cuts: Vec::new() }
    }
}

/// So many of `among`, every choice equally likely.
pub(super) fn random_nodes(among: NodeSet, count: u32, dice: &mut Dice) -> NodeSet {
    let mut nodes: Vec<_> = among.iter().collect();
    dice.shuffle(&mut nodes);
    nodes.into_iter().take(count as usize).collect()
}
