//! The pages as Markdown.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{schema, schema::Schema, words};

const MADE_BY: &str = "<!-- Made by `cargo xtask docs --update`: change the types instead. -->";

/// The page of an extension.
pub(super) fn markdown(name: &str, root: &Value) -> Result<String> {
    let schema = Schema::new(root)?;
    let folder = format!("../../../../extensions/{name}");
    let mut page = format!(
        "{MADE_BY}\n\n# {name}: configuration\n\n{}\n\nWhat it is for, with examples: the \
         [README]({folder}/README.md). For your editor: the [schema]({folder}/config.schema.json). What \
         holds for all: [Configuration](../config.md).\n\n",
        schema::description(root)
    );
    page += &object(&schema, root)?;
    for (name, places) in schema.sections()? {
        let definition = schema.definition(name)?;
        let places: Vec<_> = places.iter().map(|place| format!("`{place}`")).collect();
        write!(
            page,
            "\n## {}\n\nAt {}.",
            words::heading(name),
            places.join(", ")
        )?;
        let description = schema::description(definition);
        if !description.is_empty() {
            write!(page, " {}", description.replace('\n', " "))?;
        }
        page += "\n\n";
        page += &match definition.get("properties") {
            Some(_) => object(&schema, definition),
            None => choice(&schema, definition),
        }
        .context(name.to_owned())?;
    }
    Ok(page)
}

/// The page that has what holds for all of them, and the list.
pub(super) fn index(names: &[String]) -> String {
    let list: String = names
        .iter()
        .map(|name| format!("- [{name}](config/{name}.md)\n"))
        .collect();
    format!("{MADE_BY}\n\n{}\n{list}", include_str!("index.md"))
}

/// A table of the fields.
fn object(schema: &Schema<'_>, object: &Value) -> Result<String> {
    let mut table = "| Field | Type | Default | Meaning |\n|---|---|---|---|\n".to_owned();
    for (name, field) in schema::fields(object) {
        let (default, meaning) = words::default(schema::description(field), field.get("default"))
            .with_context(|| name.clone())?;
        let default = if schema::is_required(object, name) {
            "required"
        } else {
            &default
        };
        let kind = schema.kind(field).with_context(|| name.clone())?;
        let (kind, default) = (words::cell(&kind), words::cell(default));
        writeln!(
            table,
            "| `{name}` | {kind} | {default} | {} |",
            words::cell(&meaning)
        )?;
    }
    Ok(table)
}

/// A table of the values, or of the forms, that are possible.
fn choice(schema: &Schema<'_>, definition: &Value) -> Result<String> {
    let mut rows = Vec::new();
    let alone = std::iter::once(definition).filter(|d| d.get("enum").is_some());
    for variant in alone.chain(schema::variants(definition).into_iter().flatten()) {
        let constants = schema::constants(variant);
        let forms = match constants.is_empty() {
            true => vec![schema.kind(variant)?],
            false => constants.into_iter().map(words::code).collect(),
        };
        let meaning = words::cell(schema::description(variant));
        rows.extend(
            forms
                .into_iter()
                .map(|form| (words::cell(&form), meaning.clone())),
        );
    }
    if rows.iter().all(|(_, meaning)| meaning.is_empty()) {
        let forms: Vec<_> = rows.into_iter().map(|(form, _)| form).collect();
        return Ok(format!("One of {}.\n", forms.join(", ")));
    }
    let rows: String = rows
        .iter()
        .map(|(form, meaning)| format!("| {form} | {meaning} |\n"))
        .collect();
    Ok(format!("| Value | Meaning |\n|---|---|\n{rows}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_has_a_table_for_each_type_and_links_between_them() {
        let root = json!({
            "type": "object",
            "description": "The JSON configuration.",
            "properties": {
                "a": {
                    "type": ["array", "null"], "items": { "$ref": "#/$defs/RuleJson" },
                    "description": "Rules: `x|y`."
                },
                "z": { "type": "string", "description": "A name." },
            },
            "required": ["z"],
            "$defs": {
                "RuleJson": { "type": "object", "description": "A rule.", "properties": {
                    "inner": { "anyOf": [{ "$ref": "#/$defs/RuleJson" }, { "type": "null" }] },
                    "mode": { "$ref": "#/$defs/Mode", "description": "How. Default: `on`." },
                } },
                "Mode": { "description": "See `RuleJson::mode`.", "oneOf": [
                    { "type": "string", "const": "on", "description": "At work." },
                    { "type": "string", "enum": ["off", "out"] },
                ] },
            },
        });
        let page = markdown("x", &root).unwrap();
        let (_, tables) = page.split_once("(../config.md).\n\n").unwrap();
        let expected = "\
            | Field | Type | Default | Meaning |\n|---|---|---|---|\n\
            | `z` | text | required | A name. |\n\
            | `a` | list of [Rule](#rule) | – | Rules: `x\\|y`. |\n\
            \n## Rule\n\nAt `a[]`, `a[].inner`. A rule.\n\n\
            | Field | Type | Default | Meaning |\n|---|---|---|---|\n\
            | `inner` | [Rule](#rule) | – |  |\n\
            | `mode` | [Mode](#mode) | `on` | How. |\n\
            \n## Mode\n\nAt `a[].mode`.\n\n\
            | Value | Meaning |\n|---|---|\n| `on` | At work. |\n| `off` |  |\n| `out` |  |\n";
        assert_eq!(tables, expected);
    }

    #[test]
    fn a_keyword_that_is_not_known_is_an_error() {
        let root = json!({ "type": "object", "properties": { "a": { "allOf": [] } } });
        let error = markdown("x", &root).unwrap_err().to_string();
        assert!(error.contains("no keyword allOf"), "{error}");
    }
}
