//! Reads the files again and again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time;

use crate::file::{self, Filter};

/// How soon a change is seen. Files that a Kubernetes ConfigMap mounts are links that are replaced:
/// reading them is simpler than watching them, and as good.
const INTERVAL: Duration = Duration::from_millis(50);

/// The filters by the name that an Envoy asks for.
pub(crate) type Filters = BTreeMap<String, Filter>;

/// Reads `files` until nobody listens any more.
pub(crate) fn start(files: Vec<PathBuf>) -> watch::Receiver<Filters> {
    let (sender, receiver) = watch::channel(Filters::new());
    tokio::spawn(async move {
        let mut texts = BTreeMap::new();
        while !sender.is_closed() {
            for path in &files {
                // While a file is away, what it said last holds.
                let Ok(text) = std::fs::read_to_string(path) else {
                    continue;
                };
                if texts.get(path) != Some(&text) {
                    take(&sender, path, &text);
                    texts.insert(path.clone(), text);
                }
            }
            time::sleep(INTERVAL).await;
        }
    });
    receiver
}

/// Puts a file's filter in place; one that cannot be read changes nothing.
fn take(sender: &watch::Sender<Filters>, path: &Path, text: &str) {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    match file::parse(text) {
        Ok(filter) => sender.send_modify(|filters| {
            filters.insert(name.into_owned(), filter);
        }),
        Err(error) => println!("{}: not served: {error:#}", path.display()),
    }
}
