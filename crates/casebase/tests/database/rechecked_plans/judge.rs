//! Whether a plan, as EXPLAIN (VERBOSE, FORMAT JSON) prints it, may re-check a changed row.
//!
//! UPDATE, DELETE, MERGE and SELECT … FOR UPDATE run what stands below their ModifyTable or LockRows node again for a row
//! that somebody changed meanwhile (`EvalPlanQual` in `execMain.c`). Outputs of InitPlans are then copied from the first
//! run. An InitPlan at the top is forced before; one inside a SubPlan that the first run had not evaluated is read as 0
//! from the second such row on: a crash, or a wrong answer.
//!
//! So what is re-checked may hold a SubPlan with an InitPlan in it only if the first run evaluated, for the row as first
//! seen, everything that the re-check can evaluate:
//!
//! 1. nothing inside the SubPlan reads a column of the row that can change (it then does the same both times, in one
//!    snapshot);
//! 2. no column of the row that can change decides whether the SubPlan is run: in its expression none is read at all,
//!    or the SubPlan stands alone, or it is what a CASE tests, which is evaluated first. Operands of an AND at the top
//!    count apart: for a row that came this far, all were evaluated;
//! 3. no InitPlan stands below the top, other than inside a SubPlan.

use serde_json::Value;

/// Columns that never change, of the tables that lookups in policies start from: `20_forged_columns` and
/// `70_storage_follows_the_rows` hold that they don't, for a secret key either.
const FIXED: [(&str, &[&str]); 6] = [
    ("public.case_internal", &["case_id"]),
    ("public.interactions", &["case_id"]),
    ("public.internal_notes", &["case_id"]),
    ("public.case_files", &["case_id"]),
    ("storage.objects", &["bucket_id", "name"]),
    // What docs/security.md shows to owners.
    ("public.child", &["parent_id"]),
];

/// A table in the plan, by the name that expressions call it by.
struct Row {
    alias: String,
    fixed: &'static [&'static str],
}

impl Row {
    /// Whether the expression reads a column of this row that can change.
    fn is_read_by(&self, expression: &str) -> bool {
        let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '"');
        let prefix = format!("{}.", self.alias);
        expression.match_indices(&prefix).any(|(at, _)| {
            let column = &expression[at + prefix.len()..];
            let end = column.find(|c| !part_of_name(c)).unwrap_or(column.len());
            !expression[..at].ends_with(part_of_name) && !self.fixed.contains(&&column[..end])
        })
    }
}

/// What the plan has against re-checking a row; empty for a plan that may.
pub fn complaints(plan: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for node in nodes(plan) {
        if rechecks(node) {
            for child in children(node, is_outer) {
                let mut rows = Vec::new();
                collect_rows(child, &mut rows);
                judge(child, &rows, &mut found);
            }
        }
    }
    found
}

/// Whether the plan re-checks rows at all.
pub fn has_rechecks(plan: &Value) -> bool {
    nodes(plan).into_iter().any(rechecks)
}

/// Whether there is a SubPlan with an InitPlan in what is re-checked: something to judge.
pub fn is_delicate(plan: &Value) -> bool {
    let rechecked = nodes(plan).into_iter().filter(|node| rechecks(node));
    rechecked
        .flat_map(|node| children(node, is_outer))
        .flat_map(nodes)
        .any(|node| related(node, "SubPlan") && holds_init_plan(node))
}

fn rechecks(node: &Value) -> bool {
    match text(node, "Node Type") {
        "LockRows" => true,
        "ModifyTable" => text(node, "Operation") != "Insert",
        _ => false,
    }
}

fn judge(node: &Value, rows: &[Row], found: &mut Vec<String>) {
    for plan in children(node, |child| related(child, "InitPlan")) {
        found.push(format!(
            "{} stands at a node that is re-checked",
            text(plan, "Subplan Name")
        ));
    }
    for plan in children(node, |child| related(child, "SubPlan")) {
        if holds_init_plan(plan) {
            judge_sub_plan(node, plan, rows, found);
        }
    }
    for child in children(node, is_outer) {
        judge(child, rows, found);
    }
}

fn judge_sub_plan(asking: &Value, plan: &Value, rows: &[Row], found: &mut Vec<String>) {
    let name = text(plan, "Subplan Name");
    let reads = |expression: &str| rows.iter().any(|row| row.is_read_by(expression));
    for node in nodes(plan) {
        for expression in expressions(node).filter(|e| reads(e)) {
            found.push(format!("{name} reads what can change: {expression}"));
        }
    }
    for expression in expressions(asking) {
        if !always_asks(
            expression,
            &format!("SubPlan {})", number(name)),
            true,
            &reads,
        ) {
            found.push(format!(
                "what can change decides about {name}: {expression}"
            ));
        }
    }
}

/// Whether the expression runs the SubPlan whatever the row's changing columns are; also true where it doesn't name it.
fn always_asks(expression: &str, sub_plan: &str, top: bool, reads: &dyn Fn(&str) -> bool) -> bool {
    let expression = bare(expression);
    if !expression.contains(sub_plan) || !reads(expression) {
        return true;
    }
    for (operator, apart) in [(" AND ", top), (" OR ", false)] {
        let operands = split(expression, operator);
        if operands.len() > 1 {
            return operands.into_iter().all(|operand| {
                if operand.contains(sub_plan) {
                    always_asks(operand, sub_plan, top && apart, reads)
                } else {
                    apart || !reads(operand)
                }
            });
        }
    }
    expression
        .strip_prefix("CASE (")
        .and_then(|rest| rest.strip_prefix(sub_plan))
        .is_some_and(|rest| rest.starts_with(" WHEN ") && !rest.contains(sub_plan))
}

/// Without the parentheses around all of it.
fn bare(expression: &str) -> &str {
    let inner = expression
        .strip_prefix('(')
        .and_then(|e| e.strip_suffix(')'));
    match inner {
        Some(inner) if depths(inner).all(|(_, depth)| depth >= 0) => bare(inner),
        _ => expression,
    }
}

/// The operands of an operator that stands in no parentheses.
fn split<'a>(expression: &'a str, operator: &str) -> Vec<&'a str> {
    let (mut operands, mut start) = (Vec::new(), 0);
    for (at, depth) in depths(expression) {
        if depth == 0 && at >= start && expression[at..].starts_with(operator) {
            operands.push(&expression[start..at]);
            start = at + operator.len();
        }
    }
    operands.push(&expression[start..]);
    operands
}

/// Each character's place with how many parentheses are open after it; what is quoted is left out.
fn depths(expression: &str) -> impl Iterator<Item = (usize, i32)> {
    let (mut depth, mut quote) = (0, None);
    expression.char_indices().filter_map(move |(at, c)| {
        match (quote, c) {
            (Some(open), _) => {
                if c == open {
                    quote = None;
                }
                return None;
            }
            (None, '\'' | '"') => {
                quote = Some(c);
                return None;
            }
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            _ => {}
        }
        Some((at, depth))
    })
}

/// The tables that are scanned there, SubPlans and InitPlans apart. Also those that only are joined and not locked.
fn collect_rows(node: &Value, rows: &mut Vec<Row>) {
    if let Some(relation) = node["Relation Name"].as_str() {
        let relation = format!("{}.{relation}", text(node, "Schema"));
        let fixed = FIXED.iter().find(|(table, _)| *table == relation);
        rows.push(Row {
            alias: text(node, "Alias").to_owned(),
            fixed: fixed.map_or(&[], |(_, columns)| columns),
        });
    }
    for child in children(node, is_outer) {
        collect_rows(child, rows);
    }
}

/// The node and all below it.
fn nodes(node: &Value) -> Vec<&Value> {
    let mut all = vec![node];
    for child in children(node, |_| true) {
        all.extend(nodes(child));
    }
    all
}

fn children<'a>(
    node: &'a Value,
    wanted: impl Fn(&Value) -> bool + 'a,
) -> impl Iterator<Item = &'a Value> {
    let plans = node["Plans"].as_array().into_iter().flatten();
    plans.filter(move |child| wanted(child))
}

fn related(node: &Value, relationship: &str) -> bool {
    text(node, "Parent Relationship") == relationship
}

/// What a re-check runs of a node's children. It doesn't go below a subquery in FROM: the row that this gave is kept.
fn is_outer(child: &Value) -> bool {
    !["InitPlan", "SubPlan", "Subquery"]
        .iter()
        .any(|relationship| related(child, relationship))
}

fn holds_init_plan(node: &Value) -> bool {
    nodes(node).into_iter().any(|n| related(n, "InitPlan"))
}

/// `3` of `SubPlan 3`, and of `InitPlan 3 (returns $2)`.
fn number(name: &str) -> &str {
    name.split(' ').nth(1).unwrap_or(name)
}

fn text<'a>(node: &'a Value, key: &str) -> &'a str {
    node[key].as_str().unwrap_or_default()
}

/// Every expression that the node evaluates, and some texts that are none.
fn expressions(node: &Value) -> impl Iterator<Item = &str> {
    let fields = node.as_object().into_iter().flatten();
    fields
        .filter(|(key, _)| *key != "Plans")
        .flat_map(|(_, value)| match value {
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            one => Vec::from_iter(one.as_str()),
        })
}

#[test]
fn expressions_are_taken_apart_where_they_are_joined() {
    let row = Row {
        alias: "i".into(),
        fixed: &["case_id"],
    };
    let reads = |e: &str| row.is_read_by(e);
    for (expression, read) in [
        ("(c.id = i.case_id)", false),
        ("i.shown", true),
        ("(i.case_id = 1) AND (i.*).shown", true),
        ("mini.shown", false),
        ("(x.i.shown)", false),
    ] {
        assert_eq!(reads(expression), read, "{expression}");
    }
    for (expression, asks) in [
        ("(SubPlan 1)", true),
        ("(i.shown AND (SubPlan 1))", true),
        ("(i.shown OR (SubPlan 1))", false),
        ("((i.case_id = 1) OR (SubPlan 1))", true),
        ("((i.case_id = 1) OR (i.shown AND (SubPlan 1)))", false),
        (
            "CASE (SubPlan 1) WHEN 'a' THEN i.shown ELSE NULL::boolean END",
            true,
        ),
        (
            "CASE i.shown WHEN true THEN (SubPlan 1) ELSE false END",
            false,
        ),
        ("CASE WHEN i.shown THEN (SubPlan 1) ELSE false END", false),
        ("((i.words <> ' AND (') AND (SubPlan 1))", true),
        ("((i.words <> ') OR (') OR (SubPlan 1))", false),
        ("(i.shown = (SubPlan 1))", false),
        ("(i.shown OR (SubPlan 11))", true),
    ] {
        assert_eq!(
            always_asks(expression, "SubPlan 1)", true, &reads),
            asks,
            "{expression}"
        );
    }
}
