//! A bounds-checked reader of FlatBuffers as the Python client writes them.
//!
//! Three things differ from what a verifier accepts. The size of a table given in its vtable is not reliable: structs
//! may lie just behind it, and vtables are shared between tables of different sizes; fields are bounded by the end of
//! the message alone. Vectors of bytes may begin at any address. Scalars at their default are left out.
//! Work is bounded: tables may overlap, so that a short message could otherwise describe endless data.

use super::request::Refused;

/// Tables looked at in one message.
const MAX_TABLES: usize = 200_000;
/// Tables within tables.
const MAX_DEPTH: usize = 32;

/// What is read, and how much may still be.
pub(super) struct Message<'a> {
    bytes: &'a [u8],
    tables_left: usize,
    /// Bytes still allowed for copies of vectors and texts: overlapping ones must not multiply the message.
    copies_left: usize,
}

/// A table, or an absent one.
#[derive(Clone, Copy)]
pub(super) struct Table {
    at: usize,
    vtable: usize,
    vtable_len: usize,
    depth: usize,
}

fn bad(what: &str, at: usize) -> Refused {
    Refused::unreadable(format!("{what} at byte {at} lies outside the message"))
}

impl<'a> Message<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, tables_left: MAX_TABLES, copies_left: bytes.len().saturating_mul(2).saturating_add(4096) }
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], Refused> {
        let end = at.checked_add(N).ok_or_else(|| bad("a number", at))?;
        let slice = self.bytes.get(at..end).ok_or_else(|| bad("a number", at))?;
        slice.try_into().map_err(|_wrong_length| bad("a number", at))
    }

    pub fn u8_at(&self, at: usize) -> Result<u8, Refused> {
        Ok(self.array::<1>(at)?[0])
    }

    pub fn u16_at(&self, at: usize) -> Result<u16, Refused> {
        Ok(u16::from_le_bytes(self.array(at)?))
    }

    pub fn u32_at(&self, at: usize) -> Result<u32, Refused> {
        Ok(u32::from_le_bytes(self.array(at)?))
    }

    pub fn u64_at(&self, at: usize) -> Result<u64, Refused> {
        Ok(u64::from_le_bytes(self.array(at)?))
    }

    pub fn f32_at(&self, at: usize) -> Result<f32, Refused> {
        Ok(f32::from_le_bytes(self.array(at)?))
    }

    /// Where the reference at `at` points to.
    fn target(&self, at: usize) -> Result<usize, Refused> {
        let offset = self.u32_at(at)?;
        if offset == 0 || u64::from(offset) > super::LONGEST {
            return Err(bad("a reference", at));
        }
        at.checked_add(offset as usize).ok_or_else(|| bad("a reference", at))
    }

    /// The root table.
    pub fn root(&mut self) -> Result<Table, Refused> {
        let at = self.target(0)?;
        self.table_at(at, 0)
    }

    fn table_at(&mut self, at: usize, depth: usize) -> Result<Table, Refused> {
        self.tables_left =
            self.tables_left.checked_sub(1).ok_or_else(|| Refused::unreadable("it has too many parts"))?;
        if depth > MAX_DEPTH {
            return Err(Refused::unreadable("its parts are nested too deeply"));
        }
        let back = i64::from(i32::from_le_bytes(self.array(at)?));
        let vtable = (at as i64).checked_sub(back).and_then(|v| usize::try_from(v).ok());
        let vtable = vtable.ok_or_else(|| bad("a vtable", at))?;
        let vtable_len = usize::from(self.u16_at(vtable)?);
        let fits = vtable.checked_add(vtable_len).is_some_and(|end| end <= self.bytes.len());
        if vtable_len < 4 || vtable_len % 2 != 0 || !fits {
            return Err(bad("a vtable", vtable));
        }
        Ok(Table { at, vtable, vtable_len, depth })
    }

    /// Where a field lies; `None` when it is left out.
    fn field(&self, table: Table, slot: usize) -> Result<Option<usize>, Refused> {
        let entry = 4 + 2 * slot;
        if entry + 2 > table.vtable_len {
            return Ok(None);
        }
        match self.u16_at(table.vtable + entry)? {
            0 => Ok(None),
            offset => Ok(Some(table.at + usize::from(offset))),
        }
    }

    pub fn bool(&self, t: Table, slot: usize) -> Result<bool, Refused> {
        Ok(self.u8(t, slot)? != 0)
    }

    pub fn u8(&self, t: Table, slot: usize) -> Result<u8, Refused> {
        self.field(t, slot)?.map_or(Ok(0), |at| self.u8_at(at))
    }

    pub fn u32(&self, t: Table, slot: usize) -> Result<u32, Refused> {
        self.field(t, slot)?.map_or(Ok(0), |at| self.u32_at(at))
    }

    pub fn u64(&self, t: Table, slot: usize) -> Result<u64, Refused> {
        self.field(t, slot)?.map_or(Ok(0), |at| self.u64_at(at))
    }

    pub fn f32(&self, t: Table, slot: usize) -> Result<f32, Refused> {
        self.field(t, slot)?.map_or(Ok(0.0), |at| self.f32_at(at))
    }

    /// Where a struct of `size` bytes lies.
    pub fn structure(&self, t: Table, slot: usize, size: usize) -> Result<Option<usize>, Refused> {
        let Some(at) = self.field(t, slot)? else { return Ok(None) };
        let fits = at.checked_add(size).is_some_and(|end| end <= self.bytes.len());
        if fits { Ok(Some(at)) } else { Err(bad("a structure", at)) }
    }

    pub fn table(&mut self, t: Table, slot: usize) -> Result<Option<Table>, Refused> {
        let Some(at) = self.field(t, slot)? else { return Ok(None) };
        let at = self.target(at)?;
        self.table_at(at, t.depth + 1).map(Some)
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Refused> {
        self.copies_left = self
            .copies_left
            .checked_sub(bytes)
            .ok_or_else(|| Refused::unreadable("its parts overlap and amount to more than the message"))?;
        Ok(())
    }

    fn text_at(&mut self, at: usize) -> Result<String, Refused> {
        let (start, len) = self.span(at, 1)?;
        self.spend(len)?;
        let bytes = self.bytes.get(start..start + len).ok_or_else(|| bad("a text", at))?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    /// A text; `None` when left out.
    pub fn text(&mut self, t: Table, slot: usize) -> Result<Option<String>, Refused> {
        let Some(at) = self.field(t, slot)? else { return Ok(None) };
        let at = self.target(at)?;
        self.text_at(at).map(Some)
    }

    /// First byte and number of elements of a vector at `at`, checked against the end of the message.
    fn span(&self, at: usize, size: usize) -> Result<(usize, usize), Refused> {
        let count = self.u32_at(at)? as usize;
        let start = at + 4;
        let fits =
            count.checked_mul(size).and_then(|n| start.checked_add(n)).is_some_and(|end| end <= self.bytes.len());
        if fits { Ok((start, count)) } else { Err(bad("a vector", at)) }
    }

    /// First byte and number of elements of `size` bytes; `None` when left out.
    pub fn vector(&mut self, t: Table, slot: usize, size: usize) -> Result<Option<(usize, usize)>, Refused> {
        let Some(at) = self.field(t, slot)? else { return Ok(None) };
        let at = self.target(at)?;
        let (start, count) = self.span(at, size)?;
        self.spend(count * size)?;
        Ok(Some((start, count)))
    }

    pub fn bytes(&mut self, t: Table, slot: usize) -> Result<Option<Vec<u8>>, Refused> {
        let found = self.vector(t, slot, 1)?;
        Ok(found.and_then(|(at, n)| self.bytes.get(at..at + n)).map(<[u8]>::to_vec))
    }

    pub fn floats(&mut self, t: Table, slot: usize) -> Result<Option<Vec<f32>>, Refused> {
        let found = self.vector(t, slot, 4)?;
        let bytes = found.and_then(|(at, n)| self.bytes.get(at..at + n * 4));
        Ok(bytes.map(|b| b.as_chunks::<4>().0.iter().map(|c| f32::from_le_bytes(*c)).collect()))
    }

    pub fn texts(&mut self, t: Table, slot: usize) -> Result<Vec<String>, Refused> {
        let Some((start, count)) = self.vector(t, slot, 4)? else { return Ok(Vec::new()) };
        let mut texts = Vec::new();
        for k in 0..count {
            self.tables_left =
                self.tables_left.checked_sub(1).ok_or_else(|| Refused::unreadable("it has too many parts"))?;
            let at = self.target(start + 4 * k)?;
            texts.push(self.text_at(at)?);
        }
        Ok(texts)
    }

    pub fn tables(&mut self, t: Table, slot: usize) -> Result<Vec<Table>, Refused> {
        let Some((start, count)) = self.vector(t, slot, 4)? else { return Ok(Vec::new()) };
        let mut tables = Vec::new();
        for k in 0..count {
            let at = self.target(start + 4 * k)?;
            tables.push(self.table_at(at, t.depth + 1)?);
        }
        Ok(tables)
    }
}
