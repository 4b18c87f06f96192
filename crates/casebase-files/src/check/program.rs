//! Programs by their first bytes, whatever they are called.

use super::{
    bytes::{starts_with_any, u32_at},
    text::is_plain,
};

/// What the bytes run as, if they begin as a program does.
///
/// Signatures of a few letters count only where what follows is no text.
pub(super) fn find(head: &[u8]) -> Option<&'static str> {
    let text = is_plain(head.get(..64).unwrap_or(head));
    let signed = |signature: &&[u8]| {
        head.starts_with(signature) && !(text && signature.len() < 8 && is_plain(signature))
    };
    let by_signature = SIGNATURES.iter().find(|(_, all)| all.iter().any(&signed));
    if let Some((name, _)) = by_signature {
        return Some(name);
    }
    if is_windows_program(head) {
        return Some("a Windows or DOS program");
    }
    is_script(head).then_some("a script that names its interpreter")
}

const SIGNATURES: &[(&str, &[&[u8]])] = &[
    ("an ELF program", &[b"\x7fELF"]),
    (
        "a macOS program",
        &[
            b"\xfe\xed\xfa\xce",
            b"\xfe\xed\xfa\xcf",
            b"\xce\xfa\xed\xfe",
            b"\xcf\xfa\xed\xfe",
            b"\xca\xfe\xba\xbf",
            b"\xbe\xba\xfe\xca",
            b"\xbf\xba\xfe\xca",
        ],
    ),
    // The same four bytes begin both.
    ("a macOS program or a Java class", &[b"\xca\xfe\xba\xbe"]),
    ("a Java program", &[b"\xca\xfe\xd0\x0d", b"JM\x01\0"]),
    ("a WebAssembly program", &[b"\0asm"]),
    ("an Android program", &[b"dex\n0", b"dey\n0"]),
    (
        "a Windows shortcut",
        &[b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"],
    ),
    ("a compiled Windows help file", &[b"ITSF\x03\0\0\0"]),
    ("a Debian package", &[b"!<arch>\ndebian"]),
    ("an RPM package", &[b"\xed\xab\xee\xdb"]),
    ("a macOS installer", &[b"xar!"]),
    ("a browser extension", &[b"Cr24"]),
    ("a compiled AppleScript", &[b"FasdUAS "]),
    ("a Flash film", &[b"FWS", b"CWS", b"ZWS"]),
    ("LLVM bitcode", &[b"BC\xc0\xde", b"\xde\xc0\x17\x0b"]),
];

/// `MZ`, and a header behind it that no sentence has.
fn is_windows_program(head: &[u8]) -> bool {
    if !starts_with_any(head, &[b"MZ", b"ZM"]) {
        return false;
    }
    let header = head.get(..64).unwrap_or(head);
    let binary = |byte: &u8| *byte < 0x20 && !byte.is_ascii_whitespace();
    header.iter().any(binary)
        || u32_at(head, 0x3c)
            .and_then(|at| head.get(usize::try_from(at).ok()?..))
            .is_some_and(|new| starts_with_any(new, &[b"PE\0\0", b"NE", b"LE", b"LX"]))
}

/// `#!/bin/sh`, `#! /usr/bin/env python3`; Rust's `#![…]` is none.
fn is_script(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.strip_prefix(b"#!").is_some_and(|interpreter| {
        let mut path = interpreter
            .iter()
            .skip_while(|byte| matches!(byte, b' ' | b'\t'));
        path.next() == Some(&b'/')
    })
}
