//! The call-out to a processing server: eight bytes that ask it to fetch the last extraction and work on it.

use std::io::Write;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use seaglass_core::shapes::Processing;

/// Where the published server listens.
pub const DEFAULT_PROCESSOR: &str = "127.0.0.1:53450";
/// Longest time for the connection.
const LIMIT: Duration = Duration::from_secs(5);

/// Number of an operation.
fn opcode(what: Processing) -> u64 {
    match what {
        Processing::Pictures => 1,
        Processing::Transects => 2,
        Processing::Save => 3,
    }
}

/// Asks the server; it never answers, and says in its own log where the results are.
///
/// # Errors
/// A sentence: nobody listens there.
pub fn call(address: &str, what: Processing) -> Result<(), String> {
    let wrong = || format!("\"{address}\" is not the address of a processing server. Write it as {DEFAULT_PROCESSOR}.");
    let address = address.to_socket_addrs().map_err(|_unknown| wrong())?.next().ok_or_else(wrong)?;
    let sent = TcpStream::connect_timeout(&address, LIMIT).and_then(|mut stream| {
        stream.set_write_timeout(Some(LIMIT))?;
        stream.write_all(&opcode(what).to_le_bytes())
    });
    sent.map_err(|_why| format!("No processing server listens at {address}; start one with seascope-processor."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn eight_bytes_and_no_waiting() {
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap().to_string();
        for (what, byte) in [(Processing::Pictures, 1), (Processing::Transects, 2), (Processing::Save, 3)] {
            call(&address, what).unwrap();
            let mut got = Vec::new();
            server.accept().unwrap().0.read_to_end(&mut got).unwrap();
            assert_eq!(got, [byte, 0, 0, 0, 0, 0, 0, 0]);
        }
        drop(server);
        assert!(call(&address, Processing::Save).unwrap_err().contains("seascope-processor"));
        assert!(call("nowhere", Processing::Save).unwrap_err().contains("nowhere"));
    }
}
