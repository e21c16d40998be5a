//! A small writer of FlatBuffers, front to back with natural alignment.
//!
//! References only ever point forward, so every table is written before what it refers to, and a reference is filled in
//! when its target is placed. Scalars at zero are left out, as every reader expects.

/// Fields of a table, gathered before it is laid out.
#[derive(Default)]
pub(super) struct Fields<'a> {
    inline: Vec<Inline<'a>>,
}

struct Inline<'a> {
    slot: usize,
    align: usize,
    bytes: Vec<u8>,
    target: Option<Target<'a>>,
}

/// What a reference leads to.
enum Target<'a> {
    Text(&'a str),
    Table(Fields<'a>),
    Tables(Vec<Fields<'a>>),
    Texts(Vec<&'a str>),
    Floats(&'a [f32]),
    /// Ready-made structs of 8-byte alignment, with their number.
    Structs(Vec<u8>, usize),
}

impl<'a> Fields<'a> {
    fn scalar(mut self, slot: usize, bytes: &[u8]) -> Self {
        if bytes.iter().any(|b| *b != 0) {
            self.inline.push(Inline { slot, align: bytes.len(), bytes: bytes.to_vec(), target: None });
        }
        self
    }

    fn reference(mut self, slot: usize, target: Target<'a>) -> Self {
        self.inline.push(Inline { slot, align: 4, bytes: vec![0; 4], target: Some(target) });
        self
    }

    pub fn bool(self, slot: usize, v: bool) -> Self {
        self.scalar(slot, &[u8::from(v)])
    }

    pub fn u8(self, slot: usize, v: u8) -> Self {
        self.scalar(slot, &[v])
    }

    pub fn u32(self, slot: usize, v: u32) -> Self {
        self.scalar(slot, &v.to_le_bytes())
    }

    pub fn u64(self, slot: usize, v: u64) -> Self {
        self.scalar(slot, &v.to_le_bytes())
    }

    pub fn f32(self, slot: usize, v: f32) -> Self {
        self.scalar(slot, &v.to_le_bytes())
    }

    pub fn structure(mut self, slot: usize, align: usize, bytes: Vec<u8>) -> Self {
        self.inline.push(Inline { slot, align, bytes, target: None });
        self
    }

    pub fn text(self, slot: usize, text: &'a str) -> Self {
        self.reference(slot, Target::Text(text))
    }

    pub fn table(self, slot: usize, table: Fields<'a>) -> Self {
        self.reference(slot, Target::Table(table))
    }

    pub fn tables(self, slot: usize, tables: Vec<Fields<'a>>) -> Self {
        self.reference(slot, Target::Tables(tables))
    }

    pub fn texts(self, slot: usize, texts: Vec<&'a str>) -> Self {
        self.reference(slot, Target::Texts(texts))
    }

    pub fn floats(self, slot: usize, floats: &'a [f32]) -> Self {
        self.reference(slot, Target::Floats(floats))
    }

    pub fn structs(self, slot: usize, bytes: Vec<u8>, count: usize) -> Self {
        self.reference(slot, Target::Structs(bytes, count))
    }

    /// The message with this table as its root, behind its little-endian length: one piece, to be sent in one write.
    pub fn into_frame(self) -> Vec<u8> {
        // The length has 8 bytes, so that alignment within the frame is alignment within the message.
        let mut out = Buffer { bytes: vec![0; 12] };
        out.table(8, self);
        out.pad(8);
        let len = (out.bytes.len() - 8) as u64;
        out.bytes[..8].copy_from_slice(&len.to_le_bytes());
        out.bytes
    }
}

struct Buffer {
    bytes: Vec<u8>,
}

impl Buffer {
    fn pad(&mut self, to: usize) {
        while !self.bytes.len().is_multiple_of(to) {
            self.bytes.push(0);
        }
    }

    /// Lets the reference at `at` point here.
    fn arrive(&mut self, at: usize) {
        let offset = (self.bytes.len() - at) as u32;
        self.bytes[at..at + 4].copy_from_slice(&offset.to_le_bytes());
    }

    /// Starts a vector whose elements need `align`, and gives the place of its first element.
    fn vector(&mut self, at: usize, align: usize, count: usize) -> usize {
        self.pad(4);
        while !(self.bytes.len() + 4).is_multiple_of(align) {
            self.bytes.extend_from_slice(&[0; 4]);
        }
        self.arrive(at);
        self.bytes.extend_from_slice(&(count as u32).to_le_bytes());
        self.bytes.len()
    }

    fn text(&mut self, at: usize, text: &str) {
        self.vector(at, 1, text.len());
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(0);
    }

    fn table(&mut self, at: usize, fields: Fields<'_>) {
        let mut inline = fields.inline;
        // Large ones first: no padding between them.
        inline.sort_by_key(|f| (std::cmp::Reverse(f.align), f.slot));
        let slots = inline.iter().map(|f| f.slot + 1).max().unwrap_or(0);
        let mut offsets = vec![0u16; slots];
        let mut body = vec![0u8; 4];
        let mut align = 4;
        for field in &inline {
            while !body.len().is_multiple_of(field.align) {
                body.push(0);
            }
            align = align.max(field.align);
            offsets[field.slot] = body.len() as u16;
            body.extend_from_slice(&field.bytes);
        }
        self.pad(2);
        let vtable = self.bytes.len();
        self.bytes.extend_from_slice(&((4 + 2 * slots) as u16).to_le_bytes());
        self.bytes.extend_from_slice(&(body.len() as u16).to_le_bytes());
        offsets.iter().for_each(|o| self.bytes.extend_from_slice(&o.to_le_bytes()));
        self.pad(align);
        self.arrive(at);
        let here = self.bytes.len();
        body[..4].copy_from_slice(&((here - vtable) as i32).to_le_bytes());
        self.bytes.extend_from_slice(&body);
        for field in inline {
            if let Some(target) = field.target {
                self.target(here + usize::from(offsets[field.slot]), target);
            }
        }
    }

    fn target(&mut self, at: usize, target: Target<'_>) {
        match target {
            Target::Text(text) => self.text(at, text),
            Target::Table(fields) => self.table(at, fields),
            Target::Tables(tables) => {
                let first = self.references(at, tables.len());
                tables.into_iter().enumerate().for_each(|(k, t)| self.table(first + 4 * k, t));
            }
            Target::Texts(texts) => {
                let first = self.references(at, texts.len());
                texts.into_iter().enumerate().for_each(|(k, t)| self.text(first + 4 * k, t));
            }
            Target::Floats(floats) => {
                self.vector(at, 4, floats.len());
                floats.iter().for_each(|v| self.bytes.extend_from_slice(&v.to_le_bytes()));
            }
            Target::Structs(bytes, count) => {
                self.vector(at, 8, count);
                self.bytes.extend_from_slice(&bytes);
            }
        }
    }

    fn references(&mut self, at: usize, count: usize) -> usize {
        let first = self.vector(at, 4, count);
        self.bytes.resize(first + 4 * count, 0);
        first
    }
}
