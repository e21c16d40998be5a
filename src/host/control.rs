//! The control socket: notebooks drive the session through the same commands as the window.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use seaglass_control::frames::Asked;
use seaglass_control::wire::Extraction;
use seaglass_control::{Application, Limits, Options, Server, carry_out};
pub use seaglass_control::{ControlError, DEFAULT_ADDRESS};
use seaglass_core::command::Command;
use seaglass_core::notebook::{NotebookChange, uniform_colour};
use seaglass_core::session::{CommandError, Session};
use seaglass_render::assets;

use crate::clients::By;
use crate::host::Host;
use crate::report::{Level, Notice};

/// Time given to notebooks before a frame is drawn; more requests wait for the next one.
const BUDGET: Duration = Duration::from_millis(12);

/// The socket, when there is one.
#[derive(Default)]
pub(crate) struct Control {
    server: Option<Server>,
    /// What users have been told about what cannot be drawn as asked.
    told: HashSet<String>,
    pub moved: bool,
}

/// What whoever starts a session has to know of an address that others can reach.
pub fn dangers(address: SocketAddr, secret: bool) -> Vec<String> {
    if address.ip().is_loopback() {
        return Vec::new();
    }
    let everybody = format!(
        "Everybody who can reach {address} can drive this session: the protocol of pySEAScope knows no password."
    );
    let refused = format!("Clients of the package seaglass are refused at {address} without --token.");
    std::iter::once(everybody).chain((!secret).then_some(refused)).collect()
}

impl Host {
    /// Listens for notebooks at `ADDRESS:PORT`; gives the address, with the port that was free for port 0.
    ///
    /// # Errors
    /// The address makes no sense or is in use.
    pub fn listen(&mut self, address: &str) -> Result<SocketAddr, ControlError> {
        self.listen_with(address, None)
    }

    /// The same; clients of our own protocol must know the token. Without one they are let in on the loopback alone.
    ///
    /// # Errors
    /// The address makes no sense or is in use.
    pub fn listen_with(&mut self, address: &str, token: Option<String>) -> Result<SocketAddr, ControlError> {
        self.control.server = None;
        let wake = Arc::clone(&self.wake);
        let server = Server::start(Options { address: address.to_owned(), limits: Limits::default(), token, wake })?;
        let address = server.address();
        self.control.server = Some(server);
        crate::clients::clean_later();
        Ok(address)
    }

    /// Whether every file asked for is described or given up.
    pub fn is_done_opening(&self) -> bool {
        self.opening.is_idle() && !self.has_commands()
    }

    /// Where notebooks connect; `None` while nobody listens.
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control.server.as_ref().map(Server::address)
    }

    /// Carries out what notebooks ask for. `true`: one has moved the camera.
    pub(crate) fn poll_control(&mut self, changed: &mut bool) -> bool {
        let start = Instant::now();
        self.control.moved = false;
        while let Some(call) = self.control.server.as_ref().and_then(Server::take) {
            *changed = true;
            carry_out(self, call);
            if start.elapsed() > BUDGET {
                break;
            }
        }
        if self.control.server.as_ref().is_some_and(Server::is_waiting) {
            (self.wake)();
        }
        self.control.moved
    }

    /// Carries out a command of a notebook or another program.
    pub(crate) fn apply_for_client(&mut self, command: Command) -> Result<(), CommandError> {
        let camera = self.session.project().camera;
        self.try_apply(&command)?;
        self.control.moved |= self.session.project().camera != camera;
        self.remark(&command);
        Ok(())
    }

    /// Tells once what is drawn otherwise than a notebook asks.
    fn tell_once(&mut self, text: String) {
        if self.control.told.insert(text.clone()) {
            self.notices.push(Notice::new(Level::Info, text));
        }
    }

    fn remark(&mut self, command: &Command) {
        match command {
            Command::SetRendering { rendering, .. } => {
                let name = &rendering.colormap;
                let known = name.is_empty() || uniform_colour(name).is_some();
                if !known && assets::colormaps().get(name).is_none() {
                    self.tell_once(format!("There is no colour map \"{name}\"; the standard one is drawn instead."));
                }
            }
            Command::Notebook { change: NotebookChange::AddGranule { granule } } => {
                let missing = self.session.notebook().granule(granule.meta.key).map_or(0, |g| g.places_missing);
                if missing > 0 {
                    let name = &granule.meta.data_id;
                    let text = format!("{missing} positions of the granule {name} are missing and leave gaps.");
                    self.notices.push(Notice::new(Level::Info, text));
                }
            }
            _ => {}
        }
    }
}

impl Application for Host {
    fn session(&self) -> &Session {
        &self.session
    }

    fn apply(&mut self, command: Command) -> Result<(), CommandError> {
        self.clients.told.by = By::Notebook;
        let done = self.apply_for_client(command);
        self.clients.told.by = By::Window;
        done
    }

    fn extraction(&self) -> Arc<Vec<Extraction>> {
        self.extractions.latest()
    }

    fn ask(&mut self, asked: Asked) {
        self.asked(asked);
    }
}

#[cfg(test)]
mod tests {
    use super::dangers;

    #[test]
    fn addresses_that_others_reach_are_warned_of() {
        let of = |address: &str, secret| dangers(address.parse().unwrap(), secret);
        assert!(of("127.0.0.1:11155", false).is_empty() && of("[::1]:11155", false).is_empty());
        let bare = of("0.0.0.0:11155", false);
        assert!(bare[0].contains("no password") && bare[1].contains("without --token") && bare.len() == 2, "{bare:?}");
        assert_eq!(of("192.168.1.2:11155", true), [bare[0].replace("0.0.0.0", "192.168.1.2")]);
    }
}
