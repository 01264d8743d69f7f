//! Counts WebSocket frames (RFC 6455, 5.2) behind the HTTP header of the upgrade, in bytes as they pass.

/// What ends an HTTP header.
const END_OF_HEADER: &[u8] = b"\r\n\r\n";
/// Two bytes, eight of length, four of mask.
const LONGEST_HEADER: usize = 14;

/// A frame as a client sends it (masked with zeros); `first` is its first byte, the final bit and the opcode.
#[must_use]
pub fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | 127];
    frame.extend((payload.len() as u64).to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// One direction of one connection.
#[derive(Default)]
pub struct FrameCounter {
    /// Bytes of [`END_OF_HEADER`] that came last.
    matched: usize,
    upgraded: bool,
    header: Vec<u8>,
    payload_left: u64,
    frames: usize,
}

impl FrameCounter {
    /// Takes note of bytes; gives the place behind the last byte of the `limit`th frame, where it is among them.
    pub fn pass(&mut self, bytes: &[u8], limit: usize) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if !self.upgraded {
                at += 1;
                self.handshake(*byte);
            } else if self.payload_left > 0 {
                let rest = (bytes.len() - at) as u64;
                let skipped = self.payload_left.min(rest);
                self.payload_left -= skipped;
                at += usize::try_from(skipped).unwrap_or(usize::MAX);
                self.frames += usize::from(self.payload_left == 0);
            } else {
                at += 1;
                self.head(*byte);
            }
            let between = self.upgraded && self.payload_left == 0 && self.header.is_empty();
            if between && self.frames == limit {
                return Some(at);
            }
        }
        None
    }

    fn handshake(&mut self, byte: u8) {
        self.matched = match END_OF_HEADER.get(self.matched) {
            Some(expected) if *expected == byte => self.matched + 1,
            _ => usize::from(byte == b'\r'),
        };
        self.upgraded = self.matched == END_OF_HEADER.len();
    }

    fn head(&mut self, byte: u8) {
        self.header.push(byte);
        let Some(second) = self.header.get(1) else { return };
        let extended = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        if self.header.len() < 2 + extended + mask || self.header.len() > LONGEST_HEADER {
            return;
        }
        self.payload_left = match extended {
            0 => u64::from(second & 0x7f),
            _ => self.header[2..2 + extended].iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
        };
        self.header.clear();
        self.frames += usize::from(self.payload_left == 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> (Vec<u8>, Vec<usize>) {
        let mut bytes = b"HTTP/1.1 101\r\nUpgrade: websocket\r\n\r\n".to_vec();
        let mut ends = vec![bytes.len()];
        for length in [0_usize, 5, 126, 70_000, 3] {
            for mask in [0, 0x80] {
                bytes.push(0x82);
                match length {
                    0..=125 => bytes.push(mask | u8::try_from(length).unwrap()),
                    126..=65_535 => {
                        bytes.push(mask | 126);
                        bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
                    }
                    _ => {
                        bytes.push(mask | 127);
                        bytes.extend((length as u64).to_be_bytes());
                    }
                }
                bytes.resize(bytes.len() + length + if mask == 0 { 0 } else { 4 }, 0x0d);
                ends.push(bytes.len());
            }
        }
        (bytes, ends)
    }

    #[test]
    fn the_end_of_every_frame_is_found_however_the_bytes_are_cut() {
        let (bytes, ends) = stream();
        for chunk in [1, 7, 4096, bytes.len()] {
            for (limit, end) in ends.iter().enumerate() {
                let mut counter = FrameCounter::default();
                let mut before = 0;
                let found = bytes.chunks(chunk).find_map(|piece| {
                    let found = counter.pass(piece, limit).map(|place| before + place);
                    before += piece.len();
                    found
                });
                assert_eq!(found, Some(*end), "frame {limit} in chunks of {chunk}");
            }
        }
    }
}
