//! Statements about a list of ids that is bound as `$1`: read from an index on both databases.

/// A text for both databases out of literals and of the words `among` and `but`: one of the ids, none of them.
macro_rules! sql {
    ($($part:tt)+) => {
        $crate::db::Sql {
            sqlite: concat!($($crate::rights::store::among::part!(sqlite $part)),+),
            postgres: concat!($($crate::rights::store::among::part!(postgres $part)),+),
        }
    };
}
macro_rules! part {
    (sqlite among) => {
        " IN (SELECT value FROM json_each($1))"
    };
    (postgres among) => {
        " = ANY(ARRAY(SELECT jsonb_array_elements_text($1)))"
    };
    (sqlite but) => {
        " NOT IN (SELECT value FROM json_each($1))"
    };
    (postgres but) => {
        " <> ALL(ARRAY(SELECT jsonb_array_elements_text($1)))"
    };
    ($database:ident $text:literal) => {
        $text
    };
}
pub(super) use {part, sql};
