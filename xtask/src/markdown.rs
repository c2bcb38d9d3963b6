//! The code blocks in Markdown.

/// A fenced block of code.
#[derive(Debug, PartialEq)]
pub(crate) struct Block {
    /// The line of the file in which it begins.
    pub(crate) line: usize,
    /// The first word after the fence.
    pub(crate) language: String,
    /// The other words: how the block is tested.
    pub(crate) marks: Vec<String>,
    /// Without the indentation that a list gives it.
    pub(crate) text: String,
}

#[cfg(any(test, feature = "book"))]
impl Block {
    pub(crate) fn has(&self, mark: &str) -> bool {
        self.marks.iter().any(|found| found == mark)
    }

    /// The value of a mark such as `name=value`.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let pairs = self.marks.iter().filter_map(|mark| mark.split_once('='));
        pairs
            .filter(|pair| pair.0 == name)
            .map(|pair| pair.1)
            .next()
    }
}

/// The fenced blocks of a text.
pub(crate) fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(Fence, Block)> = None;
    for (index, line) in markdown.lines().enumerate() {
        let (indentation, text) = indented(line);
        open = match open {
            None => Fence::opened(indentation, text).map(|fence| {
                let info = text.trim_start_matches(fence.character);
                let mut words = info.split([',', ' ']).filter(|word| !word.is_empty());
                let block = Block {
                    line: index + 1,
                    language: words.next().unwrap_or_default().to_owned(),
                    marks: words.map(str::to_owned).collect(),
                    text: String::new(),
                };
                (fence, block)
            }),
            Some((fence, block)) if fence.is_closed_by(text) => {
                blocks.push(block);
                None
            }
            Some((fence, mut block)) => {
                let outer = fence.indentation.min(indentation);
                block.text.push_str(line.get(outer..).unwrap_or_default());
                block.text.push('\n');
                Some((fence, block))
            }
        };
    }
    // One that nothing closes goes on to the end.
    blocks.extend(open.map(|(_, block)| block));
    blocks
}

struct Fence {
    indentation: usize,
    character: char,
    length: usize,
}

impl Fence {
    fn opened(indentation: usize, text: &str) -> Option<Self> {
        let character = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = text.trim_start_matches(character);
        let length = text.len() - info.len();
        // Else it is code in a line.
        let is_fence = length >= 3 && !(character == '`' && info.contains('`'));
        is_fence.then_some(Self {
            indentation,
            character,
            length,
        })
    }

    fn is_closed_by(&self, text: &str) -> bool {
        let text = text.trim_end();
        text.len() >= self.length && text.chars().all(|c| c == self.character)
    }
}

fn indented(line: &str) -> (usize, &str) {
    let text = line.trim_start();
    (line.len() - text.len(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_a_line_a_language_and_marks_and_a_list_does_not_indent_it() {
        let text = "a\n```yaml\na:\n  b: 1\n```\n1. x\n\n   ```json config=opa\n   {\n     1\n\n   ```\n\
                    ````rust,ignore\n```\n````\n";
        let found = blocks(text);
        let seen: Vec<_> = found
            .iter()
            .map(|block| (block.line, &*block.language, &*block.text))
            .collect();
        let expected = [
            (2, "yaml", "a:\n  b: 1\n"),
            (8, "json", "{\n  1\n\n"),
            (13, "rust", "```\n"),
        ];
        assert_eq!(seen, expected);
        assert_eq!(found[1].value("config"), Some("opa"));
        assert!(found[2].has("ignore") && !found[0].has("ignore"));
    }

    #[test]
    fn code_in_a_line_is_no_block_and_what_is_not_closed_is_one() {
        let found = blocks("```a``` b\n~~~sh\n```\n");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((&*found[0].language, &*found[0].text), ("sh", "```\n"));
    }
}
