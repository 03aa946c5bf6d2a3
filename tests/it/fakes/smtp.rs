//! A mail server that records every message whole, with the answer it gave, and misbehaves message by message.
mod talk;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::net::TcpListener;

/// The authority that signed the fake's certificate for `localhost` and `127.0.0.1`. Its key was thrown away; the
/// server's own key beside it protects nothing.
pub(crate) const CA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fakes/tls/ca.pem");
/// What happens to one message.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Accept,
    /// These words in answer to MAIL, RCPT, DATA, or the text.
    AtMail(&'static str),
    AtRcpt(&'static str),
    AtData(&'static str),
    AtDot(&'static str),
    /// The answer to the text, this many milliseconds late.
    SlowDot(u64, &'static str),
    /// Records the message, then closes without an answer.
    CutAfterDot,
    /// Closes after the first line of the text.
    CutInData,
    /// Says 354 and closes.
    CutAfter354,
    /// Closes at MAIL.
    CutAtMail,
    /// Never answers RCPT.
    HangAtRcpt,
    /// Accepts, and says something nobody asked for.
    AcceptAndChatter(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Greeting {
    Normal,
    /// Accepts the connection and says nothing.
    Never,
    Refuse(&'static str),
}

/// How the server behaves. `act` is asked at every MAIL with the message's number (from 0, over all connections).
#[derive(Clone)]
pub(crate) struct Behaviour {
    pub(crate) act: Arc<dyn Fn(usize) -> Act + Send + Sync>,
    pub(crate) greeting: Greeting,
    pub(crate) starttls: bool,
    /// TLS from the first byte.
    pub(crate) wrapper: bool,
    /// Says this in the clear, together with its answer to STARTTLS.
    pub(crate) injected: &'static str,
    pub(crate) auth: &'static str,
    /// The answer to a finished AUTH.
    pub(crate) auth_reply: &'static str,
}

impl Behaviour {
    pub(crate) fn each(act: impl Fn(usize) -> Act + Send + Sync + 'static) -> Self {
        Self {
            act: Arc::new(act),
            greeting: Greeting::Normal,
            starttls: false,
            wrapper: false,
            injected: "",
            auth: "",
            auth_reply: "235 2.7.0 welcome",
        }
    }
    pub(crate) fn always(act: Act) -> Self {
        Self::each(move |_| act.clone())
    }
}

/// One message that arrived whole, dot included.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) message_id: String,
    /// Without dot-stuffing, with the last CRLF.
    pub(crate) bytes: Vec<u8>,
    /// `None`: the connection was cut instead.
    pub(crate) reply: Option<String>,
    pub(crate) connection: usize,
}

#[derive(Default)]
struct Records {
    received: Vec<Received>,
    /// Every line but texts, with its connection's number.
    lines: Vec<(usize, String)>,
    open: usize,
    most_open: usize,
    connections: usize,
}

struct Shared {
    behaviour: Behaviour,
    records: Mutex<Records>,
    messages: AtomicUsize,
    /// How often 354 was said, and how many bytes of texts have come.
    invited: AtomicUsize,
    text_bytes: AtomicUsize,
}

/// A running server; it ends with the test's runtime.
pub(crate) struct FakeSmtp {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

impl FakeSmtp {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared {
            behaviour,
            records: Mutex::default(),
            messages: AtomicUsize::new(0),
            invited: AtomicUsize::new(0),
            text_bytes: AtomicUsize::new(0),
        });
        let server = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let shared = Arc::clone(&server);
                tokio::spawn(async move {
                    let _ = socket.set_nodelay(true);
                    let number = shared.opened();
                    let _ = shared.serve(number, socket).await;
                    shared.records().open -= 1;
                });
            }
        });
        Self { address, shared }
    }

    /// `email.url` for this server.
    pub(crate) fn url(&self, options: &str) -> String {
        format!("smtp://{}{options}", self.address)
    }
    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.records().received.clone()
    }
    /// The same without the first so many.
    pub(crate) fn received_since(&self, first: usize) -> Vec<Received> {
        self.shared.records().received[first..].to_vec()
    }
    /// How often each Message-ID arrived whole.
    pub(crate) fn copies(&self) -> HashMap<String, usize> {
        let mut copies = HashMap::new();
        for message in self.received() {
            *copies.entry(message.message_id).or_default() += 1;
        }
        copies
    }
    /// All commands, in the clear or not, in order.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.shared.records().lines.iter().map(|(_, line)| line.clone()).collect()
    }
    pub(crate) fn connections(&self) -> usize {
        self.shared.records().connections
    }
    pub(crate) fn open(&self) -> usize {
        self.shared.records().open
    }
    pub(crate) fn most_open(&self) -> usize {
        self.shared.records().most_open
    }
    pub(crate) fn invited(&self) -> usize {
        self.shared.invited.load(Ordering::SeqCst)
    }
    pub(crate) fn text_bytes(&self) -> usize {
        self.shared.text_bytes.load(Ordering::SeqCst)
    }
}
