//! The volumes of a node.

use super::Node;
use super::medium::{Change, Stored, What};
use super::storage::Storage;
use interregnum_core::{Machine, Place, ProcessId};

impl<M: Machine> Node<M> {
    pub(super) fn preload(&mut self, by: ProcessId, place: Place, record: M::Record) {
        if let interregnum_core::Volume::Local(volume) = place.volume {
            let storage = self.volume(volume);
            let what = What::Write(Stored { home: place, record });
            storage.change(Change { by, what });
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
