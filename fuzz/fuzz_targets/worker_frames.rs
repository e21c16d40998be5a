//! Frames between the application and reader processes, programs of users among them: a frame or an error, whatever comes.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use seaglass_core::protocol::{Answer, AnswerFrame, RequestFrame, geolocation_from_wire, read_frame};

fuzz_target!(|bytes: &[u8]| {
    std::hint::black_box(read_frame::<RequestFrame>(&mut Cursor::new(bytes)).is_ok());
    // What a reader of somebody else says of positions need not fit the bytes that follow.
    if let Ok(Some((AnswerFrame { answer: Answer::Geolocation { wire }, .. }, payload))) =
        read_frame::<AnswerFrame>(&mut Cursor::new(bytes))
    {
        std::hint::black_box(geolocation_from_wire(wire, &payload).is_ok());
    }
});
