/** A time as a `datetime-local` field holds it, in the viewer's own zone. */
export function asLocal(time: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${String(time.getFullYear()).padStart(4, '0')}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${day}T${two(time.getHours())}:${two(time.getMinutes())}`
}

/** The end of the working day so many days on, in the viewer's own zone, also over a change of the clocks. */
export const inDays = (days: number, now: Date): Date => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 17)
