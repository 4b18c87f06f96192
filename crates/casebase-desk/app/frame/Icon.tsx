const PATHS = {
  bold: 'M5 3h4a2.5 2.5 0 0 1 0 5H5zM5 8h4.5a2.5 2.5 0 0 1 0 5H5z',
  italic: 'M7 3h5M4 13h5M9.5 3l-3 10',
  heading: 'M4 3v10M12 3v10M4 8h8',
  quote: 'M3 3v10M6.5 5h6.5M6.5 8h6.5M6.5 11h4',
  code: 'm5.5 4.5-3.5 3.5 3.5 3.5M10.5 4.5 14 8l-3.5 3.5',
  link: 'M6.5 9.5a2.7 2.7 0 0 0 3.8 0l2.4-2.4a2.7 2.7 0 0 0-3.8-3.8l-.9.9M9.5 6.5a2.7 2.7 0 0 0-3.8 0L3.3 8.9a2.7 2.7 0 0 0 3.8 3.8l.9-.9',
  bullets: 'M6.5 4H14M6.5 8H14M6.5 12H14M3 4h.01M3 8h.01M3 12h.01',
  numbers: 'M7 4h7M7 8h7M7 12h7M2.5 3l1-.5v4M2.5 9.8c.3-1 1.8-.8 1.6.2-.1.6-1.6 1.3-1.6 2h1.8',
  paperclip: 'M13 7.5 8 12.4a3 3 0 0 1-4.3-4.2L9 3a2 2 0 0 1 2.9 2.8L6.7 11a1 1 0 0 1-1.5-1.4l4.5-4.4',
  download: 'M8 2.5v8M4.8 7.5 8 10.7l3.2-3.2M3 13.5h10',
  cross: 'm4 4 8 8M12 4l-8 8',
  eye: 'M1.5 8s2.4-4.5 6.5-4.5S14.5 8 14.5 8 12.1 12.5 8 12.5 1.5 8 1.5 8zM8 6.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6',
  lock: 'M3.5 7.5h9v6h-9zM5.5 7.5v-2a2.5 2.5 0 0 1 5 0v2',
  pencil: 'm3 13 .7-3L11 2.7l2.3 2.3L6 12.3z',
  branch: 'M4 2.5v11M4 8.5c5 0 7-1 7-4M9 6l2-2 2 2',
  again: 'M13 8a5 5 0 1 1-1.5-3.6L13 6M13 2.5V6H9.5',
  upload: 'M8 10.7v-8M4.8 5.7 8 2.5l3.2 3.2M3 13.5h10',
  trash: 'M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3 14 14',
  clock: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 4.8V8l2.2 1.6',
} as const

/** A drawing beside words, or in a button whose label says what it does. */
export const Icon = ({ name }: { name: keyof typeof PATHS }) => (
  <svg viewBox="0 0 16 16" className="icon" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
)
