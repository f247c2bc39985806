//! Where the lines of a trace happened: processes by name, and clients.

use interregnum_sim::outcome::TraceLine;

/// The node of a process: 3 of `n3` and of `n3/p1`.
pub(crate) fn node_of(process: &str) -> Option<u8> {
    process.strip_prefix('n')?.split('/').next()?.parse().ok()
}

/// Which process of its node: 1 of `n3/p1`, 0 of `n3`.
pub(crate) fn part_of(process: &str) -> Option<u8> {
    process.split_once("/p").map_or(Some(0), |(_, part)| part.parse().ok())
}

/// Where a line happened, and where the other end of it is. Calls are made, and answers taken, by clients.
pub(crate) fn ends(line: &TraceLine) -> [Option<&str>; 2] {
    let (process, peer) = (line.process.as_deref(), line.peer.as_deref());
    match line.kind.as_str() {
        "asked" => [peer, process],
        "answered" => [peer, None],
        _ => [process, peer],
    }
}
