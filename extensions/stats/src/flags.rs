//! Envoy's response flags, as access logs write them.

/// The short names by bit (Envoy 1.40, `CoreResponseFlag`).
const NAMES: [&str; 30] = [
    "LH", "UH", "UT", "LR", "UR", "UF", "UC", "UO", "NR", "DI", "FI", "RL", "UAEX", "RLSE", "DC",
    "URX", "SI", "IH", "DPE", "UMSDR", "RFCF", "NFCF", "DT", "UPE", "NC", "OM", "DF", "DO", "DR",
    "UDO",
];

/// The names of the flags in `mask`, with a comma between two; `-` where there is none.
///
/// They come in the order of their bits: an access log has them in the order in which they were
/// set, which the mask does not tell. Bits that have no name yet are written as one number.
pub fn describe(mask: u64) -> String {
    let named = NAMES.iter().enumerate();
    let mut rest = mask;
    let mut names = Vec::new();
    for (bit, name) in named {
        let flag = 1_u64.checked_shl(u32::try_from(bit).unwrap_or(u32::MAX));
        if let Some(flag) = flag
            && mask & flag != 0
        {
            names.push((*name).to_owned());
            rest &= !flag;
        }
    }
    if rest != 0 {
        names.push(rest.to_string());
    }
    match names.is_empty() {
        true => "-".to_owned(),
        false => names.join(","),
    }
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn masks_are_envoys() {
        for (mask, text) in [
            (0, "-"),
            (0x100_0000, "NC"),
            (2, "UH"),
            (4, "UT"),
            (0x100, "NR"),
            (0x400, "FI"),
            (0x4000, "DC"),
            (0x1000_0000, "DR"),
            (0x8020, "UF,URX"),
            (1 << 29, "UDO"),
            (1 << 30, "1073741824"),
            ((1 << 40) | 1, "LH,1099511627776"),
        ] {
            assert_eq!(describe(mask), text, "{mask:x}");
        }
    }
}
