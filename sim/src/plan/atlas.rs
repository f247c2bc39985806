//! Which records drawn faults may damage, so that what a system claims to survive is not exceeded.
//!
//! Damage is for good, or for long, so that a budget of faults at once does not limit it. The atlas is a
//! budget for the whole life of a run: of each chunk of data only so many copies may ever be damaged, and
//! only so many nodes may ever lose what makes them voters. Which ones is a function of the seed alone, so
//! that taking a fault away leaves the others what they were, and nothing need be remembered.

use crate::dice::{Dice, Source};
use crate::system::Chunk;
use interregnum_core::{NodeId, NodeSet};
use std::num::NonZeroU64;

/// Who may lose what.
#[derive(Clone, Debug)]
pub(crate) struct Atlas {
    seed: u64,
    everyone: NodeSet,
    /// Nodes that may lose everything.
    doomed: NodeSet,
    /// How many of the others may lose their copy of a chunk.
    copies: u32,
}

impl Atlas {
    /// Of each chunk, at most `copies` copies may be damaged.
    pub(super) fn draw(nodes: u8, copies: u32, seed: u64) -> Self {
        let everyone = NodeSet::first(nodes);
        let mut dice = Dice::new(seed, Source::Atlas);
        let doomed = dice.index(copies as usize + 1).unwrap_or(0);
        let doomed = some(everyone, doomed, &mut dice);
        let copies = copies.saturating_sub(doomed.len());
        Self { seed, everyone, doomed, copies }
    }

    /// Nodes that may lose everything.
    pub(crate) const fn doomed(&self) -> NodeSet {
        self.doomed
    }

    /// Whether a record of this chunk may be damaged at `node`.
    pub(crate) fn allows(&self, node: NodeId, chunk: Chunk) -> bool {
        if self.doomed.contains(node) {
            return true;
        }
        match chunk {
            Chunk::Identity => false,
            Chunk::Spare { number, of } => {
                let mut dice = Dice::new(self.seed, Source::Spare(node));
                let spare = NonZeroU64::new(u64::from(of)).map(|of| dice.below(of));
                of > 1 && spare == Some(u64::from(number))
            }
            Chunk::Replicated(number) => {
                let mut dice = Dice::new(self.seed, Source::Chunk(number));
                let others = self.everyone.difference(self.doomed);
                some(others, self.copies as usize, &mut dice).contains(node)
            }
        }
    }
}

fn some(among: NodeSet, count: usize, dice: &mut Dice) -> NodeSet {
    let mut nodes: Vec<_> = among.iter().collect();
    dice.shuffle(&mut nodes);
    nodes.into_iter().take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_keeps_its_copy_of_every_chunk_and_one_copy_of_its_own() {
        let (mut doomed, mut damaged) = (NodeSet::EMPTY, NodeSet::EMPTY);
        for seed in 0..50 {
            let atlas = Atlas::draw(5, 2, seed);
            doomed = doomed.union(atlas.doomed());
            assert!(atlas.doomed().len() <= 2);
            for number in 0..20 {
                let struck = |node: &NodeId| atlas.allows(*node, Chunk::Replicated(number));
                let struck: NodeSet = NodeId::first(5).filter(struck).collect();
                assert!(struck.len() == 2 && atlas.doomed().is_subset(struck));
                damaged = damaged.union(struck);
            }
            for node in NodeSet::first(5).difference(atlas.doomed()).iter() {
                let spare = |number| atlas.allows(node, Chunk::Spare { number, of: 2 });
                assert!(spare(0) != spare(1) && !atlas.allows(node, Chunk::Identity));
                assert!(!atlas.allows(node, Chunk::Spare { number: 0, of: 1 }));
            }
        }
        assert_eq!((doomed.len(), damaged.len()), (5, 5), "everybody's turn comes");
    }
}
