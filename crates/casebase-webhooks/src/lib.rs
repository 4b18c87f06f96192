//! Outbox, signing and delivery of Casebase's webhooks.
