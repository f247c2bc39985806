//! The Paxos machine in a small laboratory: scripted transcripts, elections under partial connectivity,
//! and random runs with an oracle that reads durable records only.

mod chance;
mod disk;
mod elections;
mod lab;
mod mutants;
mod oracle;
mod overtaken;
mod random;
mod scripted;
mod transcripts;
