import { useRef } from 'react'
import type { CaseFile } from './row'
import { useFileUrl, useSeen } from './url'

/** Larger pictures are loaded when somebody asks to see them. */
const MOST_BYTES = 2_000_000

export const hasThumbnail = ({ content_type, file_size, state }: CaseFile) =>
  state === 'available' && content_type.startsWith('image/') && file_size <= MOST_BYTES

/** A small picture of a picture, loaded once it is in sight. Its name stands beside it. */
export function Thumbnail({ file }: { file: CaseFile }) {
  const box = useRef<HTMLSpanElement>(null)
  const { url } = useFileUrl(file, useSeen(box))
  return (
    <span ref={box} className="thumbnail">
      {url && <img src={url} alt="" />}
    </span>
  )
}
