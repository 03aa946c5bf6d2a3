//! The facts that are told: bookings of customers of their own, made now, for an appointment in three days.
use aftercare::clock::{Clock, Timestamp};
use jiff::SignedDuration;

/// One `appointment.booked` as JSON, number `n` of `run`; only e-mail can reach the customer.
pub(crate) fn booking(run: &str, n: usize) -> String {
    let now = Clock::system().now();
    let start = now.plus(SignedDuration::from_hours(72));
    format!(
        r#"{{"specversion":"1.0","id":"{run}-{n}","source":"/dms/bench","type":"appointment.booked","time":"{now}","dealership":"gz-tianhe","data":{{"ref":"A-{run}-{n}","start_at":"{start}","advisor_ref":"adv-01","booked_at":"{now}","channel":"phone","services":[{{"code":"40K","name":"40,000 km service","hours":1.5}}],"customer_words":"brake squeal when cold","is_comeback":false,"parts_required":[],"customer":{{"ref":"C-{run}-{n}","name":"王芳","salutation":"女士","phones":[{{"number":"020-8888 1234","label":"home"}}],"email":"c{n}@example.com","language":"zh-CN"}},"vehicle":{{"vin":"JTH{n:014}","plate":"粤A{:05}","model_code":"ES300h","model_year":2024}}}}}}"#,
        n % 100_000
    )
}

/// One `inquiry.received` as JSON, number `n`: just now, on the dealership's own site.
pub(crate) fn question(n: usize) -> String {
    let now = Clock::system().now();
    format!(
        r#"{{"specversion":"1.0","id":"q-{n}","source":"/web","type":"inquiry.received","time":"{now}","dealership":"{}","data":{{"ref":"W-{n}","channel":"web","received_at":"{now}","subject":"刹车异响","body":"冷车时刹车有异响，周一可以来检查吗？ {n}","customer":{{"ref":"C-q-{n}","name":"王芳","salutation":"女士","email":"q{n}@example.com","language":"zh-CN"}},"vehicle":{{"vin":"JTQ{n:014}","plate":"粤B{:05}"}}}}}}"#,
        ["gz-tianhe", "sh-pudong", "tk-minato", "la-torrance"][n % 4],
        n % 100_000
    )
}

pub(crate) fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.since(from).as_secs_f64()
}
