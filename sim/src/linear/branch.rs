//! What tells two checkers apart that may judge the same history differently from now on.

use super::partition::{Partition, Record};
use super::{Checker, Sequential};
use interregnum_core::{Fold, Folder};

/// A specification of which everything can be folded.
pub trait Foldable: Sequential<Key: Fold, State: Fold, Op: Fold, Output: Fold> {}
impl<S: Sequential<Key: Fold, State: Fold, Op: Fold, Output: Fold>> Foldable for S {}

impl<S: Foldable> Fold for Checker<S> {
    fn fold(&self, into: &mut Folder) {
        let Self { spec: _, budget: _, next, keys, partitions, verdict, most_steps: _ } = self;
        next.fold(into);
        keys.fold(into);
        partitions.fold(into);
        verdict.fold(into);
    }
}

impl<S: Foldable> Fold for Partition<S> {
    fn fold(&self, into: &mut Folder) {
        // What is only shown with a violation makes no difference to whether there is one.
        let Self { key, records, waiting, pending, configs, before: _ } = self;
        key.fold(into);
        records.fold(into);
        waiting.fold(into);
        pending.fold(into);
        configs.fold(into);
    }
}

impl<S: Foldable> Fold for Record<S> {
    fn fold(&self, into: &mut Folder) {
        let Self { shown, fate, only_reads } = self;
        shown.by.fold(into);
        shown.op.fold(into);
        shown.returned.fold(into);
        fate.fold(into);
        only_reads.fold(into);
    }
}
