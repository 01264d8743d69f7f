//! How `maany admin` reaches the server that has the store open: by the address and the token in its data folder.

use maany_coordinator::http::client::HttpClient;
use maany_coordinator::proto::Token;
use std::path::Path;
use std::sync::Arc;

use crate::data_folder::ServerData;
use crate::error::CliError;
use crate::private_file;

/// Longest address or API key in a file, in bytes.
const LONGEST: usize = 4096;

/// A client of the running server, with the operator's token.
pub(super) fn client(data: &ServerData) -> Result<HttpClient, CliError> {
    over(&data.listening(), &data.admin_token(), data.path())
}

/// The same for whatever server keeps its address and its operator's API key in these files of `folder`.
pub(in crate::commands) fn over(
    listening: &Path,
    token: &Path,
    folder: &Path,
) -> Result<HttpClient, CliError> {
    let not_listening = |_| CliError::NotListening { path: folder.to_owned() };
    let url = private_file::read(listening, LONGEST).map_err(not_listening)?;
    let url = String::from_utf8_lossy(&url).into_owned();
    let token = private_file::read(token, LONGEST)?;
    let token = std::str::from_utf8(&token).ok().and_then(|text| Token::new(text.trim_end()).ok());
    let token = token.ok_or(CliError::BadSecret("API key"))?;
    Ok(HttpClient::new(&url, Arc::new(token))?)
}
