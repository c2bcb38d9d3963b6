//! Texts with `{{names}}` in them.

/// Puts values in the place of their names.
///
/// A line that is a name alone becomes the lines of its value, as deep as the name stood; none if
/// the value is empty.
pub(super) fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut filled = String::new();
    for line in template.lines() {
        let text = line.trim_start();
        let indentation = line.get(..line.len() - text.len()).unwrap_or_default();
        let alone = values.iter().find(|(name, _)| text == placeholder(name));
        let lines = match alone {
            Some((_, value)) => value.lines().map(str::to_owned).collect(),
            None => vec![values.iter().fold(text.to_owned(), |text, (name, value)| {
                text.replace(&placeholder(name), value)
            })],
        };
        for line in lines {
            // An empty line has no indentation.
            if !line.is_empty() {
                filled.push_str(indentation);
                filled.push_str(&line);
            }
            filled.push('\n');
        }
    }
    filled
}

fn placeholder(name: &str) -> String {
    format!("{{{{{name}}}}}")
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn a_name_alone_on_a_line_becomes_lines_and_another_a_word() {
        let values = [
            ("block", "x: 1\n\ny: 2\n".to_owned()),
            ("none", String::new()),
            ("word", "w".to_owned()),
        ];
        let filled = fill("a: {{word}}{{word}}\n  {{block}}\n{{none}}\nb:\n", &values);
        assert_eq!(filled, "a: ww\n  x: 1\n\n  y: 2\nb:\n");
    }
}
