//! L3: who starts anew is silent for as long as what it forgot may matter.
//!
//! A restarted node that had taken part answers nobody until its clock has counted the time in which whatever it may
//! have recorded runs out at its holder.

use super::holders::Holders;
use super::properties::L3;
use crate::check::{Failure, View};
use interregnum_core::{Deadline, Machine, NodeId};

impl Holders {
    /// Somebody asks `node`: if it must be silent, that puts it to the test.
    pub(super) fn is_asked<M: Machine>(&mut self, view: View<'_, M>, node: NodeId) {
        let silent = self
            .nodes
            .get(node.index())
            .is_some_and(|watched| !watched.silent_until.is_passed(view.local_time(node)));
        if silent {
            self.silence.exercised(view.now());
        }
    }

    /// L3, as `from` answers somebody.
    pub(super) fn keeps_silent<M: Machine>(
        &mut self,
        view: View<'_, M>,
        from: NodeId,
    ) -> Option<Failure> {
        let node = self.nodes.get(from.index())?;
        self.silence.checked();
        let left = node.silent_until.left(view.local_time(from));
        if node.silent_until.is_passed(view.local_time(from)) {
            return None;
        }
        self.silence.violated += 1;
        let what = format!("{from} answers, although it must be silent for {left} longer");
        Some(Failure::new(&L3, what).because(node.started, from, "started anew").because(
            view.now(),
            from,
            "answers",
        ))
    }

    pub(super) fn booted<M: Machine>(&mut self, view: View<'_, M>, node: NodeId) {
        let clock = view.local_time(node);
        let until = Deadline::after(clock, self.spans.quarantine);
        if let Some(watched) = self.nodes.get_mut(node.index()) {
            watched.start(view.now(), until);
        }
    }
}
