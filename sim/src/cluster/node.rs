//! The volumes of a node.

use super::Node;
use super::storage::{self, Storage};
use interregnum_core::{Machine, Place, ProcessId};

impl<M: Machine> Node<M> {
    pub(super) fn preload(&mut self, by: ProcessId, place: Place, record: M::Record) {
        if let interregnum_core::Volume::Local(volume) = place.volume {
            let storage = self.volume(volume);
            let what = storage::What::Write(storage::Stored { home: place, record });
            storage.change(storage::Change { by, what });
        }
    }

    pub(super) fn volume(&mut self, volume: u8) -> &mut Storage<M::Record> {
        let index = usize::from(volume);
        while self.volumes.len() <= index {
            self.volumes.push(Storage::new());
        }
        &mut self.volumes[index]
    }
}
