// What the database takes, told before it is asked.

export const TITLE_MOST = 200
export const TEXT_MOST = 50_000
export const REASON_MOST = 2_000

/** Code points, as PostgreSQL counts characters. */
export const length = (text: string) => [...text].length

export const isBlank = (text: string) => text.trim() === ''
