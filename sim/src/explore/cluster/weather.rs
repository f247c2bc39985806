//! What happens to all nodes at once: time passes, the network falls apart and is one again.

use super::bounds::Budget;
use super::director::Onlooker;
use super::stage::Stage;
use super::state::{State, cut_print, node_print, seat_print};
use super::{ClusterModel, Wrong};
use crate::check::View;
use crate::explore::Step;
use crate::system::ExplorableSystem;
use interregnum_core::{Explorable, NodeId};
use std::sync::Arc;

impl<M: Explorable, O: Onlooker<M>> Stage<M, O> {
    /// A beat, in which the clocks of those nodes run fast whose bit is set.
    pub(super) fn pass<S: ExplorableSystem<Process = M>>(
        &mut self,
        model: &ClusterModel<'_, S>,
        state: &State<M>,
        fast: u8,
    ) -> Step<Wrong> {
        let Some(time) = model.bounds.time else { return Step::Same };
        self.load(state);
        if time.beats.is_some() && !self.spend(Budget::Beats, 1) {
            return Step::Same;
        }
        let next = &mut self.next;
        next.print = state.print;
        next.mail.clone_from(&state.mail);
        for (index, node) in state.nodes.iter().enumerate() {
            let is_fast = u32::from(fast) >> index & 1 == 1;
            let later = node.later(model.counts[usize::from(is_fast)]);
            next.print = next
                .print
                .wrapping_sub(node_print(index, node.print))
                .wrapping_add(node_print(index, later.print));
            self.cluster.stand_clock(id(index), later.clock);
            next.later.push(Arc::new(later));
        }
        let view = View::new(&self.cluster, self.onlooker.now());
        for (number, seat) in state.jury.iter().enumerate() {
            let Some(later) = seat.later(view) else { continue };
            next.print = next
                .print
                .wrapping_sub(seat_print(number, seat.print))
                .wrapping_add(seat_print(number, later.print));
            next.seats.push((number, Arc::new(later)));
        }
        if next.print == state.print && next.purse == state.purse {
            return Step::Same;
        }
        Step::To(model.key_of(next.print, next.purse))
    }
}

impl<M: Explorable, O: Onlooker<M>> Stage<M, O> {
    /// From now on these nodes are cut off from the others; if there are none, all are one again.
    pub(super) fn part<S: ExplorableSystem<Process = M>>(
        &mut self,
        model: &ClusterModel<'_, S>,
        state: &State<M>,
        cut: u8,
    ) -> Step<Wrong> {
        self.load(state);
        if (cut == 0) == (state.cut == 0) || cut != 0 && !self.spend(Budget::Partitions, 1) {
            return Step::Same;
        }
        let next = &mut self.next;
        next.cut = cut;
        next.mail.clone_from(&state.mail);
        next.print =
            state.print.wrapping_sub(cut_print(state.cut)).wrapping_add(cut_print(next.cut));
        Step::To(model.key_of(next.print, next.purse))
    }
}

/// The node of a process, of which there is one on each.
pub(super) fn id(index: usize) -> NodeId {
    NodeId(u8::try_from(index).unwrap_or(u8::MAX))
}
