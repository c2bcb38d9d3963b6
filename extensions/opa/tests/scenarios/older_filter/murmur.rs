//! The hash of the older filter's cache: 32-bit MurmurHash2, as libc++ has it for wasm32, without a
//! key. It can be run backwards, so that an input for any hash is found at once.

const M: u32 = 0x5bd1_e995;
/// `M` times this is 1, modulo 2³².
const INVERSE: u32 = 0xe59b_19bd;

fn mix(block: u32) -> u32 {
    let block = block.wrapping_mul(M);
    (block ^ (block >> 24)).wrapping_mul(M)
}

fn unmix(mixed: u32) -> u32 {
    let block = mixed.wrapping_mul(INVERSE);
    // The upper byte was not changed by itself.
    (block ^ (block >> 24)).wrapping_mul(INVERSE)
}

/// The state after whole blocks of `text`, for an input of `length` bytes.
fn after_blocks(text: &[u8], length: usize) -> u32 {
    text.chunks_exact(4).fold(length as u32, |hash, block| {
        let block = u32::from_le_bytes(block.try_into().unwrap());
        hash.wrapping_mul(M) ^ mix(block)
    })
}

/// `std::hash<std::string>` of the older filter.
pub(crate) fn hash(text: &[u8]) -> u32 {
    let mut hash = after_blocks(text, text.len());
    let rest = text.chunks_exact(4).remainder();
    if !rest.is_empty() {
        for (index, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * index);
        }
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// The state before the end, of an input without a rest.
fn before_the_end(hash: u32) -> u32 {
    let hash = (hash ^ (hash >> 15) ^ (hash >> 30)).wrapping_mul(INVERSE);
    hash ^ (hash >> 13) ^ (hash >> 26)
}

/// A path below `prefix` (whole blocks) with this hash, of letters that any path may have.
pub(crate) fn colliding_path(prefix: &[u8], wanted: u64) -> Option<String> {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    let wanted = before_the_end(u32::try_from(wanted).ok()?);
    (0..LETTERS.len().pow(3)).find_map(|number| {
        let letter = |place: u32| LETTERS[number / LETTERS.len().pow(place) % LETTERS.len()];
        let mut path = [prefix, &[b'-', letter(0), letter(1), letter(2)]].concat();
        let before = after_blocks(&path, path.len() + 4).wrapping_mul(M);
        let last = unmix(wanted ^ before).to_le_bytes();
        path.extend(last);
        let fits = last.iter().all(|byte| LETTERS.contains(byte));
        fits.then(|| String::from_utf8(path).unwrap())
    })
}
