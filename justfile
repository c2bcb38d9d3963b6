# Everyday commands: each is one line, and works without just.

# List the recipes
default:
    @just --list

# Install what the other recipes need into target/tools
setup:
    cargo xtask setup

# Make a new extension from the template (--path FOLDER to say where)
new name *options:
    cargo xtask new {{name}} {{options}}

# Build the .wasm of all extensions, or of those named
build *names:
    cargo xtask build {{names}}

# See the extensions at work in a real Envoy (--keep to stay up)
demo *options:
    cargo xtask demo {{options}}

# Run every check
test *options:
    cargo xtask test {{options}}

# Run the checks that take seconds
quick:
    cargo xtask test --quick

# Write the deploy configs that extensions have in common
deploy:
    cargo xtask deploy

# Measure what a request costs
bench *options:
    cargo xtask bench {{options}}

# Write what a release ships into dist/ (--check and --trial to try it)
dist *options:
    cargo xtask dist {{options}}

# Say whether an extension takes a config (--requests FILE to try requests)
check-config name *options:
    cargo xtask check-config {{name}} {{options}}

# Build the book into target/book
docs:
    cargo xtask docs

# Format the code
fmt:
    cargo fmt --all
