//! Names of nodes, processes and calls, and sets and maps over nodes.

use crate::{Fold, Folder};
use alloc::vec::Vec;
use core::fmt;
use core::ops::{Index, IndexMut};

/// A node: a clock, local volumes and an endpoint on the network. Shared disks are nodes too.
///
/// Nodes are numbered from 0 without gaps; a cluster has at most [`NodeSet::CAPACITY`] of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct NodeId(pub u8);

impl NodeId {
    /// This node as an array index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The first `count` nodes, in order.
    pub fn first(count: u8) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator + Clone {
        (0..count).map(Self)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One process's place within its node. What a part does is the system's business.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct Part(pub u8);

impl Part {
    /// The only part of a node that runs one process.
    pub const MAIN: Self = Self(0);
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A process: one machine in a node. It keeps its name over crashes and restarts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId {
    /// The node it runs on.
    pub node: NodeId,
    /// Which of the node's processes it is.
    pub part: Part,
}

impl ProcessId {
    /// The main process of `node`.
    #[must_use]
    pub const fn main(node: NodeId) -> Self {
        Self { node, part: Part::MAIN }
    }
}

impl Fold for ProcessId {
    /// One word: it stands in almost everything that is folded.
    #[inline]
    fn fold(&self, into: &mut Folder) {
        into.word(u64::from(self.node.0) << 8 | u64::from(self.part.0));
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Part::MAIN => self.node.fmt(f),
            part => write!(f, "{}/{part}", self.node),
        }
    }
}

impl fmt::Debug for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One call of a client, unique within a run: the client's number in the upper half, and which of its calls
/// it is in the lower. A retry is another call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct CallId(pub u64);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call-{}.{}", self.0 >> 32, self.0 & u64::from(u32::MAX))
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A set of nodes as one word: no allocation, one canonical form.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct NodeSet(u128);

impl NodeSet {
    /// The largest number of nodes in a cluster.
    pub const CAPACITY: u8 = 128;

    /// The empty set.
    pub const EMPTY: Self = Self(0);

    /// The nodes 0 to `count` - 1.
    ///
    /// # Panics
    /// When `count` exceeds [`Self::CAPACITY`].
    #[must_use]
    pub const fn first(count: u8) -> Self {
        assert!(count <= Self::CAPACITY, "more nodes than a set can hold");
        if count == Self::CAPACITY { Self(u128::MAX) } else { Self((1 << count) - 1) }
    }

    /// Adds `node`; true if it was not in the set.
    pub const fn insert(&mut self, node: NodeId) -> bool {
        let before = self.0;
        self.0 |= 1 << node.0;
        self.0 != before
    }

    /// Removes `node`; true if it was in the set.
    pub const fn remove(&mut self, node: NodeId) -> bool {
        let before = self.0;
        self.0 &= !(1 << node.0);
        self.0 != before
    }

    /// Whether `node` is in the set.
    #[must_use]
    pub const fn contains(self, node: NodeId) -> bool {
        self.0 & (1 << node.0) != 0
    }

    /// The number of nodes in the set.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Nodes in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Nodes in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Nodes of this set that are not in `other`.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether every node of this set is in `other`.
    #[must_use]
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The nodes, ascending.
    pub fn iter(self) -> impl Iterator<Item = NodeId> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let next = u8::try_from(rest.trailing_zeros()).ok().filter(|n| *n < Self::CAPACITY)?;
            rest &= rest - 1;
            Some(NodeId(next))
        })
    }
}

impl FromIterator<NodeId> for NodeSet {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Self {
        let mut set = Self::EMPTY;
        for node in nodes {
            set.insert(node);
        }
        set
    }
}

impl fmt::Display for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, node) in self.iter().enumerate() {
            write!(f, "{}{node}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One value for each node of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub struct NodeMap<T>(Vec<T>);

impl<T> NodeMap<T> {
    /// A map for `count` nodes, filled by `value`.
    pub fn new(count: u8, value: impl FnMut(NodeId) -> T) -> Self {
        Self(NodeId::first(count).map(value).collect())
    }

    /// The nodes and their values, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &T)> {
        (0..=u8::MAX).map(NodeId).zip(&self.0)
    }

    /// The nodes and their values, ascending, for change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (NodeId, &mut T)> {
        (0..=u8::MAX).map(NodeId).zip(&mut self.0)
    }

    /// The value of `node`, if the cluster has such a node.
    #[must_use]
    pub fn get(&self, node: NodeId) -> Option<&T> {
        self.0.get(node.index())
    }
}

impl<T> Index<NodeId> for NodeMap<T> {
    type Output = T;

    fn index(&self, node: NodeId) -> &T {
        &self.0[node.index()]
    }
}

impl<T> IndexMut<NodeId> for NodeMap<T> {
    fn index_mut(&mut self, node: NodeId) -> &mut T {
        &mut self.0[node.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_set_holds_exactly_what_was_put_in() {
        let mut set = NodeSet::first(3);
        assert!(set.insert(NodeId(127)) && !set.insert(NodeId(127)));
        assert!(set.remove(NodeId(1)) && !set.remove(NodeId(1)));
        assert_eq!(set.to_string(), "{n0, n2, n127}");
        assert_eq!(set.len(), 3);
        assert_eq!(NodeSet::first(128).len(), 128);
        assert_eq!(NodeSet::first(128).iter().count(), 128);
        assert_eq!(NodeSet::EMPTY.iter().count(), 0);
    }

    #[test]
    fn set_algebra() {
        let low = NodeSet::first(3);
        let high: NodeSet = [NodeId(2), NodeId(3)].into_iter().collect();
        assert_eq!(low.intersection(high).to_string(), "{n2}");
        assert_eq!(low.difference(high).to_string(), "{n0, n1}");
        assert_eq!(low.union(high), NodeSet::first(4));
        assert!(low.is_subset(NodeSet::first(4)) && !high.is_subset(low));
    }
}
