//! One path to its end, then the next.

use super::table::Table;
use super::{End, Explored, Model, Progress, Search, Step};

/// A state on the path: its choices from `next` to `end` have not been made.
struct Frame<S> {
    state: S,
    first: usize,
    next: usize,
    end: usize,
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
        if let Some(state) = &next {
            table.insert(model.key(state));
        }
        loop {
            if let Some(state) = next.take() {
                each(&state);
                found.depth = found.depth.max(u32::try_from(path.len()).unwrap_or(u32::MAX));
                let first = choices.len();
                model.choices(&state, &mut choices, &mut cuts);
                if path.len() >= self.limits.depth as usize && choices.len() > first {
                    found.cut_by_depth += 1;
                    choices.truncate(first);
                }
                weight += model.weight(&state) as u64;
                path.push(Frame { state, first, next: first, end: choices.len() });
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
                Step::To(key) => {
                    if table.insert(key) {
                        next = Some(model.build(&mut workspace, &frame.state));
                    }
                }
                Step::Wrong(failure) => {
                    found.trace =
                        path.iter().map(|frame| choices[frame.next - 1].clone()).collect();
                    found.end = End::Wrong(failure);
                    break;
                }
            }
            if found.transitions % BETWEEN_LOOKS == 0 {
                let held = choices.len() * size_of::<M::Choice>();
                let bytes = table.bytes() + weight + held as u64;
                found.peak_bytes = found.peak_bytes.max(bytes);
                let progress = Progress {
                    states: table.len() as u64,
                    transitions: found.transitions,
                    depth: found.depth,
                    waiting: path.len() as u64,
                    bytes,
                };
                if let Some(end) = self.gives_up(progress) {
                    found.end = end;
                    break;
                }
            }
        }
        found.states = table.len() as u64;
        found.distinct = table.distinct();
        found.peak_bytes = found.peak_bytes.max(table.bytes());
        found.count_cuts(model.bounds(), &cuts);
        found
    }

    /// Whether, and why, the search ends here.
    pub(super) fn gives_up(&self, progress: Progress) -> Option<End<M::Failure>> {
        if progress.bytes > self.limits.memory_bytes {
            return Some(End::OutOfMemory);
        }
        self.watch.stops(progress).then_some(End::Cancelled)
    }
}
