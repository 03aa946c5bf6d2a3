//! Who signs in to the demo's console: one login for each role.
use crate::{
    app::App,
    http::Error,
    staff::{
        accounts::{self, actions::Reach},
        actions,
    },
};

/// The people, as `aftercare setup FILE` reads them.
pub const PEOPLE: &str = include_str!("../../templates/demo/people.toml");
/// Everybody's password: nothing leaves the machine, and there is nothing to protect.
pub const PASSWORD: &str = "demo";
const DEALERSHIP: &str = "gz-tianhe";

/// The logins, which are also the refs of those people, and what each of them does.
pub const LOGINS: [(&str, &str); 9] = [
    ("agt-01", "agent"),
    ("agt-02", "agent, to watch the first one live"),
    ("adv-01", "service advisor"),
    ("prt-01", "parts"),
    ("sup-01", "supervisor"),
    ("mgr-01", "service manager"),
    ("dir-01", "director"),
    ("adm-01", "administrator"),
    ("aud-01", "auditor"),
];

/// Lets them sign in.
///
/// # Errors
/// The database's.
pub async fn open_accounts(app: &App) -> Result<(), Error> {
    let Some(dealership) = app.directory.by_code(DEALERSHIP).await? else { return Err(Error::NotFound) };
    for (login, _) in LOGINS {
        let person = {
            let mut tx = app.db.read().await?;
            match actions::find_id(&mut tx, dealership.id, login).await? {
                Some(id) => actions::find(&mut tx, id).await?,
                None => None,
            }
        };
        let person = person.ok_or(Error::NotFound)?;
        accounts::actions::open_with(app, &person, login, &PASSWORD.into(), ("demo", Reach::Everywhere)).await?;
    }
    Ok(())
}
