//! What two write at once.

use super::Statement;

/// A table, its key as text, what a request sets, and what another writer sets meanwhile, by chance.
pub struct Table {
    pub name: &'static str,
    pub key: &'static str,
    pub assignment: &'static str,
    pub shake: &'static str,
}

/// All that a signed-in user may update or delete; first those whose policies ask for more than who it is.
pub static TABLES: [Table; 19] = [
    Table {
        name: "interactions",
        key: "id",
        assignment: "visible_to_client = true",
        shake: "visible_to_client = crowd.chance(0.5), created_by = crowd.somebody()",
    },
    Table {
        name: "case_files",
        key: "id",
        assignment: "state = 'deleting'",
        shake: "visible_to_client = crowd.chance(0.7), state = crowd.state(), uploaded_by = crowd.somebody()",
    },
    Table {
        name: "storage.objects",
        key: "id",
        assignment: "metadata = '{}'",
        shake: "version = case when crowd.chance(0.5) then 'v1' else 'v2' end",
    },
    Table {
        name: "client_documents",
        key: "id",
        assignment: "state = 'deleting'",
        shake: "state = crowd.state(), uploaded_by = crowd.somebody()",
    },
    Table {
        name: "cases",
        key: "id",
        assignment: "title = 'Another'",
        shake: "assigned_to = crowd.somebody(), department_id = crowd.department(),
                status = case when crowd.chance(0.8) then 'open' else 'in_progress' end",
    },
    Table {
        name: "internal_notes",
        key: "id",
        assignment: "content = 'Other words'",
        shake: "created_by = crowd.somebody()",
    },
    Table {
        name: "case_internal",
        key: "case_id",
        assignment: "tags = '{vip}'",
        shake: "tags = array[random()::text]",
    },
    itself("clients", "id", "kind = kind"),
    itself(
        "client_members",
        "client_id || user_id::text",
        "display_name = display_name",
    ),
    itself("departments", "id", "name = name"),
    itself("specialties", "id", "name = name"),
    itself("staff_members", "user_id", "display_name = display_name"),
    itself("staff_departments", "user_id", "user_id = user_id"),
    itself(
        "staff_specialties",
        "user_id || specialty_id::text",
        "user_id = user_id",
    ),
    itself("party_types", "code", "label = label"),
    itself("document_categories", "code", "label = label"),
    itself("case_stages", "stage", "position = position"),
    itself("casebase.webhook_endpoints", "id", "url = url"),
    itself("casebase.webhook_deliveries", "id", "state = state"),
];

/// How many of them hang on a row of their own, or another's.
pub const LOOKED_UP: usize = 7;

/// A table whose policies look at nothing that could change.
const fn itself(name: &'static str, key: &'static str, assignment: &'static str) -> Table {
    Table {
        name,
        key,
        assignment,
        shake: assignment,
    }
}

/// What is known to end the server under policies that look behind an `or`: every row is first one for which nothing
/// more need be asked, and then one for which something must.
pub struct Story {
    table: &'static str,
    pub person: &'static str,
    pub statement: Statement,
    pub first: &'static str,
    pub then: &'static str,
}

impl Story {
    pub fn table(&self) -> &'static Table {
        let mut tables = TABLES.iter();
        tables
            .find(|table| table.name == self.table)
            .unwrap_or_else(|| panic!("{} is no table here", self.table))
    }
}

pub const STORIES: [Story; 4] = [
    Story {
        table: "interactions",
        person: "Dora",
        statement: Statement::Update,
        first: "update interactions set visible_to_client = true",
        then: "update interactions set visible_to_client = false",
    },
    Story {
        table: "case_files",
        person: "Carla",
        statement: Statement::UpdateBlindly,
        first: "update case_files set visible_to_client = true, state = 'pending', uploaded_by = '00000000-0000-0000-0000-0000000000a6'",
        then: "update case_files set state = 'deleting'",
    },
    Story {
        table: "case_files",
        person: "Dora",
        statement: Statement::Delete,
        first: "update case_files set visible_to_client = true, state = 'deleting', uploaded_by = '00000000-0000-0000-0000-0000000000a3'",
        then: "update case_files set uploaded_by = null",
    },
    Story {
        table: "storage.objects",
        person: "Dora",
        statement: Statement::Delete,
        first: "update case_files set state = 'deleting', uploaded_by = '00000000-0000-0000-0000-0000000000a3';
                update storage.objects set version = 'v1'",
        then: "update storage.objects set version = 'v2'",
    },
];
