//! The faults are over: a core of nodes is healed, everything else stays as it is for good.
//!
//! Faults outside the core are permanent because a fault that always heals hides what it did: a node
//! that cannot hear, but keeps disturbing the others, is harmless only if they can do without it.

use super::Run;
use super::targets::random_nodes;
use crate::cluster::{Driver as _, Unhang};
use crate::dice::{Dice, Source};
use crate::scenario::Ratio;
use crate::seen::Seen;
use crate::system::System;
use crate::timeline::Event;
use interregnum_core::{NodeId, NodeSet};

impl<S: System> Run<'_, S> {
    pub(super) fn calm(&mut self) {
        let now = self.timeline.time();
        self.calm_since = Some(now);
        let mut dice = Dice::new(self.seed, Source::Calm);
        let core = self.choose_core(&mut dice);
        self.coreless = core.is_empty();
        self.plan.drawn.push(("calm core".to_owned(), core.to_string()));
        let healed = core.union(self.disks());
        self.freeze_links(healed, &mut dice);
        self.timeline.calm();
        self.timeline.cure(healed);
        self.cluster.unhang(Unhang::At(healed), &mut self.timeline);
        self.cluster.unwatch_seams();
        self.timeline.see(&self.cluster, &Seen::Calm { core });
        let everyone = NodeId::first(u8::try_from(self.cluster.node_count()).unwrap_or(u8::MAX));
        for node in everyone {
            self.cluster.heal_disk(node);
            if healed.contains(node) {
                self.cluster.heal_clock(node, &mut self.timeline);
            }
            for process in self.cluster.parts(node) {
                if core.contains(node) {
                    self.cluster.heal(process, &mut self.timeline);
                } else {
                    self.cluster.forget_trips(process);
                }
            }
        }
        let bound = self.system.calm_bound(self.setup);
        let within = self.setup.scenario.calm.within.map_or(bound, |within| within.0.max(bound));
        self.timeline.schedule(now.after(within), Event::End);
        self.with_clients(|workload, clients| workload.on_calm(clients));
    }

    fn disks(&self) -> NodeSet {
        let total = u8::try_from(self.cluster.node_count()).unwrap_or(NodeSet::CAPACITY);
        NodeSet::first(total).difference(self.computers())
    }

    /// Everyone in a quarter of the runs, else any set that the system calls a core.
    fn choose_core(&self, dice: &mut Dice) -> NodeSet {
        let core = self.system.core(self.setup, self.timeline.view(&self.cluster));
        let all = core.among.len();
        let spare = all.saturating_sub(core.at_least);
        let size = if dice.word().is_multiple_of(4) {
            all
        } else {
            let more = dice.index(spare as usize + 1).unwrap_or(0);
            core.at_least + u32::try_from(more).unwrap_or(0)
        };
        random_nodes(core.among, size, dice)
    }

    /// Links within the core work; a link that is cut elsewhere stays cut, and of the others a share
    /// that is drawn is cut as well.
    fn freeze_links(&mut self, healed: NodeSet, dice: &mut Dice) {
        let total = u8::try_from(self.cluster.node_count()).unwrap_or(NodeSet::CAPACITY);
        let more = Ratio::ppm(u32::try_from(dice.word() % 4).unwrap_or(0) * 330_000);
        let mut cut_from = Vec::new();
        for from in NodeId::first(total) {
            let mut cut = NodeSet::EMPTY;
            for to in NodeId::first(total).filter(|to| *to != from) {
                let inside = healed.contains(from) && healed.contains(to);
                let drawn = dice.chance(more);
                if !inside && (drawn || self.cluster.network.is_cut(from, to)) {
                    cut.insert(to);
                }
            }
            cut_from.push(cut);
        }
        self.cluster.network.freeze(cut_from);
    }
}
