//! Seeds as people write them.

use interregnum_sim::campaign::Seeds;

/// A decimal number, `0x` and up to 16 hex digits, or a commit hash: exactly 40 hex digits, of which
/// the first 16 count.
pub(crate) fn parse_seed(text: &str) -> Result<u64, &'static str> {
    const EXPECTED: &str =
        "a seed is a decimal number, 0x and up to 16 hex digits, or a commit hash of 40 hex digits";
    let hex = |digits: &str| {
        let good = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        good.then(|| u64::from_str_radix(digits, 16).ok()).flatten().ok_or(EXPECTED)
    };
    if text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return hex(&text[..16]);
    }
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return if digits.len() <= 16 { hex(digits) } else { Err(EXPECTED) };
    }
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(EXPECTED);
    }
    text.parse().map_err(|_| "a seed is less than 2^64")
}

/// `A..B`, without B.
pub(crate) fn parse_range(text: &str) -> Result<Seeds, &'static str> {
    let (first, end) =
        text.split_once("..").ok_or("a range of seeds is A..B, without B; one seed is --seed N")?;
    let (first, end) = (parse_seed(first)?, parse_seed(end)?);
    let count = end.checked_sub(first).ok_or("the range ends before it begins")?;
    Ok(Seeds { first, count })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_have_three_forms() {
        assert_eq!(parse_seed("42"), Ok(42));
        assert_eq!(parse_seed("0x2A"), Ok(42));
        assert_eq!(parse_seed("18446744073709551615"), Ok(u64::MAX));
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(parse_seed(commit), Ok(0x0123_4567_89ab_cdef));
        let digits = "1".repeat(40);
        assert_eq!(parse_seed(&digits), Ok(0x1111_1111_1111_1111));
        for wrong in [
            "",
            "0x",
            "0x00000000000000001",
            "+1",
            "-1",
            "1_000",
            "abc",
            "1.5",
            " 1",
            "0x+1",
            "18446744073709551616",
            &commit[1..],
            "0x-0000000000000000000000000000000000000",
        ] {
            assert!(parse_seed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ranges_are_half_open() {
        assert_eq!(parse_range("0..0x10"), Ok(Seeds { first: 0, count: 16 }));
        assert_eq!(parse_range("5..5"), Ok(Seeds { first: 5, count: 0 }));
        for wrong in ["5", "5..4", "..", "1..", "..1", "1..=2", "1...2", "1..2..3"] {
            assert!(parse_range(wrong).is_err(), "{wrong}");
        }
    }
}
