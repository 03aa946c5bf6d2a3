//! One TLS set-up for every channel: ring, the web's roots, and one authority of our own where configured.
use std::{
    path::Path,
    sync::{Arc, Mutex, Once, PoisonError},
    time::Duration,
};

use jiff::SignedDuration;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

use crate::clock::Timestamp;

/// A certificate should be renewed by then.
const ENDS_SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

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
    Ok(ClientConfig::builder().with_root_certificates(roots(ca)?).with_no_client_auth())
}

/// The same, and it can be told afterwards what was thought of the other side's certificate.
pub fn watched(ca: Option<&Path>, now: Timestamp) -> Result<(ClientConfig, Seen), BadAuthority> {
    let judge = WebPkiServerVerifier::builder(Arc::new(roots(ca)?)).build();
    let judge = judge.map_err(|_| BadAuthority { path: ca.unwrap_or(Path::new("")).display().to_string() })?;
    let seen = Seen::default();
    let until = u64::try_from(now.plus(ENDS_SOON).get().as_second()).unwrap_or_default();
    let until = UnixTime::since_unix_epoch(Duration::from_secs(until));
    let watching = Arc::new(Watching { judge, seen: seen.clone(), until });
    let config = ClientConfig::builder().dangerous().with_custom_certificate_verifier(watching).with_no_client_auth();
    Ok((config, seen))
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, BadAuthority> {
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
    Ok(roots)
}

/// What was thought of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Good,
    /// Good today, and not in two weeks any more.
    EndsSoon,
    /// Why it was refused, to be read after "its certificate".
    Refused(&'static str),
}

/// What was thought of the certificate that was seen last; none where there was none.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Mutex<Option<Verdict>>>);

impl Seen {
    pub fn verdict(&self) -> Option<Verdict> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Judges as rustls does by itself, and remembers the verdict: what comes out of a broken handshake does not say it.
#[derive(Debug)]
struct Watching {
    judge: Arc<WebPkiServerVerifier>,
    seen: Seen,
    /// A certificate that is not good then ends soon.
    until: UnixTime,
}

impl ServerCertVerifier for Watching {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let judged = |at| self.judge.verify_server_cert(end_entity, intermediates, name, ocsp, at);
        let verified = judged(now);
        let verdict = match &verified {
            Ok(_) if judged(self.until).is_err() => Verdict::EndsSoon,
            Ok(_) => Verdict::Good,
            Err(error) => Verdict::Refused(why(error)),
        };
        *self.seen.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict);
        verified
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls12_signature(message, certificate, signed)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls13_signature(message, certificate, signed)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

fn why(error: &rustls::Error) -> &'static str {
    let rustls::Error::InvalidCertificate(wrong) = error else { return "is not valid" };
    match wrong {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "is not valid yet",
        CertificateError::UnknownIssuer => "was signed by an authority that is not trusted",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "is for another name",
        CertificateError::Revoked => "was revoked",
        _ => "is not valid",
    }
}
