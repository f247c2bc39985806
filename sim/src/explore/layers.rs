//! Everything that takes one choice, then everything that takes two.

use super::table::Table;
use super::{End, Explored, Key, Model, Progress, Search, Step};
use rayon::ThreadPool;
use rayon::prelude::*;

/// How many states are gone on from before what they lead to is taken in: so many pieces of so many states.
/// The same for any number of threads, so that memory runs out in the same place.
const PIECES: usize = 16;
const PIECE: usize = 64;

/// How a state was reached first.
#[derive(Clone, Copy, Debug)]
struct Origin {
    /// From which state of the layer before.
    parent: u32,
    /// By which of its choices.
    choice: u32,
}

/// What one piece of a layer leads to.
struct Piece<M: Model> {
    workspace: M::Workspace,
    choices: Vec<M::Choice>,
    found: Vec<(Key, Origin, M::State)>,
    transitions: u64,
    cuts: Vec<u64>,
    wrong: Option<(Origin, M::Failure)>,
}

impl<M: Model> Piece<M> {
    fn new(model: &M) -> Self {
        Self {
            workspace: model.workspace(),
            choices: Vec::new(),
            found: Vec::new(),
            transitions: 0,
            cuts: vec![0; model.bounds().len()],
            wrong: None,
        }
    }

    /// Makes every choice of these states, the first of which has this number, up to one that is wrong.
    fn expand(&mut self, model: &M, states: &[M::State], first: u32, known: &Table) {
        for (parent, state) in (first..).zip(states) {
            self.choices.clear();
            model.choices(state, &mut self.choices, &mut self.cuts);
            for (choice, chosen) in (0..).zip(&self.choices) {
                self.transitions += 1;
                let origin = Origin { parent, choice };
                match model.step(&mut self.workspace, state, chosen, &mut self.cuts) {
                    Step::Same => {}
                    Step::Beyond(bound) => self.cuts[bound] += 1,
                    Step::To(key) => {
                        if !known.is_known(key) {
                            let next = model.build(&mut self.workspace, state);
                            self.found.push((key, origin, next));
                        }
                    }
                    Step::Wrong(failure) => return self.wrong = Some((origin, failure)),
                }
            }
        }
    }
}

/// The layers so far.
struct Layers<'a, M: Model> {
    search: &'a Search<'a, M>,
    table: Table,
    /// How the states of each layer after the first were reached.
    origins: Vec<Vec<Origin>>,
    frontier: Vec<M::State>,
    next: Vec<M::State>,
    /// What the states of both take.
    weight: u64,
    cuts: Vec<u64>,
    exercised: Vec<u64>,
    explored: Explored<M::Choice, M::Failure>,
}

impl<M: Model> Search<'_, M> {
    /// Searches by layers, in `pool`.
    #[must_use]
    pub fn layers(&self, pool: &ThreadPool) -> Explored<M::Choice, M::Failure> {
        self.layers_with(pool, |_| {})
    }

    /// Searches by layers, in `pool`; `each` is shown every state when it is visited.
    pub fn layers_with(
        &self,
        pool: &ThreadPool,
        mut each: impl FnMut(&M::State),
    ) -> Explored<M::Choice, M::Failure> {
        let mut pieces: Vec<_> = (0..PIECES).map(|_| Piece::new(self.model)).collect();
        let initial = self.model.initial(&mut pieces[0].workspace);
        each(&initial);
        let mut layers = Layers {
            search: self,
            table: Table::new(),
            origins: Vec::new(),
            weight: self.model.weight(&initial) as u64,
            next: Vec::new(),
            cuts: vec![0; self.model.bounds().len()],
            exercised: vec![0; self.model.properties().len()],
            explored: Explored::new(),
            frontier: vec![initial],
        };
        layers.table.insert(self.model.key(&layers.frontier[0]));
        while !layers.frontier.is_empty() {
            if layers.origins.len() >= self.limits.depth as usize {
                layers.cut();
                break;
            }
            if let Some(end) = layers.advance(&mut pieces, pool, &mut each) {
                layers.explored.end = end;
                break;
            }
        }
        layers.finish()
    }
}

impl<M: Model> Layers<'_, M> {
    /// Goes on from every state of the frontier, which is then the next layer.
    fn advance(
        &mut self,
        pieces: &mut [Piece<M>],
        pool: &ThreadPool,
        each: &mut impl FnMut(&M::State),
    ) -> Option<End<M::Failure>> {
        let frontier = std::mem::take(&mut self.frontier);
        self.origins.push(Vec::new());
        let (model, mut first) = (self.search.model, 0);
        for states in frontier.chunks(PIECES * PIECE) {
            let (known, parts) = (&self.table, states.chunks(PIECE));
            let jobs: Vec<_> = pieces.iter_mut().zip(parts).zip((first..).step_by(PIECE)).collect();
            pool.install(|| {
                jobs.into_par_iter().for_each(|((piece, states), first)| {
                    piece.expand(model, states, first, known);
                });
            });
            first += u32::try_from(states.len()).unwrap_or(u32::MAX);
            for piece in &mut *pieces {
                if let Some(end) = self.take_in(piece, each) {
                    return Some(end);
                }
            }
            if let Some(end) = self.look(frontier.len() - first as usize) {
                return Some(end);
            }
        }
        self.weight -= frontier.iter().map(|state| model.weight(state) as u64).sum::<u64>();
        self.frontier = std::mem::take(&mut self.next);
        if !self.frontier.is_empty() {
            self.explored.depth += 1;
        }
        None
    }

    /// Takes in what a piece of the layer led to.
    fn take_in(
        &mut self,
        piece: &mut Piece<M>,
        each: &mut impl FnMut(&M::State),
    ) -> Option<End<M::Failure>> {
        self.explored.transitions += std::mem::take(&mut piece.transitions);
        for (all, times) in self.cuts.iter_mut().zip(&mut piece.cuts) {
            *all += std::mem::take(times);
        }
        self.search.model.exercised(&mut piece.workspace, &mut self.exercised);
        for (key, origin, state) in piece.found.drain(..) {
            // Another state of this layer may have led there, too.
            if self.table.insert(key) {
                each(&state);
                self.weight += self.search.model.weight(&state) as u64;
                self.origins.last_mut()?.push(origin);
                self.next.push(state);
            }
        }
        let (origin, failure) = piece.wrong.take()?;
        self.explored.trace = self.trace(origin);
        Some(End::Wrong(failure))
    }

    /// The choices that led here: each is the so-manieth of its state, so they are made once more.
    fn trace(&self, last: Origin) -> Vec<M::Choice> {
        let model = self.search.model;
        let mut way = vec![last.choice];
        let mut at = last.parent as usize;
        for layer in self.origins.iter().rev().skip(1) {
            way.push(layer[at].choice);
            at = layer[at].parent as usize;
        }
        let mut workspace = model.workspace();
        let mut state = model.initial(&mut workspace);
        let (mut trace, mut choices, mut cuts) = (Vec::new(), Vec::new(), self.cuts.clone());
        for nth in way.into_iter().rev() {
            choices.clear();
            model.choices(&state, &mut choices, &mut cuts);
            let choice = choices.swap_remove(nth as usize);
            if let Step::To(_) = model.step(&mut workspace, &state, &choice, &mut cuts) {
                state = model.build(&mut workspace, &state);
            }
            trace.push(choice);
        }
        trace
    }

    /// How many states are left, where the search may go no deeper.
    fn cut(&mut self) {
        let (model, mut choices) = (self.search.model, Vec::new());
        for state in &self.frontier {
            choices.clear();
            model.choices(state, &mut choices, &mut self.cuts);
            self.explored.cut_by_depth += u64::from(!choices.is_empty());
        }
    }

    fn look(&mut self, left: usize) -> Option<End<M::Failure>> {
        let origins: usize = self.origins.iter().map(Vec::len).sum();
        let bytes = self.table.bytes() + self.weight + (origins * size_of::<Origin>()) as u64;
        self.explored.peak_bytes = self.explored.peak_bytes.max(bytes);
        self.search.gives_up(Progress {
            states: self.table.len() as u64,
            transitions: self.explored.transitions,
            depth: self.explored.depth,
            waiting: (left + self.next.len()) as u64,
            bytes,
        })
    }

    fn finish(self) -> Explored<M::Choice, M::Failure> {
        let mut explored = self.explored;
        explored.states = self.table.len() as u64;
        explored.distinct = self.table.distinct();
        explored.count_cuts(self.search.model.bounds(), &self.cuts);
        explored.count_exercised(self.search.model.properties(), &self.exercised);
        explored
    }
}
