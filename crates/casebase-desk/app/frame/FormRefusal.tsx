import { useEffect, useRef } from 'react'
import { useRefusalText } from '../words/refusals'

/** Why a form was not taken, above its button; read out, and in sight. */
export function FormRefusal({ refused, title, kept }: { refused: unknown; title?: string; kept?: string }) {
  const text = useRefusalText()
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (refused) box.current?.scrollIntoView({ block: 'nearest' })
  }, [refused])
  return (
    <div role="alert" ref={box}>
      {refused !== undefined && (
        <div className="notice bad">
          <p>
            {title && <strong>{title} </strong>}
            {text(refused)} {kept}
          </p>
        </div>
      )}
    </div>
  )
}
