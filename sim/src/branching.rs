//! Checks that can be copied, each copy to judge another way in which things may go on.

use crate::check::Check;
use interregnum_core::{Fold, Folder, Machine};

/// A check that can be copied and told from others by its fingerprint.
pub trait Branching<M: Machine>: Check<M> + Send + Sync {
    /// The same, to go on from here another way.
    fn branch(&self) -> Box<dyn Branching<M>>;

    /// Folds everything that it remembers and that may change what it will say.
    fn fold(&self, into: &mut Folder);
}

impl<M: Machine, C: Check<M> + Clone + Fold + Send + Sync + 'static> Branching<M> for C {
    fn branch(&self) -> Box<dyn Branching<M>> {
        Box::new(self.clone())
    }

    fn fold(&self, into: &mut Folder) {
        Fold::fold(self, into);
    }
}
