//! The state of a node in one line, for people who read a trace.

use super::{Paxos, Role, Rules};
use crate::consensus::App;
use core::fmt;

impl<A: App, R: Rules> fmt::Display for Paxos<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.role {
            Role::Follower => f.write_str("follows")?,
            Role::Preparing(preparing) => write!(f, "prepares {}", preparing.ballot)?,
            Role::Leading(leading) => write!(f, "leads in {}", leading.ballot)?,
        }
        let (elected, promised) = (self.election.elected, self.acceptor.promised);
        let (start, end) = (self.log.start(), self.log.end());
        write!(f, "; holds {elected} for elected; promised {promised}")?;
        write!(f, "; applied {}; log from {start} to before {end}", self.applied)?;
        if let Some(granted) = &self.acceptor.granted {
            write!(f, "; grants {}", granted.ballot)?;
        }
        if self.acceptor.quiet_until.is_some() {
            f.write_str("; gives no promise yet")?;
        }
        if !self.acceptor.voter {
            f.write_str("; does not vote")?;
        }
        Ok(())
    }
}
