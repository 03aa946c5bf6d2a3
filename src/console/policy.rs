//! Who may do what (`domain/rules.md` G8): one function, asked by the guard for every page and by pages for every control.
use std::str::FromStr;

/// What people do here, as on their row of `staff`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Advisor,
    Parts,
    Agent,
    Supervisor,
    ServiceManager,
    Director,
    Admin,
    Auditor,
}

impl Role {
    pub const ALL: [Self; 8] = [
        Self::Agent,
        Self::Advisor,
        Self::Parts,
        Self::Supervisor,
        Self::ServiceManager,
        Self::Director,
        Self::Admin,
        Self::Auditor,
    ];
    pub fn word(self) -> &'static str {
        match self {
            Self::Advisor => "advisor",
            Self::Parts => "parts",
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::ServiceManager => "service_manager",
            Self::Director => "director",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
        }
    }
}

impl FromStr for Role {
    type Err = ();
    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|role| role.word() == word).ok_or(())
    }
}

/// What a page or a control needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// Nobody has signed in yet.
    Anyone,
    /// Whoever works here.
    Staff,
    /// Make calls.
    Calls,
    /// See everybody's calls, hand them over.
    Supervise,
    /// The visits of a day.
    Day,
    /// Ask a colleague for help, and answer.
    Assist,
    /// Book appointments, where the book is kept here.
    Book,
    /// Read and answer inquiries.
    Inquiries,
    /// Look a customer up: visits, messages, consent.
    Customers,
    /// The whole of a telephone number, before a call.
    Numbers,
    /// Have something said to a customer.
    Messages,
    /// What is on order and what lies on the shelf.
    Parts,
    /// Read cases.
    Cases,
    /// Work on cases.
    HandleCases,
    /// Everybody's figures.
    Figures,
    /// Those of the other dealerships too.
    GroupFigures,
    /// What waits and what failed.
    Outbox,
    /// Try again, call off, hold and release.
    HandleOutbox,
    /// Read texts.
    Templates,
    /// Put a text in force.
    Publish,
    /// Take files of other systems in.
    Import,
    /// The dealership's hours and rules.
    Settings,
    /// People and their accounts.
    People,
    /// The record.
    Audit,
}

impl Right {
    pub const ALL: [Self; 24] = [
        Self::Anyone,
        Self::Staff,
        Self::Calls,
        Self::Supervise,
        Self::Day,
        Self::Assist,
        Self::Book,
        Self::Inquiries,
        Self::Customers,
        Self::Numbers,
        Self::Messages,
        Self::Parts,
        Self::Cases,
        Self::HandleCases,
        Self::Figures,
        Self::GroupFigures,
        Self::Outbox,
        Self::HandleOutbox,
        Self::Templates,
        Self::Publish,
        Self::Import,
        Self::Settings,
        Self::People,
        Self::Audit,
    ];
}

/// The one place that says who may do what.
pub fn may(role: Role, right: Right) -> bool {
    use Role::{Admin, Advisor, Agent, Auditor, Director, Parts, ServiceManager, Supervisor};
    let who: &[Role] = match right {
        Right::Anyone | Right::Staff => return true,
        Right::Calls | Right::Book => &[Agent, Advisor, Supervisor, ServiceManager],
        Right::Day | Right::Assist => &[Advisor, Supervisor, ServiceManager, Director],
        Right::Supervise | Right::HandleCases => &[Supervisor, ServiceManager],
        Right::Customers => &[Agent, Advisor, Parts, Supervisor, ServiceManager, Director],
        Right::Inquiries | Right::Numbers | Right::Messages => &[Advisor, Supervisor, ServiceManager],
        Right::Parts => &[Parts, Advisor, ServiceManager, Director],
        Right::Cases | Right::Figures => &[Supervisor, ServiceManager, Director],
        Right::GroupFigures => &[Director],
        Right::Outbox | Right::Templates => &[ServiceManager, Director, Admin],
        Right::HandleOutbox | Right::Import | Right::Settings => &[ServiceManager, Admin],
        Right::Publish | Right::People => &[Admin],
        Right::Audit => &[Auditor, Admin, Director],
    };
    who.contains(&role)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn who_may_do_what() {
        let mut table = String::new();
        for right in Right::ALL {
            let who: Vec<&str> = Role::ALL.into_iter().filter(|role| may(*role, right)).map(Role::word).collect();
            let _ = writeln!(table, "{right:?}: {}", who.join(" "));
        }
        insta::assert_snapshot!("who_may_do_what", table);
    }

    #[test]
    fn roles_are_the_words_of_the_staff_rows() {
        let mut words = Role::ALL.map(Role::word);
        let mut known = crate::staff::ROLES;
        words.sort_unstable();
        known.sort_unstable();
        assert_eq!(words, known);
        assert!("chef".parse::<Role>().is_err());
    }
}
