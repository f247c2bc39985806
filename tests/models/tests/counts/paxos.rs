//! Stateright's Paxos: it counts 16,668 states with two clients and 1,194,428 with three.

use crate::{count, counted, flaw, pool};
use interregnum_models::paxos::Paxos;
use interregnum_sim::explore::Search;

#[test]
fn as_many_states_as_stateright_counts() {
    for (clients, states) in [(2, 16_668), (3, 1_194_428)] {
        assert_eq!(counted(&Paxos::of(clients)).states, states, "{clients} clients");
    }
}

#[test]
fn a_value_is_gotten() {
    let (mut gotten, model) = (0, Paxos::of(2));
    let found = Search::of(&model).layers_with(&pool(1), |state| {
        gotten += u64::from(state.clients.iter().any(|client| client.got != 0));
    });
    assert!(gotten > 100 && gotten < count(&found).states, "{gotten} of {}", found.states);
}

#[test]
fn a_proposer_that_forgets_what_was_accepted_is_found_out() {
    let (length, failure) = flaw(&Paxos { forgetful: true, ..Paxos::of(2) });
    assert_eq!(failure, "what clients saw is not linearizable");
    assert_eq!(length, 17);
}
