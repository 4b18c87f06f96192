//! PostgREST, Auth and JWT as Casebase uses them.
