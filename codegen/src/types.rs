//! Typed Rust for the messages that the crate builds or reads by name, by prost-build.

use std::collections::{BTreeMap, BTreeSet};

use prost_build::{Config, Module};
use protox::prost_reflect::prost_types::{DescriptorProto, FileDescriptorProto};
use protox::prost_reflect::{DescriptorPool, Kind, MessageDescriptor};

use crate::error::Error;
use crate::output::Tree;

/// Types are written for these messages and for all that they name.
const ROOTS: &[&str] = &[
    "cosmos.authz.v1beta1.GenericAuthorization",
    "cosmos.authz.v1beta1.MsgExec",
    "cosmos.authz.v1beta1.MsgGrant",
    "cosmos.authz.v1beta1.MsgRevoke",
    "cosmos.bank.v1beta1.MsgMultiSend",
    "cosmos.bank.v1beta1.MsgSend",
    "cosmos.bank.v1beta1.SendAuthorization",
    "cosmos.crypto.multisig.LegacyAminoPubKey",
    "cosmos.crypto.multisig.v1beta1.MultiSignature",
    "cosmos.crypto.secp256k1.PubKey",
    "cosmos.distribution.v1beta1.MsgSetWithdrawAddress",
    "cosmos.distribution.v1beta1.MsgWithdrawDelegatorReward",
    "cosmos.feegrant.v1beta1.AllowedMsgAllowance",
    "cosmos.feegrant.v1beta1.BasicAllowance",
    "cosmos.feegrant.v1beta1.MsgGrantAllowance",
    "cosmos.feegrant.v1beta1.MsgRevokeAllowance",
    "cosmos.feegrant.v1beta1.PeriodicAllowance",
    "cosmos.gov.v1.MsgDeposit",
    "cosmos.gov.v1.MsgVote",
    "cosmos.gov.v1beta1.MsgVote",
    "cosmos.staking.v1beta1.MsgBeginRedelegate",
    "cosmos.staking.v1beta1.MsgCancelUnbondingDelegation",
    "cosmos.staking.v1beta1.MsgDelegate",
    "cosmos.staking.v1beta1.MsgUndelegate",
    "cosmos.tx.v1beta1.AuthInfo",
    "cosmos.tx.v1beta1.AuxSignerData",
    "cosmos.tx.v1beta1.SignDoc",
    "cosmos.tx.v1beta1.SignDocDirectAux",
    "cosmos.tx.v1beta1.TxBody",
    "cosmos.tx.v1beta1.TxRaw",
    "cosmwasm.wasm.v1.MsgExecuteContract",
    "ibc.applications.transfer.v1.MsgTransfer",
];

/// Well-known types that cosmrs has.
const EXTERNAL: [(&str, &str); 3] = [
    (".google.protobuf.Any", "::cosmrs::Any"),
    (".google.protobuf.Timestamp", "::cosmrs::proto::Timestamp"),
    (".google.protobuf.Duration", "::cosmrs::proto::tendermint::google::protobuf::Duration"),
];

pub(crate) fn write(pool: &DescriptorPool, tree: &mut Tree) -> Result<(), Error> {
    let wanted = reachable(pool)?;
    let mut config = Config::new();
    config.disable_comments(["."]);
    for (proto, rust) in EXTERNAL {
        config.extern_path(proto, rust);
    }
    let requests = pool
        .file_descriptor_protos()
        .filter_map(|file| narrowed(file, &wanted))
        .map(|file| (Module::from_protobuf_package_name(file.package()), file))
        .collect();
    let code = config.generate(requests).map_err(|error| Error::Protos(Box::new(error)))?;
    let mut nested = Nested::default();
    for (module, text) in code {
        // What is external leaves an empty module behind.
        if text.trim().is_empty() {
            continue;
        }
        nested.insert(&module.parts().collect::<Vec<_>>(), text);
    }
    tree.add("types.rs", "Protobuf messages as Rust types.", &nested.text());
    Ok(())
}

/// Full names of the messages and enums to write.
fn reachable(pool: &DescriptorPool) -> Result<BTreeSet<String>, Error> {
    let missing = |name: &str| Error::Unspoken { message: name.to_owned(), what: "no definition".to_owned() };
    let mut todo: Vec<MessageDescriptor> = ROOTS
        .iter()
        .map(|name| pool.get_message_by_name(name).ok_or_else(|| missing(name)))
        .collect::<Result<_, _>>()?;
    let mut names = BTreeSet::new();
    while let Some(message) = todo.pop() {
        if !names.insert(message.full_name().to_owned()) {
            continue;
        }
        for field in message.fields() {
            match field.kind() {
                Kind::Message(inner) => todo.push(inner),
                Kind::Enum(inner) => {
                    names.insert(inner.full_name().to_owned());
                }
                _ => {}
            }
        }
        // A nested message is written inside its parent's module, which therefore has to be there.
        todo.extend(message.parent_message());
    }
    Ok(names)
}

/// The file with nothing but the wanted messages and enums, absent where none is left.
fn narrowed(file: &FileDescriptorProto, wanted: &BTreeSet<String>) -> Option<FileDescriptorProto> {
    let mut file = file.clone();
    let package = file.package().to_owned();
    let has = |name: &str| wanted.contains(&format!("{package}.{name}"));
    file.message_type.retain(|message| has(message.name()));
    file.message_type.iter_mut().for_each(|message| keep_nested(message, &package, wanted));
    file.enum_type.retain(|kind| has(kind.name()));
    file.service.clear();
    file.extension.clear();
    (!file.message_type.is_empty() || !file.enum_type.is_empty()).then_some(file)
}

fn keep_nested(message: &mut DescriptorProto, scope: &str, wanted: &BTreeSet<String>) {
    let scope = format!("{scope}.{}", message.name());
    message.nested_type.retain(|inner| wanted.contains(&format!("{scope}.{}", inner.name())));
    message.enum_type.retain(|inner| wanted.contains(&format!("{scope}.{}", inner.name())));
    message.nested_type.iter_mut().for_each(|inner| keep_nested(inner, &scope, wanted));
}

/// Modules in modules, as packages are in packages.
#[derive(Default)]
struct Nested {
    code: String,
    inner: BTreeMap<String, Nested>,
}

impl Nested {
    fn insert(&mut self, path: &[&str], code: String) {
        match path {
            [] => self.code.push_str(&code),
            [first, rest @ ..] => self.inner.entry((*first).to_owned()).or_default().insert(rest, code),
        }
    }

    fn text(&self) -> String {
        let inner =
            self.inner.iter().map(|(name, nested)| format!("pub mod {name} {{\n{}}}\n", nested.text()));
        format!("{}{}", self.code, inner.collect::<String>())
    }
}
