//! The built pages are part of the binary: a new file makes a new binary.

fn main() {
    println!("cargo:rerun-if-changed=built");
}
