//! Portable fingerprints: a value folds itself, word by word, into a 128-bit hash.
//!
//! `std::hash::Hash` is not used for anything that is printed or compared between machines: derived
//! implementations feed raw slices in native byte order and discriminants of pointer width.
//!
//! **Definition.** The state is two 64-bit lanes. A word `w` is absorbed by
//! `(a, b) = (b, rotl(a ^ w, 29) * K0 + b)` (wrapping, `K0` odd), so that for a given state each word
//! leads to another state, for a given word each state does, and a difference reaches both lanes with
//! the next word. One multiplication a word, off the critical path of every second one. The result
//! mixes the lanes. Integers are widened to 64 bits; sequences fold their length
//! first; text and bytes are folded as length, then little-endian words, the last one padded with zeros.
//! There is no implementation for `isize` or floats.
//!
//! Not cryptographic: it separates runs that differ, not runs built by an adversary to collide.

use crate::LocalTime;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Range;
use core::str::FromStr;

const K0: u64 = 0x9e37_79b9_7f4a_7c15;
const K1: u64 = 0xd6e8_feb8_6659_fd93;

/// A value that can be folded into a [`Fingerprint`], the same way on every machine.
pub trait Fold {
    /// Absorbs this value into `into`.
    fn fold(&self, into: &mut Folder);
}

/// The running state of a fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    a: u64,
    b: u64,
    /// What clock readings are folded relative to.
    now: LocalTime,
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Folder {
    /// An empty fold.
    #[must_use]
    pub const fn new() -> Self {
        Self { a: 0x243f_6a88_85a3_08d3, b: 0x1319_8a2e_0370_7344, now: LocalTime(0) }
    }

    /// From here on clock readings are folded relative to a clock that shows `now`: a [`LocalTime`] by how far
    /// it is from that, a [`Deadline`](crate::Deadline) by how much is left. What differs only in when it
    /// happens then folds to the same.
    pub const fn rebase(&mut self, now: LocalTime) {
        self.now = now;
    }

    /// What the clock shows that readings are folded relative to; zero unless it was told otherwise.
    #[must_use]
    pub const fn now(&self) -> LocalTime {
        self.now
    }

    /// Absorbs one word.
    #[inline]
    pub const fn word(&mut self, word: u64) {
        let mixed = (self.a ^ word).rotate_left(29).wrapping_mul(K0).wrapping_add(self.b);
        self.a = self.b;
        self.b = mixed;
    }

    /// Absorbs a length and then the bytes as little-endian words.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }

    /// The fingerprint of everything absorbed so far; the fold may go on afterwards.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        let a = mix(self.a ^ self.b.rotate_left(32));
        let b = mix(self.b ^ a.wrapping_mul(K1));
        Fingerprint(((a as u128) << 64) | b as u128)
    }
}

/// Spreads every input bit over the whole word (the finalizer of MurmurHash3).
const fn mix(mut word: u64) -> u64 {
    word ^= word >> 33;
    word = word.wrapping_mul(0xff51_afd7_ed55_8ccd);
    word ^= word >> 33;
    word = word.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ (word >> 33)
}

/// A 128-bit fingerprint; printed as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

impl Fingerprint {
    /// The fingerprint of one value on its own.
    pub fn of<T: Fold + ?Sized>(value: &T) -> Self {
        let mut folder = Folder::new();
        value.fold(&mut folder);
        folder.fingerprint()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err("a fingerprint is 32 hexadecimal digits");
        }
        u128::from_str_radix(text, 16)
            .map(Self)
            .map_err(|_| "a fingerprint is 32 hexadecimal digits")
    }
}

impl Fold for Fingerprint {
    fn fold(&self, into: &mut Folder) {
        self.0.fold(into);
    }
}

/// A value of a type that cannot fold itself, such as one from another crate: folded as what `Debug`
/// prints of it. As good a fingerprint as that text is a description, and slower than a fold.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Printed<T>(pub T);

impl<T: fmt::Debug> fmt::Debug for Printed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Debug> Fold for Printed<T> {
    fn fold(&self, into: &mut Folder) {
        alloc::format!("{:?}", self.0).fold(into);
    }
}

macro_rules! fold_unsigned {
    ($($ty:ty),*) => {$(
        impl Fold for $ty {
            #[inline]
            fn fold(&self, into: &mut Folder) {
                into.word(u64::from(*self));
            }
        }
    )*};
}
fold_unsigned!(u8, u16, u32, u64, bool, char);

macro_rules! fold_signed {
    ($($ty:ty),*) => {$(
        impl Fold for $ty {
            #[inline]
            fn fold(&self, into: &mut Folder) {
                into.word(i64::from(*self).cast_unsigned());
            }
        }
    )*};
}
fold_signed!(i8, i16, i32, i64);

/// An index has the same value however wide the machine's words are.
impl Fold for usize {
    #[inline]
    fn fold(&self, into: &mut Folder) {
        into.word(*self as u64);
    }
}

impl<T: ?Sized> Fold for PhantomData<T> {
    fn fold(&self, _: &mut Folder) {}
}

impl<T: Fold> Fold for Range<T> {
    fn fold(&self, into: &mut Folder) {
        self.start.fold(into);
        self.end.fold(into);
    }
}

impl Fold for u128 {
    fn fold(&self, into: &mut Folder) {
        let bytes = self.to_le_bytes();
        let (low, high) = bytes.split_at(8);
        for half in [low, high] {
            let mut word = [0; 8];
            word.copy_from_slice(half);
            into.word(u64::from_le_bytes(word));
        }
    }
}

impl Fold for () {
    fn fold(&self, _: &mut Folder) {}
}

impl Fold for str {
    fn fold(&self, into: &mut Folder) {
        into.bytes(self.as_bytes());
    }
}

impl Fold for String {
    fn fold(&self, into: &mut Folder) {
        self.as_str().fold(into);
    }
}

impl<T: Fold> Fold for [T] {
    fn fold(&self, into: &mut Folder) {
        into.word(self.len() as u64);
        for item in self {
            item.fold(into);
        }
    }
}

impl<T: Fold, const N: usize> Fold for [T; N] {
    fn fold(&self, into: &mut Folder) {
        self.as_slice().fold(into);
    }
}

impl<T: Fold> Fold for Option<T> {
    #[inline]
    fn fold(&self, into: &mut Folder) {
        match self {
            None => into.word(0),
            Some(value) => {
                into.word(1);
                value.fold(into);
            }
        }
    }
}

macro_rules! fold_sequence {
    ($($ty:ident),*) => {$(
        impl<T: Fold> Fold for $ty<T> {
            fn fold(&self, into: &mut Folder) {
                into.word(self.len() as u64);
                for item in self {
                    item.fold(into);
                }
            }
        }
    )*};
}
fold_sequence!(Vec, VecDeque, BTreeSet);

impl<K: Fold, V: Fold> Fold for BTreeMap<K, V> {
    fn fold(&self, into: &mut Folder) {
        into.word(self.len() as u64);
        for (key, value) in self {
            key.fold(into);
            value.fold(into);
        }
    }
}

macro_rules! fold_through {
    ($($ty:ty),*) => {$(
        impl<T: Fold + ?Sized> Fold for $ty {
            #[inline]
            fn fold(&self, into: &mut Folder) {
                (**self).fold(into);
            }
        }
    )*};
}
fold_through!(&T, Box<T>, Arc<T>);

macro_rules! fold_tuple {
    ($($name:ident),+) => {
        impl<$($name: Fold),+> Fold for ($($name,)+) {
            #[inline]
            #[expect(non_snake_case, reason = "one name serves the type and its value")]
            fn fold(&self, into: &mut Folder) {
                let ($($name,)+) = self;
                $($name.fold(into);)+
            }
        }
    };
}
fold_tuple!(A);
fold_tuple!(A, B);
fold_tuple!(A, B, C);
fold_tuple!(A, B, C, D);

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    #[derive(interregnum_derive::Fold)]
    enum Shape {
        Unit,
        Pair(u8, u8),
        Named { side: u16 },
    }

    /// The definition is part of every stored fingerprint: these values may never change.
    #[test]
    fn golden_values() {
        let shapes = [Shape::Unit, Shape::Pair(1, 2), Shape::Named { side: 3 }];
        let prints = [
            Fingerprint::of(&()),
            Fingerprint::of(&(1_u8, -1_i32)),
            Fingerprint::of("interregnum"),
            Fingerprint::of(&shapes),
        ];
        let golden = [
            "0063ab234c52252eb08058e66d3c5223",
            "60886f807187dbf6573a227ba3ae2752",
            "1ddb38b7d09618b792b4309d9004ba3e",
            "4f01c53962008b32b91cd64b79d64251",
        ];
        assert_eq!(prints.map(|print| print.to_string()), golden);
    }

    #[test]
    fn lengths_separate_what_concatenation_would_merge() {
        let left = (vec![1_u8, 2], vec![3_u8]);
        let right = (vec![1_u8], vec![2_u8, 3]);
        assert_ne!(Fingerprint::of(&left), Fingerprint::of(&right));
        assert_ne!(Fingerprint::of("a\0"), Fingerprint::of("a"));
        assert_ne!(Fingerprint::of(&None::<u8>), Fingerprint::of(&Some(0_u8)));
    }

    #[test]
    fn text_form_round_trips_and_rejects_other_lengths() {
        let print = Fingerprint::of(&7_u8);
        assert_eq!(print.to_string().parse(), Ok(print));
        assert!("12".parse::<Fingerprint>().is_err());
        assert!("+0000000000000000000000000000001".parse::<Fingerprint>().is_err());
    }
}
