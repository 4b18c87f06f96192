//! What the database offers: relations, relationships between them, functions.
//!
//! Read from the catalogs at start, after a `NOTIFY pgrst`, and when a request names something
//! that is not known while the catalogs have changed.

mod catalog;
mod key;
mod qi;
pub mod relationship;
pub mod routine;
pub mod table;
mod view;

use std::collections::{BTreeSet, HashMap};

pub use catalog::{fingerprint, timezones};
pub use qi::Qi;
pub use relationship::{Cardinality, Relationship};
pub use routine::{Parameter, Routine, Volatility};
pub use table::{Column, Table};

/// The exposed part of the database.
#[derive(Debug, Default)]
pub struct SchemaCache {
    pub tables: HashMap<Qi, Table>,
    /// By the relation that they start from.
    relationships: HashMap<Qi, Vec<Relationship>>,
    pub routines: HashMap<Qi, Vec<Routine>>,
    /// What `alter role … set` gives each role that requests may run as.
    pub role_settings: HashMap<String, Vec<(String, String)>>,
    /// Changes whenever the catalogs do.
    pub fingerprint: String,
}

impl SchemaCache {
    /// Reads the catalogs. The search path is emptied for it, so that every name comes qualified.
    pub async fn load(
        client: &tokio_postgres::Client,
        schemas: &[String],
        extra_search_path: &[String],
    ) -> Result<Self, tokio_postgres::Error> {
        let fingerprint = fingerprint(client).await?;
        client
            .batch_execute("begin read only; set local search_path = ''; set local jit = off")
            .await?;
        let objects = catalog::read(client, schemas, extra_search_path).await;
        client.batch_execute("commit").await?;
        let objects = objects?;

        let views = view::key_dependencies(&objects.views, &objects.keys);
        let mut tables = table::by_name(objects.tables, &objects.keys);
        view::add_primary_keys(&mut tables, &views);
        let relationships = relationship::find(&objects.keys, &objects.computed, &tables, &views);
        let mut routines: HashMap<Qi, Vec<Routine>> = HashMap::new();
        for routine in objects
            .routines
            .into_iter()
            .filter_map(|r| r.into_routine())
        {
            routines
                .entry(routine.qi.clone())
                .or_default()
                .push(routine);
        }
        for overloads in routines.values_mut() {
            overloads.sort_by_cached_key(Routine::order);
        }
        Ok(Self {
            tables,
            relationships: relationship::by_origin(relationships, schemas),
            routines,
            role_settings: objects.role_settings,
            fingerprint,
        })
    }

    /// The relationships that start from `origin`.
    pub fn relationships_from(&self, origin: &Qi) -> &[Relationship] {
        self.relationships
            .get(origin)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The names of the relations in `schema` that have relationships.
    pub fn related_names<'a>(&'a self, schema: &'a str) -> BTreeSet<&'a str> {
        let in_schema = self
            .relationships
            .keys()
            .filter(move |qi| qi.schema == schema);
        in_schema.map(|qi| qi.name.as_str()).collect()
    }
}
