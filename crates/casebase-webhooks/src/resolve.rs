//! The filter against requests into private networks (SSRF).
//!
//! An endpoint's address is an admin's input, and the worker stands inside the network. So it talks to public
//! addresses only. The filter sits in the resolver, after DNS, where the addresses that are really connected to pass;
//! a name that resolves differently the second time can't go round it. Addresses written out in a URL never reach a
//! resolver: [`Egress::check_url`] looks at them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Where requests may go. [`Egress::default`]: to public addresses, over HTTPS.
#[derive(Debug, Clone)]
pub struct Egress {
    /// To private, loopback and link-local addresses too, to any port, and over plain HTTP. For development and closed
    /// networks.
    pub allow_private: bool,
    /// Networks that count as public.
    pub allow: Vec<IpNet>,
    /// To these ports.
    pub ports: Vec<RangeInclusive<u16>>,
    /// Through this HTTP proxy. It resolves names, so what they resolve to is its to judge.
    pub proxy: Option<Url>,
}

impl Default for Egress {
    fn default() -> Self {
        Self {
            allow_private: false,
            allow: Vec::new(),
            ports: vec![80..=80, 443..=443, 1024..=65535],
            proxy: None,
        }
    }
}

/// Why a request was not made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// The address itself, or every address of the name, is not public.
    #[error("{0} is not a public address; nothing was sent")]
    NotPublic(String),
    /// The payload would travel unencrypted.
    #[error("only https endpoints are sent to; this one is {0}")]
    NotHttps(String),
    /// The operator allows other ports only.
    #[error(
        "port {0} is not among those that webhooks go to (CASEBASE_WEBHOOKS_PORTS); nothing was sent"
    )]
    Port(u16),
}

impl Egress {
    /// Refuses what can be told from the URL alone.
    ///
    /// # Errors
    /// A [`Refusal`] for another scheme than https, for a port that is not allowed, and for an IP address that is not
    /// public.
    pub fn check_url(&self, url: &Url) -> Result<(), Refusal> {
        if self.allow_private {
            return Ok(());
        }
        if url.scheme() != "https" {
            return Err(Refusal::NotHttps(url.scheme().to_owned()));
        }
        if let Some(port) = url.port_or_known_default()
            && !self.ports.iter().any(|ports| ports.contains(&port))
        {
            return Err(Refusal::Port(port));
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        if self.allows(literal) {
            Ok(())
        } else {
            Err(Refusal::NotPublic(literal.to_string()))
        }
    }

    fn allows(&self, address: IpAddr) -> bool {
        is_public(address) || self.allow.iter().any(|network| network.contains(&address))
    }
}

/// Resolves names to those of their addresses that requests may go to.
#[derive(Debug)]
pub struct AllowedResolver(pub Egress);

impl Resolve for AllowedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let egress = self.0.clone();
        Box::pin(async move {
            let host = name.as_str();
            let allowed: Vec<SocketAddr> = tokio::net::lookup_host((host, 0))
                .await?
                .filter(|address| egress.allows(address.ip()))
                .collect();
            if allowed.is_empty() {
                return Err(Refusal::NotPublic(host.to_owned()).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether the IANA special-purpose registries leave this address to the public internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        [0 | 10 | 127, ..] => true,
        [100, second, ..] => second & 0b1100_0000 == 64, // shared by carriers
        [169, 254, ..] => true, // link-local, and the clouds' metadata services
        [172, second, ..] => second & 0b1111_0000 == 16,
        [192, 0, 0 | 2, _] => true, // protocol assignments, documentation
        [192, 88, 99, _] => true,   // 6to4 relays
        [192, 168, ..] => true,
        [198, 18 | 19, ..] => true,  // benchmarks
        [198, 51, 100, _] => true,   // documentation
        [203, 0, 113, _] => true,    // documentation
        [first, ..] => first >= 224, // multicast, reserved, broadcast
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(embedded) = address.to_ipv4_mapped() {
        return is_public_v4(embedded);
    }
    match address.segments() {
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(v4_of(high, low)), // NAT64
        [0x2001, second, ..] if second < 0x0200 => false, // protocol assignments, Teredo among them
        [0x2001, 0x0db8, ..] => false,                    // documentation
        [0x2002, high, low, ..] => is_public_v4(v4_of(high, low)), // 6to4
        [0x3fff, second, ..] if second < 0x1000 => false, // documentation
        [first, ..] => first & 0xe000 == 0x2000,          // global unicast, nothing else
    }
}

fn v4_of(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    fn check(url: &str) -> Result<(), Refusal> {
        Egress::default().check_url(&Url::parse(url).unwrap())
    }

    #[test]
    fn special_purpose_addresses_are_not_public() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn the_rest_of_the_internet_is_public() {
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.254",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn an_address_in_the_url_is_recognised_however_it_is_written() {
        for url in [
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://017700000001/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
        ] {
            assert!(matches!(check(url), Err(Refusal::NotPublic(_))), "{url}");
        }
        assert_eq!(check("https://1.1.1.1/hook"), Ok(()));
    }

    #[tokio::test]
    async fn a_network_that_is_allowed_counts_as_public_and_no_other() {
        let egress = Egress {
            allow: vec![
                "10.1.2.0/24".parse().unwrap(),
                "127.0.0.0/8".parse().unwrap(),
            ],
            ..Egress::default()
        };
        let check = |url: &str| egress.check_url(&Url::parse(url).unwrap());
        assert_eq!(check("https://10.1.2.3/"), Ok(()));
        assert!(matches!(
            check("https://10.1.3.3/"),
            Err(Refusal::NotPublic(_))
        ));
        assert!(matches!(
            check("http://10.1.2.3/"),
            Err(Refusal::NotHttps(_))
        ));
        let resolver = AllowedResolver(egress);
        let found = resolver
            .resolve("localhost".parse().unwrap())
            .await
            .ok()
            .unwrap();
        let found: Vec<_> = found.map(|address| address.ip().to_string()).collect();
        assert_eq!(found, ["127.0.0.1"], "::1 is not in it");
    }

    #[test]
    fn a_port_that_is_not_allowed_is_refused() {
        for port in [22, 25, 1023] {
            assert_eq!(
                check(&format!("https://example.com:{port}/")),
                Err(Refusal::Port(port))
            );
        }
        for port in [80, 443, 1024, 65535] {
            assert_eq!(check(&format!("https://example.com:{port}/")), Ok(()));
        }
    }

    #[test]
    fn plain_http_is_refused() {
        assert_eq!(
            check("http://example.com/"),
            Err(Refusal::NotHttps("http".into()))
        );
        assert_eq!(check("https://example.com/"), Ok(()));
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_a_private_address_is_refused_after_dns() {
        let resolver = AllowedResolver(Egress::default());
        let refused = resolver.resolve("localhost".parse().unwrap()).await;
        let error = refused.err().unwrap();
        assert_eq!(
            error.to_string(),
            "localhost is not a public address; nothing was sent"
        );
    }
}
