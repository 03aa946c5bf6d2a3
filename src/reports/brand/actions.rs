//! Reads the visits of a month, and says of each customer what they agreed to and no more.
use super::{
    Visit,
    store::{self, Found},
};
use crate::{
    app::App,
    customers::consent::{Action, pseudonym, shared_with_the_maker},
    db,
    http::Access,
    reports::{self, Question},
};

/// So many visits of a month after one of them, dealership by dealership in the order of their ids. None when there is no
/// such dealership for this caller.
///
/// # Errors
/// Those of the database.
pub async fn visits(
    app: &App,
    access: &Access,
    question: &Question,
    after: Option<&str>,
    limit: i64,
) -> db::Result<Option<Vec<Visit>>> {
    // Read before the connection is taken: it may have to be made.
    let salt = app.links.key().await?.salt();
    let mut tx = app.db.read().await?;
    let wanted = reports::dealerships(&mut tx, access, question.dealership.as_deref()).await?;
    if wanted.is_empty() {
        return Ok(None);
    }
    // `code/svy_…`: where the page before this one ended.
    let (code, last) = after.and_then(|after| after.split_once('/')).unwrap_or(("", ""));
    let mut visits = Vec::new();
    for dealership in wanted.iter().filter(|dealership| dealership.code.as_str() >= code) {
        let left = limit - i64::try_from(visits.len()).unwrap_or(limit);
        if left <= 0 {
            break;
        }
        let after = if dealership.code == code { last } else { "" };
        let month = question.month.bounds(&dealership.zone);
        let found = store::visits(&mut tx, dealership.id, month, after.to_owned(), left).await?;
        visits.extend(found.into_iter().map(|found| shared(found, &salt)));
    }
    Ok(Some(visits))
}

fn shared(found: Found, salt: &[u8]) -> Visit {
    let is_shared = found.shared == Some(Action::Grant);
    let hidden = |reference: String| if is_shared { reference } else { pseudonym(&reference, salt) };
    let person =
        found.customer.map(|customer| shared_with_the_maker(is_shared, &customer, found.phone.as_deref(), salt));
    Visit {
        // Our own id names nobody: it is where the next page begins.
        id: format!("{}/{}", found.dealership, found.id),
        dealership: found.dealership,
        repair_order: hidden(found.repair_order),
        phone: person.as_ref().and_then(|person| person.phone.clone()),
        customer: person.map(|person| person.customer),
        vin: found.vin.map(hidden),
        model_code: found.model_code,
        model_year: found.model_year,
        service_type: found.service_type,
        pay_type: found.pay_type,
        opened_at: found.opened_at,
        delivered_at: found.delivered_at,
        is_comeback: found.is_comeback,
        came_back: found.came_back,
        mode: found.mode,
        overall: found.overall,
        fixed: found.fixed,
        recommend: found.recommend,
        oem_sharing: is_shared,
    }
}
