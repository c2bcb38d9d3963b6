//! What to do with a new extension: commands for the directory that `new` was called in.

use std::path::Path;

use crate::workspace;

use super::name::Name;
use super::place::Place;

/// The text that `new` ends with. `folder` is the place as the user called it.
pub(super) fn steps(name: &Name, folder: &Path, place: &Place) -> String {
    let (package, module) = (name.package(), format!("{}.wasm", name.artifact()));
    let manifest = quoted(&folder.join("Cargo.toml"));
    let module = folder.join("target/wasm").join(module);
    let config = folder.join("deploy/envoy.yaml");
    // Inside of the checkout, the tests find its Envoy by themselves.
    let envoy = if place.in_checkout {
        String::new()
    } else {
        let envoy = workspace::tools().join("envoy/envoy");
        format!("SDK_TESTS_ENVOY={} ", quoted(&envoy))
    };
    format!(
        "\
{package} is in {folder}: it adds a response header, until you make it yours.

  # test it natively
  cargo test --manifest-path {manifest}
  # build it: {module}
  cargo xtask build --manifest-path {manifest}
  # test what was built, on Wasmtime and in Envoy too
  {envoy}cargo test --manifest-path {manifest} --features sdk-tests/wasm,sdk-tests/envoy
  # package it for a release: {dist}
  cargo xtask dist --manifest-path {manifest}

{config} is a config for plain Envoy.
",
        folder = folder.display(),
        module = module.display(),
        dist = folder.join("dist").display(),
        config = config.display(),
    )
}

/// `path` as one word of a shell's command.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
    if path.chars().all(is_plain) {
        return path;
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps_at(in_checkout: bool) -> String {
        let place = Place {
            folder: "/somewhere".into(),
            checkout: String::new(),
            in_checkout,
        };
        steps(
            &"my-filter".parse().unwrap(),
            Path::new("../my filter"),
            &place,
        )
    }

    #[test]
    fn the_commands_name_the_folder_as_the_user_did() {
        let steps = steps_at(false);
        let command = "cargo xtask build --manifest-path '../my filter/Cargo.toml'\n";
        assert!(steps.contains(command), "{steps}");
        let module = "../my filter/target/wasm/my_filter.wasm\n";
        assert!(steps.contains(module), "{steps}");
    }

    #[test]
    fn only_a_folder_outside_is_told_where_envoy_is() {
        assert!(steps_at(false).contains("SDK_TESTS_ENVOY=/"));
        assert!(!steps_at(true).contains("SDK_TESTS_ENVOY"));
    }

    #[test]
    fn a_quote_in_a_path_does_not_end_it() {
        assert_eq!(quoted(Path::new("../a-b_1/c.d")), "../a-b_1/c.d");
        assert_eq!(quoted(Path::new("it's $HOME")), r"'it'\''s $HOME'");
    }
}
