//! Where fragments come from: files, the server, a third party.

use age::secrecy::ExposeSecret;
use maany_coordinator::Device;
use maany_coordinator::engine::backup::FragmentDocument;
use maany_coordinator::proto::{StepUp, Token, WalletId};
use std::path::Path;

use crate::cli::wallet::ThirdParty;
use crate::error::CliError;
use crate::paper;
use crate::passphrase::{RELEASE, THIRD_PARTY_KEY};
use crate::private_file;

/// Largest fragment file, in bytes; one of ours has 500.
const LONGEST: usize = 64 * 1024;

/// A third party's fragment host, and what opens it.
pub(super) struct Host {
    pub(super) url: String,
    pub(super) key: Token,
}

/// A fragment host that is asked for a fragment.
pub(super) struct Released {
    host: Host,
    code: StepUp,
}

impl Host {
    /// The fragment host that was named, with its API key.
    pub(super) fn named(args: &ThirdParty) -> Result<Option<Self>, CliError> {
        let Some(url) = &args.url else { return Ok(None) };
        let key = THIRD_PARTY_KEY.get(args.third_party_key_file.as_deref())?;
        let key = Token::new(key.expose_secret()).map_err(|_| CliError::BadSecret(THIRD_PARTY_KEY.what))?;
        Ok(Some(Self { url: url.clone(), key }))
    }
}

impl Released {
    /// The fragment host that was named, with its API key and the code of its operator.
    pub(super) fn named(args: &ThirdParty) -> Result<Option<Self>, CliError> {
        let Some(host) = Host::named(args)? else { return Ok(None) };
        let code = RELEASE.get(None)?;
        let code = StepUp::new(code.expose_secret()).map_err(|_| CliError::BadSecret(RELEASE.what))?;
        Ok(Some(Self { host, code }))
    }

    /// Has the wallet's fragment released.
    pub(super) async fn fetch(
        self,
        device: &Device,
        wallet: &WalletId,
    ) -> Result<FragmentDocument, CliError> {
        let Self { host: Host { url, key }, code } = self;
        let fetched = device.fetch_held_fragment(wallet, &url, key, &code).await;
        fetched.map_err(CliError::device("fetching the third party's fragment"))
    }
}

/// Fetches the server's fragment.
pub(super) async fn servers(device: &Device, wallet: &WalletId) -> Result<FragmentDocument, CliError> {
    let fetched = device.fetch_fragment(wallet).await;
    fetched.map_err(CliError::device("fetching the server's fragment"))
}

/// Reads a fragment file: the document's bytes, or the text of its QR code.
pub(super) fn read(file: &Path) -> Result<FragmentDocument, CliError> {
    // A fragment travels: on a stick, by mail. Alone it opens nothing.
    let bytes = private_file::read_shared(file, LONGEST)?;
    let typed = if bytes.get(1..4) == Some(b"MYF") { None } else { paper::read(&bytes) };
    FragmentDocument::from_bytes(typed.as_ref().unwrap_or(&bytes))
        .map_err(|source| CliError::NotAFragment { path: file.to_owned(), source })
}

/// The wallet that a document is of.
pub(super) fn wallet_of(document: &FragmentDocument) -> Option<WalletId> {
    document.context().wallet.as_slice().try_into().ok().map(WalletId::from_bytes)
}
