import { Store } from '../store'

/** The number of the case that was made on this page's visit, for its page to say so. */
export const justCreated = new Store<string | undefined>(undefined)
