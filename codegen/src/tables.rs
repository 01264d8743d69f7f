//! The tables: one static per message, one file per package, and an index sorted by full name.

mod amino;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};
use protox::prost_reflect::{
    Cardinality, DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor,
};

use crate::error::Error;
use crate::output::Tree;
use crate::protos::FILES;
use amino::Options;

pub(crate) fn write(pool: &DescriptorPool, tree: &mut Tree) -> Result<(), Error> {
    let options = Options::of(pool)?;
    let (messages, enums) = reachable(pool);
    let mut packages: BTreeMap<String, String> = BTreeMap::new();
    for message in messages.values() {
        let text = table(message, &options)?;
        packages.entry(module(message.package_name())).or_default().push_str(&text);
    }
    for kind in enums.values() {
        packages.entry(module(kind.package_name())).or_default().push_str(&enum_table(kind));
    }
    let mut index = String::new();
    for (name, body) in &packages {
        let _ = writeln!(index, "pub(crate) mod {name};");
        let body = format!("use crate::schema::*;\n\n{body}");
        let package = name.replace('_', ".");
        tree.add(&format!("tables/{name}.rs"), &format!("Tables of the messages of `{package}`."), &body);
    }
    index.push_str("use crate::schema::MessageSchema;\n\n/// Every message, sorted by full name.\n");
    index.push_str("pub(crate) static MESSAGES: &[&MessageSchema] = &[\n");
    for message in messages.values() {
        let _ = writeln!(index, "&{},", place(message.package_name(), message.full_name()));
    }
    index.push_str("];\n");
    tree.add("tables.rs", "The tables of all messages.", &index);
    Ok(())
}

/// The messages of the listed files, except the answers of services, and all that they name; sorted by full name.
fn reachable(
    pool: &DescriptorPool,
) -> (BTreeMap<String, MessageDescriptor>, BTreeMap<String, EnumDescriptor>) {
    let listed: BTreeSet<&str> = FILES.iter().copied().collect();
    let mut todo: Vec<MessageDescriptor> = pool
        .all_messages()
        .filter(|message| listed.contains(message.parent_file().name()))
        .filter(|message| !message.name().ends_with("Response") && !message.is_map_entry())
        .collect();
    let (mut messages, mut enums) = (BTreeMap::new(), BTreeMap::new());
    while let Some(message) = todo.pop() {
        if messages.insert(message.full_name().to_owned(), message.clone()).is_some() {
            continue;
        }
        for field in message.fields() {
            match field.kind() {
                Kind::Message(inner) => todo.push(inner),
                Kind::Enum(inner) => {
                    enums.insert(inner.full_name().to_owned(), inner);
                }
                _ => {}
            }
        }
    }
    (messages, enums)
}

fn module(package: &str) -> String {
    package.replace('.', "_").to_snake_case()
}

/// The path of a static, seen from `tables`.
fn place(package: &str, full_name: &str) -> String {
    format!("{}::{}", module(package), constant(package, full_name))
}

fn constant(package: &str, full_name: &str) -> String {
    let short = full_name.strip_prefix(package).unwrap_or(full_name);
    short.replace('.', "_").to_shouty_snake_case()
}

fn table(message: &MessageDescriptor, options: &Options) -> Result<String, Error> {
    let (package, name) = (message.package_name(), message.full_name());
    let mut text = format!(
        "pub(crate) static {}: MessageSchema = MessageSchema {{\nname: {name:?},\n",
        constant(package, name)
    );
    let _ = writeln!(text, "amino_name: {:?},", options.amino_name(message));
    let _ = writeln!(text, "amino_encoding: {},", options.message_encoding(message)?);
    let _ = writeln!(text, "signers: &{:?},", options.signers(message));
    text.push_str("fields: &[\n");
    let mut fields: Vec<FieldDescriptor> = message.fields().collect();
    fields.sort_by_key(FieldDescriptor::number);
    for field in fields {
        let _ = writeln!(text, "{},", entry(message, &field, options)?);
    }
    text.push_str("],\n};\n\n");
    Ok(text)
}

fn entry(message: &MessageDescriptor, field: &FieldDescriptor, options: &Options) -> Result<String, Error> {
    let mut text = format!("FieldSchema::new({}, {:?}, {})", field.number(), field.name(), kind(field));
    let unspoken =
        |what: &str| Error::Unspoken { message: message.full_name().to_owned(), what: what.into() };
    if field.is_group() || field.cardinality() == Cardinality::Required {
        return Err(unspoken("a group or a required field"));
    }
    if field.is_map() {
        text.push_str(".map()");
    } else if field.is_list() {
        text.push_str(".repeated()");
        // `FieldDescriptor::is_packed` takes any option for one that says "not packed".
        let said = field.field_descriptor_proto().options.as_ref().and_then(|options| options.packed);
        if said == Some(false) {
            return Err(unspoken("a list of numbers that is not packed"));
        }
    } else if let Some(oneof) = field.containing_oneof() {
        // An `optional` of proto3 is a oneof of its own in descriptors.
        if oneof.fields().len() == 1 && oneof.name().starts_with('_') {
            text.push_str(".optional()");
        } else {
            let _ = write!(text, ".one_of({:?})", oneof.name());
        }
    }
    text.push_str(&options.of_field(message, field)?);
    Ok(text)
}

fn kind(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(inner) => {
            format!("Kind::Message(&super::{})", place(inner.package_name(), inner.full_name()))
        }
        Kind::Enum(inner) => {
            format!("Kind::Enum(&super::{})", place(inner.package_name(), inner.full_name()))
        }
        // A descriptor shows a scalar by its protobuf name, `string`.
        scalar => format!("Kind::{}", format!("{scalar:?}").to_upper_camel_case()),
    }
}

fn enum_table(kind: &EnumDescriptor) -> String {
    let (package, name) = (kind.package_name(), kind.full_name());
    let mut text = format!(
        "pub(crate) static {}: EnumSchema = EnumSchema {{\nname: {name:?},\nvalues: &[\n",
        constant(package, name)
    );
    for value in kind.values() {
        let _ = writeln!(text, "({}, {:?}),", value.number(), value.name());
    }
    text.push_str("],\n};\n\n");
    text
}
