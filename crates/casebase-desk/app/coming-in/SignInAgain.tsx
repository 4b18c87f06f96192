import { useDesk } from '../desk'
import { Dialog } from '../frame/Dialog'
import { useWords } from '../words'
import { SignInForm } from './SignIn'

/** Over the page, which stays as it is: the session ended while somebody worked. */
export function SignInAgain({ email }: { email: string }) {
  const words = useWords().comingIn
  const { access } = useDesk()
  return (
    <Dialog title={words.again}>
      <p>{words.againLead}</p>
      <SignInForm email={email} />
      <button type="button" className="quiet" onClick={() => void access.signOut()}>
        {words.asSomebodyElse}
      </button>
    </Dialog>
  )
}
