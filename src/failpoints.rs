//! Failpoints and sabotage switches: places on the road where a test build can be made to stop, stumble or wait.
//!
//! Only builds with the feature `test-doors` look at `AFTERCARE_FAIL`; in every other build a point is nothing. The variable
//! is a list: `mark:abort@3,body:delay:200,blind-sms-retry`. An entry without an action is a switch for [`is_on`].
//!
//! The road's points, in order, and what has happened when they are reached:
//!
//! | point | reached |
//! |---|---|
//! | `sorted` | (mail that came in) it was read, and has taken no effect |
//! | `accept` | the request is parsed, nothing is written |
//! | `remember` | (a file on its way in) a batch's events are committed, that its rows were read is not |
//! | `commit` | the event's unit is done, its transaction not yet committed |
//! | `ring` | clocks that are due are deleted, their desk has not acted |
//! | `compose` | a notice is claimed, its messages not yet written |
//! | `claim` | messages are claimed and committed, nothing else |
//! | `connect` | before the connection to the provider |
//! | `envelope` | before MAIL FROM |
//! | `mark` | after 354 (or before the request), the mark not yet committed |
//! | `body` | the mark is committed, no byte of the body is written |
//! | `after_dot` | the body is written, the answer not yet read |
//! | `answer` | the answer is read, nobody has been told |
//! | `record` | the outcome is handed to the database, not yet committed |
//!
//! A kill before `body` must never repeat a message; from `body` on it may, once, marked `unknown`.

/// Reaches `point`: here a test build may end the process, panic or wait.
#[inline]
pub fn point(point: &str) {
    let _ = fails(point);
}

/// Reaches `point`; true when the test wants an error from here.
#[inline]
pub fn fails(point: &str) -> bool {
    #[cfg(feature = "test-doors")]
    return armed::reach(point);
    #[cfg(not(feature = "test-doors"))]
    {
        let _ = point;
        false
    }
}

/// True when the sabotage switch `name` is on: a breakage that the control runs must notice.
#[inline]
pub fn is_on(name: &str) -> bool {
    #[cfg(feature = "test-doors")]
    return armed::switches().iter().any(|on| on == name);
    #[cfg(not(feature = "test-doors"))]
    {
        let _ = name;
        false
    }
}

#[cfg(feature = "test-doors")]
mod armed {
    use std::{
        io::Write,
        sync::{
            OnceLock,
            atomic::{AtomicU64, Ordering},
        },
        time::Duration,
    };

    /// What happens at a point, from its hit number `at` on; `abort` only at that hit, because there is no other.
    #[derive(Debug)]
    pub(super) struct Armed {
        point: String,
        action: Action,
        at: u64,
        hits: AtomicU64,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Action {
        Abort,
        Panic,
        Error,
        Delay(Duration),
    }

    #[derive(Debug, Default)]
    struct Orders {
        armed: Vec<Armed>,
        switches: Vec<String>,
    }

    fn orders() -> &'static Orders {
        static ORDERS: OnceLock<Orders> = OnceLock::new();
        ORDERS.get_or_init(|| {
            let text = std::env::var("AFTERCARE_FAIL").unwrap_or_default();
            parse(&text).unwrap_or_else(|wrong| panic!("AFTERCARE_FAIL: cannot read {wrong:?}"))
        })
    }

    pub(super) fn switches() -> &'static [String] {
        &orders().switches
    }

    /// Acts as ordered; true for `error`.
    pub(super) fn reach(point: &str) -> bool {
        let mut fails = false;
        for armed in orders().armed.iter().filter(|armed| armed.point == point) {
            let hit = armed.hits.fetch_add(1, Ordering::Relaxed) + 1;
            if hit < armed.at {
                continue;
            }
            match armed.action {
                Action::Abort => {
                    report(point, hit);
                    std::process::abort();
                }
                Action::Panic => {
                    report(point, hit);
                    panic!("failpoint {point}");
                }
                Action::Error => {
                    report(point, hit);
                    fails = true;
                }
                Action::Delay(time) => std::thread::sleep(time),
            }
        }
        fails
    }

    /// A test must see that its point was really hit.
    fn report(point: &str, hit: u64) {
        let line = format!("{point} hit {hit} pid {}\n", std::process::id());
        let log = std::env::var_os("AFTERCARE_FAIL_LOG");
        let written = log.is_some_and(|path| {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            file.and_then(|mut file| file.write_all(line.as_bytes())).is_ok()
        });
        if !written {
            let _ = std::io::stderr().write_all(format!("failpoint {line}").as_bytes());
        }
    }

    fn parse(text: &str) -> Result<Orders, String> {
        let mut orders = Orders::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let Some((point, action)) = entry.split_once(':') else {
                orders.switches.push(entry.to_owned());
                continue;
            };
            let (action, at) = match action.split_once('@') {
                Some((action, at)) => (action, at.parse().map_err(|_| entry.to_owned())?),
                None => (action, 1),
            };
            let action = match action.split_once(':') {
                None if action == "abort" => Action::Abort,
                None if action == "panic" => Action::Panic,
                None if action == "error" => Action::Error,
                Some(("delay", millis)) => {
                    Action::Delay(Duration::from_millis(millis.parse().map_err(|_| entry.to_owned())?))
                }
                _ => return Err(entry.to_owned()),
            };
            orders.armed.push(Armed { point: point.to_owned(), action, at, hits: AtomicU64::new(0) });
        }
        Ok(orders)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn orders_are_read_and_typing_errors_are_named() {
            let orders = parse("mark:abort@3, body:delay:200,blind-sms-retry").expect("orders");
            assert_eq!(orders.switches, ["blind-sms-retry"]);
            let read = |n: usize| (orders.armed[n].point.as_str(), orders.armed[n].action, orders.armed[n].at);
            assert_eq!(read(0), ("mark", Action::Abort, 3));
            assert_eq!(read(1), ("body", Action::Delay(Duration::from_millis(200)), 1));
            for wrong in ["mark:abrot", "mark:abort@x", "mark:delay:long"] {
                assert_eq!(parse(wrong).expect_err("refused"), wrong);
            }
        }
    }
}
