//! `dir:PATH` instead of a mail server: one `.eml` file per message, for a first look and for tests.
use std::path::PathBuf;

use tokio::{fs, io::AsyncWriteExt};

use crate::channels::{Delivered, Delivery, HandOver, Outcome, Phase};

/// A folder that takes messages.
#[derive(Clone, Debug)]
pub struct Dir {
    folder: PathBuf,
}

impl Dir {
    /// The folder is made at the first message.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Writes `bytes` as `<message>.eml`, whole or not at all. The same message again replaces its file.
    pub async fn deliver(&self, message: &str, bytes: &[u8], hand_over: &dyn HandOver) -> Delivered {
        if message.is_empty() || !message.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Delivered::Answered(Delivery::unanswered(Phase::Envelope, Outcome::Refused, "message_id_invalid"));
        }
        if !hand_over.mark().await {
            return Delivered::Stopped;
        }
        Delivered::Answered(match self.write(message, bytes).await {
            Ok(()) => Delivery {
                provider_ref: Some(format!("{message}.eml")),
                ..Delivery::unanswered(Phase::Answered, Outcome::Accepted, "accepted")
            },
            // Without the rename there is no message: this failure is never an unknown one.
            Err(_) => Delivery::unanswered(Phase::HandingOver, Outcome::NotSent, "folder_not_writable"),
        })
    }

    async fn write(&self, message: &str, bytes: &[u8]) -> std::io::Result<()> {
        fs::create_dir_all(&self.folder).await?;
        let unfinished = self.folder.join(format!(".{message}.part"));
        let mut file = fs::File::create(&unfinished).await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        fs::rename(&unfinished, self.folder.join(format!("{message}.eml"))).await
    }
}
