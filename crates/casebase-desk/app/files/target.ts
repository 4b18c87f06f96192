/** A case, and one of its interactions, or none; and whether its client sees the file, where staff say so. */
export type CaseTarget = { caseNumber: string; interactionId?: number | undefined; visibleToClient?: boolean | undefined }

/** A folder of a client's documents, or a document there that gets another version. */
export type DocumentTarget = { clientId: string; category: string; documentId?: number | undefined }

/** Where a file goes. */
export type Target = CaseTarget | DocumentTarget

export const isOfCase = (target: Target): target is CaseTarget => 'caseNumber' in target

/** What tells it from others. */
export const placeOf = (target: Target): readonly unknown[] =>
  isOfCase(target)
    ? [target.caseNumber, target.interactionId ?? '', target.visibleToClient ?? '']
    : [target.clientId, target.category, target.documentId ?? '']

/** Where the service reserves it for an upload in pieces, and what it is told beside the file's name. */
export function reserving(target: Target): { path: string; said: object } {
  if (isOfCase(target)) {
    const { caseNumber, interactionId, visibleToClient } = target
    const said = { ...(interactionId && { interaction_id: interactionId }), ...(visibleToClient && { visible_to_client: true }) }
    return { path: `/v1/cases/${encodeURIComponent(caseNumber)}/files/direct`, said }
  }
  if (target.documentId !== undefined) return { path: `/v1/documents/${target.documentId}/direct`, said: {} }
  return { path: `/v1/clients/${encodeURIComponent(target.clientId)}/documents/direct`, said: { category: target.category } }
}

/** The request of the service that takes the file in. */
export function takingIn(target: Target, name: string): { method: 'POST' | 'PUT'; path: string } {
  const query = new URLSearchParams({ name })
  if (isOfCase(target)) {
    if (target.interactionId) query.set('interaction_id', String(target.interactionId))
    if (target.visibleToClient) query.set('visible_to_client', 'true')
    return { method: 'POST', path: `/v1/cases/${encodeURIComponent(target.caseNumber)}/files?${query}` }
  }
  if (target.documentId !== undefined) return { method: 'PUT', path: `/v1/documents/${target.documentId}?${query}` }
  query.set('category', target.category)
  return { method: 'POST', path: `/v1/clients/${encodeURIComponent(target.clientId)}/documents?${query}` }
}
