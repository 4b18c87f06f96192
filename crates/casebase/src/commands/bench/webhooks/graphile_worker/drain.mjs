// Fills the queue of graphile-worker, empties it with a POST for each job, and prints how it went: {jobs, seconds, cpu}, the
// last the seconds of processor time of this process and of its sessions in the server.
// Usage: DATABASE_URL=… node drain.mjs JOBS URL
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'

const [jobs, url] = [Number(process.argv[2]), process.argv[3]]
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 66, idleTimeoutMillis: 0, application_name: 'drain' })
const utils = await makeWorkerUtils({ pgPool: pool })
await utils.migrate()
await utils.release()
await pool.query(
  `select count(graphile_worker.add_job('send', json_build_object('interaction_id', n, 'title', repeat('x', 250)), job_key => n::text))
   from generate_series(1, $1::integer) n`,
  [jobs],
)

const agent = new Agent({ keepAlive: true, maxSockets: 64 })
const post = (body) =>
  new Promise((resolve, reject) => {
    const sent = request(url, { agent, method: 'POST', headers: { 'content-type': 'application/json' } }, (response) => {
      response.resume()
      response.on('end', resolve)
    })
    sent.on('error', reject)
    sent.end(body)
  })

const processorTime = async () => {
  const sessions = await pool.query("select pid from pg_stat_activity where application_name = 'drain'")
  const ticks = [process.pid, ...sessions.rows.map((session) => session.pid)].map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')
    return Number(fields[11]) + Number(fields[12])
  })
  return ticks.reduce((sum, one) => sum + one, 0) / 100
}

const before = await processorTime()
let left = jobs
let began
let finish
const drained = new Promise((resolve) => (finish = resolve))
const runner = await run({
  pgPool: pool,
  concurrency: 64,
  pollInterval: 100,
  noHandleSignals: true,
  logger: new Logger(() => () => {}),
  taskList: {
    send: async (payload) => {
      began ??= process.hrtime.bigint()
      await post(JSON.stringify(payload))
      if (--left === 0) finish()
    },
  },
})
await drained
const seconds = Number(process.hrtime.bigint() - began) / 1e9
console.log(JSON.stringify({ jobs, seconds, cpu: (await processorTime()) - before }))
await runner.stop()
await pool.end()
