//! The states of textbook models, counted: by layers and by depth, with one thread and with two.

mod paxos;
mod single_decree;
mod two_phase;

use interregnum_sim::explore::{End, Explored, Model, Search};
use std::fmt::Debug;

/// Threads to search with.
fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads")
}

/// What a search found, as far as it is the same for every way of searching.
#[derive(Debug, PartialEq, Eq)]
struct Count {
    states: u64,
    transitions: u64,
}

fn count<C: Debug, F: Debug>(found: &Explored<C, F>) -> Count {
    assert!(found.is_complete(), "{:?} after {} states", found.end, found.states);
    assert_eq!(found.states, found.distinct, "no budgets");
    Count { states: found.states, transitions: found.transitions }
}

/// The states and transitions of a model in which nothing is wrong.
fn counted<M: Model>(model: &M) -> Count {
    let deep = count(&Search::of(model).deep());
    for threads in [1, 2] {
        assert_eq!(count(&Search::of(model).layers(&pool(threads))), deep, "{threads} threads");
    }
    deep
}

/// The shortest way to what is wrong with a model.
fn flaw<M: Model>(model: &M) -> (usize, M::Failure) {
    let deep = Search::of(model).deep();
    assert!(matches!(deep.end, End::Wrong(_)), "{:?} after {} states", deep.end, deep.states);
    let layers = Search::of(model).layers(&pool(2));
    let End::Wrong(failure) = layers.end else {
        panic!("{:?} after {} states", layers.end, layers.states)
    };
    assert!(layers.trace.len() <= deep.trace.len());
    (layers.trace.len(), failure)
}
