//! Results in, documents out.
//!
//! ```text
//! Outcome + Judgement -> Record -> json::RunDocument   every run, streamed, nothing kept
//!                           \---> Summary -> terminal  tables for people
//!                                       |--> html      pages that explain the runs
//!                                       |--> junit     cases for pipelines
//!                                       \--> github    a summary of a step, and annotations
//! ```
//! Summaries and audits are plain data and are stored as JSON; [`documents`] makes every other file of a
//! report from them alone.
//! No protocol is known here, and nothing is decided: verdicts come from `interregnum_sim`.
//!
//! What is deliberately absent: files, the terminal itself, clocks. Every function returns text or
//! writes to a writer it is given.

#![forbid(unsafe_code)]

pub mod audit;
mod bounds;
pub mod diagnostic;
pub mod documents;
pub mod explore;
pub mod export;
#[cfg(test)]
mod fixture;
pub mod github;
mod highlights;
pub mod html;
pub mod json;
pub mod junit;
mod kept;
pub mod listing;
mod place;
mod record;
pub mod schema;
pub mod stored;
mod summary;
pub mod terminal;
pub mod vocabulary;
mod why;
mod words;

pub use kept::{Kept, Reduction};
pub use record::{Case, Record};
pub use summary::{CaveatSum, FaultSum, Line, PropertySum, Summary};
pub use words::{harmless, number, span};
