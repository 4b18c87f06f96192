import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useDesk } from '../desk'
import { ChooseFiles, DropZone } from '../files/choosing'
import { FileList } from '../files/FileList'
import { isOfCase } from '../files/target'
import { UploadLines } from '../files/UploadList'
import { Empty, Failed, Loading } from '../frame/states'
import { useStore } from '../store'
import { useWords } from '../words'
import { DocumentActions } from './DocumentActions'
import { asFile, listDocuments, listFolders, type Folder } from './queries'

/** A client's folders, of which one is open. */
export function Folders({ client, mayWrite }: { client: string; mayWrite: boolean }) {
  const words = useWords().documents
  const { access } = useDesk()
  const search = useSearch({ from: '/members/documents' })
  const folders = useQuery({ queryKey: ['documents', 'folders'], queryFn: () => listFolders(access), staleTime: 60_000 })
  if (folders.isPending) return <Loading />
  if (folders.isError) return <Failed error={folders.error} onRetry={() => void folders.refetch()} />
  const open = folders.data.find(({ code }) => code === search.folder) ?? folders.data[0]
  if (!open) return <Empty title={words.noFolders} />
  return (
    <>
      <nav className="filter" aria-label={words.folders}>
        {folders.data.map(({ code, label }) => (
          <Link key={code} to="/documents" search={{ ...search, folder: code }} aria-current={code === open.code ? 'page' : undefined} activeProps={{}}>
            <span dir="auto">{label}</span>
          </Link>
        ))}
      </nav>
      <OpenFolder key={open.code} client={client} folder={open} mayWrite={mayWrite} />
    </>
  )
}

function OpenFolder({ client, folder, mayWrite }: { client: string; folder: Folder; mayWrite: boolean }) {
  const words = useWords()
  const { access, uploads } = useDesk()
  const underWay = useStore(uploads.list)
  const here = underWay.filter((one) => !isOfCase(one) && one.clientId === client && one.category === folder.code)
  const pages = useInfiniteQuery({
    queryKey: ['documents', client, folder.code],
    queryFn: ({ pageParam }) => listDocuments(access, client, folder.code, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: 10_000,
  })
  const documents = pages.data?.pages.flatMap((page) => page.documents)
  const add = (files: Iterable<File>) => uploads.add({ clientId: client, category: folder.code }, files)
  const content = (
    <section aria-labelledby="folder">
      <div className="section-head">
        <h2 id="folder" dir="auto">{folder.label}</h2>
        {mayWrite && folder.active && (
          <ChooseFiles className="quiet" onFiles={add}>
            {words.documents.add}
          </ChooseFiles>
        )}
      </div>
      {pages.isPending && <Loading />}
      {pages.isError && <Failed error={pages.error} onRetry={() => void pages.refetch()} />}
      {documents && (
        <FileList
          files={documents.map(asFile)}
          label={folder.label}
          actions={(file) => {
            const document = mayWrite && documents.find(({ id }) => id === file.id)
            return document && <DocumentActions document={document} />
          }}
        />
      )}
      <UploadLines uploads={here} />
      {documents?.length === 0 && !here.length && <p className="muted">{!mayWrite ? words.documents.emptyOfClient : folder.active ? words.documents.emptyToFill : words.documents.empty}</p>}
      {pages.hasNextPage && (
        <button type="button" className="more" aria-disabled={pages.isFetchingNextPage} onClick={() => void (pages.isFetchingNextPage || pages.fetchNextPage())}>
          {words.list.more}
        </button>
      )}
    </section>
  )
  return mayWrite && folder.active ? <DropZone onFiles={add} wholePage>{content}</DropZone> : content
}
