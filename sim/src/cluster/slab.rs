//! Things in flight, by a small number that is used again once the thing has arrived.

/// A slab with a free list: no allocation once it has grown to the run's needs.
///
/// A slot is a vector of one place, not an `Option`: taking a large value out of an `Option` writes as many
/// bytes as the value has, and splits the value so that it is slow to read where it is moved to.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    slots: Vec<Vec<T>>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    /// Inlined, so that the value is built where it will lie.
    #[inline(always)]
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| self.grow());
        self.slots[slot as usize].push(value);
        slot
    }

    #[cold]
    fn grow(&mut self) -> u32 {
        self.slots.push(Vec::with_capacity(1));
        u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
    }

    /// What is in flight under this number, where it lies.
    #[inline(always)]
    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        self.slots.get(slot as usize)?.first()
    }

    /// Takes out what is in flight under this number; there must be something.
    #[inline(always)]
    pub(crate) fn take(&mut self, slot: u32) -> T {
        self.free.push(slot);
        self.slots[slot as usize].remove(0)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().flatten()
    }

    pub(crate) const fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}
