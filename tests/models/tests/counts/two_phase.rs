//! Two-phase commit: TLC and stateright count 288 states with three resource managers, 8,832 with five and
//! 296,448 with seven.

use crate::{Count, counted, flaw, pool};
use interregnum_models::two_phase::{Manager, Symmetry, TwoPhase};
use interregnum_sim::explore::Search;

#[test]
fn as_many_states_as_others_count() {
    for (managers, states) in [(3, 288), (5, 8_832), (7, 296_448)] {
        assert_eq!(counted(&TwoPhase::of(managers)).states, states, "{managers} resource managers");
    }
}

/// Stateright counts 665 and 3,346 where ours are 314 and 920: its example puts resource managers in order by
/// how far they have come and leaves ties as they are, so that one symmetry has several forms.
#[test]
fn fewer_when_it_does_not_matter_which_manager_is_which() {
    for (managers, states) in [(3, 80), (5, 314), (7, 920)] {
        let model = TwoPhase { symmetry: Symmetry::Full, ..TwoPhase::of(managers) };
        let Count { states: found, .. } = counted(&model);
        assert_eq!(found, states, "{managers} resource managers");
    }
}

#[test]
fn all_may_commit_and_all_may_abort() {
    for symmetry in [Symmetry::None, Symmetry::Full] {
        let model = TwoPhase { symmetry, ..TwoPhase::of(4) };
        for end in [Manager::Committed, Manager::Aborted] {
            let mut reached = false;
            let _ = Search::of(&model).layers_with(&pool(1), |state| {
                reached |= state.managers[..4].iter().all(|manager| *manager == end);
            });
            assert!(reached, "{end:?}, {symmetry:?}");
        }
    }
}

/// Three get ready and are heard, the fourth gives up, and two hear of the decision: with one manager fewer in
/// the way of committing.
#[test]
fn a_hasty_transaction_manager_is_found_out() {
    for symmetry in [Symmetry::None, Symmetry::Full] {
        let model = TwoPhase { symmetry, hasty: true, ..TwoPhase::of(4) };
        let (length, failure) = flaw(&model);
        assert_eq!((length, failure), (9, "one has committed and another one has aborted"));
    }
}
