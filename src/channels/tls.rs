//! One TLS set-up for every channel: ring, the web's roots, and one authority of our own where configured.
use std::{path::Path, sync::Once};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// The file with the extra certificate authority is of no use.
#[derive(Debug, thiserror::Error)]
#[error("the CA file {path} holds no certificate that can be used")]
pub struct BadAuthority {
    path: String,
}

/// Makes ring the process's TLS provider. `main` calls it first; everything here calls it again, which does nothing.
pub fn install_ring() {
    static RING: Once = Once::new();
    RING.call_once(|| {
        // An error means that a provider is installed already: then there is nothing to do.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Trusts the web's roots, and the authorities in the PEM file `ca` if there is one.
pub fn client_config(ca: Option<&Path>) -> Result<ClientConfig, BadAuthority> {
    install_ring();
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = ca {
        let bad = || BadAuthority { path: path.display().to_string() };
        let certificates = CertificateDer::pem_file_iter(path).map_err(|_| bad())?;
        let mut found = false;
        for certificate in certificates {
            roots.add(certificate.map_err(|_| bad())?).map_err(|_| bad())?;
            found = true;
        }
        if !found {
            return Err(bad());
        }
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}
