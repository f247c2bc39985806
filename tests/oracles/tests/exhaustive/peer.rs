//! One of our models as one of stateright's.

use crate::Count;
use interregnum_sim::explore::{Key, Model, Step};
use stateright::{Checker, Model as Peer, Property};
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};

/// A model, for stateright.
struct Told<M: Model> {
    model: Arc<M>,
    /// The one workspace: one thread uses it.
    workspace: Mutex<M::Workspace>,
    /// All fingerprints so far, whatever the budgets.
    prints: Arc<Mutex<BTreeSet<u128>>>,
}

/// A state, known by its key alone.
pub(crate) struct Seen<M: Model> {
    pub(crate) key: Key,
    /// Nothing, if something is wrong with it.
    pub(crate) state: Option<Arc<M::State>>,
}

/// A choice, by its number among those of its state.
#[derive(Clone, Debug)]
struct Nth<C>(usize, C);

impl<M: Model> Clone for Seen<M> {
    fn clone(&self) -> Self {
        Self { key: self.key, state: self.state.clone() }
    }
}

impl<M: Model> fmt::Debug for Seen<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

impl<M: Model> PartialEq for Seen<M> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.state.is_some() == other.state.is_some()
    }
}

impl<M: Model> Hash for Seen<M> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.key, self.state.is_some()).hash(hasher);
    }
}

impl<C> PartialEq for Nth<C> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<M: Model> Peer for Told<M> {
    type State = Seen<M>;
    type Action = Nth<M::Choice>;

    fn init_states(&self) -> Vec<Seen<M>> {
        // A state is begun in a workspace that nothing has been worked out in.
        let mut workspace = self.model.workspace();
        let state = self.model.initial(&mut workspace);
        *self.workspace.lock().expect("no panic") = workspace;
        let key = self.model.key(&state);
        self.prints.lock().expect("no panic").insert(key.print);
        vec![Seen { key, state: Some(Arc::new(state)) }]
    }

    fn actions(&self, seen: &Seen<M>, actions: &mut Vec<Nth<M::Choice>>) {
        let Some(state) = &seen.state else { return };
        let mut choices = Vec::new();
        self.model.choices(state, &mut choices, &mut vec![0; self.model.bounds().len()]);
        actions.extend(choices.into_iter().enumerate().map(|(nth, choice)| Nth(nth, choice)));
    }

    fn next_state(&self, seen: &Seen<M>, Nth(_, choice): Nth<M::Choice>) -> Option<Seen<M>> {
        let state = seen.state.as_ref()?;
        let mut workspace = self.workspace.lock().expect("no panic");
        let mut cuts = vec![0; self.model.bounds().len()];
        match self.model.step(&mut workspace, state, &choice, &mut cuts) {
            Step::Same | Step::Beyond(_) => None,
            Step::To(key) => {
                self.prints.lock().expect("no panic").insert(key.print);
                let next = self.model.build(&mut workspace, state);
                Some(Seen { key, state: Some(Arc::new(next)) })
            }
            Step::Wrong(_) => Some(Seen { key: seen.key, state: None }),
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(NOTHING_WRONG, |_, seen: &Seen<M>| seen.state.is_some())]
    }
}

const NOTHING_WRONG: &str = "nothing is wrong";

/// What stateright finds.
pub(crate) struct Found {
    pub(crate) count: Count,
    /// How many choices lead to what is wrong.
    pub(crate) trace: Option<usize>,
}

/// Has stateright search a model, breadth first.
pub(crate) fn search<M: Model + Send + 'static>(model: &Arc<M>) -> Found {
    let prints = Arc::new(Mutex::new(BTreeSet::new()));
    let checker = told(model, &prints).checker().threads(1).spawn_bfs().join();
    let trace = checker.discovery(NOTHING_WRONG).map(|path| path.into_actions().len());
    let prints = prints.lock().expect("no panic").len();
    let count = Count {
        keys: checker.unique_state_count() as u64,
        prints: prints as u64,
        is_wrong: trace.is_some(),
    };
    Found { count, trace }
}

/// Has stateright search a model depth first, taking states with equal representatives for the same; how many
/// representatives there are.
pub(crate) fn search_symmetric<M: Model + Send + 'static>(
    model: &Arc<M>,
    representative: fn(&Seen<M>) -> Seen<M>,
) -> usize {
    let told = told(model, &Arc::default());
    let checker = told.checker().threads(1).symmetry_fn(representative).spawn_dfs().join();
    assert!(checker.discovery(NOTHING_WRONG).is_none());
    checker.unique_state_count()
}

fn told<M: Model>(model: &Arc<M>, prints: &Arc<Mutex<BTreeSet<u128>>>) -> Told<M> {
    let workspace = Mutex::new(model.workspace());
    Told { model: Arc::clone(model), workspace, prints: Arc::clone(prints) }
}
