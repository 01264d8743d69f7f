//! Which .proto files are read. A message is added to the tables by adding its file here.

use std::path::PathBuf;

use protox::Compiler;
use protox::prost_reflect::DescriptorPool;

use crate::error::Error;

/// Every message of these files gets a table, and so does every message that one of them names.
pub(crate) const FILES: &[&str] = &[
    "cosmos/auth/v1beta1/auth.proto",
    "cosmos/auth/v1beta1/tx.proto",
    "cosmos/authz/v1beta1/authz.proto",
    "cosmos/authz/v1beta1/tx.proto",
    "cosmos/bank/v1beta1/authz.proto",
    "cosmos/bank/v1beta1/tx.proto",
    "cosmos/circuit/v1/tx.proto",
    "cosmos/consensus/v1/tx.proto",
    "cosmos/crisis/v1beta1/tx.proto",
    "cosmos/crypto/ed25519/keys.proto",
    "cosmos/crypto/multisig/keys.proto",
    "cosmos/crypto/multisig/v1beta1/multisig.proto",
    "cosmos/crypto/secp256k1/keys.proto",
    "cosmos/crypto/secp256r1/keys.proto",
    "cosmos/distribution/v1beta1/distribution.proto",
    "cosmos/distribution/v1beta1/tx.proto",
    "cosmos/evidence/v1beta1/evidence.proto",
    "cosmos/evidence/v1beta1/tx.proto",
    "cosmos/feegrant/v1beta1/feegrant.proto",
    "cosmos/feegrant/v1beta1/tx.proto",
    "cosmos/gov/v1/tx.proto",
    "cosmos/gov/v1beta1/gov.proto",
    "cosmos/gov/v1beta1/tx.proto",
    "cosmos/group/v1/tx.proto",
    "cosmos/group/v1/types.proto",
    "cosmos/mint/v1beta1/tx.proto",
    "cosmos/nft/v1beta1/tx.proto",
    "cosmos/params/v1beta1/params.proto",
    "cosmos/protocolpool/v1/tx.proto",
    "cosmos/slashing/v1beta1/tx.proto",
    "cosmos/staking/v1beta1/authz.proto",
    "cosmos/staking/v1beta1/tx.proto",
    "cosmos/tx/v1beta1/tx.proto",
    "cosmos/upgrade/v1beta1/tx.proto",
    "cosmos/upgrade/v1beta1/upgrade.proto",
    "cosmos/vesting/v1beta1/tx.proto",
    "cosmwasm/wasm/v1/authz.proto",
    "cosmwasm/wasm/v1/proposal_legacy.proto",
    "cosmwasm/wasm/v1/tx.proto",
    "ibc/applications/transfer/v1/authz.proto",
    "ibc/applications/transfer/v1/tx.proto",
];

/// Compiles the files and everything that they import.
pub(crate) fn compile(roots: &[PathBuf]) -> Result<DescriptorPool, Error> {
    let protos = |error: protox::Error| Error::Protos(Box::new(error));
    let mut compiler = Compiler::new(roots).map_err(protos)?;
    compiler.include_imports(true).open_files(FILES).map_err(protos)?;
    Ok(compiler.descriptor_pool())
}
