/** Where the desk finds the project and the service: told at run time by `config.json` beside the page, never by the build. */
export type Config = {
  supabaseUrl: string
  anonKey: string
  /** Absolute, without a slash at its end. */
  serviceUrl: string
}

/** Reads a `config.json`, whose `serviceUrl` may be relative to the page. What is missing is named. */
export function readConfig(json: unknown, page: string): Config {
  const given = (json ?? {}) as Record<string, unknown>
  const text = (name: string) => {
    const value = given[name]
    if (typeof value !== 'string' || !value) throw new Error(`config.json has no ${name}`)
    return value
  }
  const serviceUrl = new URL(text('serviceUrl'), page).href.replace(/\/+$/, '')
  return { supabaseUrl: text('supabaseUrl').replace(/\/+$/, ''), anonKey: text('anonKey'), serviceUrl }
}

export async function loadConfig(): Promise<Config> {
  const answer = await fetch('config.json', { cache: 'no-store' })
  if (!answer.ok) throw new Error(`config.json: HTTP ${answer.status}`)
  return readConfig(await answer.json(), document.baseURI)
}
