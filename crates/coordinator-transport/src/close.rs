//! What a close frame can carry (RFC 6455, 5.5.1 and 7.4).

/// Longest reason: a control frame's 125 bytes less the two of the code.
pub(crate) const MAX_REASON: usize = 123;

/// The reason, cut at a character's edge to what a close frame can carry.
pub(crate) fn clip(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(MAX_REASON)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_reasons_are_kept_and_long_ones_cut_between_characters() {
        assert_eq!(clip("finished"), "finished");
        assert_eq!(clip(&"a".repeat(200)).len(), 123);
        assert_eq!(clip(&"é".repeat(100)).len(), 122);
    }
}
