//! Where host functions put their results, and how the log shows them.

/// What a place holds that no host has written to.
const UNTOUCHED: u64 = 0xabab_abab_abab_abab;

/// An address outside the memory: nothing is at the end of an address space, on no host.
pub(crate) fn nowhere<T>() -> *mut T {
    std::ptr::without_provenance_mut(usize::MAX - 15)
}

/// A place for bytes that the host hands over.
pub(crate) struct BytesOut {
    address: *mut u8,
    size: usize,
}

impl BytesOut {
    pub(crate) fn new() -> Self {
        Self {
            address: std::ptr::without_provenance_mut(UNTOUCHED as usize),
            size: UNTOUCHED as usize,
        }
    }

    /// Where the host is to write the address and the length; nowhere if it is not to.
    pub(crate) fn places(&mut self, anywhere: bool) -> (*mut *mut u8, *mut usize) {
        match anywhere {
            true => (&raw mut self.address, &raw mut self.size),
            false => (nowhere(), nowhere()),
        }
    }

    /// The bytes, which are freed.
    pub(crate) fn take(self) -> Option<Vec<u8>> {
        let untouched = self.address.addr() == UNTOUCHED as usize;
        if untouched || self.address.is_null() {
            return None;
        }
        // SAFETY: the host wrote an address that it got from the guest's allocator for this size.
        Some(unsafe { Vec::from_raw_parts(self.address, self.size, self.size) })
    }

    /// A map as the log shows it: its entries, if they are written as the ABI says.
    pub(crate) fn show_map(self) -> String {
        if self.address.is_null() || self.is_untouched() {
            return self.show();
        }
        let bytes = self.take().unwrap_or_default();
        entries(&bytes).map_or_else(
            || show(&bytes),
            |entries| format!("{{{}}}", entries.join(", ")),
        )
    }

    /// A property as the log shows it: Envoy gives maps in any order.
    pub(crate) fn show_property(self) -> String {
        if self.address.is_null() || self.is_untouched() {
            return self.show();
        }
        let bytes = self.take().unwrap_or_default();
        match entries(&bytes) {
            Some(mut entries) if !entries.is_empty() => {
                entries.sort();
                format!("{{{}}}", entries.join(", "))
            }
            _ => show(&bytes),
        }
    }

    fn is_untouched(&self) -> bool {
        self.address.addr() == UNTOUCHED as usize && self.size == UNTOUCHED as usize
    }

    /// The bytes as the log shows them.
    pub(crate) fn show(self) -> String {
        if self.is_untouched() {
            return "-".to_owned();
        }
        if self.address.is_null() {
            return format!("null:{}", self.size);
        }
        show(&self.take().unwrap_or_default())
    }
}

/// The entries of a map in its wire form. The script's own header is too long to show.
fn entries(bytes: &[u8]) -> Option<Vec<String>> {
    let word = |at: usize| {
        let word = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_le_bytes(word) as usize)
    };
    let count = word(0)?;
    let mut at = 4 + 8 * count;
    let mut piece = |length: usize| {
        let piece = bytes.get(at..at + length)?;
        at += length + 1;
        (bytes.get(at - 1) == Some(&0)).then_some(piece)
    };
    let mut entries = Vec::new();
    for index in 0..count {
        let (name, value) = (piece(word(4 + 8 * index)?)?, piece(word(8 + 8 * index)?)?);
        let value = if name == b"x-probe" { b"" } else { value };
        entries.push(format!("{}: {}", name.escape_ascii(), value.escape_ascii()));
    }
    (at == bytes.len()).then_some(entries)
}

/// Bytes, escaped; long ones by their length and their ends.
pub(crate) fn show(bytes: &[u8]) -> String {
    match bytes {
        [first, .., last] if bytes.len() > 4_000 => {
            format!("{} bytes from {first} to {last}", bytes.len())
        }
        _ => format!("\"{}\"", bytes.escape_ascii()),
    }
}

/// A place for a number.
pub(crate) struct NumberOut<T>(T);

impl NumberOut<u32> {
    pub(crate) fn word() -> Self {
        Self(UNTOUCHED as u32)
    }

    pub(crate) fn touched(&self) -> Option<u32> {
        (self.0 != UNTOUCHED as u32).then_some(self.0)
    }
}

impl NumberOut<u64> {
    pub(crate) fn long() -> Self {
        Self(UNTOUCHED)
    }

    pub(crate) fn touched(&self) -> Option<u64> {
        (self.0 != UNTOUCHED).then_some(self.0)
    }
}

impl<T> NumberOut<T> {
    /// Where the host is to write; nowhere if it is not to.
    pub(crate) fn place(&mut self, anywhere: bool) -> *mut T {
        match anywhere {
            true => &raw mut self.0,
            false => nowhere(),
        }
    }
}

/// A number, if the host wrote one.
pub(crate) fn show_number(number: Option<impl std::fmt::Display>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| number.to_string())
}
