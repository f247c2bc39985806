//! What the judge has counted.

use super::super::judge::COUNTERS;
use super::Bench;
use crate::check::Tally;
use interregnum_core::consensus::App;

impl<A: App> Bench<A> {
    pub(in super::super) fn tallies(&self) -> [&Tally; 11] {
        [
            &self.acceptors.tally,
            &self.accepts.tally,
            &self.holdings.kept,
            &self.ballots.tally,
            &self.claims.tally,
            &self.holdings.cut,
            &self.states.tally,
            &self.answers.replies,
            &self.answers.order,
            &self.progress.tally,
            &self.catch_up.tally,
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
