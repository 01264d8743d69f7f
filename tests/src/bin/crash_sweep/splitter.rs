//! Messages in the bytes of one direction of a connection: HTTP requests and answers, and WebSocket frames.

use maany_tests::line::FrameCounter;

/// What a connection carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// HTTP: a message is all that one side says until the other one speaks.
    Http,
    /// The upgrade, which is one message each way, and then frames.
    Session,
}

impl Kind {
    /// What a connection that begins with these bytes carries.
    pub(crate) fn of(first: &[u8]) -> Self {
        // Sessions run at the root path; the HTTP routes have longer ones.
        if first.starts_with(b"GET / ") { Self::Session } else { Self::Http }
    }
}

/// Where the messages of one direction of a session's connection end.
#[derive(Default)]
pub(crate) struct Splitter {
    counter: FrameCounter,
    ended: usize,
    inside: bool,
}

impl Splitter {
    /// How many of these bytes belong to one message, and whether they begin it.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> (bool, usize) {
        let begins = !self.inside;
        match self.counter.pass(bytes, self.ended) {
            Some(end) => {
                self.ended += 1;
                self.inside = false;
                (begins, end)
            }
            None => {
                self.inside = true;
                (begins, bytes.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use maany_tests::line::client_frame;

    use super::*;

    #[test]
    fn every_message_begins_once_however_its_bytes_come() {
        let mut bytes = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n".to_vec();
        let mut begins = vec![0];
        for length in [0, 1, 5_000] {
            begins.push(bytes.len());
            bytes.extend(client_frame(0x82, &vec![7; length]));
        }
        for chunk in [1, 13, bytes.len()] {
            let (mut splitter, mut found, mut before) = (Splitter::default(), Vec::new(), 0);
            for piece in bytes.chunks(chunk) {
                let mut rest = piece;
                while !rest.is_empty() {
                    let (is_first, length) = splitter.next(rest);
                    if is_first {
                        found.push(before);
                    }
                    before += length;
                    rest = &rest[length..];
                }
            }
            assert_eq!(found, begins, "in chunks of {chunk}");
        }
    }
}
