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
    let wrong = || not_an_address(address);
    let address = address.to_socket_addrs().map_err(|_unknown| wrong())?.next().ok_or_else(wrong)?;
    let sent = TcpStream::connect_timeout(&address, LIMIT).and_then(|mut stream| {
        stream.set_write_timeout(Some(LIMIT))?;
        stream.write_all(&opcode(what).to_le_bytes())
    });
    sent.map_err(|_why| {
        format!(
            "No processing server listens at {address}; start one with seascope-processor. It takes no arguments, and a \
             second one listens elsewhere and says where."
        )
    })
}

/// Whether a text can be an address: of a command in its place the user hears before anything is extracted.
///
/// # Errors
/// A sentence.
pub fn check(address: &str) -> Result<(), String> {
    let parts = address.rsplit_once(':').map(|(host, port)| (host.trim_matches(['[', ']']), port.parse::<u16>()));
    match parts {
        Some((host, Ok(port))) if port > 0 && !host.is_empty() && !host.contains(char::is_whitespace) => Ok(()),
        _ => Err(not_an_address(address)),
    }
}

fn not_an_address(text: &str) -> String {
    format!(
        "\"{text}\" is not the address of a processing server. Write it as {DEFAULT_PROCESSOR}, and start \
         seascope-processor yourself."
    )
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

    #[test]
    fn a_command_is_no_address() {
        for fine in [DEFAULT_PROCESSOR, "localhost:5", "[::1]:53450"] {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
        for wrong in
            ["seascope-processor --help", "seascope-processor", "53450", "127.0.0.1:", ":53450", "a b:1", "h:70000"]
        {
            let why = check(wrong).unwrap_err();
            assert!(why.contains(wrong) && why.contains("127.0.0.1:53450"), "{why}");
        }
    }
}
