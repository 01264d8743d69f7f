//! Follows the frame headers (RFC 6455, 5.2) in what is read, to know how long the message being read will be.
//!
//! The codec compares one frame with the limit at that frame's header, but the fragments of a message only once each
//! is complete. The meter adds them up at their headers. It judges nothing else: malformed frames are the codec's.

/// Fragments of one message. An honest peer that splits the largest message into 512-byte pieces stays below.
const MAX_FRAGMENTS: u32 = 1024;

/// Longest header: two bytes, eight of length, four of mask.
const LONGEST: usize = 14;

#[derive(Debug, Default)]
pub(crate) struct Meter {
    header: [u8; LONGEST],
    have: usize,
    payload_left: u64,
    message: u64,
    fragment: u64,
    fragments: u32,
}

impl Meter {
    /// Takes note of bytes in the order in which they came.
    pub(crate) fn pass(&mut self, mut bytes: &[u8]) {
        while let [byte, rest @ ..] = bytes {
            if self.payload_left > 0 {
                let skipped =
                    usize::try_from(self.payload_left).map_or(bytes.len(), |left| left.min(bytes.len()));
                self.payload_left -= skipped as u64;
                bytes = &bytes[skipped..];
                continue;
            }
            self.header[self.have] = *byte;
            self.have += 1;
            bytes = rest;
            if self.have == self.header_length() {
                self.have = 0;
                self.frame();
            }
        }
    }

    /// Whether the message whose header came last is over a limit, by what its headers say so far.
    pub(crate) fn is_over(&self, max_message: usize, max_fragment: usize) -> bool {
        self.message > max_message as u64
            || self.fragment > max_fragment as u64
            || self.fragments > MAX_FRAGMENTS
    }

    /// Length of the header being read, as far as its bytes tell.
    fn header_length(&self) -> usize {
        let Some(second) = self.header[..self.have].get(1) else { return LONGEST };
        let length = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        2 + length + if second & 0x80 == 0 { 0 } else { 4 }
    }

    fn frame(&mut self) {
        let length = match self.header[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes([self.header[2], self.header[3]])),
            127 => {
                let mut length = [0; 8];
                length.copy_from_slice(&self.header[2..10]);
                u64::from_be_bytes(length)
            }
            short => u64::from(short),
        };
        self.payload_left = length;
        let last = self.header[0] & 0x80 != 0;
        match self.header[0] & 0x0f {
            0 => {
                self.fragment = length;
                self.message = self.message.saturating_add(length);
                self.fragments = self.fragments.saturating_add(1);
            }
            1..=7 => {
                self.message = length;
                self.fragment = if last { 0 } else { length };
                self.fragments = 0;
            }
            // Control frames come between fragments and are no part of the message.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: u8, length: u64, masked: bool) -> Vec<u8> {
        let mask = if masked { 0x80 } else { 0 };
        let mut frame = vec![first];
        match length {
            0..=125 => frame.push(mask | length as u8),
            126..=65_535 => {
                frame.push(mask | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            _ => {
                frame.push(mask | 127);
                frame.extend(length.to_be_bytes());
            }
        }
        frame.extend([9; 4].iter().take(if masked { 4 } else { 0 }));
        frame
    }

    fn with_payload(first: u8, length: usize, masked: bool) -> Vec<u8> {
        let mut frame = frame(first, length as u64, masked);
        frame.resize(frame.len() + length, 0x81);
        frame
    }

    #[test]
    fn fragments_are_added_up_at_their_headers_however_the_bytes_are_cut() {
        for masked in [true, false] {
            for length in [0, 1, 125, 126, 300, 70_000] {
                let mut bytes = with_payload(0x02, 5, masked);
                bytes.extend(with_payload(0x89, 20, masked));
                bytes.extend(with_payload(0x00, length, masked));
                bytes.extend(frame(0x80, 10, masked));
                for cut in [1, 7, bytes.len()] {
                    let mut meter = Meter::default();
                    bytes.chunks(cut).for_each(|piece| meter.pass(piece));
                    assert!(!meter.is_over(length + 15, length.max(10)), "{masked} {length} {cut}");
                    assert!(meter.is_over(length + 14, length.max(10)), "{masked} {length} {cut}");
                }
            }
        }
    }

    #[test]
    fn a_new_message_starts_at_nothing() {
        let mut meter = Meter::default();
        meter.pass(&with_payload(0x82, 1000, true));
        meter.pass(&with_payload(0x81, 3, true));
        assert!(!meter.is_over(3, 0));
    }

    #[test]
    fn lengths_beyond_all_numbers_do_not_wrap() {
        let mut meter = Meter::default();
        meter.pass(&frame(0x01, 7, true));
        meter.pass(&[0; 7]);
        meter.pass(&frame(0x80, u64::MAX, true));
        meter.pass(&[0; 100]);
        assert!(meter.is_over(usize::MAX - 1, usize::MAX));
    }

    #[test]
    fn only_a_message_in_pieces_has_fragments() {
        let mut meter = Meter::default();
        meter.pass(&with_payload(0x81, 1000, true));
        assert!(!meter.is_over(1000, 10));
        meter.pass(&with_payload(0x01, 11, true));
        assert!(meter.is_over(1000, 10));
        meter.pass(&with_payload(0x01, 10, true));
        assert!(!meter.is_over(1000, 10));
        meter.pass(&frame(0x80, 11, true));
        assert!(meter.is_over(1000, 10));
    }

    #[test]
    fn fragments_without_end_are_over() {
        let mut meter = Meter::default();
        meter.pass(&with_payload(0x01, 0, true));
        for _ in 0..MAX_FRAGMENTS {
            meter.pass(&frame(0x00, 0, true));
        }
        assert!(!meter.is_over(0, 0));
        meter.pass(&frame(0x00, 0, true));
        assert!(meter.is_over(usize::MAX, usize::MAX));
    }
}
