//! The volumes of a node, and processes that have not run yet.

use super::medium::{Change, Stored, What};
use super::step::Course;
use super::storage::Storage;
use super::{Node, Process};
use interregnum_core::{Machine, Place, ProcessId};
use std::collections::VecDeque;
use std::sync::Arc;

impl<M: Machine> Node<M> {
    pub(super) fn preload(&mut self, by: ProcessId, place: Place, record: M::Record) {
        if let interregnum_core::Volume::Local(volume) = place.volume {
            let storage = self.volume(volume);
            let what = What::Write(Stored { home: place, record });
            storage.change(Change { by, what });
        }
    }

    #[inline]
    pub(super) fn volume(&mut self, volume: u8) -> &mut Storage<M::Record> {
        let index = usize::from(volume);
        while self.volumes.len() <= index {
            self.volumes.push(Storage::new());
        }
        &mut self.volumes[index]
    }
}

impl<M: Machine> Process<M> {
    pub(super) fn new(id: ProcessId, config: M::Config, running: bool) -> Self {
        Self {
            id,
            config: Arc::new(config),
            up: false,
            machine: None,
            course: Course::Free,
            incarnation: 0,
            starts: running,
            wanted: running,
            held_down: Vec::new(),
            held_paused: Vec::new(),
            tail: VecDeque::new(),
            backlog: VecDeque::new(),
            timers: Vec::new(),
            trips: Vec::new(),
            misread: false,
        }
    }
}
