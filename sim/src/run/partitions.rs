//! Which links a partition cuts.

use super::Run;
use super::targets::Struck;
use crate::dice::Dice;
use crate::scenario::{Partition, Shape, Target};
use crate::system::System;
use interregnum_core::{NodeId, NodeSet};

impl<S: System> Run<'_, S> {
    /// The links that a partition cuts, and the nodes that it names.
    pub(super) fn sides(&self, partition: &Partition, dice: &mut Dice) -> Struck {
        if let Some(shape) = partition.shape {
            return self.shaped(shape, partition, dice);
        }
        let total = u8::try_from(self.cluster.node_count()).unwrap_or(NodeSet::CAPACITY);
        let everyone = NodeSet::first(total);
        let both = |inside: NodeSet| {
            let outside = everyone.difference(inside);
            [(inside, outside), (outside, inside)]
        };
        let (nodes, cuts) = if let Some(isolate) = &partition.isolate {
            let inside = self.resolve(isolate, dice).nodes;
            (inside, both(inside).to_vec())
        } else if let (Some(from), Some(to)) = (&partition.from, &partition.to) {
            let from = self.resolve(from, dice).nodes;
            (from, vec![(from, self.resolve(to, dice).nodes)])
        } else {
            let (mut named, mut cuts) = (NodeSet::EMPTY, Vec::new());
            for group in partition.groups.iter().flatten() {
                // A node listed twice belongs to the first of its groups.
                let group = self.resolve(group, dice).nodes.difference(named);
                named = named.union(group);
                cuts.extend(both(group));
            }
            (named, cuts)
        };
        let cuts: Vec<_> =
            cuts.into_iter().filter(|(from, to)| cuts_anything(*from, *to)).collect();
        let nodes = if cuts.is_empty() { NodeSet::EMPTY } else { nodes };
        Struck { processes: Vec::new(), nodes, cuts }
    }

    /// The links between nodes that a shape does not leave; those of shared disks are left alone.
    fn shaped(&self, shape: Shape, partition: &Partition, dice: &mut Dice) -> Struck {
        let everyone = self.computers();
        let leader = self.first_leader();
        let off = match (&partition.without, shape) {
            (Some(target), _) => self.one_of(target, dice),
            (None, Shape::Constrained) => leader.or_else(|| pick(everyone, dice)),
            _ => None,
        };
        let out = |node: Option<NodeId>| node.into_iter().collect::<NodeSet>();
        let around = match &partition.around {
            Some(target) => self.one_of(target, dice),
            None => pick(everyone.difference(out(off)).difference(out(leader)), dice),
        };
        let mut order: Vec<_> =
            everyone.difference(out(off)).difference(out(around)).iter().collect();
        dice.shuffle(&mut order);
        // The middle comes first: in a chain or a ring its place is one like any other.
        order.splice(0..0, around.filter(|around| Some(*around) != off));
        let hears = links(shape, &order);
        let cuts = everyone.iter().map(|node| {
            let heard =
                order.iter().position(|other| *other == node).map_or(NodeSet::EMPTY, |i| hears[i]);
            let from = out(Some(node));
            (from, everyone.difference(heard).difference(from))
        });
        let cuts: Vec<_> = cuts.filter(|(_, to)| !to.is_empty()).collect();
        let nodes = if cuts.is_empty() { NodeSet::EMPTY } else { everyone };
        Struck { processes: Vec::new(), nodes, cuts }
    }

    /// The leader's node, of a system that knows the word.
    fn first_leader(&self) -> Option<NodeId> {
        let known = self.system.target_words().contains(&"leader");
        let leaders = known.then(|| self.ask("leader", None));
        leaders?.first().map(|process| process.node)
    }

    fn one_of(&self, target: &Target, dice: &mut Dice) -> Option<NodeId> {
        pick(self.resolve(target, dice).nodes.intersection(self.computers()), dice)
    }
}

fn pick(among: NodeSet, dice: &mut Dice) -> Option<NodeId> {
    let nodes: Vec<_> = among.iter().collect();
    dice.choose(&nodes).copied()
}

/// Whom each node of `order` still hears in a partition of this shape; the first is the middle.
fn links(shape: Shape, order: &[NodeId]) -> Vec<NodeSet> {
    let count = order.len();
    // On a ring each hears as many neighbours on either side as make a majority.
    let reach = (count / 2).div_ceil(2);
    let half = count / 2;
    let linked = |a: usize, b: usize| match shape {
        Shape::Bridge => a == 0 || b == 0 || (a <= half) == (b <= half),
        Shape::QuorumLoss | Shape::Constrained => a == 0 || b == 0 || a == b,
        Shape::Chained => a.abs_diff(b) <= 1,
        Shape::Ring => a.abs_diff(b) <= reach || count - a.abs_diff(b) <= reach,
    };
    let heard = |a: usize| {
        order.iter().enumerate().filter(move |(b, _)| linked(a, *b)).map(|(_, node)| *node)
    };
    (0..count).map(|a| heard(a).collect()).collect()
}

/// Whether there is a link from one set to the other: a node always hears itself.
fn cuts_anything(from: NodeSet, to: NodeSet) -> bool {
    from.iter().any(|node| !to.is_subset([node].into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hears(shape: Shape, count: u8) -> Vec<u32> {
        let order: Vec<_> = NodeId::first(count).collect();
        let hears = links(shape, &order);
        for (node, heard) in order.iter().zip(&hears) {
            assert!(heard.contains(*node), "a node hears itself");
            for other in heard.iter() {
                assert!(hears[other.index()].contains(*node), "{shape:?}: links go both ways");
            }
        }
        hears.into_iter().map(NodeSet::len).collect()
    }

    #[test]
    fn shapes_leave_the_links_that_their_names_say() {
        assert_eq!(hears(Shape::Bridge, 5), [5, 3, 3, 3, 3]);
        assert_eq!(hears(Shape::Chained, 5), [2, 3, 3, 3, 2]);
        assert_eq!(hears(Shape::QuorumLoss, 5), [5, 2, 2, 2, 2]);
        assert_eq!(hears(Shape::Ring, 5), [3; 5]);
    }

    #[test]
    fn on_a_ring_everyone_hears_a_majority_and_nobody_the_same() {
        for count in 4..=9 {
            let order: Vec<_> = NodeId::first(count).collect();
            let hears = links(Shape::Ring, &order);
            assert!(hears.iter().all(|heard| heard.len() > u32::from(count) / 2), "{count}");
            let distinct: std::collections::BTreeSet<_> = hears.iter().collect();
            assert_eq!(distinct.len(), hears.len(), "{count}");
        }
    }
}
