//! `aftercare queue`: the outbox; what waits, what failed and why, and what to do about it.

use anyhow::{Context, anyhow};
use clap::Subcommand;

use super::{Failure, open, open_to_look, out::outln};
use crate::{
    app::App,
    clocks,
    config::Config,
    copies,
    http::Access,
    id::Id,
    inbound::unread,
    lanes,
    messages::{
        Message,
        actions::{self, Deed},
        reasons,
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// What waits in each lane, and what stands in the outbox.
    Status,
    /// Messages of a state, the oldest first, each with its reason and the next step.
    List {
        /// ready, sending, unknown, held, failed, dead, undelivered, accepted, …
        #[arg(long, default_value = "failed")]
        state: String,
        /// The code of a dealership.
        #[arg(long, value_name = "CODE")]
        dealership: Option<String>,
        /// So many at most.
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// Try a message again now, or let a clock ring that was set aside.
    Retry { id: String },
    /// Call a message off that was not handed over.
    Cancel { id: String },
    /// Hold a message until it is released.
    Hold { id: String },
    /// Let a held message go; without an id everything that a restored copy held.
    Release { id: Option<String> },
    /// Mails that came in and could not be read, the newest first.
    Unread,
    /// Have such a mail read again.
    Reread { id: String },
}

pub(super) async fn run(command: Command, settings: Config) -> Result<(), Failure> {
    let app = match command {
        Command::Status | Command::List { .. } | Command::Unread => Box::pin(open_to_look(settings)).await?,
        _ => open(settings, false).await?,
    };
    let done = match command {
        Command::Status => status(&app).await,
        Command::List { state, dealership, limit } => list(&app, state, dealership, limit).await,
        Command::Retry { id } if id.starts_with("clk_") => ring_again(&app, &id).await,
        Command::Retry { id } => by_hand(&app, &id, Deed::Retry).await,
        Command::Cancel { id } => by_hand(&app, &id, Deed::Cancel).await,
        Command::Hold { id } => by_hand(&app, &id, Deed::Hold).await,
        Command::Release { id: Some(id) } => by_hand(&app, &id, Deed::Release).await,
        Command::Release { id: None } => release_copy(&app).await,
        Command::Unread => list_unread(&app).await,
        Command::Reread { id } => read_again(&app, &id).await,
    };
    app.db.close().await;
    done
}

async fn release_copy(app: &App) -> Result<(), Failure> {
    let (notices, messages) = copies::actions::release(app).await.context("nothing was released")?;
    outln!("{notices} notices and {messages} messages go on");
    Ok(())
}

async fn status(app: &App) -> Result<(), Failure> {
    outln!("{:<20} {:>8}  oldest due", "lane", "due");
    for lane in lanes::due(app).await.context("cannot count the lanes")? {
        let oldest = if lane.rows == 0 { "-".to_owned() } else { format!("{:#}", lane.oldest) };
        outln!("{:<20} {:>8}  {oldest}", lane.name, lane.rows);
    }
    outln!("\n{:<8} {:<12} {:>8}  reason", "channel", "state", "messages");
    for standing in actions::outbox(app, &Access::All).await.context("cannot read the outbox")? {
        let reason = standing.reason.as_deref().unwrap_or("-");
        outln!("{:<8} {:<12} {:>8}  {reason}", standing.channel.word(), standing.state.word(), standing.rows);
    }
    for clock in clocks::actions::set_aside(app, 50).await.context("cannot read the clocks")? {
        outln!(
            "\n{}  {}  due {}  {}: it ended its process three times; once the cause is mended: aftercare queue retry {}",
            clock.id,
            clock.kind,
            clock.due_at,
            clock.reason.as_deref().unwrap_or("-"),
            clock.id
        );
    }
    Ok(())
}

async fn ring_again(app: &App, id: &str) -> Result<(), Failure> {
    let wrong = || Failure::usage(anyhow!("{id:?} is no id of a clock: they are clk_ and 32 digits"));
    let clock = id.parse().map_err(|_| wrong())?;
    if clocks::actions::try_again(app, clock).await.context("the clock could not be changed")? {
        outln!("{id} rings now");
        return Ok(());
    }
    Err(anyhow!("{id} cannot ring now: there is no such clock, it is not due yet, or it is being worked on").into())
}

async fn list(app: &App, state: String, dealership: Option<String>, limit: i64) -> Result<(), Failure> {
    let access = match dealership {
        None => Access::All,
        Some(code) => {
            let found = app.directory.by_code(&code).await.context("cannot look the dealership up")?;
            let found = found.ok_or_else(|| Failure::usage(anyhow!("there is no dealership {code:?}")))?;
            Access::Only(vec![found.id])
        }
    };
    for message in actions::in_state(app, &access, state, limit).await.context("cannot read the outbox")? {
        let reason = message.reason.as_deref().unwrap_or("-");
        outln!(
            "{}  {}  {}  {}  {}  due {}  {reason}: {}",
            message.id,
            message.dealership,
            message.kind,
            message.channel.word(),
            message.state.word(),
            message.not_before,
            reasons::next_step(message.state, message.reason.as_deref())
        );
    }
    Ok(())
}

async fn list_unread(app: &App) -> Result<(), Failure> {
    let mut tx = app.db.read().await.context("cannot read the mails")?;
    for mail in unread::list(&mut tx, &Access::All, None, 100).await.context("cannot read the mails")? {
        let (reason, dealership) = (mail.reason.as_deref().unwrap_or("-"), mail.dealership.as_deref().unwrap_or("-"));
        let next = if mail.is_kept { "once the cause is mended: aftercare queue reread" } else { "its bytes are gone" };
        outln!("{}  {dealership}  {}  {}  {reason}: {next}", mail.id, mail.state, mail.received_at);
    }
    Ok(())
}

async fn read_again(app: &App, id: &str) -> Result<(), Failure> {
    let wrong = || Failure::usage(anyhow!("{id:?} is no id of a mail: they begin with inb_"));
    let mail = id.parse().map_err(|_| wrong())?;
    if unread::read_again(app, &Access::All, mail, "operator").await.context("the mail could not be changed")? {
        outln!("{id} is read again");
        return Ok(());
    }
    Err(anyhow!("{id} cannot be read again: it is not among those of queue unread, or its bytes are gone").into())
}

async fn by_hand(app: &App, id: &str, deed: Deed) -> Result<(), Failure> {
    let wrong = || Failure::usage(anyhow!("{id:?} is no id of a message: they begin with msg_"));
    let message: Id<Message> = id.parse().map_err(|_| wrong())?;
    let done = actions::by_hand(app, Access::All, message, deed, "operator".to_owned()).await;
    if done.context("the message could not be changed")? {
        outln!("{id} {}", deed.done());
        return Ok(());
    }
    Err(anyhow!(
        "{id} cannot be {}: there is no such message, it was handed over already, or its use has passed",
        deed.done()
    )
    .into())
}
