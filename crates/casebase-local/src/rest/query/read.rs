//! SELECT: a relation with what is embedded in it.

use crate::rest::api_request::range::RowRange;
use crate::rest::api_request::types::*;
use crate::rest::plan::read::*;
use crate::rest::schema_cache::{Cardinality, Qi};

use super::sql::Sql;

/// Adds the query that yields the plan's rows.
pub fn select(sql: &mut Sql, plan: &ReadPlan) {
    let qualifier = plan.qualifier();
    sql.push("SELECT ");
    let mut columns = Columns { sql, count: 0 };
    if plan.select.is_empty() && plan.children.is_empty() {
        columns.next().column(&qualifier, "*");
    }
    for term in &plan.select {
        select_term(columns.next(), &qualifier, term);
    }
    if let Spread::ToMany { extra, .. } = &plan.spread {
        for (relation, term) in extra {
            let local = relation.as_deref().map(Qi::local);
            select_term(columns.next(), local.as_ref().unwrap_or(&qualifier), term);
        }
    }
    for child in &plan.children {
        embedded_columns(&mut columns, child);
    }
    from(sql, plan);
    for child in &plan.children {
        join(sql, child);
    }
    conditions(sql, plan);
    order(sql, &qualifier, &plan.order);
    limit(sql, plan.range);
}

/// A list of output columns, which may turn out empty.
struct Columns<'a> {
    sql: &'a mut Sql,
    count: usize,
}

impl Columns<'_> {
    fn next(&mut self) -> &mut Sql {
        if self.count > 0 {
            self.sql.push(", ");
        }
        self.count += 1;
        self.sql
    }
}

fn select_term(sql: &mut Sql, qualifier: &Qi, term: &SelectTerm) {
    match &term.cast {
        None => field(sql, qualifier, &term.field),
        Some(cast) => {
            sql.push("CAST(");
            field(sql, qualifier, &term.field);
            sql.push(" AS ").type_name(cast).push(")");
        }
    }
    if let Some(alias) = &term.alias {
        sql.push(" AS ").ident(alias);
    }
}

/// What an embedded relation adds to its parent's row.
fn embedded_columns(columns: &mut Columns, child: &ReadPlan) {
    let aggregate = Qi::local(&child.aggregate);
    match child.spread {
        Spread::No if child.is_empty_embed() => {}
        Spread::No if child.is_to_one() => {
            let sql = columns.next();
            sql.push("row_to_json(")
                .column(&aggregate, "*")
                .push(")::jsonb AS ");
            sql.ident(child.output_name());
        }
        Spread::No => {
            let sql = columns.next();
            sql.push("COALESCE(")
                .column(&aggregate, &child.aggregate)
                .push(", '[]') AS ");
            sql.ident(child.output_name());
        }
        Spread::ToOne | Spread::ToMany { .. } => {
            for name in child.spread_columns() {
                columns.next().column(&aggregate, name);
            }
        }
    }
}

/// Joins an embedded relation: to-one as its row, to-many as one row that holds an array.
fn join(sql: &mut Sql, child: &ReadPlan) {
    let inner = child.join == Some(JoinType::Inner);
    let kind = if inner { "INNER" } else { "LEFT" };
    sql.push(" ").push(kind).push(" JOIN LATERAL (");
    let one_row = match child.spread {
        Spread::No => child.is_to_one(),
        Spread::ToOne => true,
        Spread::ToMany { .. } => false,
    };
    if one_row {
        select(sql, child);
    } else {
        gather(sql, child);
    }
    sql.push(") AS ").ident(&child.aggregate).push(" ON ");
    if inner && !one_row {
        // an aggregate always gives a row, so having none shows in its value
        sql.ident(&child.aggregate).push(" IS NOT NULL");
    } else {
        sql.push("TRUE");
    }
}

/// The rows of an embedded relation as an array, or as an array for each of its columns.
fn gather(sql: &mut Sql, child: &ReadPlan) {
    let name = &child.aggregate;
    sql.push("SELECT json_agg(")
        .ident(name)
        .push(")::jsonb AS ")
        .ident(name);
    if let Spread::ToMany { order: terms, .. } = &child.spread {
        let aggregate = Qi::local(name);
        for column in child.spread_columns() {
            sql.push(", COALESCE(json_agg(").column(&aggregate, column);
            order(sql, &aggregate, terms);
            sql.push("), '[]')::jsonb AS ").ident(column);
        }
    }
    sql.push(" FROM (");
    select(sql, child);
    sql.push(") AS ").ident(name);
}

fn from(sql: &mut Sql, plan: &ReadPlan) {
    let cardinality = plan
        .relationship
        .as_ref()
        .map(|r| (&r.cardinality, &r.table));
    sql.push(" FROM ");
    match cardinality {
        Some((Cardinality::Computed { function, .. }, origin)) => {
            // the type picks the function out of several with its name
            sql.qi(function)
                .push("(")
                .ident(&plan.parent_row)
                .push("::")
                .qi(origin)
                .push(")");
        }
        _ => {
            sql.qi(&plan.from);
        }
    }
    if let Some(alias) = &plan.from_alias {
        sql.push(" AS ").ident(alias);
    }
    if let Some((Cardinality::ManyToMany(junction), _)) = cardinality {
        sql.push(", ").qi(&junction.table);
    }
}

fn conditions(sql: &mut Sql, plan: &ReadPlan) {
    let qualifier = plan.qualifier();
    let mut keyword = " WHERE ";
    for each in &plan.conditions {
        sql.push(keyword);
        condition(sql, &qualifier, each);
        keyword = " AND ";
    }
    for JoinCondition { left, right } in &plan.join_conditions {
        sql.push(keyword)
            .column(&left.0, &left.1)
            .push(" = ")
            .column(&right.0, &right.1);
        keyword = " AND ";
    }
}

fn order(sql: &mut Sql, qualifier: &Qi, terms: &[OrderBy]) {
    if terms.is_empty() {
        return;
    }
    sql.push(" ORDER BY ").list(terms, ", ", |sql, term| {
        let local = term.relation.as_deref().map(Qi::local);
        let own = local.as_ref().unwrap_or(qualifier);
        field(sql, own, &term.field);
        for word in [term.direction, term.nulls].into_iter().flatten() {
            sql.push(" ").push(word);
        }
    });
}

fn limit(sql: &mut Sql, range: RowRange) {
    if range == RowRange::ALL {
        return;
    }
    sql.push(" LIMIT ");
    match range.limit() {
        Some(limit) => sql.value(&limit.to_string()),
        None => sql.push("ALL"),
    };
    sql.push(" OFFSET ").value(&range.offset.to_string());
}

/// Adds the query whose rows are counted: the root's, without its limit. Embedded relations
/// matter where they limit the root.
pub fn count(sql: &mut Sql, plan: &ReadPlan) {
    sql.push("SELECT 1");
    from(sql, plan);
    let qualifier = plan.qualifier();
    let mut keyword = " WHERE ";
    for each in &plan.conditions {
        sql.push(keyword);
        counted_condition(sql, &qualifier, each, &plan.children);
        keyword = " AND ";
    }
    for JoinCondition { left, right } in &plan.join_conditions {
        sql.push(keyword)
            .column(&left.0, &left.1)
            .push(" = ")
            .column(&right.0, &right.1);
        keyword = " AND ";
    }
    for child in plan
        .children
        .iter()
        .filter(|c| c.join == Some(JoinType::Inner))
    {
        sql.push(keyword).push("EXISTS (");
        count(sql, child);
        sql.push(")");
        keyword = " AND ";
    }
}

fn counted_condition(sql: &mut Sql, qualifier: &Qi, each: &Condition, children: &[ReadPlan]) {
    match each {
        Condition::EmbedIsNull { aggregate, negated } => {
            let child = children.iter().find(|child| child.aggregate == *aggregate);
            if let Some(child) = child {
                sql.push(if *negated { "EXISTS (" } else { "NOT EXISTS (" });
                count(sql, child);
                sql.push(")");
            }
        }
        Condition::Group {
            negated,
            operator,
            conditions,
        } => group(sql, *negated, *operator, conditions, |sql, each| {
            counted_condition(sql, qualifier, each, children);
        }),
        Condition::Filter { .. } => condition(sql, qualifier, each),
    }
}

/// Adds a condition on the columns of `qualifier`.
pub fn condition(sql: &mut Sql, qualifier: &Qi, each: &Condition) {
    match each {
        Condition::EmbedIsNull { aggregate, negated } => {
            sql.ident(aggregate);
            sql.push(if *negated {
                " IS DISTINCT FROM NULL"
            } else {
                " IS NOT DISTINCT FROM NULL"
            });
        }
        Condition::Group {
            negated,
            operator,
            conditions,
        } => group(sql, *negated, *operator, conditions, |sql, each| {
            condition(sql, qualifier, each);
        }),
        Condition::Filter {
            field: left,
            negated,
            operation,
        } => {
            if *negated {
                sql.push("NOT ");
            }
            field(sql, qualifier, left);
            compare(sql, operation);
        }
    }
}

fn group(
    sql: &mut Sql,
    negated: bool,
    operator: LogicOperator,
    conditions: &[Condition],
    each: impl FnMut(&mut Sql, &Condition),
) {
    let separator = match operator {
        LogicOperator::And => " AND ",
        LogicOperator::Or => " OR ",
    };
    sql.push(if negated { "NOT (" } else { "(" });
    sql.list(conditions, separator, each).push(")");
}

/// Adds an operator with its right side.
fn compare(sql: &mut Sql, operation: &Operation) {
    sql.push(" ");
    match operation {
        Operation::Simple(operator, value) => {
            sql.push(operator).push(" ").value(value);
        }
        Operation::Quantified(operator, quantifier, value) => {
            let pattern = operator.is_pattern.then(|| value.replace('*', "%"));
            let value = pattern.as_ref().unwrap_or(value);
            sql.push(operator.sql).push(" ");
            match quantifier {
                None => sql.value(value),
                Some(Quantifier::Any) => sql.push("ANY(").value(value).push(")"),
                Some(Quantifier::All) => sql.push("ALL(").value(value).push(")"),
            };
        }
        Operation::In(values) if values.iter().all(String::is_empty) && values.len() == 1 => {
            sql.push("= ANY('{}')");
        }
        // one array, so that the statement stays the same whatever the number of values
        Operation::In(values) => {
            sql.push("= ANY(")
                .array(values.iter().map(String::as_str))
                .push(")");
        }
        Operation::Is(keyword) => {
            sql.push("IS ").push(keyword);
        }
        Operation::IsDistinctFrom(value) => {
            sql.push("IS DISTINCT FROM ").value(value);
        }
        Operation::FullText(function, language, query) => {
            sql.push("@@ ").push(function).push("(");
            if let Some(language) = language {
                sql.value(language).push(", ");
            }
            sql.value(query).push(")");
        }
    }
}

fn field(sql: &mut Sql, qualifier: &Qi, field: &FieldRef) {
    if let Some(language) = &field.to_tsvector {
        sql.push("to_tsvector(");
        if let Some(language) = language {
            sql.value(language).push(", ");
        }
        path(sql, qualifier, field);
        sql.push(")");
    } else {
        path(sql, qualifier, field);
    }
}

fn path(sql: &mut Sql, qualifier: &Qi, field: &FieldRef) {
    if !field.json_path.is_empty() && field.to_json {
        sql.push("to_jsonb(")
            .column(qualifier, &field.name)
            .push(")");
    } else {
        sql.column(qualifier, &field.name);
    }
    for step in &field.json_path {
        sql.push(if step.as_text { "->>" } else { "->" });
        match &step.operand {
            JsonOperand::Key(key) => sql.value(key),
            JsonOperand::Index(index) => sql.value(index).push("::int"),
        };
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;
    use crate::rest::schema_cache::SchemaCache;

    fn filter(text: &str) -> (String, usize) {
        let tree = crate::rest::api_request::parser::parse(text, |p| p.logic_tree()).unwrap();
        let relation = Qi::new("public", "t");
        let resolved = Condition::from_logic(&tree, &relation, &SchemaCache::default());
        let mut sql = Sql::default();
        condition(&mut sql, &relation, &resolved);
        (sql.text, sql.params.len())
    }

    #[test]
    fn values_are_bound_and_never_part_of_the_text() {
        assert_eq!(
            filter("id.eq.1; drop table x"),
            (r#""public"."t"."id" = $1"#.to_owned(), 1)
        );
        assert_eq!(
            filter("or(a.in.(1,2),not.and(b.is.null,c->>k.like.x*))"),
            (
                r#"("public"."t"."a" = ANY($1) OR NOT ("public"."t"."b" IS NULL AND to_jsonb("public"."t"."c")->>$2 like $3))"#
                    .to_owned(),
                3
            )
        );
    }

    #[test]
    fn a_text_column_becomes_a_vector_in_the_language_of_the_query() {
        assert_eq!(
            filter("a.fts(english).x").0,
            r#"to_tsvector($1, "public"."t"."a") @@ to_tsquery($2, $3)"#
        );
    }
}
