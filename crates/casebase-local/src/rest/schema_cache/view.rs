//! Views inherit the keys of the tables behind them, where all of a key's columns are selected.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

use super::key::{Key, KeyKind};
use super::qi::Qi;
use super::table::Table;

/// A view and the tree of its query.
#[derive(Debug, Deserialize)]
pub(super) struct View {
    pub oid: u32,
    pub qi: Qi,
    columns: Option<BTreeMap<i32, String>>,
    /// A `pg_node_tree` as text.
    definition: String,
    /// The column names of what it selects from.
    sources: Option<HashMap<u32, BTreeMap<i32, String>>>,
}

/// Which side of a key a view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum KeySide {
    Primary,
    Referencing,
    Referenced,
}

/// A view that shows all columns of a key's side.
#[derive(Debug)]
pub(super) struct ViewKey {
    pub view: Qi,
    pub side: KeySide,
    /// The table that has the constraint, and its name there.
    pub constraint: (Qi, String),
    /// For each column of the key, the view's columns that show it.
    pub columns: Vec<Vec<String>>,
}

impl ViewKey {
    /// Every way to take one view column for each column of the key.
    pub fn choices(&self) -> Vec<Vec<&str>> {
        self.columns.iter().fold(vec![Vec::new()], |done, shown| {
            done.iter()
                .flat_map(|start: &Vec<&str>| {
                    shown.iter().map(move |column| {
                        let mut longer = start.clone();
                        longer.push(column.as_str());
                        longer
                    })
                })
                .collect()
        })
    }
}

/// Where a view's columns come from: (relation, its column) to the view's columns.
type Origins = HashMap<(u32, String), Vec<String>>;

/// The keys that each view shows.
pub(super) fn key_dependencies(views: &[View], keys: &[Key]) -> Vec<ViewKey> {
    let direct: HashMap<u32, Vec<Origin>> = views.iter().map(|v| (v.oid, origins(v))).collect();
    let mut found = Vec::new();
    for view in views {
        let origins = base_columns(view.oid, &direct);
        for key in keys {
            let own_side = match key.kind {
                KeyKind::Primary => Some(KeySide::Primary),
                KeyKind::Foreign => Some(KeySide::Referencing),
                KeyKind::Unique => None,
            };
            let own = own_side.map(|side| (side, key.table_oid, &key.columns));
            let other = key.target.as_ref();
            let other = other.map(|t| (KeySide::Referenced, t.table_oid, &t.columns));
            for (side, table, columns) in own.into_iter().chain(other) {
                let shown = columns
                    .iter()
                    .map(|c| origins.get(&(table, c.clone())).cloned());
                if let Some(columns) = shown.collect() {
                    found.push(ViewKey {
                        view: view.qi.clone(),
                        side,
                        constraint: (key.table.clone(), key.name.clone()),
                        columns,
                    });
                }
            }
        }
    }
    found
}

/// Gives views the primary keys that they show; of several columns for the same one the first.
pub(super) fn add_primary_keys(tables: &mut HashMap<Qi, Table>, views: &[ViewKey]) {
    for key in views.iter().filter(|key| key.side == KeySide::Primary) {
        if let Some(table) = tables.get_mut(&key.view) {
            let columns = key
                .columns
                .iter()
                .filter_map(|shown| shown.first().cloned());
            table.primary_key.extend(columns);
        }
    }
}

/// A view's column and the column of the relation that it shows.
#[derive(Debug, PartialEq, Eq)]
struct Origin {
    column: String,
    relation: u32,
    source: String,
}

/// Follows views over views down to what is no view.
fn base_columns(view: u32, direct: &HashMap<u32, Vec<Origin>>) -> Origins {
    let mut found = Origins::new();
    for origin in direct.get(&view).into_iter().flatten() {
        let mut seen = HashSet::from([view]);
        let mut at = vec![(origin.relation, origin.source.as_str())];
        while let Some((relation, source)) = at.pop() {
            let shown = found.entry((relation, source.to_owned())).or_default();
            if !shown.contains(&origin.column) {
                shown.push(origin.column.clone());
            }
            if seen.insert(relation) {
                let below = direct.get(&relation).into_iter().flatten();
                at.extend(
                    below
                        .filter(|o| o.column == source)
                        .map(|o| (o.relation, o.source.as_str())),
                );
            }
        }
    }
    found
}

/// The columns of a view that are plain columns of a relation.
fn origins(view: &View) -> Vec<Origin> {
    let (Some(columns), Some(sources)) = (&view.columns, &view.sources) else {
        return Vec::new();
    };
    let name_of = |entry: TargetEntry| {
        let relation = u32::try_from(entry.relation).ok()?;
        let source = sources
            .get(&relation)?
            .get(&i32::try_from(entry.column).ok()?)?;
        let column = columns.get(&i32::try_from(entry.number).ok()?)?;
        Some(Origin {
            column: column.clone(),
            relation,
            source: source.clone(),
        })
    };
    target_entries(&view.definition)
        .into_iter()
        .filter_map(name_of)
        .collect()
}

/// What `TARGETENTRY` nodes say about one output column.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct TargetEntry {
    number: i64,
    relation: i64,
    column: i64,
}

/// The entries of the outermost query's target list.
///
/// A node tree is written `({QUERY :field value … :targetList ({TARGETENTRY :expr {…} :resno 1 …})})`;
/// a backslash quotes the character after it. Only nodes at the depth of that list count.
fn target_entries(tree: &str) -> Vec<TargetEntry> {
    let mut entries = Vec::new();
    let mut depth = 0usize;
    let mut in_list = false;
    let mut entry = None;
    let mut field = "";
    for token in tokens(tree) {
        match token {
            "{" | "(" => depth += 1,
            "}" | ")" => {
                depth = depth.saturating_sub(1);
                if depth == LIST_DEPTH {
                    entries.extend(entry.take());
                } else if depth < LIST_DEPTH {
                    in_list = false;
                }
            }
            ":targetList" if depth == LIST_DEPTH - 1 => in_list = true,
            "TARGETENTRY" if in_list && depth == LIST_DEPTH + 1 => {
                entry = Some(TargetEntry::default());
            }
            name if name.starts_with(':') => field = name,
            value if depth == LIST_DEPTH + 1 => {
                if let (Some(entry), Ok(number)) = (&mut entry, value.parse()) {
                    match field {
                        ":resno" => entry.number = number,
                        ":resorigtbl" => entry.relation = number,
                        ":resorigcol" => entry.column = number,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    entries
}

/// The list of actions, the query and its target list are three levels of brackets.
const LIST_DEPTH: usize = 3;

/// Brackets by themselves, and the words between them.
fn tokens(tree: &str) -> impl Iterator<Item = &str> {
    let mut rest = tree;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let end = if "{}()".contains(first) {
            1
        } else {
            let mut escaped = false;
            rest.find(|c: char| {
                let ends = !escaped && (c.is_whitespace() || "{}()".contains(c));
                escaped = !escaped && c == '\\';
                ends
            })
            .unwrap_or(rest.len())
        };
        let (token, after) = rest.split_at(end);
        rest = after;
        Some(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_outermost_target_list_counts() {
        let tree = r"({QUERY :commandType 1 :rtable ({RTE :subquery {QUERY :targetList
            ({TARGETENTRY :resno 9 :resorigtbl 9 :resorigcol 9})}}) :targetList
            ({TARGETENTRY :expr {VAR :varno 1 :resno 7} :resno 1 :resname a\ \{b :resorigtbl 16400 :resorigcol 2
            :resjunk false} {TARGETENTRY :expr {CONST :constvalue 4 [ 1 0 0 0 ]} :resno 2 :resorigtbl 0
            :resorigcol 0}) :override 0})";
        let entries = target_entries(tree);
        assert_eq!(
            entries,
            [
                TargetEntry {
                    number: 1,
                    relation: 16400,
                    column: 2
                },
                TargetEntry {
                    number: 2,
                    relation: 0,
                    column: 0
                }
            ]
        );
    }

    #[test]
    fn a_tree_that_is_cut_short_has_the_entries_before_the_cut() {
        let tree = "({QUERY :targetList ({TARGETENTRY :resno 1 :resorigtbl 5 :resorigcol 2} {TARGETENTRY :resno";
        assert_eq!(target_entries(tree).len(), 1);
        assert!(target_entries("}}))").is_empty());
    }

    #[test]
    fn a_view_over_a_view_shows_the_table_below() {
        let origin = |column: &str, relation, source: &str| Origin {
            column: column.into(),
            relation,
            source: source.into(),
        };
        let direct = HashMap::from([
            (2, vec![origin("b", 1, "a")]),
            (3, vec![origin("c", 2, "b")]),
        ]);
        let found = base_columns(3, &direct);
        assert_eq!(found.get(&(1, "a".to_owned())), Some(&vec!["c".to_owned()]));
    }

    #[test]
    fn a_key_column_shown_twice_gives_two_choices() {
        let key = ViewKey {
            view: Qi::new("public", "v"),
            side: KeySide::Referencing,
            constraint: (Qi::new("public", "t"), "fk".into()),
            columns: vec![vec!["a".into(), "b".into()], vec!["c".into()]],
        };
        assert_eq!(key.choices(), [["a", "c"], ["b", "c"]]);
    }
}
