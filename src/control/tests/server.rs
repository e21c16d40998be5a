//! The socket under clients that behave, and under clients that do not.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use seaglass_control::wire::Extraction;
use seaglass_control::{Application, ControlError, Limits, Options, Server, carry_out};
use seaglass_core::command::Command;
use seaglass_core::session::{CommandError, Session};

/// A session without files or window.
#[derive(Default)]
struct Bare(Session);

impl Application for Bare {
    fn session(&self) -> &Session {
        &self.0
    }

    fn apply(&mut self, command: Command) -> Result<(), CommandError> {
        self.0.apply(&command).map(drop)
    }

    fn extraction(&self) -> Arc<Vec<Extraction>> {
        Arc::default()
    }
}

/// A server with an application that answers, until dropped.
struct Served {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    busy: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    fn with(limits: Limits) -> Self {
        let options = Options { address: "127.0.0.1:0".into(), limits, token: None, wake: Arc::new(|| {}) };
        let server = Server::start(options).unwrap();
        let (stop, busy) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let address = server.address();
        let (s, b) = (Arc::clone(&stop), Arc::clone(&busy));
        let run = move || {
            let mut application = Bare::default();
            while !s.load(Ordering::Relaxed) {
                match if b.load(Ordering::Relaxed) { None } else { server.take() } {
                    Some(call) => carry_out(&mut application, call),
                    None => std::thread::sleep(Duration::from_micros(200)),
                }
            }
        };
        let thread = Some(std::thread::Builder::new().name("application".into()).spawn(run).unwrap());
        Self { address, stop, busy, thread }
    }

    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn client(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Client(stream)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

struct Client(TcpStream);

impl Client {
    fn send(&mut self, message: &[u8]) {
        self.0.write_all(&framed(message)).unwrap();
    }

    /// An answer, read as the published client reads it: eight bytes at once, then the rest.
    fn answer(&mut self) -> Vec<u8> {
        let mut header = [0u8; 8];
        assert_eq!(self.0.read(&mut header).unwrap(), 8, "header and body leave in one write");
        let mut body = vec![0; u64::from_le_bytes(header) as usize];
        self.0.read_exact(&mut body).unwrap();
        body
    }

    fn ask(&mut self, message: &[u8]) -> Vec<u8> {
        self.send(message);
        self.answer()
    }

    /// Whether the server has hung up.
    fn is_closed(&mut self) -> bool {
        match self.0.read(&mut [0u8; 1]) {
            Ok(0) => true,
            Ok(_) => false,
            Err(e) => matches!(e.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
        }
    }
}

fn framed(message: &[u8]) -> Vec<u8> {
    let mut frame = (message.len() as u64).to_be_bytes().to_vec();
    frame.extend_from_slice(message);
    frame
}

fn vector(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    std::fs::read(folder.join(format!("{name}.bin"))).unwrap()
}

/// A recorded request with the clock set to another second.
fn set_clock(seconds: u64) -> Vec<u8> {
    let mut message = vector("set_current_datetime");
    let old = 1_577_880_000u64.to_le_bytes();
    let at = message.windows(8).position(|w| w == old).unwrap();
    message[at..at + 8].copy_from_slice(&seconds.to_le_bytes());
    message
}

/// The single number of an answer: the scalar at the first slot of the root table, read by the rules of the format.
fn first_u64(answer: &[u8]) -> u64 {
    let u32_at = |at: usize| u32::from_le_bytes(answer[at..at + 4].try_into().unwrap()) as usize;
    let root = u32_at(0);
    let vtable = root - u32_at(root);
    let u16_at = |at: usize| u16::from_le_bytes(answer[at..at + 2].try_into().unwrap());
    // Zero is left out.
    let slot = if u16_at(vtable) > 4 { u16_at(vtable + 4) } else { return 0 };
    let at = root + usize::from(slot);
    u64::from_le_bytes(answer[at..at + 8].try_into().unwrap())
}

fn clock(client: &mut Client) -> u64 {
    first_u64(&client.ask(&vector("get_current_datetime")))
}

#[test]
fn what_is_set_is_read_back_whatever_the_connection() {
    let served = Served::new();
    for k in 0..200 {
        let seconds = 1_600_000_000 + k;
        let mut setter = served.client();
        // The server may look before, at or after the bytes: each must come to the same.
        std::thread::sleep(Duration::from_micros(k * 2));
        setter.send(&set_clock(seconds));
        setter.0.shutdown(Shutdown::Both).unwrap();
        drop(setter);
        assert_eq!(clock(&mut served.client()), seconds);
    }
}

#[test]
fn a_large_push_is_taken_in_before_the_next_connection_is_heard() {
    let served = Served::new();
    let mut pusher = served.client();
    // 40 MB that mean nothing, then the clock: the next client must find the clock.
    pusher.send(&vec![0xab; 40 << 20]);
    pusher.send(&set_clock(1_234_567_890));
    drop(pusher);
    assert_eq!(clock(&mut served.client()), 1_234_567_890);
}

#[test]
fn many_questions_in_one_piece_are_answered_in_order() {
    let served = Served::new();
    let mut client = served.client();
    let mut all = Vec::new();
    for k in 0..300u64 {
        all.extend(framed(&set_clock(1_000_000 + k)));
        all.extend(framed(&vector("get_current_datetime")));
        all.extend(framed(&vector("check_schema_version")));
    }
    let mut writer = client.0.try_clone().unwrap();
    let sender = std::thread::Builder::new().name("sender".into()).spawn(move || writer.write_all(&all)).unwrap();
    for k in 0..300u64 {
        assert_eq!(first_u64(&client.answer()), 1_000_000 + k);
        let version = client.answer();
        assert!(version.windows(4).any(|w| w == 4_110_893_927u32.to_le_bytes()), "20250709 x 203");
    }
    sender.join().unwrap().unwrap();
}

#[test]
fn every_recorded_question_gets_one_answer_and_every_order_none() {
    let served = Served::new();
    let mut client = served.client();
    let answered = [
        "add_collection",
        "add_variable_two_fields",
        "get_catalogues",
        "get_current_datetime",
        "get_data_always_visible_mode",
        "get_extraction",
        "get_nearest_mode",
        "get_rendering",
        "get_timespan",
        "get_timestep",
        "get_variable_identifier",
        "list_timespans",
        "list_timesteps",
        "list_visible_data",
        "search_granules",
    ];
    for name in answered {
        client.ask(&vector(name));
    }
    for name in ["look_at", "set_altitude", "zoom_in", "zoom_out", "reset_camera", "set_rendering", "select_variable"] {
        client.send(&vector(name));
    }
    client.send(&vector("add_granule_u8_3x2_misaligned"));
    // In step: the next answer is the next question's.
    client.send(&set_clock(77));
    assert_eq!(clock(&mut client), 77);
}

#[test]
fn nonsense_in_a_sound_frame_is_ignored() {
    let served = Served::new();
    let mut client = served.client();
    for bad in [&b""[..], &[0; 4], &[0xff; 100], b"{\"do\":\"undo\"}"] {
        client.send(bad);
    }
    // An operation nobody knows.
    let mut unknown = vector("set_altitude");
    let at = unknown.iter().rposition(|b| *b == 36).unwrap();
    unknown[at] = 99;
    client.send(&unknown);
    // A question with the arguments of another one is answered all the same.
    let mut wrong = vector("get_rendering");
    let at = wrong.iter().rposition(|b| *b == 18).unwrap();
    wrong[at] = 20;
    assert!(!client.ask(&wrong).is_empty());
    // Positions that are no numbers, a clock beyond all time: the last there is, two hours before the last day of 9999,
    // so that every time zone has four digits for its year.
    let mut nowhere = vector("look_at");
    let at = nowhere.windows(4).position(|w| w == 12.5f32.to_le_bytes()).unwrap();
    nowhere[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    client.send(&nowhere);
    client.send(&set_clock(77));
    client.send(&set_clock(u64::MAX));
    assert_eq!(clock(&mut client), 253_402_207_200);
    client.send(&set_clock(77));
    assert_eq!(clock(&mut client), 77);
}

#[test]
fn unusable_frames_end_the_connection_and_no_other() {
    let served = Served::new();
    let mut honest = served.client();
    for header in [1u64 << 63, u64::MAX, 1 << 31, u64::from_be_bytes(*b"GET / HT")] {
        let mut client = served.client();
        client.0.write_all(&header.to_be_bytes()).unwrap();
        assert!(client.is_closed(), "{header:x}");
        assert!(clock(&mut honest) < u64::MAX);
    }
}

#[test]
fn clients_that_leave_in_the_middle_harm_nobody() {
    let served = Served::new();
    let frame = framed(&vector("add_granule_mixed_3x3"));
    for cut in [0, 3, 8, 9, 100, frame.len() - 1] {
        let mut client = served.client();
        client.0.write_all(&frame[..cut]).unwrap();
        drop(client);
        // One that leaves before its answer.
        let mut client = served.client();
        client.send(&vector("get_catalogues"));
        drop(client);
        assert!(clock(&mut served.client()) < u64::MAX);
    }
}

#[test]
fn an_announced_length_costs_no_memory() {
    let served = Served::new();
    let mut hostile: Vec<Client> = (0..100).map(|_| served.client()).collect();
    for client in &mut hostile {
        client.0.write_all(&(0x7fff_ffffu64).to_be_bytes()).unwrap();
        client.0.write_all(&[0; 1000]).unwrap();
    }
    let start = Instant::now();
    let mut honest = served.client();
    honest.send(&set_clock(5));
    assert_eq!(clock(&mut honest), 5);
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    // 200 GiB were announced; what is held is what has arrived.
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
        let kib: u64 = peak.split_whitespace().next().unwrap().parse().unwrap();
        assert!(kib < 1 << 20, "{kib} KiB");
    }
}

#[test]
fn one_who_fetches_no_answers_delays_nobody() {
    let limits = Limits { answer_bytes: 1 << 20, ..Limits::default() };
    let served = Served::with(limits);
    let mut deaf = served.client();
    deaf.0.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let question = framed(&vector("list_timespans"));
    let burst: Vec<u8> = question.repeat(2000);
    // Asks until the server stops listening to it.
    let mut refused = false;
    // Far more than both ends' system buffers hold.
    for _ in 0..4000 {
        refused |= deaf.0.write_all(&burst).is_err();
        if refused {
            break;
        }
    }
    assert!(refused, "the server goes on reading from a client that fetches nothing");
    let start = Instant::now();
    assert!(clock(&mut served.client()) < u64::MAX);
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[test]
fn one_who_stops_in_a_message_is_let_go_and_one_who_rests_is_not() {
    let served = Served::with(Limits { patience: Duration::from_millis(300), ..Limits::default() });
    let mut resting = served.client();
    assert!(clock(&mut resting) < u64::MAX);
    let mut stuck = served.client();
    stuck.0.write_all(&framed(&vector("look_at"))[..20]).unwrap();
    assert!(stuck.is_closed());
    std::thread::sleep(Duration::from_millis(900));
    assert!(clock(&mut resting) < u64::MAX);
}

#[test]
fn too_many_clients_push_out_the_silent_ones() {
    let served = Served::with(Limits { clients: 20, ..Limits::default() });
    let mut honest = served.client();
    assert!(clock(&mut honest) < u64::MAX);
    let crowd: Vec<Client> = (0..60).map(|_| served.client()).collect();
    assert!(clock(&mut honest) < u64::MAX);
    assert!(clock(&mut served.client()) < u64::MAX);
    drop(crowd);
}

#[test]
fn a_busy_application_keeps_nobody_waiting_for_ever() {
    let served = Served::with(Limits { deadline: Duration::from_secs(6), ..Limits::default() });
    let mut client = served.client();
    assert!(clock(&mut client) < u64::MAX);
    served.busy.store(true, Ordering::Relaxed);
    let start = Instant::now();
    let version = served.client().ask(&vector("check_schema_version"));
    assert!(!version.is_empty() && start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let start = Instant::now();
    let late = client.ask(&vector("add_collection"));
    assert!((5900..19_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert!(late.windows(4).any(|w| w == b"busy"), "the refusal says why");
    served.busy.store(false, Ordering::Relaxed);
    // The answer that came too late is not taken for the next one.
    client.send(&set_clock(42));
    assert_eq!(clock(&mut client), 42);
}

#[test]
fn a_taken_port_is_said() {
    let served = Served::new();
    let options =
        Options { address: served.address.to_string(), limits: Limits::default(), token: None, wake: Arc::new(|| {}) };
    assert!(matches!(Server::start(options.clone()), Err(ControlError::Busy(_))));
    assert!(matches!(Server::start(Options { address: "nowhere".into(), ..options }), Err(ControlError::Address(_))));
}
