//! Where a record stands, as it is authenticated with the record: a record that was moved does not open.

use crate::id::ShareId;
use crate::record::WalletRecord;
use crate::record::codec::Writer;
use crate::seal::{FORMAT, SUITE};
use crate::table::Table;
use crate::vault::Role;

/// The place of one record.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The table.
    pub(crate) table: Table,
    /// The row's key.
    pub(crate) key: &'a [u8],
    /// Whose side; `None` for the canary, which tells the side.
    pub(crate) role: Option<Role>,
    /// For a share, what it belongs to.
    pub(crate) share: Option<SharePlace<'a>>,
}

/// What a share belongs to.
#[derive(Clone, Copy)]
pub(crate) struct SharePlace<'a> {
    pub(crate) wallet: &'a WalletRecord,
    pub(crate) id: ShareId,
}

impl Place<'_> {
    /// The associated data: every field length-prefixed, so that no two places give the same bytes.
    pub(crate) fn context(&self) -> Vec<u8> {
        let w = Writer::new(FORMAT, 512)
            .text("maany sealed record")
            .u8(SUITE)
            .u8(self.table.number())
            .bytes(self.key)
            .u8(self.role.map_or(0, Role::number));
        let w = w.option(self.share, |w, SharePlace { wallet, id }| {
            w.text(&wallet.owner.tenant)
                .text(&wallet.owner.owner)
                .bytes(wallet.wallet.as_bytes())
                .option(wallet.key_id.as_deref(), Writer::text)
                .u8(wallet.role.number())
                .u64(id.epoch())
                .bytes(id.as_bytes())
                .u8(wallet.engine)
                .bytes(&wallet.public_key)
        });
        w.finish().to_vec()
    }
}
