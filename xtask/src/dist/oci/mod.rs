//! Images in the forms that proxies and registries know.
//!
//! Istio and Envoy Gateway take three of them; the fourth is the CNCF's, for tools beyond proxies.

mod blob;
mod directory;
mod forms;
mod layout;

use std::path::Path;

use anyhow::{Context as _, Result};

pub(super) use forms::{Form, Image, Parts, images};
pub(super) use layout::Found;

/// Where skopeo finds a form of the image `name`, as it writes that, seen from `dist/`.
pub(super) fn source(name: &str, image: &Image) -> String {
    match image.form {
        Form::Docker => format!("dir:docker/{name}"),
        _ => format!("oci:oci/{name}:{}", image.tag),
    }
}

/// Writes the forms of the image `name` below `dist/`.
pub(super) fn write(dist: &Path, name: &str, images: &[Image]) -> Result<()> {
    layout::write(&dist.join("oci").join(name), images)?;
    let docker = images.iter().find(|image| image.form == Form::Docker);
    directory::write(
        &dist.join("docker").join(name),
        docker.context("an image lacks a form")?,
    )
}

/// Reads them as a stranger would. `docker_tag` is what the one is called that has no tag there.
pub(super) fn read(dist: &Path, name: &str, docker_tag: &str) -> Result<Vec<Found>> {
    let mut found = layout::check(&dist.join("oci").join(name))?;
    let docker = directory::check(&dist.join("docker").join(name), docker_tag)?;
    found.push(docker);
    Ok(found)
}
