//! What the judge has counted.

use super::super::judge::COUNTERS;
use super::Bench;
use crate::check::Tally;
use interregnum_core::consensus::App;

impl<A: App> Bench<A> {
    pub(in super::super) fn tallies(&self) -> Vec<Tally> {
        vec![
            self.acceptors.tally.clone(),
            self.accepts.tally.clone(),
            self.holdings.kept.clone(),
            self.ballots.tally.clone(),
            self.claims.tally.clone(),
            self.holdings.cut.clone(),
            self.states.tally.clone(),
            self.answers.replies.clone(),
            self.answers.order.clone(),
            self.progress.tally.clone(),
            self.catch_up.tally.clone(),
        ]
    }

    pub(in super::super) fn counts(&self) -> Vec<(&'static str, u64)> {
        let counts = [
            self.leader_changes,
            self.requests_chosen,
            self.commands_chosen,
            self.answers.commands_answered,
            self.answers.reads_by_lease,
            self.answers.reads_by_log,
            self.snapshots_taken,
            self.snapshots_installed,
        ];
        COUNTERS.iter().copied().zip(counts).collect()
    }
}
