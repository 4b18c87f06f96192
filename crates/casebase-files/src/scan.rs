//! A virus scanner: clamd, over its own protocol (`INSTREAM`, clamd(8)).
//!
//! Where there is one, no file becomes available that it has not seen whole: a scanner that is away, that breaks off or
//! that takes less than a file has is a failure, never a pass.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
};

/// How long clamd may be silent: it scans only when the last byte is there, and a large archive takes its time.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest answer that is read: a line with the name of a signature.
const MAX_ANSWER: u64 = 4096;

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clamd {
    /// Its local socket, e.g. `/run/clamav/clamd.ctl`.
    Unix(PathBuf),
    /// Its TCP socket, e.g. `127.0.0.1:3310`. Nothing is encrypted on the way.
    Tcp(String),
}

/// No address of clamd.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is neither the path of a socket nor a host with a port")]
pub struct NoAddress;

impl FromStr for Clamd {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        if text.starts_with('/') {
            return Ok(Self::Unix(text.into()));
        }
        let (host, port) = text.rsplit_once(':').ok_or(NoAddress)?;
        let named = !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok();
        named.then(|| Self::Tcp(text.into())).ok_or(NoAddress)
    }
}

impl fmt::Display for Clamd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(f),
            Self::Tcp(address) => f.write_str(address),
        }
    }
}

/// What the scanner says of a file that it has seen whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It knows nothing against it.
    Clean,
    /// The name of what it found.
    Infected(String),
}

/// No verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// It is away or broke off.
    #[error("the virus scanner is unavailable: {0}")]
    Unavailable(String),
    /// It does not scan this file: most often its `StreamMaxLength` is below the largest file that is taken.
    #[error("the virus scanner does not take the file: {0}")]
    NotTaken(String),
}

trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}

/// One file on its way through the scanner.
pub struct Scan(Box<dyn Socket>);

impl Clamd {
    /// Begins with a file.
    pub async fn begin(&self) -> Result<Scan, ScanError> {
        let socket = in_time(async {
            Ok(match self {
                Self::Unix(path) => Box::new(UnixStream::connect(path).await?) as Box<dyn Socket>,
                Self::Tcp(address) => Box::new(TcpStream::connect(address).await?),
            })
        });
        let mut scan = Scan(socket.await?);
        scan.send(b"zINSTREAM\0").await?;
        Ok(scan)
    }
}

impl Scan {
    /// The next bytes. Ends early with what the scanner says, where it says something.
    pub async fn update(&mut self, bytes: &[u8]) -> Result<(), ScanError> {
        // Nothing would mean the end.
        for piece in bytes.chunks(1 << 20).filter(|piece| !piece.is_empty()) {
            let length = u32::try_from(piece.len()).unwrap_or(u32::MAX);
            let sent = async {
                self.send(&length.to_be_bytes()).await?;
                self.send(piece).await
            };
            if let Err(error) = sent.await {
                return Err(self.said().await.err().unwrap_or(error));
            }
        }
        Ok(())
    }

    /// There are no more.
    pub async fn verdict(mut self) -> Result<Verdict, ScanError> {
        self.send(&[0; 4]).await?;
        self.said().await
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), ScanError> {
        in_time(self.0.write_all(bytes)).await
    }

    async fn said(&mut self) -> Result<Verdict, ScanError> {
        let mut answer = Vec::new();
        let mut reader = (&mut self.0).take(MAX_ANSWER);
        let read = in_time(reader.read_to_end(&mut answer)).await;
        // Who closes with bytes unread resets the connection behind its answer.
        if answer.is_empty() {
            read?;
        }
        verdict_of(&String::from_utf8_lossy(&answer))
    }
}

/// `stream: OK`, `stream: Win.Test.EICAR_HDB-1 FOUND`, `INSTREAM size limit exceeded. ERROR`, each with a NUL behind it.
fn verdict_of(answer: &str) -> Result<Verdict, ScanError> {
    let answer = answer.trim_end_matches(['\0', '\n']);
    let said = answer.strip_prefix("stream: ").unwrap_or(answer);
    if said == "OK" {
        return Ok(Verdict::Clean);
    }
    match said.strip_suffix(" FOUND") {
        Some(name) => Ok(Verdict::Infected(name.to_owned())),
        None if said.is_empty() => Err(ScanError::Unavailable("it broke off".into())),
        None => Err(ScanError::NotTaken(said.to_owned())),
    }
}

async fn in_time<T>(step: impl Future<Output = std::io::Result<T>>) -> Result<T, ScanError> {
    match tokio::time::timeout(PATIENCE, step).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(ScanError::Unavailable(error.to_string())),
        Err(_) => Err(ScanError::Unavailable("no answer in time".into())),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_or_a_host_with_a_port() {
        for good in [
            "/run/clamav/clamd.ctl",
            "127.0.0.1:3310",
            "clamd:3310",
            "[::1]:3310",
        ] {
            assert_eq!(good.parse::<Clamd>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "clamd",
            "clamd:",
            ":3310",
            "clamd:x",
            "tcp://clamd:3310",
            "clamd:99999",
        ] {
            assert_eq!(bad.parse::<Clamd>(), Err(NoAddress), "{bad}");
        }
    }

    #[test]
    fn only_an_ok_is_a_pass() {
        assert_eq!(verdict_of("stream: OK\0"), Ok(Verdict::Clean));
        let infected = Ok(Verdict::Infected("Win.Test.EICAR_HDB-1".into()));
        assert_eq!(verdict_of("stream: Win.Test.EICAR_HDB-1 FOUND\0"), infected);
        for (answer, away) in [
            ("", true),
            ("\0", true),
            ("INSTREAM size limit exceeded. ERROR\0", false),
            ("stream: Can't allocate memory ERROR\0", false),
            ("UNKNOWN COMMAND\0", false),
            ("stream: OKAY", false),
        ] {
            let error = verdict_of(answer).unwrap_err();
            assert_eq!(matches!(error, ScanError::Unavailable(_)), away, "{answer}");
        }
    }
}
