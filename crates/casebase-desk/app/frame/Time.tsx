import { useEffect, useState } from 'react'
import { localeOf, useLanguage } from '../words'

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

type Formats = { relative: Intl.RelativeTimeFormat; exact: Intl.DateTimeFormat; short: Intl.DateTimeFormat }

/** By language: to make one takes as long as to use it a hundred times, and a list shows a hundred times. */
const formats = new Map<string, Formats>()

function formatsOf(language: string): Formats {
  const found = formats.get(language) ?? {
    relative: new Intl.RelativeTimeFormat(language, { numeric: 'auto' }),
    exact: new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'full', timeStyle: 'long' }),
    short: new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'medium', timeStyle: 'short' }),
  }
  formats.set(language, found)
  return found
}

/** `3 hours ago`, in words of the language. */
export function relative(time: Date, now: Date, language: string): string {
  const seconds = (time.getTime() - now.getTime()) / 1000
  const { relative: format } = formatsOf(language)
  const unit = UNITS.find(([, size]) => Math.abs(seconds) >= size)
  if (!unit) return format.format(0, 'second')
  const count = seconds / unit[1]
  // Two and a half hours ago are two; a deadline in almost three days is in three.
  return format.format(count < 0 ? Math.ceil(count) : Math.round(count), unit[0])
}

/** A time in words; the exact one, in the viewer's own zone, on hover. */
export function Time({ at, exactly }: { at: string; exactly?: boolean }) {
  const language = useLanguage()
  const now = useNow()
  const time = new Date(at)
  const { exact, short } = formatsOf(language)
  return (
    <time dateTime={at} title={exact.format(time)}>
      {exactly ? short.format(time) : relative(time, now, language)}
    </time>
  )
}

/** The time, to the minute. */
function useNow(): Date {
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 60_000)
    return () => clearInterval(timer)
  }, [])
  return now
}
