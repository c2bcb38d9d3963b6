//! What a JSON schema says about types and fields, for the kinds of schemas that `schemars` makes of our
//! types. A keyword that is not known here is an error: the reference would keep something back.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::words;

/// Everything that may stand in a schema.
const KEYWORDS: [&str; 17] = [
    "$defs",
    "$ref",
    "$schema",
    "additionalProperties",
    "anyOf",
    "const",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "maximum",
    "minimum",
    "oneOf",
    "properties",
    "required",
    "title",
];

/// A whole schema: of a configuration.
pub(super) struct Schema<'a> {
    /// The outermost object.
    pub(super) root: &'a Value,
}

impl<'a> Schema<'a> {
    /// Fails where a keyword is not known.
    pub(super) fn new(root: &'a Value) -> Result<Self> {
        check_keywords(root)?;
        Ok(Self { root })
    }

    /// The definition of this name.
    pub(super) fn definition(&self, name: &str) -> Result<&'a Value> {
        let definitions = self.root.get("$defs").and_then(|all| all.get(name));
        definitions.with_context(|| format!("there is no definition {name}"))
    }

    /// A type in words, with links to the definitions that have a section.
    pub(super) fn kind(&self, schema: &Value) -> Result<String> {
        if let Some(name) = reference(schema) {
            let definition = self.definition(name)?;
            return if has_section(definition) {
                Ok(words::link(name))
            } else {
                self.kind(definition)
            };
        }
        if let Some(variants) = variants(schema) {
            let kinds: Result<Vec<_>> = variants
                .filter(|v| !is_null(v))
                .map(|v| self.kind(v))
                .collect();
            return Ok(kinds?.join(", or "));
        }
        if let Some(constant) = schema.get("const") {
            return Ok(words::code(constant));
        }
        Ok(match type_name(schema)? {
            "array" => match schema.get("items") {
                Some(items) => format!("list of {}", self.kind(items)?),
                None => "list".to_owned(),
            },
            "object" => match schema.get("additionalProperties") {
                Some(of @ Value::Object(_)) => format!("object: {} by name", self.kind(of)?),
                _ => "object".to_owned(),
            },
            "string" => "text".to_owned(),
            "boolean" => "bool".to_owned(),
            "integer" => format!("whole number{}", bounds(schema)),
            "number" => format!("number{}", bounds(schema)),
            other => bail!("the type {other} is not known"),
        })
    }

    /// The definitions that have a section, in the order in which a reader comes across them, each with
    /// the places where it is used, such as `rules[].requires`.
    pub(super) fn sections(&self) -> Result<Vec<(&'a str, Vec<String>)>> {
        let mut found = Found::default();
        self.walk(self.root, "", &mut Vec::new(), &mut found)?;
        let places = |name| found.places.get(name).cloned().unwrap_or_default();
        Ok(found
            .order
            .iter()
            .map(|name| (*name, places(name)))
            .collect())
    }

    fn walk(
        &self,
        schema: &'a Value,
        place: &str,
        inside: &mut Vec<&'a str>,
        found: &mut Found<'a>,
    ) -> Result<()> {
        if let Some(name) = reference(schema) {
            let definition = self.definition(name)?;
            if has_section(definition) {
                found.add(name, place);
            }
            // A type may contain itself.
            if !inside.contains(&name) {
                inside.push(name);
                self.walk(definition, place, inside, found)?;
                inside.pop();
            }
        }
        for variant in variants(schema).into_iter().flatten() {
            self.walk(variant, place, inside, found)?;
        }
        for (field, schema) in fields(schema) {
            let dot = if place.is_empty() { "" } else { "." };
            self.walk(schema, &format!("{place}{dot}{field}"), inside, found)?;
        }
        if let Some(items) = schema.get("items") {
            self.walk(items, &format!("{place}[]"), inside, found)?;
        }
        if let Some(of @ Value::Object(_)) = schema.get("additionalProperties") {
            self.walk(of, &format!("{place}.<name>"), inside, found)?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Found<'a> {
    order: Vec<&'a str>,
    places: BTreeMap<&'a str, Vec<String>>,
}

impl<'a> Found<'a> {
    fn add(&mut self, name: &'a str, place: &str) {
        if !self.order.contains(&name) {
            self.order.push(name);
        }
        let places = self.places.entry(name).or_default();
        if !places.iter().any(|known| known == place) {
            places.push(place.to_owned());
        }
    }
}

/// The fields of an object: those that are required first.
pub(super) fn fields(schema: &Value) -> Vec<(&String, &Value)> {
    let fields = schema.get("properties").and_then(Value::as_object);
    let mut fields: Vec<_> = fields.into_iter().flatten().collect();
    fields.sort_by_key(|(name, _)| !is_required(schema, name));
    fields
}

/// Whether the object must have this field.
pub(super) fn is_required(schema: &Value, field: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|name| name == field))
}

/// The schemas of which one holds.
pub(super) fn variants(schema: &Value) -> Option<impl Iterator<Item = &Value>> {
    let variants = schema.get("oneOf").or_else(|| schema.get("anyOf"))?;
    Some(variants.as_array()?.iter())
}

/// The values of an enumeration: of a whole one, or of one of its variants.
pub(super) fn constants(schema: &Value) -> Vec<&Value> {
    let listed = schema.get("enum").and_then(Value::as_array);
    schema
        .get("const")
        .into_iter()
        .chain(listed.into_iter().flatten())
        .collect()
}

/// The text that explains it; empty if there is none, or if it only points to the field.
pub(super) fn description(schema: &Value) -> &str {
    let text = schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if text.starts_with("See `") { "" } else { text }
}

/// An object, an enumeration, or a choice with words to it; what is only another name is written out.
fn has_section(definition: &Value) -> bool {
    let explained = |v: &Value| v.get("description").is_some() || !constants(v).is_empty();
    definition.get("properties").is_some()
        || definition.get("enum").is_some()
        || variants(definition).is_some_and(|mut all| all.any(explained))
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|kind| kind == "null")
}

/// The type; what may be left out is of the type that it otherwise has.
fn type_name(schema: &Value) -> Result<&str> {
    let name = match schema.get("type") {
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .find(|n| *n != "null"),
        Some(name) => name.as_str(),
        None => None,
    };
    name.with_context(|| format!("a schema without a type: {schema}"))
}

/// Bounds that say more than that a number fits into its type.
fn bounds(schema: &Value) -> String {
    let format = schema
        .get("format")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let (least, most) = (schema.get("minimum"), schema.get("maximum"));
    match (least, most) {
        _ if format.starts_with("uint") || format.starts_with("int") => String::new(),
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        (Some(least), None) => format!(" from {least}"),
        (None, Some(most)) => format!(" up to {most}"),
        (None, None) => String::new(),
    }
}

fn check_keywords(schema: &Value) -> Result<()> {
    let known: BTreeSet<_> = KEYWORDS.into_iter().chain(["type"]).collect();
    let Value::Object(members) = schema else {
        return Ok(());
    };
    for (keyword, value) in members {
        if !known.contains(keyword.as_str()) {
            bail!("the reference knows no keyword {keyword}: teach it in xtask/src/docs/reference");
        }
        let inner: Vec<&Value> = match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(members)) => members.values().collect(),
            ("anyOf" | "oneOf", Value::Array(schemas)) => schemas.iter().collect(),
            ("items" | "additionalProperties", schema) => vec![schema],
            _ => Vec::new(),
        };
        inner.into_iter().try_for_each(check_keywords)?;
    }
    Ok(())
}
