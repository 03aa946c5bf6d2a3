//! Reads a person who works here from JSON: the body of their PUT, or an entry of a setup file.
use serde_json::Value;

use super::{ROLES, Staff, shifts};
use crate::{
    channels::wecom,
    dealerships::Dealership,
    fields::{Fields, wrong_with},
    http::Fault,
    id::Id,
};

impl Staff {
    /// Reads one with the id `id`, which [`super::actions::put`] replaces when the `ref` is known at the dealership.
    ///
    /// # Errors
    /// Everything that is wrong, each with its pointer below `base`.
    pub fn parse(
        id: Id<Self>,
        dealership_id: Id<Dealership>,
        reference: &str,
        base: &str,
        body: Value,
    ) -> Result<Self, Vec<Fault>> {
        let mut fields = Fields::of(base, body)?;
        // Which dealership it is was decided before; an answer of ours may be sent back as it is.
        for decided in ["id", "dealership"] {
            let _ = fields.take(decided);
        }
        if let Some((code, message)) = wrong_with(reference, 200) {
            fields.fault("ref", code, message);
        } else if fields.take("ref").is_some_and(|said| said != reference) {
            fields.fault("ref", "wrong_ref", "must be the one of the address");
        }
        let roles = fields.texts("roles");
        for (at, role) in roles.iter().enumerate() {
            if !ROLES.contains(&role.as_str()) {
                fields.fault(&format!("roles/{at}"), "unknown_role", format!("must be one of {}", ROLES.join(", ")));
            }
        }
        let email = fields.text_if_any("email", 254);
        if email.as_deref().is_some_and(|email| !crate::dealerships::looks_like_an_address(email)) {
            fields.fault("email", "not_an_address", "is no e-mail address");
        }
        let extension = fields.text_if_any("extension", 20);
        if extension
            .as_deref()
            .is_some_and(|text| !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'))
        {
            fields.fault("extension", "not_an_extension", "must be letters, digits, - and _ only");
        }
        let substitute = fields.text_if_any("substitute", 200);
        if substitute.as_deref() == Some(reference) {
            fields.fault("substitute", "oneself", "must be somebody else: nobody stands in for themselves");
        }
        let wecom_userid = fields.text_if_any("wecom_userid", 64);
        if wecom_userid.as_deref().is_some_and(|user| !wecom::is_user(user)) {
            fields.fault("wecom_userid", "not_a_user", "must be letters, digits, and _ - @ . only");
        }
        let staff = Self {
            id,
            dealership_id,
            reference: reference.to_owned(),
            name: Some(fields.text("name", 100)),
            roles,
            languages: fields.texts("languages"),
            skills: fields.texts("skills"),
            extension,
            email,
            mobile: fields.text_if_any("mobile", 40),
            wecom_userid,
            active: fields.flag("active", true),
            shifts: shifts::read(&mut fields),
            substitute,
        };
        fields.finish().map(|()| staff)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(reference: &str, body: Value) -> Result<Staff, Vec<String>> {
        let at = "2026-03-05T00:00:00Z".parse().unwrap();
        Staff::parse(Id::new(at, [1; 10]), Id::new(at, [2; 10]), reference, "", body)
            .map_err(|faults| faults.into_iter().map(|f| format!("{} {}", f.pointer, f.code)).collect())
    }

    #[test]
    fn a_person_is_read_or_what_is_wrong_is_pointed_at() {
        let chen = json!({"ref": "adv-01", "dealership": "gz-tianhe", "name": "陈晓", "roles": ["advisor"], "languages": ["zh-CN"]});
        let read_once = read("adv-01", chen).expect("valid");
        assert!(read_once.active);
        assert_eq!(read("adv-01", serde_json::to_value(&read_once).unwrap()).expect("valid"), read_once);
        for (reference, body, expected) in [
            ("adv-01", json!({}), "/name required"),
            ("adv-01", json!({"name": "x", "roles": ["boss"]}), "/roles/0 unknown_role"),
            ("adv-01", json!({"name": "x", "ref": "adv-02"}), "/ref wrong_ref"),
            ("a\nb", json!({"name": "x"}), "/ref control_character"),
            ("adv-01", json!({"name": "x", "email": "nobody"}), "/email not_an_address"),
            ("adv-01", json!({"name": "x", "wecom_userid": "a|b"}), "/wecom_userid not_a_user"),
            ("adv-01", json!({"name": "x", "wecom_userid": "@all"}), "/wecom_userid not_a_user"),
            ("adv-01", json!({"name": "x", "phone": "1"}), "/phone unknown_field"),
            ("adv-01", json!({"name": "x", "substitute": "adv-01"}), "/substitute oneself"),
            ("adv-01", json!({"name": "x", "shifts": []}), "/shifts wrong_type"),
            ("adv-01", json!({"name": "x", "shifts": {"mon": []}}), "/shifts/mon unknown_field"),
            ("adv-01", json!({"name": "x", "shifts": {"week": {"moon": []}}}), "/shifts/week/moon unknown_weekday"),
            (
                "adv-01",
                json!({"name": "x", "shifts": {"week": {"mon": [["18:00", "09:00"]]}}}),
                "/shifts/week/mon/0 closes_before_it_opens",
            ),
            ("adv-01", json!({"name": "x", "shifts": {"away": [{"from": "soon"}]}}), "/shifts/away/0/from not_a_date"),
            (
                "adv-01",
                json!({"name": "x", "shifts": {"away": [{"from": "2026-03-09", "to": "2026-03-08"}]}}),
                "/shifts/away/0/to ends_before_it_begins",
            ),
        ] {
            assert_eq!(read(reference, body), Err(vec![expected.to_owned()]));
        }
    }
}
