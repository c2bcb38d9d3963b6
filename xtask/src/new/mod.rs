//! `cargo xtask new`: an extension of one's own, from the template.

mod copy;
mod name;
mod next;
mod place;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::{process, workspace};

use name::Name;
use place::Place;

/// Make a new extension from the template
///
/// Copies examples/template, gives it the name, and points its dependencies at this checkout: the
/// copy builds and passes its tests as it is. Prints the commands to go on with.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to call it: lower-case letters, digits and single hyphens, such as `my-filter`
    name: Name,
    /// The folder to make; if it exists, it must be empty [default: NAME, in the current directory]
    #[arg(long, value_name = "FOLDER")]
    path: Option<PathBuf>,
}

/// Copies, renames, formats, and says what comes next.
pub(crate) fn run(args: &Args) -> Result<()> {
    let template = workspace::root().join("examples/template");
    copy::refuse_dependency(&template, &args.name)?;
    let named = PathBuf::from(args.name.package());
    let folder = args.path.as_ref().unwrap_or(&named);
    let place = Place::new(workspace::root(), folder)?;
    fs::create_dir_all(&place.folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    make(&template, &place, &args.name)
        .with_context(|| format!("{} is incomplete: remove it", folder.display()))?;
    print!("{}", next::steps(&args.name, folder, &place));
    Ok(())
}

fn make(template: &Path, place: &Place, name: &Name) -> Result<()> {
    copy::renamed(template, place, name)?;
    // A name of another length may break lines elsewhere.
    process::run(
        process::cargo()
            .args(["fmt", "--manifest-path"])
            .arg(place.folder.join("Cargo.toml")),
    )
}
