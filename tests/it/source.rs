//! Reads our own source: code without its comments and texts, the texts by themselves, and what a file uses.
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// One source file.
pub(crate) struct Source {
    /// From the crate's folder: `src/db/mod.rs`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text with comments and the insides of texts blanked: same lines, nothing but code.
    pub(crate) code: String,
    /// Line and inside of every text literal.
    pub(crate) literals: Vec<(usize, String)>,
}

impl Source {
    /// Every Rust file in these folders of the crate.
    pub(crate) fn all(folders: &[&str]) -> Vec<Self> {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = Vec::new();
        for folder in folders {
            files_under(&home.join(folder), &mut paths);
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
        paths.sort();
        paths.iter().map(|path| Self::read(home, path)).collect()
    }
    fn read(home: &Path, path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a readable file");
        let (code, literals) = apart(&text);
        let path = path.strip_prefix(home).expect("a file of this crate").display().to_string();
        Self { path, text, code, literals }
    }
    /// `db` for `src/db/mod.rs`, `clock` for `src/clock.rs`; nothing outside `src`.
    pub(crate) fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        Some(inside.split_once('/').map_or(inside.trim_end_matches(".rs"), |(folder, _)| folder))
    }
    /// Lines of code, numbered from 1, up to the unit tests at the file's end.
    pub(crate) fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self.tests_begin_at();
        self.code.lines().enumerate().map(|(n, line)| (n + 1, line)).take_while(move |(n, _)| *n < tests)
    }
    pub(crate) fn product_literals(&self) -> impl Iterator<Item = &(usize, String)> {
        let tests = self.tests_begin_at();
        self.literals.iter().filter(move |(line, _)| *line < tests)
    }
    fn tests_begin_at(&self) -> usize {
        let mark = self.code.lines().position(|line| line.starts_with("#[cfg(test)]"));
        mark.map_or(usize::MAX, |n| n + 1)
    }
    /// Every path below `crate` or `aftercare` that the product's code names, with its line: `crate::db::{self, Tx}` gives
    /// `db`, `db::self`, `db::Tx`.
    pub(crate) fn uses(&self) -> BTreeSet<(usize, String)> {
        let mut uses = BTreeSet::new();
        let tests = self.tests_begin_at();
        for (at, found) in self.code.match_indices("crate::") {
            let line = self.code[..at].matches('\n').count() + 1;
            if line < tests {
                let rest = &mut self.code[at + found.len()..].chars().peekable();
                tree(rest, String::new(), &mut |path| {
                    uses.insert((line, path));
                });
            }
        }
        uses
    }
}

fn files_under(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_under(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

/// Walks one use tree or path, telling every path in it.
fn tree(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, prefix: String, tell: &mut impl FnMut(String)) {
    let mut name = prefix;
    loop {
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        match rest.peek() {
            Some('{') => {
                rest.next();
                loop {
                    tree(rest, name.clone(), tell);
                    while rest.next_if(|c| c.is_whitespace()).is_some() {}
                    match rest.next() {
                        Some(',') => {}
                        _ => return,
                    }
                }
            }
            Some(c) if c.is_alphanumeric() || *c == '_' || *c == '*' => {
                while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || *c == '_' || *c == '*') {
                    name.push(c);
                }
                tell(name.clone());
                let mut ahead = rest.clone();
                if ahead.next() == Some(':') && ahead.next() == Some(':') {
                    rest.nth(1);
                    name.push_str("::");
                } else {
                    // An `as` renames; the path ends here all the same.
                    while rest.peek().is_some_and(|c| c.is_alphanumeric() || *c == ' ') {
                        rest.next();
                    }
                    return;
                }
            }
            _ => return,
        }
    }
}

/// Code with everything else blanked, and the texts with their lines.
fn apart(text: &str) -> (String, Vec<(usize, String)>) {
    let (mut code, mut literals) = (String::with_capacity(text.len()), Vec::new());
    let chars: Vec<char> = text.chars().collect();
    let at = |n: usize| chars.get(n).copied().unwrap_or('\0');
    let mut n = 0;
    while n < chars.len() {
        let before = n.checked_sub(1).map_or(' ', at);
        let end = match (at(n), at(n + 1)) {
            ('/', '/') => line_end(&chars, n),
            ('/', '*') => comment_end(&chars, n),
            ('r', '"' | '#') if !before.is_alphanumeric() && before != '_' => raw_end(&chars, n).unwrap_or(n),
            ('"', _) => text_end(&chars, n),
            ('\'', '\\') => chars[n + 3..].iter().position(|c| *c == '\'').map_or(n, |end| n + 3 + end + 1),
            ('\'', _) if at(n + 2) == '\'' => n + 3,
            _ => n,
        };
        if end == n {
            code.push(at(n));
            n += 1;
            continue;
        }
        if matches!(at(n), '"' | 'r') {
            let line = code.matches('\n').count() + 1;
            literals.push((line, chars[n..end].iter().collect()));
        }
        code.extend(chars[n..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        n = end;
    }
    (code, literals)
}

fn line_end(chars: &[char], from: usize) -> usize {
    chars[from..].iter().position(|c| *c == '\n').map_or(chars.len(), |end| from + end)
}

fn comment_end(chars: &[char], from: usize) -> usize {
    let (mut depth, mut n) = (0, from);
    while n + 1 < chars.len() {
        match (chars[n], chars[n + 1]) {
            ('/', '*') => (depth, n) = (depth + 1, n + 2),
            ('*', '/') if depth == 1 => return n + 2,
            ('*', '/') => (depth, n) = (depth - 1, n + 2),
            _ => n += 1,
        }
    }
    chars.len()
}

fn raw_end(chars: &[char], from: usize) -> Option<usize> {
    let hashes = chars[from + 1..].iter().take_while(|c| **c == '#').count();
    let mut n = from + 1 + hashes;
    if chars.get(n) != Some(&'"') {
        return None;
    }
    loop {
        n += 1;
        if *chars.get(n)? == '"' && chars[n + 1..].iter().take_while(|c| **c == '#').count() >= hashes {
            return Some(n + 1 + hashes);
        }
    }
}

fn text_end(chars: &[char], from: usize) -> usize {
    let mut n = from + 1;
    while n < chars.len() {
        match chars[n] {
            '\\' => n += 2,
            '"' => return n + 1,
            _ => n += 1,
        }
    }
    chars.len()
}

#[test]
fn code_texts_and_uses_are_told_apart() {
    let text = "use crate::{db::{self, Tx}, id::Id as I};\n// crate::not::this\nlet x = \"crate::nor \\\" this\"; let c = '\"'; /* a */ crate::timeline::store::insert(r#\"SELECT \"a\"\"#);";
    let (code, literals) = apart(text);
    assert!(!code.contains("not") && !code.contains("nor"));
    assert_eq!(literals.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 3]);
    let source = Source { path: "src/a/b.rs".into(), text: text.into(), code, literals };
    let uses: Vec<String> = source.uses().into_iter().map(|(line, path)| format!("{line} {path}")).collect();
    assert_eq!(
        uses,
        [
            "1 db",
            "1 db::Tx",
            "1 db::self",
            "1 id",
            "1 id::Id",
            "3 timeline",
            "3 timeline::store",
            "3 timeline::store::insert"
        ]
    );
}
