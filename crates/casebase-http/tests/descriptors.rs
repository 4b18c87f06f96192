//! A process without descriptors. Alone in its program: the limit is the whole process's.
#![expect(clippy::unwrap_used)]

mod support;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use support::{Caller, GET_AND_CLOSE, Server, limits};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn too_many_open_files_is_survived() {
    let mut limits = limits();
    limits.connections = 10_000;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    let mut last = Caller(TcpStream::connect(address).await.unwrap());

    let open = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, open + 10, hard).unwrap();
    let _server = Server::on(listener, limits);
    last.write(GET_AND_CLOSE).await;
    let answer = last.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
