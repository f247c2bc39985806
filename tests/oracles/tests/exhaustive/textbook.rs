//! The textbook models.

use crate::peer::{self, Seen};
use crate::{agree_on_all, agree_on_flaw};
use interregnum_models::paxos::Paxos;
use interregnum_models::single_decree::{Reductions, SingleDecree};
use interregnum_models::two_phase::{Symmetry, TwoPhase};
use interregnum_sim::explore::Model;
use std::sync::Arc;

#[test]
fn both_count_the_states_of_two_phase_commit() {
    assert_eq!(agree_on_all("2pc, 3", TwoPhase::of(3)), 288);
    assert_eq!(agree_on_all("2pc, 5", TwoPhase::of(5)), 8_832);
    agree_on_flaw("2pc, 4, hasty", TwoPhase { hasty: true, ..TwoPhase::of(4) });
}

/// The counts that stateright has for its own example are those of its own way of renaming, which leaves more
/// than one form of a symmetry: how many depends on the order in which it comes across them.
#[test]
fn stateright_counts_more_where_it_takes_symmetry_into_account() {
    fn representative(seen: &Seen<TwoPhase>) -> Seen<TwoPhase> {
        let Some(state) = &seen.state else { return seen.clone() };
        let state = state.half_sorted();
        Seen { key: TwoPhase::of(1).key(&state), state: Some(Arc::new(state)) }
    }
    for (managers, theirs, ours) in [(5, 665, 314), (7, 3_346, 920)] {
        let found = peer::search_symmetric(&Arc::new(TwoPhase::of(managers)), representative);
        assert_eq!(found, theirs, "{managers} resource managers");
        let model = TwoPhase { symmetry: Symmetry::Full, ..TwoPhase::of(managers) };
        assert_eq!(agree_on_all("2pc, symmetric", model), ours, "{managers} resource managers");
    }
}

#[test]
fn both_count_the_states_of_paxos() {
    assert_eq!(agree_on_all("paxos, 2", Paxos::of(2)), 16_668);
    agree_on_flaw("paxos, 2, forgetful", Paxos { forgetful: true, ..Paxos::of(2) });
}

#[test]
fn both_count_the_states_of_single_decree_paxos() {
    const NONE: Reductions =
        Reductions { dead_messages: false, symmetry: false, acks_first: false, quorums: false };
    const BEST: Reductions =
        Reductions { dead_messages: true, symmetry: true, quorums: true, ..NONE };
    const HALF: Reductions = Reductions { dead_messages: true, acks_first: true, ..NONE };
    assert_eq!(agree_on_all("single decree, 2", SingleDecree::of(2, HALF)), 2_161);
    assert_eq!(agree_on_all("single decree, 3", SingleDecree::of(3, BEST)), 4_536);
    for model in [
        SingleDecree { deaf: true, ..SingleDecree::of(2, BEST) },
        SingleDecree { deaf: true, ..SingleDecree::of(2, NONE) },
    ] {
        agree_on_flaw("single decree, 2, deaf", model);
    }
}
