//! The file that holds budgets.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read as _, Result, Seek as _, Write as _};
use std::path::Path;

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::CallbackBudget;

const COMMENT: &str = "\
# What single requests cost, by callback; `bytes_in` are copied out of the plugin, `bytes_out` into it.
# Measured. With a module that is built, this renews it:
#
#   UPDATE_BUDGET=1 cargo test --features sdk-tests/wasm
";

/// The budgets of requests by name; of each the callbacks, in the file's order.
///
/// ```
/// use sdk_tests::budget::{Budgets, CallbackBudget};
///
/// fn instructions(budgets: &Budgets, request: &str) -> u64 {
///     budgets[request].iter().map(|callback| callback.instructions).sum()
/// }
///
/// let headers = CallbackBudget { instructions: 5416, ..CallbackBudget::default() };
/// let delete = CallbackBudget { instructions: 317, ..CallbackBudget::default() };
/// let budgets = Budgets::from([("plain".to_owned(), vec![headers, delete])]);
/// assert_eq!(instructions(&budgets, "plain"), 5733);
/// ```
pub type Budgets = BTreeMap<String, Vec<CallbackBudget>>;

/// Reads a file of budgets.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("budget.toml");
/// std::fs::write(&file, "[plain]\nrequest_headers = { instructions = 5416 }\n")?;
/// let budgets = sdk_tests::budget::read(&file)?;
/// assert_eq!(budgets["plain"][0].callback, "request_headers");
/// assert_eq!(budgets["plain"][0].instructions, 5416);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// The file cannot be read, or is not what this crate writes.
pub fn read(path: &Path) -> Result<Budgets> {
    let document = parse(&std::fs::read_to_string(path)?)?;
    let requests = document.iter().map(|(name, item)| {
        let callbacks = table(name, item)?;
        let callbacks = callbacks.iter().map(|(name, item)| callback(name, item));
        Ok((name.to_owned(), callbacks.collect::<Result<_>>()?))
    });
    requests.collect()
}

/// Writes the budget of one request; what other tests write into the same file meanwhile stays.
pub(super) fn update(path: &Path, name: &str, callbacks: &[CallbackBudget]) -> Result<()> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    file.lock()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let text = with(&text, name, callbacks)?;
    replace(&mut file, &text)
}

fn replace(file: &mut File, text: &str) -> Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}

/// A file's text with the budget of one request; requests are sorted by name.
fn with(text: &str, name: &str, callbacks: &[CallbackBudget]) -> Result<String> {
    let comment: String = text
        .split_inclusive('\n')
        .take_while(|line| line.starts_with('#'))
        .collect();
    let mut document = parse(&text[comment.len()..])?;
    let mut request = Table::new();
    for callback in callbacks {
        request.insert(&callback.callback, line(callback).into());
    }
    document.insert(name, Item::Table(request));
    document.sort_values();
    for (position, (_, item)) in document.iter_mut().enumerate() {
        if let Some(request) = item.as_table_mut() {
            request.set_position(isize::try_from(position).ok());
            request.decor_mut().set_prefix("\n");
        }
    }
    let comment = match comment.as_str() {
        "" => COMMENT,
        comment => comment,
    };
    Ok(format!("{comment}{document}"))
}

fn line(callback: &CallbackBudget) -> Value {
    let calls = callback.host_calls.iter();
    let calls: InlineTable = calls
        .map(|(name, count)| (name.as_str(), number_value(*count)))
        .collect();
    let mut line = InlineTable::new();
    if callback.instructions > 0 {
        line.insert("instructions", number_value(callback.instructions));
    }
    if !calls.is_empty() {
        line.insert("host_calls", calls.into());
    }
    for (key, bytes) in [
        ("bytes_in", callback.bytes_in),
        ("bytes_out", callback.bytes_out),
    ] {
        if bytes > 0 {
            line.insert(key, number_value(bytes));
        }
    }
    line.into()
}

fn number_value(number: u64) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

fn callback(name: &str, item: &Item) -> Result<CallbackBudget> {
    let mut budget = CallbackBudget::nothing(name);
    for (key, item) in table(name, item)?.iter() {
        match key {
            "instructions" => budget.instructions = number(key, item)?,
            "bytes_in" => budget.bytes_in = number(key, item)?,
            "bytes_out" => budget.bytes_out = number(key, item)?,
            "host_calls" => {
                let calls = table(key, item)?;
                let calls = calls
                    .iter()
                    .map(|(name, item)| Ok((name.to_owned(), number(name, item)?)));
                budget.host_calls = calls.collect::<Result<_>>()?;
            }
            other => {
                return Err(wrong(
                    other,
                    "instructions, host_calls, bytes_in or bytes_out",
                ));
            }
        }
    }
    Ok(budget)
}

fn table<'a>(name: &str, item: &'a Item) -> Result<&'a dyn TableLike> {
    item.as_table_like().ok_or_else(|| wrong(name, "a table"))
}

fn number(name: &str, item: &Item) -> Result<u64> {
    item.as_integer()
        .and_then(|number| u64::try_from(number).ok())
        .ok_or_else(|| wrong(name, "a number"))
}

fn parse(text: &str) -> Result<DocumentMut> {
    text.parse()
        .map_err(|error| Error::new(ErrorKind::InvalidData, error))
}

fn wrong(name: &str, expected: &str) -> Error {
    let message = format!("`{name}`: expected {expected}");
    Error::new(ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(instructions: u64) -> Vec<CallbackBudget> {
        let headers = CallbackBudget {
            callback: "request_headers".to_owned(),
            instructions,
            host_calls: [
                ("get_header_map_pairs".to_owned(), 1),
                ("log".to_owned(), 2),
            ]
            .into(),
            bytes_in: 7,
            bytes_out: 186,
        };
        let mut delete = CallbackBudget::nothing("delete");
        delete.instructions = 317;
        vec![headers, delete]
    }

    #[test]
    fn a_new_file_says_how_to_renew_it() {
        let text = with("", "right \"password\"", &budget(5000)).unwrap();
        assert_eq!(
            text.strip_prefix(COMMENT),
            Some(
                r#"
['right "password"']
request_headers = { instructions = 5000, host_calls = { get_header_map_pairs = 1, log = 2 }, bytes_in = 7, bytes_out = 186 }
delete = { instructions = 317 }
"#
            )
        );
    }

    #[test]
    fn requests_are_sorted_and_the_comment_is_kept() {
        let mut text = "# Ours.\n# Two lines.\n".to_owned();
        for name in ["c", "a", "d", "b", "a"] {
            text = with(&text, name, &budget(5000)).unwrap();
        }
        let lines: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with(['#', '[']))
            .collect();
        assert_eq!(
            lines,
            ["# Ours.", "# Two lines.", "[a]", "[b]", "[c]", "[d]"]
        );
        assert!(!text.contains("\n\n\n"), "{text}");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("budget.toml");
        let names: Vec<_> = (0..8).map(|number| format!("request {number}")).collect();
        std::thread::scope(|scope| {
            for name in &names {
                scope.spawn(|| update(&path, name, &budget(1)).unwrap());
            }
        });
        update(&path, &names[3], &budget(2)).unwrap();
        let read = read(&path).unwrap();
        assert_eq!(
            read.keys().collect::<Vec<_>>(),
            names.iter().collect::<Vec<_>>()
        );
        assert_eq!(read[&names[2]], budget(1));
        assert_eq!(read[&names[3]], budget(2));
    }

    #[test]
    fn another_file_is_refused_with_the_name_of_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("budget.toml");
        for (text, error) in [
            (
                "[a]\nb = { instructions = -1 }",
                "`instructions`: expected a number",
            ),
            ("[a]\nb = 1", "`b`: expected a table"),
            ("[a]\nb = { c = 1 }", "`c`: expected instructions"),
        ] {
            std::fs::write(&path, text).unwrap();
            let message = read(&path).unwrap_err().to_string();
            assert!(message.contains(error), "{message}");
        }
    }
}
