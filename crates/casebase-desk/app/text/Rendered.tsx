import { memo } from 'react'
import ReactMarkdown, { type Components } from 'react-markdown'
import remarkBreaks from 'remark-breaks'
import remarkGfm from 'remark-gfm'
import { useWords } from '../words'

// Raw HTML is shown as text (react-markdown's default), links go only where browsers are safe to go (its urlTransform),
// and nothing is loaded from anywhere: an image is a link to itself.

const PLUGINS = [remarkGfm, remarkBreaks]

const COMPONENTS: Components = {
  a: ({ href, children }) => <OutLink href={href}>{children}</OutLink>,
  img: ({ src, alt }) => <Image src={typeof src === 'string' ? src : undefined} alt={alt ?? ''} />,
  // The page has its own headings above these.
  h1: ({ children }) => <h4>{children}</h4>,
  h2: ({ children }) => <h5>{children}</h5>,
  h3: ({ children }) => <h6>{children}</h6>,
  h4: ({ children }) => <h6>{children}</h6>,
  h5: ({ children }) => <h6>{children}</h6>,
  table: ({ children }) => (
    <div className="scroll" tabIndex={0} role="group">
      <table>{children}</table>
    </div>
  ),
  pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
  // A task that somebody wrote down, not one to tick here.
  input: ({ checked }) => <span aria-hidden="true">{checked ? '☑' : '☐'}</span>,
}

function OutLink({ href, children }: { href?: string | undefined; children: React.ReactNode }) {
  if (!href || href.startsWith('#')) return <>{children}</>
  return (
    <a href={href} target="_blank" rel="noopener nofollow ugc noreferrer">
      {children}
    </a>
  )
}

function Image({ src, alt }: { src: string | undefined; alt: string }) {
  const words = useWords().text
  return <OutLink href={src}>{words.image(alt || src || '')}</OutLink>
}

export default memo(function Rendered({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS}>
      {text}
    </ReactMarkdown>
  )
})
