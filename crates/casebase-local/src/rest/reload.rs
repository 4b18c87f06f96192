//! Notices of changed schemas: `NOTIFY pgrst, 'reload schema'`, as Supabase's event triggers send it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::StreamExt;
use tokio_postgres::{AsyncMessage, NoTls};

use super::app::App;

const CHANNEL: &str = "listen pgrst";
const RETRY: Duration = Duration::from_secs(1);

/// Listens for as long as the application is there.
pub fn listen(app: &Arc<App>) {
    let database = app.config.database.clone();
    let app = Arc::downgrade(app);
    tokio::spawn(async move {
        while app.strong_count() > 0 {
            if let Err(error) = follow(&database, &app).await {
                tracing::debug!(%error, "listening for schema changes failed");
            }
            tokio::time::sleep(RETRY).await;
        }
    });
}

/// Reloads the schema at every notice until the connection ends.
async fn follow(
    database: &tokio_postgres::Config,
    app: &Weak<App>,
) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = database.connect(NoTls).await?;
    let (notices, mut received) = tokio::sync::mpsc::unbounded_channel();
    let reader = tokio::spawn(async move {
        let mut messages =
            futures::stream::poll_fn(|context| connection.poll_message(context)).boxed();
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notification(_) = message
                && notices.send(()).is_err()
            {
                return;
            }
        }
    });
    client.batch_execute(CHANNEL).await?;
    // what changed while nobody listened
    reload(app).await;
    while received.recv().await.is_some() {
        while received.try_recv().is_ok() {}
        reload(app).await;
        if app.strong_count() == 0 {
            break;
        }
    }
    reader.abort();
    Ok(())
}

async fn reload(app: &Weak<App>) {
    // Where nobody else holds it any more, the stack is being stopped.
    if let Some(app) = app.upgrade()
        && let Err(error) = app.reload().await
        && Arc::strong_count(&app) > 1
    {
        tracing::warn!(%error, "the schema could not be read");
    }
}
