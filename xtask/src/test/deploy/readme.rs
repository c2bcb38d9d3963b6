//! The configs that a README shows: they are copied as often as the files.

/// The YAML blocks of a Markdown text, without the indentation that a list gives them.
pub(super) fn snippets(markdown: &str) -> Vec<String> {
    let mut snippets = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for line in markdown.lines() {
        let text = line.trim_start();
        let indentation = line.len() - text.len();
        open = match open {
            None if text == "```yaml" => Some((indentation, String::new())),
            None => None,
            Some((_, snippet)) if text == "```" => {
                snippets.push(snippet);
                None
            }
            Some((outer, mut snippet)) => {
                snippet.push_str(line.get(outer.min(indentation)..).unwrap_or_default());
                snippet.push('\n');
                Some((outer, snippet))
            }
        };
    }
    snippets
}

#[cfg(test)]
mod tests {
    use super::snippets;

    #[test]
    fn only_yaml_is_taken_and_a_list_does_not_indent_it() {
        let text = "a\n```yaml\na:\n  b: 1\n```\n1. x\n\n   ```yaml\n   - c:\n       d\n\n   ```\n```sh\nls\n```\n";
        assert_eq!(snippets(text), ["a:\n  b: 1\n", "- c:\n    d\n\n"]);
    }
}
