//! One path to its end, then the next.

use super::table::Table;
use super::{End, Explored, Model, Progress, Search, Step};

/// A state on the path: its choices from `next` to `end` have not been made.
struct Frame<S> {
    state: S,
    first: usize,
    next: usize,
    end: usize,
    /// Whether it has choices, and none of them is made.
    is_cut: bool,
}

/// How many choices are tried between two looks at the time and the memory.
const BETWEEN_LOOKS: u64 = 4096;

impl<M: Model> Search<'_, M> {
    /// Searches by depth.
    #[must_use]
    pub fn deep(&self) -> Explored<M::Choice, M::Failure> {
        self.deep_with(|_| {})
    }

    /// Searches by depth; `each` is shown every state when it is visited.
    pub fn deep_with(&self, mut each: impl FnMut(&M::State)) -> Explored<M::Choice, M::Failure> {
        let model = self.model;
        let (mut found, mut table) = (Explored::new(), Table::new());
        let mut workspace = model.workspace();
        let mut cuts = vec![0; model.bounds().len()];
        // The choices of all frames, one after another.
        let mut choices = Vec::new();
        let mut path: Vec<Frame<M::State>> = Vec::new();
        let mut next = Some(model.initial(&mut workspace));
        let mut weight = 0;
        next.iter().map(|state| model.key(state)).for_each(|key| _ = table.insert(key));
        loop {
            if let Some(state) = next.take() {
                each(&state);
                found.depth = found.depth.max(u32::try_from(path.len()).unwrap_or(u32::MAX));
                weight += model.weight(&state) as u64;
                let is_last = path.len() >= self.limits.depth as usize;
                let frame = self.enter(state, &mut choices, &mut cuts, is_last);
                found.cut_by_depth += u64::from(frame.is_cut);
                path.push(frame);
            }
            let Some(frame) = path.last_mut() else { break };
            if frame.next == frame.end {
                weight -= model.weight(&frame.state) as u64;
                choices.truncate(frame.first);
                path.pop();
                continue;
            }
            let choice = &choices[frame.next];
            frame.next += 1;
            found.transitions += 1;
            match model.step(&mut workspace, &frame.state, choice, &mut cuts) {
                Step::Same => {}
                Step::Beyond(bound) => cuts[bound] += 1,
                Step::To(key) if !table.insert(key) => {}
                Step::To(_) => next = Some(model.build(&mut workspace, &frame.state)),
                Step::Wrong(failure) => {
                    let chosen = |frame: &Frame<M::State>| choices[frame.next - 1].clone();
                    (found.trace, found.end) =
                        (path.iter().map(chosen).collect(), End::Wrong(failure));
                    break;
                }
            }
            if found.transitions % BETWEEN_LOOKS == 0 {
                let held = (choices.len() * size_of::<M::Choice>()) as u64 + weight;
                if let Some(end) = self.look(&mut found, &table, path.len() as u64, held) {
                    found.end = end;
                    break;
                }
            }
        }
        found.states = table.len() as u64;
        found.distinct = table.distinct();
        found.peak_bytes = found.peak_bytes.max(table.bytes());
        found.count_cuts(model.bounds(), &cuts);
        self.count_exercised(&mut found, &mut workspace);
        found
    }

    /// Everything was worked out in this workspace.
    fn count_exercised(
        &self,
        found: &mut Explored<M::Choice, M::Failure>,
        workspace: &mut M::Workspace,
    ) {
        let properties = self.model.properties();
        let mut times = vec![0; properties.len()];
        self.model.exercised(workspace, &mut times);
        found.count_exercised(properties, &times);
    }

    /// A state on the path, with its choices; without them, if it may be the last.
    fn enter(
        &self,
        state: M::State,
        choices: &mut Vec<M::Choice>,
        cuts: &mut [u64],
        is_last: bool,
    ) -> Frame<M::State> {
        let first = choices.len();
        self.model.choices(&state, choices, cuts);
        let is_cut = is_last && choices.len() > first;
        if is_cut {
            choices.truncate(first);
        }
        Frame { state, first, next: first, end: choices.len(), is_cut }
    }

    /// How far the search has come, and whether it ends here; `held` is what the path takes.
    fn look(
        &self,
        found: &mut Explored<M::Choice, M::Failure>,
        table: &Table,
        waiting: u64,
        held: u64,
    ) -> Option<End<M::Failure>> {
        let bytes = table.bytes() + held;
        found.peak_bytes = found.peak_bytes.max(bytes);
        let (states, transitions, depth) = (table.len() as u64, found.transitions, found.depth);
        self.gives_up(Progress { states, transitions, depth, waiting, bytes })
    }

    /// Whether, and why, the search ends here.
    pub(super) fn gives_up(&self, progress: Progress) -> Option<End<M::Failure>> {
        if progress.bytes > self.limits.memory_bytes {
            return Some(End::OutOfMemory);
        }
        self.watch.stops(progress).then_some(End::Cancelled)
    }
}
