//! Which messages can never matter any more, for a search that tries every order.

use super::rules::Rules;
use super::{Config, PaxosLease, Started};
use crate::{Explorable, Fold, Folder, Prospect};

impl<R: Rules> Fold for PaxosLease<R> {
    fn fold(&self, into: &mut Folder) {
        let Self { restart, durable, proposes, acceptor, proposer, rules: _ } = self;
        restart.fold(into);
        durable.fold(into);
        proposes.fold(into);
        acceptor.fold(into);
        proposer.fold(into);
    }
}

impl<R: Rules> Explorable for PaxosLease<R> {
    /// Before its count is durable a node neither answers nor asks. What it missed meanwhile might as well be
    /// under way still, or for ever; only a start that comes before shows whether the count was durable.
    fn completes_at_once(&self, _: &Config<R>, _: &Started, own: Prospect) -> bool {
        !own.restarts
    }
}
