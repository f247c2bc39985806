//! Checks that can be copied, each copy to judge another way in which things may go on.

use crate::check::{Check, View};
use interregnum_core::{Fold, Folder, Machine};

/// A check that can be copied and told from others by its fingerprint.
pub trait Branching<M: Machine>: Check<M> + Send + Sync {
    /// The same, to go on from here another way.
    fn branch(&self) -> Box<dyn Branching<M>>;

    /// Folds everything that it remembers and that may change what it will say. What it remembers of a node's
    /// clock is folded relative to what that shows now.
    fn fold(&self, view: View<'_, M>, into: &mut Folder);
}

/// A check that remembers nothing of any clock.
impl<M: Machine, C: Check<M> + Clone + Fold + Send + Sync + 'static> Branching<M> for C {
    fn branch(&self) -> Box<dyn Branching<M>> {
        Box::new(self.clone())
    }

    fn fold(&self, _: View<'_, M>, into: &mut Folder) {
        Fold::fold(self, into);
    }
}
