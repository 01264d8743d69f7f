//! The text of a transaction for a person who decides: one fact a line, everything that a stranger wrote made visible.

use std::fmt;

use super::{DecodedMsg, DecodedTx, Fee, Opaque, Signer, SignerKey, SignerMode};
use crate::Coin;
use crate::tree::Shown;
use crate::visible::Visible;

impl fmt::Display for DecodedTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "chain      {}", Visible(&self.chain_id))?;
        writeln!(f, "account    {}, signed as {}", self.account_number, self.mode)?;
        write!(f, "{}", Rest(self))
    }
}

/// All but the chain and the account, which the bytes of a transaction do not name.
pub(crate) struct Rest<'a>(pub(crate) &'a DecodedTx);

impl fmt::Display for Rest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(tx) = self;
        for signer in &tx.signers {
            writeln!(f, "signer     {signer}")?;
        }
        for (index, message) in tx.messages.iter().enumerate() {
            writeln!(f, "message {:<2} {message}", index + 1)?;
        }
        write!(f, "fee        {}", tx.fee)?;
        if !tx.memo.is_empty() {
            write!(f, "\nmemo       \"{}\"", Visible(&tx.memo))?;
        }
        if let Some(height) = tx.timeout_height {
            write!(f, "\nvalid      until height {height}")?;
        }
        if let Some(time) = &tx.timeout_timestamp {
            write!(f, "\nvalid      until {}", Visible(time))?;
        }
        if tx.unordered {
            write!(f, "\nUNORDERED  no sequence is checked: only the time bounds a replay")?;
        }
        for option in &tx.extension_options {
            write!(f, "\nextension  NOT DECODED {option}")?;
        }
        for option in &tx.non_critical_extension_options {
            write!(f, "\nextension  NOT DECODED {option}, which a chain may ignore")?;
        }
        Ok(())
    }
}

impl fmt::Display for DecodedMsg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(send) => {
                write!(f, "send {} from {} to {}", Coins(&send.amounts), send.from, send.to)
            }
            Self::Decoded(message) => {
                write!(f, "{}{}", message.type_url(), Shown { message, depth: 0 })
            }
            Self::Unknown { type_url, value } => {
                write!(f, "NOT DECODED {} ({} bytes)", Visible(type_url), value.len())
            }
        }
    }
}

impl fmt::Display for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", Visible(&self.type_url), self.value.len())
    }
}

impl fmt::Display for Fee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, gas limit {}", Coins(&self.amounts), self.gas)?;
        if let Some(payer) = &self.payer {
            write!(f, ", paid by {payer}")?;
        }
        if let Some(granter) = &self.granter {
            write!(f, ", granted by {granter}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            SignerKey::Secp256k1(key) => write!(f, "{}", Hex(key))?,
            SignerKey::Other(key) => write!(f, "key NOT DECODED {key}")?,
            SignerKey::Absent => f.write_str("key not named")?,
        }
        write!(f, ", sequence {}, mode {}", self.sequence, self.mode)
    }
}

impl fmt::Display for SignerMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str("direct"),
            Self::AminoJson => f.write_str("amino-json"),
            Self::Other(number) => write!(f, "number {number}"),
            Self::Multi => f.write_str("multisig"),
        }
    }
}

struct Coins<'a>(&'a [Coin]);

impl fmt::Display for Coins<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing");
        }
        for (index, coin) in self.0.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{coin}")?;
        }
        Ok(())
    }
}

/// Lower-case hexadecimal.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
