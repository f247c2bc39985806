//! The exhaustive search against stateright's: the same models, searched by both.
//!
//! Stateright is handed our models as they are, each state known to it by its key. So both must come to the same
//! number of states and to the same verdict, whatever there is in a state; only the ways of searching differ.

mod cluster;
mod peer;
mod synod;
mod synods;
mod textbook;

use interregnum_sim::explore::{End, Explored, Model, Search};
use std::fmt::Debug;
use std::sync::Arc;

/// What there is to compare.
#[derive(Debug, PartialEq, Eq)]
struct Count {
    /// Different keys.
    keys: u64,
    /// Different fingerprints.
    prints: u64,
    is_wrong: bool,
}

/// What our search finds.
fn ours<M: Model>(model: &M) -> Explored<M::Choice, M::Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
    Search::of(model).layers(&pool)
}

/// Demands that both find the same number of states and nothing wrong; how many there are.
fn agree_on_all<M: Model + Send + 'static>(name: &str, model: M) -> u64 {
    let model = Arc::new(model);
    let ours = ours(&*model);
    assert!(ours.is_complete(), "{name}: {:?}", ours.end);
    let theirs = peer::search(&model);
    let expected = Count { keys: ours.states, prints: ours.distinct, is_wrong: false };
    assert_eq!(theirs.count, expected, "{name}");
    println!("{name}: {} states in both", ours.states);
    ours.states
}

/// Demands that both find something wrong, after as few choices.
fn agree_on_flaw<M: Model + Send + 'static>(name: &str, model: M)
where
    M::Failure: Debug,
{
    let model = Arc::new(model);
    let ours = ours(&*model);
    assert!(matches!(ours.end, End::Wrong(_)), "{name}: {:?}", ours.end);
    let theirs = peer::search(&model);
    assert!(theirs.count.is_wrong, "{name}: {:?}", theirs.count);
    assert_eq!(Some(ours.trace.len()), theirs.trace, "{name}");
    println!("{name}: wrong after {} choices in both", ours.trace.len());
}
