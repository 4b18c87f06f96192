import { Store, useStore } from '../store'

const told = new Store<{ text: string; nth: number }>({ text: '', nth: 0 })

/** Says something that happened: shown for a while, and read out. */
export function announce(text: string) {
  const nth = told.get().nth + 1
  told.set({ text, nth })
  setTimeout(() => {
    if (told.get().nth === nth) told.set({ text: '', nth })
  }, 6000)
}

/** Where announcements are shown. There once, always: what appears with its text is not read out. */
export function Announcements() {
  const { text, nth } = useStore(told)
  return (
    <div className="announcements" role="status">
      {text && <p key={nth}>{text}</p>}
    </div>
  )
}
