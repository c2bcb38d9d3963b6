//! Every code block of the book and of the READMEs is tested; what is after the fence says how.
//!
//! | Fence | How |
//! |---|---|
//! | `rust` | it stands in a file that is tested |
//! | `yaml` | the same; those of READMEs are loaded by the step `deploy` |
//! | `json config=NAME`, `yaml config=NAME` | the extension takes it |
//! | `rego`, `rego query=RULE` | the extension opa takes it as a policy |
//! | `json data`, `toml` | it can be parsed |
//! | `sh`, `console` | the shell can parse it, `cargo xtask` knows the commands, and the paths are there |
//! | `… file=NAME` | it is a file of a session: what comes next works with it |
//! | `sh run`, `sh fails` | it is run among those files, and prints the `text` that follows |
//! | `text` | it is output, or a drawing |
//! | `…,ignore` | it is a sketch, and not tested |
//!
//! What is marked in no such way is refused.

use anyhow::{Context as _, Result, anyhow, bail};

use super::files::{markdown, read};
use super::samples::Samples;
use super::session::Session;
use super::{commands, configs};
use crate::markdown::{self, Block};
use crate::test::deploy;
use crate::workspace;

/// Fails with file, line and reason of each block that is wrong.
pub(super) fn check() -> Result<()> {
    let samples = Samples::read()?;
    let loaded = deploy::readmes()?;
    let (mut wrong, mut counts) = (Vec::new(), Counts::default());
    for path in markdown()? {
        let is_loaded = loaded.contains(&path);
        let (problems, more) = in_text(&read(&path)?, &samples, is_loaded)?;
        let at = |(line, error)| format!("{}:{line}: {error:#}", workspace::relative(&path));
        wrong.extend(problems.into_iter().map(at));
        counts.tested += more.tested;
        counts.output += more.output;
        counts.sketches += more.sketches;
    }
    if !wrong.is_empty() {
        bail!(
            "{} blocks are wrong:\n  {}",
            wrong.len(),
            wrong.join("\n  ")
        );
    }
    let Counts {
        tested,
        output,
        sketches,
    } = counts;
    println!("{tested} blocks of code are tested; {output} are output, {sketches} are sketches");
    Ok(())
}

#[derive(Default)]
struct Counts {
    tested: u32,
    output: u32,
    sketches: u32,
}

/// What is wrong in a text, by line. The step `deploy` loads its YAML, or does not.
fn in_text(
    text: &str,
    samples: &Samples,
    is_loaded: bool,
) -> Result<(Vec<(usize, anyhow::Error)>, Counts)> {
    let (mut wrong, mut counts) = (Vec::new(), Counts::default());
    let mut session = Session::new()?;
    for block in markdown::blocks(text) {
        let checked = match &*block.language {
            _ if block.has("ignore") => {
                counts.sketches += 1;
                continue;
            }
            "text" if !session.expects_output() => {
                counts.output += 1;
                continue;
            }
            _ => {
                counts.tested += 1;
                one(&block, samples, is_loaded, &mut session)
            }
        };
        wrong.extend(checked.err().map(|error| (block.line, error)));
    }
    wrong.extend(commands::inline(text));
    wrong.extend(session.unused());
    Ok((wrong, counts))
}

fn one(block: &Block, samples: &Samples, is_loaded: bool, session: &mut Session) -> Result<()> {
    if block.language == "text" {
        return session.printed(&block.text);
    }
    session.forget_output();
    if let Some(name) = block.value("file") {
        return session.add(name, block);
    }
    match (&*block.language, block.value("config")) {
        ("json" | "yaml", Some(extension)) => configs::taken(extension, &block.text),
        ("yaml", None) if is_loaded => Ok(()),
        ("rust" | "yaml", None) => samples.have(&block.language, &block.text),
        ("rego", None) => configs::policy(block),
        ("json", None) if block.has("data") => json(&block.text),
        ("json", None) => {
            bail!("whose config is it? Write `json config=EXTENSION`, or `json data` if it is none")
        }
        ("toml", None) => toml(&block.text),
        ("sh" | "console", None) => {
            commands::check(block)?;
            match block.has("run") || block.has("fails") {
                true => session.run(block),
                false => Ok(()),
            }
        }
        _ => bail!(
            "nobody tests `{} {}`: xtask/src/docs/blocks.rs says what is tested, and how",
            block.language,
            block.marks.join(" ")
        ),
    }
}

fn json(text: &str) -> Result<()> {
    let value: serde_json::Value = serde_json::from_str(text).context("it is no JSON")?;
    drop(value);
    Ok(())
}

fn toml(text: &str) -> Result<()> {
    let parsed: Result<toml_edit::DocumentMut, _> = text.parse();
    parsed
        .map(drop)
        .map_err(|error| anyhow!("it is no TOML: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a text, each with its line.
    fn problems(text: &str) -> Vec<String> {
        let samples = Samples::of(&[("rs", "fn f() {\n    a();\n}\n")]);
        let (wrong, _) = in_text(text, &samples, false).unwrap();
        let shown = wrong
            .iter()
            .map(|(line, error)| format!("{line}: {error:#}"));
        shown.collect()
    }

    fn problem(text: &str) -> String {
        let found = problems(text);
        assert_eq!(found.len(), 1, "{found:?}");
        found.into_iter().next().unwrap()
    }

    #[test]
    fn a_config_with_a_mistake_is_told_with_its_line() {
        let good = "```json config=basic-auth\n{ \"basic_auth_rules\": [{ \"prefix\": \"/\", \
                    \"credentials\": [\"a:b\"] }] }\n```\n";
        assert!(problems(good).is_empty(), "{:?}", problems(good));
        let unknown = format!("# Title\n\n{}", good.replace("prefix", "prefx"));
        let told = problem(&unknown);
        assert!(told.starts_with("3: "), "{told}");
        assert!(
            told.contains("basic_auth_rules[0].prefx: unknown field"),
            "{told}"
        );
        let broken = good.replace("] }", "]");
        assert!(
            problem(&broken).contains("it is not JSON"),
            "{}",
            problem(&broken)
        );
        let nobodys = good.replace("basic-auth", "basic-oath");
        assert!(
            problem(&nobodys).contains("basic_oath"),
            "{}",
            problem(&nobodys)
        );
    }

    #[test]
    fn a_policy_with_a_mistake_is_told_with_its_line() {
        let good = "a\n\n```rego query=data.a.b\npackage a\n\nb := 1 if input.x == \"y\"\n```\n";
        assert!(problems(good).is_empty(), "{:?}", problems(good));
        let told = problem(&good.replace(" == ", " = = "));
        assert!(
            told.starts_with("3: ") && told.contains("policy.inline:3:"),
            "{told}"
        );
        let told = problem(&good.replace("data.a.b", "data.a.c"));
        assert!(told.contains("data.a.c"), "{told}");
    }

    #[test]
    fn what_nobody_tests_is_refused() {
        for (text, expected) in [
            ("```json\n{}\n```\n", "whose config is it?"),
            ("```json data\n{,}\n```\n", "it is no JSON"),
            ("```toml\na = \n```\n", "it is no TOML"),
            ("```python\n1\n```\n", "nobody tests `python"),
            ("```\na\n```\n", "nobody tests `"),
            ("```rust\nb();\n```\n", "it is in no tested file"),
            ("```yaml\na: 1\n```\n", "it is in no tested file"),
        ] {
            let told = problem(text);
            assert!(told.starts_with("1: ") && told.contains(expected), "{told}");
        }
        assert!(problems("```rust\na();\n```\n```rust,ignore\nb();\n```\n").is_empty());
    }
}
