//! The ready-made safety check: what several nodes show under one key is the same.

use crate::check::{Check, Failure, Report, Tally, View};
use crate::clock::TrueTime;
use crate::outcome::Property;
use crate::seen::{Kind, Kinds, Seen};
use interregnum_core::{Machine, NodeId};
use std::collections::btree_map::{BTreeMap, Entry};
use std::fmt::Debug;

/// What tells an agreement: calls its second argument with every node that something seen shows to
/// hold a value under a key, the key and the value.
pub type Shown<M, K, V> = fn(&Seen<'_, M>, &mut dyn FnMut(NodeId, K, V));

/// The safety check of every system that decides: no two nodes ever show different values under one
/// key, such as commands under an index. It judges by durable records and by answers, which the
/// machine cannot take back; it keeps every key.
#[derive(Debug)]
pub struct Agreement<M: Machine, K, V> {
    tally: Tally,
    shown: Shown<M, K, V>,
    first: BTreeMap<K, (V, NodeId, TrueTime)>,
}

impl<M: Machine, K, V> Agreement<M, K, V> {
    /// Judges `property` by what `shown` finds in durable records and answers.
    #[must_use]
    pub const fn new(property: &'static Property, shown: Shown<M, K, V>) -> Self {
        Self { tally: Tally::new(property), shown, first: BTreeMap::new() }
    }
}

impl<M: Machine, K: Ord + Copy + Debug, V: PartialEq + Debug> Check<M> for Agreement<M, K, V> {
    fn interest(&self) -> Kinds {
        Kinds::of(&[Kind::Durable, Kind::Replied])
    }

    fn observe(&mut self, seen: &Seen<'_, M>, view: View<'_, M>, report: &mut Report) {
        let now = view.now();
        (self.shown)(seen, &mut |node, key, value| match self.first.entry(key) {
            Entry::Vacant(entry) => {
                self.tally.checked();
                entry.insert((value, node, now));
            }
            Entry::Occupied(entry) => {
                self.tally.exercised(now);
                let (known, first, since) = entry.get();
                if *known != value {
                    self.tally.violated += 1;
                    let what = format!("two nodes differ about {key:?}");
                    let failure = Failure::new(self.tally.property, what)
                        .because(*since, *first, format!("shows {known:?}"))
                        .because(now, node, format!("shows {value:?}"));
                    report.fail(failure);
                }
            }
        });
    }

    fn tallies(&self) -> Vec<Tally> {
        vec![self.tally.clone()]
    }

    fn each_tally(&self, see: &mut dyn FnMut(&Tally)) {
        see(&self.tally);
    }
}
