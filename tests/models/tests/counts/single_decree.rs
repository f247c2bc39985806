//! Single-decree Paxos with and without reductions. Another program, written before this one and thrown away,
//! counted the same states.

use crate::{counted, flaw, pool};
use interregnum_models::single_decree::{Reductions, SingleDecree};
use interregnum_sim::explore::{End, Progress, Search, Watch};
use std::collections::BTreeSet;

/// All combinations: where quorums are taken in, there is no single acceptance to come first.
fn combinations() -> impl Iterator<Item = Reductions> {
    (0..12_u8).map(|number| Reductions {
        dead_messages: number & 1 != 0,
        symmetry: number & 2 != 0,
        acks_first: number >> 2 == 1,
        quorums: number >> 2 == 2,
    })
}

const NONE: Reductions =
    Reductions { dead_messages: false, symmetry: false, acks_first: false, quorums: false };
const DROP: Reductions = Reductions { dead_messages: true, ..NONE };
const BEST: Reductions = Reductions { symmetry: true, quorums: true, ..DROP };

/// Which proposers can decide which values.
fn outcomes(model: &SingleDecree) -> BTreeSet<(u8, u8)> {
    let mut outcomes = BTreeSet::new();
    let found = Search::of(model).layers_with(&pool(1), |state| outcomes.extend(state.decisions()));
    assert!(found.is_complete(), "{model:?}: {:?}", found.end);
    outcomes
}

#[test]
fn with_two_proposers_reductions_leave_as_many_states_as_were_counted() {
    let symmetry = Reductions { symmetry: true, ..NONE };
    let acks_first = Reductions { acks_first: true, ..DROP };
    for (reductions, states) in [
        (NONE, 170_572),
        (symmetry, 29_378),
        (DROP, 3_789),
        (Reductions { symmetry: true, ..DROP }, 793),
        (Reductions { symmetry: true, ..acks_first }, 454),
        (Reductions { quorums: true, ..DROP }, 903),
        (BEST, 250),
    ] {
        assert_eq!(counted(&SingleDecree::of(2, reductions)).states, states, "{reductions:?}");
    }
}

#[test]
fn with_three_proposers_reductions_leave_as_many_states_as_were_counted() {
    let acks_first = Reductions { acks_first: true, ..DROP };
    for (reductions, states) in [
        (DROP, 185_076),
        (Reductions { symmetry: true, ..DROP }, 33_344),
        (Reductions { symmetry: true, ..acks_first }, 12_387),
        (Reductions { quorums: true, ..DROP }, 20_541),
        (BEST, 4_536),
    ] {
        assert_eq!(counted(&SingleDecree::of(3, reductions)).states, states, "{reductions:?}");
    }
}

#[test]
fn every_combination_reaches_the_same_decisions_and_finds_the_same_bug() {
    let none: BTreeSet<_> = [(0, 1), (1, 1), (1, 2)].into();
    for reductions in combinations() {
        let model = SingleDecree::of(2, reductions);
        assert_eq!(outcomes(&model), none, "{reductions:?}");
        let (_, failure) = flaw(&SingleDecree { deaf: true, ..model });
        assert_eq!(failure, "two values are decided", "{reductions:?}");
    }
    let three: BTreeSet<_> = [(0, 1), (1, 1), (1, 2), (2, 1), (2, 2), (2, 3)].into();
    assert_eq!(outcomes(&SingleDecree::of(3, Reductions { symmetry: true, ..DROP })), three);
    assert_eq!(outcomes(&SingleDecree::of(3, BEST)), three);
}

/// Stops when so many states are known.
struct Until(u64);

impl Watch for Until {
    fn stops(&self, progress: Progress) -> bool {
        progress.states >= self.0
    }
}

#[test]
fn together_they_leave_less_than_a_thousandth_with_three_proposers() {
    let least = counted(&SingleDecree::of(3, BEST)).states;
    let watch = Until(least * 1000);
    // How many there are without any is not known: there are at least as many as have been seen.
    let model = SingleDecree::of(3, NONE);
    let all = Search { watch: &watch, ..Search::of(&model) }.deep();
    assert!(matches!(all.end, End::Cancelled), "{:?} after {} states", all.end, all.states);
    assert!(all.states >= least * 1000, "{} against {least}", all.states);
}
