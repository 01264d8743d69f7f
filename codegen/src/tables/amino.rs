//! The options of the Cosmos SDK on messages and fields, as source text of the tables.

use std::fmt::Write;

use protox::prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, MessageDescriptor, Value,
};

use crate::error::Error;

/// The extensions in which the options are written.
pub(super) struct Options {
    name: ExtensionDescriptor,
    message_encoding: ExtensionDescriptor,
    signer: ExtensionDescriptor,
    encoding: ExtensionDescriptor,
    field_name: ExtensionDescriptor,
    dont_omitempty: ExtensionDescriptor,
    oneof_name: ExtensionDescriptor,
    scalar: ExtensionDescriptor,
    nullable: ExtensionDescriptor,
    custom_type: ExtensionDescriptor,
}

impl Options {
    pub(super) fn of(pool: &DescriptorPool) -> Result<Self, Error> {
        let find = |name: &str| {
            pool.all_extensions()
                .find(|extension| extension.full_name() == name)
                .ok_or_else(|| Error::Unspoken { message: name.to_owned(), what: "no definition".to_owned() })
        };
        Ok(Self {
            name: find("amino.name")?,
            message_encoding: find("amino.message_encoding")?,
            signer: find("cosmos.msg.v1.signer")?,
            encoding: find("amino.encoding")?,
            field_name: find("amino.field_name")?,
            dont_omitempty: find("amino.dont_omitempty")?,
            oneof_name: find("amino.oneof_name")?,
            scalar: find("cosmos_proto.scalar")?,
            nullable: find("gogoproto.nullable")?,
            custom_type: find("gogoproto.customtype")?,
        })
    }

    pub(super) fn amino_name(&self, message: &MessageDescriptor) -> Option<String> {
        text(&message.options(), &self.name)
    }

    pub(super) fn signers(&self, message: &MessageDescriptor) -> Vec<String> {
        let options = message.options();
        let value = options.get_extension(&self.signer);
        let names = value.as_list().unwrap_or_default();
        names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    pub(super) fn message_encoding(&self, message: &MessageDescriptor) -> Result<&'static str, Error> {
        match text(&message.options(), &self.message_encoding).as_deref() {
            None => Ok("None"),
            Some("key_field") => Ok("Some(MessageEncoding::KeyField)"),
            Some("module_account") => Ok("Some(MessageEncoding::ModuleAccount)"),
            Some("threshold_string") => Ok("Some(MessageEncoding::ThresholdString)"),
            Some(other) => Err(unspoken(message, "the amino message encoding", other)),
        }
    }

    pub(super) fn of_field(
        &self,
        message: &MessageDescriptor,
        field: &FieldDescriptor,
    ) -> Result<String, Error> {
        let options = field.options();
        let mut call = String::new();
        match text(&options, &self.encoding).as_deref() {
            None => {}
            Some("legacy_coins") => call.push_str(".encoded(FieldEncoding::LegacyCoins)"),
            Some("inline_json") => call.push_str(".encoded(FieldEncoding::InlineJson)"),
            Some(other) => return Err(unspoken(message, "the amino encoding", other)),
        }
        match text(&options, &self.scalar).as_deref() {
            None => {}
            Some("cosmos.Int") => call.push_str(".scalar(Scalar::Int)"),
            Some("cosmos.Dec")
                if text(&options, &self.custom_type).as_deref() == Some("cosmossdk.io/math.LegacyDec") =>
            {
                call.push_str(".scalar(Scalar::Dec)");
            }
            // Without the type, as in gov v1, the text on the wire has its point already.
            Some("cosmos.Dec") => {}
            Some("cosmos.AddressString") => call.push_str(".scalar(Scalar::Address)"),
            Some("cosmos.ValidatorAddressString") => call.push_str(".scalar(Scalar::ValidatorAddress)"),
            Some("cosmos.ConsensusAddressString") => call.push_str(".scalar(Scalar::ConsensusAddress)"),
            Some(other) => return Err(unspoken(message, "the scalar", other)),
        }
        if let Some(name) = text(&options, &self.field_name) {
            let _ = write!(call, ".amino_key({name:?})");
        }
        if let Some(name) = text(&options, &self.oneof_name) {
            let _ = write!(call, ".amino_oneof({name:?})");
        }
        if options.get_extension(&self.dont_omitempty).as_bool() == Some(true) {
            call.push_str(".keep_empty()");
        }
        if options.has_extension(&self.nullable)
            && options.get_extension(&self.nullable).as_bool() == Some(false)
        {
            call.push_str(".not_nullable()");
        }
        Ok(call)
    }
}

fn text(options: &DynamicMessage, extension: &ExtensionDescriptor) -> Option<String> {
    let value = options.get_extension(extension);
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn unspoken(message: &MessageDescriptor, what: &str, value: &str) -> Error {
    Error::Unspoken { message: message.full_name().to_owned(), what: format!("{what} {value}") }
}
