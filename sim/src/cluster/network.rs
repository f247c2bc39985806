//! Which links are cut, and by which fault.

use interregnum_core::{NodeId, NodeSet};

/// The links between nodes. A link is directed; it is cut while at least one cut covers it.
#[derive(Debug)]
pub(crate) struct Network {
    cuts: Vec<Cut>,
    /// Whether any link is cut: most of the time none is.
    any_cut: bool,
    /// For each node, whom its messages do not reach.
    cut_from: Vec<NodeSet>,
}

/// Messages from some nodes to others are stopped.
#[derive(Clone, Debug)]
struct Cut {
    fault: u32,
    from: NodeSet,
    to: NodeSet,
}

impl Network {
    pub(crate) fn new(nodes: usize) -> Self {
        Self { cuts: Vec::new(), any_cut: false, cut_from: vec![NodeSet::EMPTY; nodes] }
    }

    #[inline]
    pub(crate) fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.any_cut && self.cut_from.get(from.index()).is_some_and(|cut| cut.contains(to))
    }

    /// The fault that cuts this link, if one does.
    pub(crate) fn cut_by(&self, from: NodeId, to: NodeId) -> Option<u32> {
        let covers = |cut: &&Cut| cut.from.contains(from) && cut.to.contains(to);
        self.cuts.iter().find(covers).map(|cut| cut.fault)
    }

    /// Cuts every link from `from` to `to`, on behalf of `fault`. A node always hears itself.
    pub(crate) fn cut(&mut self, fault: u32, from: NodeSet, to: NodeSet) {
        self.cuts.push(Cut { fault, from, to });
        self.refresh();
    }

    /// Takes back all cuts of `fault`.
    pub(crate) fn mend(&mut self, fault: u32) {
        self.cuts.retain(|cut| cut.fault != fault);
        self.refresh();
    }

    /// Replaces all cuts by exactly these links, for good.
    pub(crate) fn freeze(&mut self, cut_from: Vec<NodeSet>) {
        self.cuts.clear();
        self.any_cut = cut_from.iter().any(|cut| !cut.is_empty());
        self.cut_from = cut_from;
    }

    fn refresh(&mut self) {
        for (node, cut_from) in (0..=u8::MAX).map(NodeId).zip(&mut self.cut_from) {
            *cut_from = NodeSet::EMPTY;
            for cut in self.cuts.iter().filter(|cut| cut.from.contains(node)) {
                *cut_from = cut_from.union(cut.to);
            }
            cut_from.remove(node);
        }
        self.any_cut = self.cut_from.iter().any(|cut| !cut.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_cuts_are_taken_back_one_by_one() {
        let (a, b) = (NodeId(0), NodeId(1));
        let mut network = Network::new(3);
        network.cut(1, NodeSet::first(1), NodeSet::first(3));
        network.cut(2, NodeSet::first(2), NodeSet::first(2));
        assert!(network.is_cut(a, b) && network.is_cut(b, a) && !network.is_cut(a, a));
        network.mend(2);
        assert!(network.is_cut(a, b) && !network.is_cut(b, a));
        assert_eq!(network.cut_by(a, b), Some(1));
        network.mend(1);
        assert!(!network.is_cut(a, b));
    }
}
