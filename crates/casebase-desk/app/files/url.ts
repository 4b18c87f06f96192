import { useQuery } from '@tanstack/react-query'
import { useEffect, useState, type RefObject } from 'react'
import { useDesk } from '../desk'
import { load, shownAs } from './content'
import { addressOf, type CaseFile } from './row'

/** A `blob:` URL of what the browser can show of a file; it goes with the component. */
export function useFileUrl(file: CaseFile, wanted: boolean) {
  const { access } = useDesk()
  const type = shownAs(file.content_type)
  const read = useQuery({
    queryKey: ['files', addressOf(file)],
    queryFn: ({ signal }) => load(access, addressOf(file), type ?? 'application/octet-stream', signal),
    enabled: wanted && type !== undefined,
    // The bytes of a file never change.
    staleTime: Infinity,
    gcTime: 60_000,
  })
  const [url, setUrl] = useState<string>()
  useEffect(() => {
    if (!read.data) return
    const made = URL.createObjectURL(read.data)
    setUrl(made)
    return () => {
      setUrl(undefined)
      URL.revokeObjectURL(made)
    }
  }, [read.data])
  return { url, type, error: read.error }
}

/** Whether the element has been in sight. */
export function useSeen(element: RefObject<Element | null>): boolean {
  const [seen, setSeen] = useState(false)
  useEffect(() => {
    const shown = element.current
    if (seen || !shown) return
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true)
    })
    observer.observe(shown)
    return () => observer.disconnect()
  }, [element, seen])
  return seen
}
