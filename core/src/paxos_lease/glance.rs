//! The state of a node in one line, for people who read a trace.

use super::proposer::Phase;
use super::{PaxosLease, Rules};
use core::fmt;

impl<R: Rules> fmt::Display for PaxosLease<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.proposer.held {
            Some(held) => write!(f, "holds {} until {:?}", held.ballot, held.until)?,
            None => f.write_str("holds nothing")?,
        }
        if let Some(attempt) = &self.proposer.attempt {
            let phase = match attempt.phase {
                Phase::Preparing => "prepares",
                Phase::Accepting => "asks for",
            };
            write!(f, "; {phase} {} with {:?}", attempt.ballot, attempt.tally.voters)?;
        }
        write!(f, "; promised {}", self.acceptor.promised)?;
        for recorded in &self.acceptor.recorded {
            write!(f, "; recorded {} until {:?}", recorded.ballot, recorded.until)?;
        }
        write!(f, "; start {}", self.restart.0)?;
        if !self.durable {
            f.write_str(", not yet durable")?;
        }
        if !self.proposes {
            f.write_str("; does not ask")?;
        }
        Ok(())
    }
}
