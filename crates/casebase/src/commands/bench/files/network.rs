//! A network in front of the project, as most have one: so much in a second each way, and some time to get there.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Mutex, mpsc},
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use url::Url;

/// Bytes a second, each way: 1 Gbit/s.
const RATE: f64 = 125e6;
/// From one end to the other.
const WAY: Duration = Duration::from_millis(1);
const PIECE: usize = 64 * 1024;
/// So many pieces are on their way in one connection at most.
const ON_THE_WAY: usize = 16;

/// Passes connections on, until it is dropped.
pub struct Network {
    address: SocketAddr,
    passing: JoinHandle<()>,
}

/// One direction, which all connections share: when it is free again.
type Line = Arc<Mutex<Instant>>;

impl Network {
    /// In front of the project at this URL.
    pub async fn before(project: &str) -> anyhow::Result<Self> {
        let url: Url = project.parse()?;
        let host = url.host_str().context("a host")?;
        let port = url.port_or_known_default().context("a port")?;
        let target = format!("{host}:{port}");
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        Ok(Self {
            address: listener.local_addr()?,
            passing: tokio::spawn(pass_all(listener, target)),
        })
    }

    /// What is at `url` behind it, as it is called in front of it.
    pub fn in_front_of(&self, url: &str) -> anyhow::Result<String> {
        let mut url: Url = url.parse()?;
        url.set_port(Some(self.address.port()))
            .ok()
            .context("a port")?;
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.passing.abort();
    }
}

async fn pass_all(listener: TcpListener, target: String) {
    let [there, back] = [(), ()].map(|()| Arc::new(Mutex::new(Instant::now())));
    while let Ok((near, _)) = listener.accept().await {
        let Ok(far) = TcpStream::connect(&target).await else {
            continue;
        };
        for stream in [&near, &far] {
            let _ = stream.set_nodelay(true);
        }
        let (near_in, near_out) = near.into_split();
        let (far_in, far_out) = far.into_split();
        tokio::spawn(pass(near_in, far_out, Arc::clone(&there)));
        tokio::spawn(pass(far_in, near_out, Arc::clone(&back)));
    }
}

async fn pass(mut from: OwnedReadHalf, to: OwnedWriteHalf, line: Line) {
    let (arriving, arrivals) = mpsc::channel(ON_THE_WAY);
    tokio::spawn(arrive(arrivals, to));
    let mut piece = vec![0; PIECE];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let mut free = line.lock().await;
        *free = Instant::now().max(*free) + Duration::from_secs_f64(length as f64 / RATE);
        let due = *free + WAY;
        drop(free);
        if arriving
            .send((due, piece[..length].to_vec()))
            .await
            .is_err()
        {
            return;
        }
    }
}

async fn arrive(mut arrivals: mpsc::Receiver<(Instant, Vec<u8>)>, mut to: OwnedWriteHalf) {
    while let Some((due, piece)) = arrivals.recv().await {
        sleep_until(due).await;
        if to.write_all(&piece).await.is_err() {
            return;
        }
    }
}
