//! Our own protocol on the same port: greeting, tokens, numbers of requests, events, and those who do none of it right.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use proptest::prelude::*;
use seaglass_control::frames::{Ask, Asked, PREFACE};
use seaglass_control::wire::Extraction;
use seaglass_control::{Application, Limits, Options, Server, carry_out};
use seaglass_core::command::Command;
use seaglass_core::session::{CommandError, Session};
use serde_json::{Value, json};

/// A session that carries out commands, and answers probes only when it is asked for something else.
#[derive(Default)]
struct Bare {
    session: Session,
    late: Vec<Asked>,
}

impl Application for Bare {
    fn session(&self) -> &Session {
        &self.session
    }

    fn apply(&mut self, command: Command) -> Result<(), CommandError> {
        self.session.apply(&command).map(drop)
    }

    fn extraction(&self) -> Arc<Vec<Extraction>> {
        Arc::default()
    }

    fn ask(&mut self, asked: Asked) {
        let Asked { ask, payload, respond } = asked;
        match ask {
            Ask::Command { command } => match self.apply(*command) {
                Ok(()) => respond.done(),
                Err(why) => respond.failed(&why.to_string()),
            },
            Ask::Push { name, .. } => {
                let sum: u64 = payload.iter().map(|b| u64::from(*b)).sum();
                respond.done_with(json!({ "name": name, "bytes": payload.len(), "sum": sum }), &payload[..1]);
            }
            Ask::Subscribe { .. } => {
                respond.outlet().event("time", json!({ "now": 1 }));
                respond.done();
            }
            Ask::Wait { .. } => {
                // Answered in another order than asked.
                self.late.drain(..).rev().for_each(|a| a.respond.done());
                respond.done();
            }
            Ask::Fit { .. } => {
                respond.done_with(json!({ "lon": self.session.project().camera.target.lon_deg }), &[]);
            }
            ask @ Ask::Probe { .. } => self.late.push(Asked { ask, payload, respond }),
            // Forgotten: the client is told.
            _ => drop(respond),
        }
    }
}

struct Served {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    fn with(address: &str, token: Option<&str>, limits: Limits) -> Self {
        let token = token.map(str::to_owned);
        let server = Server::start(Options { address: address.into(), limits, token, wake: Arc::new(|| {}) }).unwrap();
        let (stop, address) = (Arc::new(AtomicBool::new(false)), server.address());
        let own = Arc::clone(&stop);
        let run = move || {
            let mut application = Bare::default();
            while !own.load(Ordering::Relaxed) {
                match server.take() {
                    Some(call) => carry_out(&mut application, call),
                    None => std::thread::sleep(Duration::from_micros(200)),
                }
            }
        };
        Self { address, stop, thread: Some(std::thread::Builder::new().name("application".into()).spawn(run).unwrap()) }
    }

    fn new() -> Self {
        Self::with("127.0.0.1:0", None, Limits::default())
    }

    fn raw(&self) -> TcpStream {
        let port = self.address.port();
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    fn client(&self) -> Client {
        let mut client = Client(self.raw());
        client.0.write_all(PREFACE).unwrap();
        let hello = client.ask(&json!({ "id": 7, "ask": "hello", "version": 1 }), &[]);
        assert_eq!((hello["answer"].as_str(), hello["id"].as_u64()), (Some("hello"), Some(7)), "{hello}");
        client
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

struct Client(TcpStream);

fn frame(header: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut out = (header.len() as u32).to_le_bytes().to_vec();
    out.extend((payload.len() as u64).to_le_bytes());
    out.extend(header);
    out.extend(payload);
    out
}

impl Client {
    fn send(&mut self, header: &Value, payload: &[u8]) {
        self.0.write_all(&frame(header.to_string().as_bytes(), payload)).unwrap();
    }

    fn receive(&mut self) -> (Value, Vec<u8>) {
        let mut lengths = [0u8; 12];
        self.0.read_exact(&mut lengths).unwrap();
        let header = u32::from_le_bytes(lengths[..4].try_into().unwrap()) as usize;
        let payload = u64::from_le_bytes(lengths[4..].try_into().unwrap()) as usize;
        let mut body = vec![0; header + payload];
        self.0.read_exact(&mut body).unwrap();
        (serde_json::from_slice(&body[..header]).unwrap(), body[header..].to_vec())
    }

    fn ask(&mut self, header: &Value, payload: &[u8]) -> Value {
        self.send(header, payload);
        self.receive().0
    }

    fn is_closed(&mut self) -> bool {
        is_closed(&mut self.0)
    }
}

fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0u8; 1]) {
        Ok(0) => true,
        Ok(_) => false,
        Err(e) => matches!(e.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted),
    }
}

#[test]
fn commands_are_acknowledged_and_failures_say_why() {
    let served = Served::new();
    let mut c = served.client();
    let look = json!({ "do": "look_at", "place": { "lon_deg": 10.0, "lat_deg": 20.0 }, "altitude_m": 1e6 });
    let done = c.ask(&json!({ "id": 1, "ask": "command", "command": look }), &[]);
    assert_eq!(done, json!({ "id": 1, "answer": "done" }));
    let failed = c.ask(&json!({ "id": 2, "ask": "command", "command": { "do": "undo" } }), &[]);
    assert_eq!((failed["id"].as_u64(), failed["answer"].as_str()), (Some(2), Some("failed")));
    assert!(failed["error"].as_str().unwrap().contains("nothing to undo"), "{failed}");
    let forgotten = c.ask(&json!({ "id": 3, "ask": "unsubscribe" }), &[]);
    assert!(forgotten["error"].as_str().unwrap().contains("did not carry this out"), "{forgotten}");
}

/// `upload.location(link, lon, -45.0)`: the request that the specification takes apart, with another longitude.
fn location(lon: f32) -> Vec<u8> {
    let mut bytes = 48u64.to_be_bytes().to_vec();
    bytes.extend([0x10, 0, 0, 0, 0, 0, 0x0a, 0, 0x0c, 0, 0x0b, 0, 0x0a, 0, 4, 0, 0x0a, 0, 0, 0, 0x10, 0, 0, 0]);
    bytes.extend([0, 0, 0x14, 0x25, 8, 0, 0x0c, 0, 8, 0, 4, 0, 8, 0, 0, 0, 0, 0, 0x34, 0xc2]);
    bytes.extend(lon.to_le_bytes());
    bytes
}

#[test]
fn what_a_notebook_has_sent_before_a_question_is_carried_out_before_it() {
    let served = Served::new();
    // There before the others: in the order of accepting it would be heard first.
    let mut program = served.client();
    let mut kept = served.raw();
    kept.set_nodelay(true).unwrap();
    for k in 0..200u16 {
        let lon = f32::from(k % 180);
        if k % 2 == 0 {
            served.raw().write_all(&location(lon)).unwrap();
        } else {
            kept.write_all(&location(lon)).unwrap();
        }
        let fit = json!({ "id": k, "ask": "fit", "west": 0.0, "south": 0.0, "east": 1.0, "north": 1.0 });
        assert_eq!(program.ask(&fit, &[])["lon"].as_f64(), Some(f64::from(lon)), "after {k}");
    }
}

#[test]
fn payloads_arrive_whole_and_answers_bring_them() {
    let served = Served::new();
    let mut c = served.client();
    let payload: Vec<u8> = (0..5_000_003u32).map(|k| (k * 7 % 251) as u8).collect();
    c.send(&json!({ "id": 4, "ask": "push", "name": "a.nc" }), &payload);
    let (answer, back) = c.receive();
    let sum: u64 = payload.iter().map(|b| u64::from(*b)).sum();
    assert_eq!(answer, json!({ "id": 4, "answer": "done", "name": "a.nc", "bytes": payload.len(), "sum": sum }));
    assert_eq!(back, &payload[..1]);
}

#[test]
fn answers_find_their_questions_in_any_order_and_events_come_between() {
    let served = Served::new();
    let mut c = served.client();
    for id in 10..13 {
        c.send(&json!({ "id": id, "ask": "probe", "lon_deg": 0.0, "lat_deg": 0.0 }), &[]);
    }
    c.send(&json!({ "id": 20, "ask": "wait" }), &[]);
    let ids: Vec<u64> = (0..4).map(|_| c.receive().0["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [12, 11, 10, 20]);
    c.send(&json!({ "id": 21, "ask": "subscribe" }), &[]);
    assert_eq!(c.receive().0, json!({ "event": "time", "now": 1 }));
    assert_eq!(c.receive().0["id"], 21);
}

#[test]
fn what_is_not_understood_is_said_and_the_connection_goes_on() {
    let served = Served::new();
    let mut c = served.client();
    let cases: [(&[u8], Value, &str); 7] = [
        (b"not json", Value::Null, "not JSON"),
        (b"[1]", Value::Null, "not a JSON object"),
        (br#"{"ask":"wait"}"#, Value::Null, "no \"id\""),
        (br#"{"id":5,"ask":"swim"}"#, json!(5), "no name \"swim\""),
        (br#"{"id":6,"ask":"probe","lon_deg":"east","lat_deg":0}"#, json!(6), "not understood"),
        (br#"{"id":8,"ask":"probe","lon_deg":NaN,"lat_deg":0}"#, Value::Null, "not finite"),
        (b"\xff\xfe", Value::Null, "not JSON"),
    ];
    for (header, id, word) in cases {
        c.0.write_all(&frame(header, &[])).unwrap();
        let answer = c.receive().0;
        assert_eq!((answer["answer"].as_str(), &answer["id"]), (Some("failed"), &id), "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(word), "{answer}");
    }
    // Deeper than any request is; a reader that goes down with it would overflow its stack.
    let deep = format!(r#"{{"id":9,"ask":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    c.0.write_all(&frame(deep.as_bytes(), &[])).unwrap();
    assert_eq!(c.receive().0["answer"], "failed");
    assert_eq!(c.ask(&json!({ "id": 30, "ask": "wait" }), &[])["id"], 30);
}

#[test]
fn whoever_does_not_greet_or_begins_otherwise_is_hung_up_on() {
    let served = Served::new();
    for first in
        [&b"GET / HTTP/1.1\r\n"[..], b"\x16\x03\x01\x02\x00\x01", b"SEAGLASH", b"S\0", &[0x80, 0, 0, 0, 0, 0, 0, 0]]
    {
        let mut stream = served.raw();
        stream.write_all(first).unwrap();
        assert!(is_closed(&mut stream), "{first:?}");
    }
    let mut rude = Client(served.raw());
    rude.0.write_all(PREFACE).unwrap();
    let answer = rude.ask(&json!({ "id": 1, "ask": "command", "command": { "do": "home" } }), &[]);
    assert!(answer["error"].as_str().unwrap().contains("hello"), "{answer}");
    assert!(rude.is_closed());
    // A payload before the greeting, a header that is too long, lengths beyond everything.
    let frames: [(u32, u64); 5] = [(40, 1), (5000, 0), (0, 0), (u32::MAX, 0), (40, u64::MAX)];
    for (header, payload) in frames {
        let mut stream = served.raw();
        stream.write_all(PREFACE).unwrap();
        stream.write_all(&[&header.to_le_bytes()[..], &payload.to_le_bytes()[..]].concat()).unwrap();
        assert!(is_closed(&mut stream), "{header} {payload}");
    }
    let mut later = served.client();
    later.0.write_all(&[&20u32.to_le_bytes()[..], &(1u64 << 63).to_le_bytes()[..]].concat()).unwrap();
    assert!(later.is_closed(), "after the greeting, too");
    let mut old = Client(served.raw());
    old.0.write_all(PREFACE).unwrap();
    let answer = old.ask(&json!({ "id": 1, "ask": "hello", "version": 999 }), &[]);
    assert!(answer["error"].as_str().unwrap().contains("version 999"), "{answer}");
    assert!(old.is_closed());
    assert_eq!(served.client().ask(&json!({ "id": 1, "ask": "wait" }), &[])["id"], 1, "the next one is served");
}

#[test]
fn tokens() {
    let hello = |served: &Served, token: Value| {
        let mut c = Client(served.raw());
        c.0.write_all(PREFACE).unwrap();
        c.ask(&json!({ "id": 1, "ask": "hello", "version": 1, "token": token }), &[])
    };
    let served = Served::with("127.0.0.1:0", Some("secret"), Limits::default());
    assert_eq!(hello(&served, json!("secret"))["answer"], "hello");
    for wrong in [json!("Secret"), json!("secret "), json!(""), Value::Null] {
        let answer = hello(&served, wrong.clone());
        assert!(answer["error"].as_str().unwrap().contains("token"), "{wrong} {answer}");
    }
    // Reachable from elsewhere and without a secret: nobody speaks this protocol, the other one is as it was.
    let open = Served::with("0.0.0.0:0", None, Limits::default());
    let answer = hello(&open, Value::Null);
    assert!(answer["error"].as_str().unwrap().contains("--token"), "{answer}");
    let mut published = open.raw();
    let message =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/get_current_datetime.bin")).unwrap();
    published.write_all(&[&(message.len() as u64).to_be_bytes()[..], &message[..]].concat()).unwrap();
    let mut header = [0u8; 8];
    assert_eq!(published.read(&mut header).unwrap(), 8);
    let shut = Served::with("0.0.0.0:0", Some("secret"), Limits::default());
    assert_eq!(hello(&shut, json!("secret"))["answer"], "hello");
}

#[test]
fn a_client_that_goes_in_the_middle_harms_nobody_and_one_that_stops_is_let_go() {
    let limits = Limits { patience: Duration::from_millis(600), ..Limits::default() };
    let served = Served::with("127.0.0.1:0", None, limits);
    for cut in [0, 3, 12, 20] {
        let mut c = served.client();
        let whole = frame(br#"{"id":1,"ask":"push","name":"a.nc"}"#, &[1; 1000]);
        c.0.write_all(&whole[..cut]).unwrap();
        drop(c);
    }
    let mut slow = served.client();
    slow.0.write_all(&frame(br#"{"id":1,"ask":"wait"}"#, &[])[..15]).unwrap();
    assert!(slow.is_closed(), "it stopped within a frame");
    let mut resting = served.client();
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(resting.ask(&json!({ "id": 2, "ask": "wait" }), &[])["id"], 2, "one who rests between frames may stay");
}

#[test]
fn a_hundred_clients_of_both_protocols() {
    let served = Served::new();
    let message =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/get_current_datetime.bin")).unwrap();
    let mut ours: Vec<Client> = (0..50).map(|_| served.client()).collect();
    let mut theirs: Vec<TcpStream> = (0..50).map(|_| served.raw()).collect();
    for round in 0..5u64 {
        for t in &mut theirs {
            t.write_all(&[&(message.len() as u64).to_be_bytes()[..], &message[..]].concat()).unwrap();
        }
        for c in &mut ours {
            c.send(&json!({ "id": round, "ask": "wait" }), &[]);
        }
        for c in &mut ours {
            assert_eq!(c.receive().0["id"], round);
        }
        for t in &mut theirs {
            let mut header = [0u8; 8];
            t.read_exact(&mut header).unwrap();
            let mut body = vec![0; u64::from_le_bytes(header) as usize];
            t.read_exact(&mut body).unwrap();
        }
    }
}

#[test]
fn messages_beyond_the_memory_set_aside_are_refused_by_number() {
    let limits = Limits { waiting_bytes: 1 << 20, ..Limits::default() };
    let served = Served::with("127.0.0.1:0", None, limits);
    let mut c = served.client();
    c.send(&json!({ "id": 3, "ask": "push", "name": "big.nc" }), &vec![0; 4 << 20]);
    let answer = c.receive().0;
    assert!(answer["id"] == 3 && answer["error"].as_str().unwrap().contains("memory"), "{answer}");
    assert_eq!(c.ask(&json!({ "id": 4, "ask": "wait" }), &[])["id"], 4, "and the connection is in step");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever arrives after the greeting: an answer or a closed connection, and the next client is served.
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 1..400), at in 0usize..60, to in any::<u8>()) {
        let served = SERVED.get_or_init(Served::new);
        let mut c = served.client();
        let mut whole = frame(br#"{"id":1,"ask":"probe","lon_deg":1.0,"lat_deg":2.0}"#, &bytes[..bytes.len() / 2]);
        let n = whole.len();
        whole[at % n] = to;
        whole.extend(&bytes);
        // It may have hung up already.
        let _refused = c.0.write_all(&whole);
        drop(c);
        let mut next = served.client();
        prop_assert_eq!(next.ask(&json!({ "id": 2, "ask": "wait" }), &[])["id"].as_u64(), Some(2));
    }
}

static SERVED: std::sync::OnceLock<Served> = std::sync::OnceLock::new();
