import type { Access } from '../coming-in/session'
import { asRefusal, serviceRefusal } from '../refusal'

type Asked = { method?: 'GET' | 'POST' | 'DELETE'; body?: object; key?: string; stop?: AbortSignal | undefined }

/** What the service answers whoever is signed in; why not, thrown. A token that was refused is renewed once. */
export async function askService(access: Access, path: string, { method = 'GET', body, key, stop }: Asked = {}): Promise<Response> {
  const ask = (token: string | undefined) =>
    fetch(access.config.serviceUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${token ?? ''}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(key && { 'idempotency-key': key }),
      },
      ...(body && { body: JSON.stringify(body) }),
      ...(stop && { signal: stop }),
    })
  try {
    const token = await access.token()
    let given = await ask(token)
    if (given.status === 401) given = await ask(await access.renewed(token))
    if (!given.ok) throw serviceRefusal(given.status, await given.text(), given.headers.get('retry-after'))
    return given
  } catch (thrown) {
    throw asRefusal(thrown)
  }
}

/** Shows a file to the client, or hides it from them; also goes on where that stopped half-way. */
export const changeFileSight = (access: Access, id: number, isVisible: boolean) =>
  askService(access, `/v1/files/${id}/visibility`, { method: 'POST', body: { visible_to_client: isVisible } })

export const deleteFile = (access: Access, id: number) => askService(access, `/v1/files/${id}`, { method: 'DELETE' })
