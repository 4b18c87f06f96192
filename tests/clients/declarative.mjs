// What `supabase db schema declarative sync` would write: the difference between a project as its migrations made it
// (TARGET_URL) and what its folder of declarative schemas says (FOLDER), loaded into a bare project (SHADOW_URL). The
// options are those of the Supabase CLI 3.1.0, but for the order of statements, which needs a package that is not
// published: files are loaded as they stand, one after the other.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Pool } from 'pg'
import { planSchemaFiles, supabaseProfile } from '@supabase/pg-delta'

const { TARGET_URL, SHADOW_URL, FOLDER } = process.env
const names = readdirSync(FOLDER, { recursive: true }).filter((name) => name.endsWith('.sql')).sort()
const files = names.map((name) => ({ name, sql: readFileSync(join(FOLDER, name), 'utf8') }))
const [target, shadow] = [TARGET_URL, SHADOW_URL].map((connectionString) => new Pool({ connectionString }))
const { plan } = await planSchemaFiles(target, shadow, files, {
  profile: supabaseProfile,
  isolatedShadow: true,
  seedAssumedSchemas: false,
  strictDataStatements: true,
})
for (const { sql } of plan.actions) console.log(sql)
await Promise.all([target.end(), shadow.end()])
