//! The search itself, on a model that is easy to count.

use super::*;
use interregnum_core::Fingerprint;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Counters that each go up by one, or by two for one of a budget, up to a limit. It is wrong when their sum is
/// `wrong`.
struct Counters {
    counters: usize,
    limit: u8,
    jumps: u8,
    wrong: Option<u32>,
}

impl Model for Counters {
    type State = (Vec<u8>, u8);
    type Choice = (usize, u8);
    type Workspace = (Vec<u8>, u8);
    type Failure = u32;

    fn workspace(&self) -> (Vec<u8>, u8) {
        (Vec::new(), 0)
    }

    fn initial(&self, _: &mut (Vec<u8>, u8)) -> (Vec<u8>, u8) {
        (vec![0; self.counters], self.jumps)
    }

    fn key(&self, (counters, jumps): &(Vec<u8>, u8)) -> Key {
        let purse = Purse::new([*jumps, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        Key { print: Fingerprint::of(counters).0, purse }
    }

    fn choices(&self, state: &(Vec<u8>, u8), choices: &mut Vec<(usize, u8)>, cuts: &mut [u64]) {
        for (counter, count) in state.0.iter().enumerate() {
            choices.extend((*count < self.limit).then_some((counter, 1)));
            if state.1 > 0 {
                choices.extend((count + 1 < self.limit).then_some((counter, 2)));
            } else {
                cuts[0] += 1;
            }
        }
    }

    fn step(
        &self,
        next: &mut (Vec<u8>, u8),
        state: &(Vec<u8>, u8),
        (counter, by): &(usize, u8),
        _: &mut [u64],
    ) -> Step<u32> {
        next.clone_from(state);
        next.0[*counter] += by;
        next.1 -= by - 1;
        let sum = next.0.iter().map(|count| u32::from(*count)).sum();
        if self.wrong == Some(sum) { Step::Wrong(sum) } else { Step::To(self.key(next)) }
    }

    fn build(&self, next: &mut (Vec<u8>, u8), _: &(Vec<u8>, u8)) -> (Vec<u8>, u8) {
        next.clone()
    }

    fn bounds(&self) -> &'static [&'static str] {
        &["jumps"]
    }
}

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads")
}

const PLAIN: Counters = Counters { counters: 4, limit: 6, jumps: 0, wrong: None };

#[test]
fn both_ways_find_every_state_once() {
    let (layers, deep) = (Search::of(&PLAIN).layers(&pool(2)), Search::of(&PLAIN).deep());
    assert!(layers.is_complete() && deep.is_complete());
    assert_eq!((layers.states, deep.states), (7_u64.pow(4), 7_u64.pow(4)));
    // Each counter can be raised in all states but those in which it is at its limit.
    assert_eq!((layers.transitions, deep.transitions), (4 * 6 * 343, 4 * 6 * 343));
    assert_eq!((layers.depth, deep.depth), (24, 24));
    assert_eq!(layers.cuts, [Cut { bound: "jumps", times: 4 * 7_u64.pow(4) }]);
}

#[test]
fn layers_find_a_shortest_trace_whatever_the_threads() {
    let model = Counters { wrong: Some(9), jumps: 3, ..PLAIN };
    let traces: BTreeSet<_> = [1, 2, 5]
        .map(|threads| {
            let found = Search::of(&model).layers(&pool(threads));
            assert!(matches!(found.end, End::Wrong(9)));
            (found.trace, found.states, found.transitions)
        })
        .into();
    assert_eq!(traces.len(), 1);
    let (trace, ..) = traces.first().expect("one");
    assert_eq!(trace.len(), 6, "three jumps and three steps");
    let deep = Search::of(&model).deep();
    assert_eq!(deep.trace.iter().map(|(_, by)| u32::from(*by)).sum::<u32>(), 9);
}

#[test]
fn a_state_is_visited_again_only_with_more_left() {
    let model = Counters { counters: 1, limit: 4, jumps: 1, wrong: None };
    let found = Search::of(&model).layers(&pool(1));
    // 0 with a jump; 1 with one, 2 without one; 2 with one covers that, but comes later.
    assert_eq!(found.distinct, 5);
    assert_eq!(found.states, 8);
}

#[test]
fn limits_and_patience_end_a_search_that_is_then_not_complete() {
    let short = Limits { depth: 3, ..Limits::default() };
    for found in [
        Search { limits: short, ..Search::of(&PLAIN) }.layers(&pool(1)),
        Search { limits: short, ..Search::of(&PLAIN) }.deep(),
    ] {
        assert!(!found.is_complete() && matches!(found.end, End::Exhausted));
        assert!(found.cut_by_depth > 0 && found.depth == 3);
    }
    let small = Limits { memory_bytes: 1, ..Limits::default() };
    let found = Search { limits: small, ..Search::of(&PLAIN) }.layers(&pool(1));
    assert!(matches!(found.end, End::OutOfMemory) && !found.is_complete());
    struct Impatient;
    impl Watch for Impatient {
        fn stops(&self, progress: Progress) -> bool {
            progress.states > 100
        }
    }
    let found = Search { watch: &Impatient, ..Search::of(&PLAIN) }.layers(&pool(1));
    assert!(matches!(found.end, End::Cancelled) && !found.is_complete());
}

proptest! {
    #[test]
    fn budgets_reach_the_same_states_as_without_their_dominance(
        counters in 1..4_usize, limit in 1..5_u8, jumps in 0..4_u8,
    ) {
        let model = Counters { counters, limit, jumps, wrong: None };
        let (mut layers, mut deep) = (BTreeSet::new(), BTreeSet::new());
        Search::of(&model).layers_with(&pool(1), |state| { layers.insert(state.0.clone()); });
        Search::of(&model).deep_with(|state| { deep.insert(state.0.clone()); });
        let all = (usize::from(limit) + 1).pow(u32::try_from(counters).expect("few"));
        prop_assert_eq!((layers.len(), deep.len()), (all, all));
    }
}
