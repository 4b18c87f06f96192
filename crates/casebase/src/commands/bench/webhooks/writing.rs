//! What history and webhooks cost who writes.

use std::time::Instant;

use super::{
    Bench,
    writers::{Cases, Writers},
};

const WRITERS: usize = 64;
/// Each takes so many turns; the median counts.
const TURNS: usize = 3;

/// What a write leaves beside its row.
#[derive(Clone, Copy)]
pub enum Leaves {
    Nothing,
    History,
    /// And a delivery, which nobody sends meanwhile: a worker would take processor time from the writers.
    HistoryAndDelivery,
}

impl Bench<'_> {
    /// Writes a second of 64 writers, who leave the one and the other in turns.
    pub async fn writes(&self, one: Leaves, other: Leaves) -> anyhow::Result<(f64, f64)> {
        let (mut ones, mut others) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            ones.push(self.writes_once(one).await?);
            others.push(self.writes_once(other).await?);
        }
        Ok((median(ones), median(others)))
    }

    async fn writes_once(&self, leaves: Leaves) -> anyhow::Result<f64> {
        self.field.clear().await?;
        self.field
            .run(match leaves {
                Leaves::Nothing => "alter table public.interactions disable trigger record_insert",
                _ => "alter table public.interactions enable trigger record_insert",
            })
            .await?;
        if let Leaves::HistoryAndDelivery = leaves {
            self.field.endpoints(&self.receiver, 1, 0).await?;
        }
        let pause = std::time::Duration::ZERO;
        let writers = Writers::start(self.stack, &self.field, WRITERS, Cases::All, pause).await?;
        tokio::time::sleep(self.turn() / 10).await;
        let (before, began) = (writers.count(), Instant::now());
        tokio::time::sleep(self.turn()).await;
        let rate = (writers.count() - before) as f64 / began.elapsed().as_secs_f64();
        writers.stop().await?;
        self.field
            .run("alter table public.interactions enable trigger record_insert")
            .await?;
        Ok(rate)
    }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
