//! The ES256 key of a project, kept with its data so that sessions outlive a restart.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::jwt::{JWT_SECRET, KeyError, Keys, SigningAlgorithm, generate_es256};

/// What the Supabase CLI's own template calls it (`auth.signing_keys_path`): an array of private JWKs, the first signs.
const FILE: &str = "signing_keys.json";

/// What kept the project from having its key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file can't be read or written.
    #[error("the signing key {0}: {1}")]
    File(PathBuf, #[source] io::Error),
    /// The file holds something else.
    #[error("the signing key {0} is not a JSON array whose first element is a private JWK")]
    Format(PathBuf),
    /// The key is one that can't sign here.
    #[error("the signing key {0}: {1}")]
    Key(PathBuf, #[source] KeyError),
}

/// The project's keys; an ES256 key is read from the folder `data`, or made there.
pub(crate) fn keys(algorithm: SigningAlgorithm, data: &Path) -> Result<Keys, Error> {
    match algorithm {
        SigningAlgorithm::Hs256 => Ok(Keys::hs256(JWT_SECRET)),
        SigningAlgorithm::Es256 => {
            let file = data.join(FILE);
            let jwk = kept(&file)?;
            Keys::es256(JWT_SECRET, &jwk).map_err(|e| Error::Key(file, e))
        }
    }
}

fn kept(file: &Path) -> Result<Value, Error> {
    let failed = |e| Error::File(file.to_owned(), e);
    match fs::read(file) {
        Ok(json) => match serde_json::from_slice::<Vec<Value>>(&json) {
            Ok(keys) if !keys.is_empty() => Ok(keys[0].clone()),
            _ => Err(Error::Format(file.to_owned())),
        },
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let jwk = generate_es256();
            keep(file, &jwk).map_err(failed)?;
            Ok(jwk)
        }
        Err(e) => Err(failed(e)),
    }
}

/// Written beside and renamed; a temporary file is its owner's alone to read, as a private key must be.
fn keep(file: &Path, jwk: &Value) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let beside = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&beside, &[jwk])?;
    beside.persist(file)?;
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn es256(folder: &Path) -> Result<Keys, Error> {
        keys(SigningAlgorithm::Es256, folder)
    }

    #[test]
    fn a_key_is_made_once_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = es256(folder.path()).unwrap();
        assert_eq!(es256(folder.path()).unwrap().jwks(), first.jwks());
        let mode = fs::metadata(folder.path().join(FILE)).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);

        let other = tempfile::tempdir().unwrap();
        assert_ne!(es256(other.path()).unwrap().jwks(), first.jwks());
    }

    /// The point is derived from `d`, so a published `x` that agrees with the CLI's shows that both read the key alike.
    #[test]
    fn a_key_that_the_supabase_cli_made_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let made = r#"[{"kty":"EC","kid":"1e3a0764-8d68-44a2-8a73-b96fa5762853","use":"sig","key_ops":["sign","verify"],
            "alg":"ES256","ext":true,"d":"SewTu8jEWVTZCSkL2dSUHVSRfFywqtBNItTHuCL54qg","crv":"P-256",
            "x":"aVa3F8oOcxCHcasxCkxWBomsJ7EjBJ1w8K7p4UmwTPM","y":"K9TfSjnklZitOOiKBhA4HlrIqfwON5B4PKEoYm4SW_w"}]"#;
        fs::write(folder.path().join(FILE), made).unwrap();
        let made: Vec<Value> = serde_json::from_str(made).unwrap();
        let published = es256(folder.path()).unwrap().jwks();
        for part in ["kid", "x", "y"] {
            assert_eq!(published["keys"][0][part], made[0][part]);
        }
    }

    #[test]
    fn a_file_that_holds_no_signing_key_is_named_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        for content in ["", "[]", "{}", r#"[{"kty": "RSA"}]"#] {
            fs::write(&file, content).unwrap();
            let error = es256(folder.path()).err().unwrap().to_string();
            assert!(error.contains(FILE), "{error}");
            assert_eq!(fs::read_to_string(&file).unwrap(), content);
        }
    }
}
