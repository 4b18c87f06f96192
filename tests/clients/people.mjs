// The people of a story, as tests/database/00_setup.sql introduces them: Carla, a member of Acme; Otto, of Other Ltd;
// Alan, staff; Ada, an admin. The owner's key makes their rows.

import { ok, owner, password, run, stranger } from './support.mjs'

const address = (name) => `${name}-${run}@example.org`

/** Signs up as a frontend lets its visitors do. */
const signUp = async (name) => {
  const supabase = stranger()
  const { user } = ok(await supabase.auth.signUp({ email: address(name), password, options: { data: { name } } }))
  return { supabase, id: user.id, email: user.email }
}

/** An account that the owner makes, signed in with its password. */
const invite = async (name) => {
  const { user } = ok(
    await owner().auth.admin.createUser({ email: address(name), password, email_confirm: true }),
  )
  return { supabase: stranger(), id: user.id, email: user.email }
}

const signIn = async ({ supabase, email }) =>
  ok(await supabase.auth.signInWithPassword({ email, password }))

/** Everyone, signed in with the role that their rows give them. */
export const gather = async () => {
  const service = owner()
  const [client, other, staff, admin] = await Promise.all([
    signUp('carla'),
    signUp('otto'),
    invite('alan'),
    invite('ada'),
  ])
  const [company, otherCompany] = ok(
    await service
      .from('clients')
      .insert([{ name: `Acme ${run}` }, { name: `Other Ltd ${run}` }])
      .select(),
  )
  ok(
    await service.from('client_members').insert([
      { client_id: company.id, user_id: client.id, display_name: 'Carla' },
      { client_id: otherCompany.id, user_id: other.id, display_name: 'Otto' },
    ]),
  )
  ok(
    await service.from('staff_members').insert([
      { user_id: staff.id, display_name: 'Alan', scope: 'all', is_admin: false },
      { user_id: admin.id, display_name: 'Ada', scope: 'all', is_admin: true },
    ]),
  )
  await Promise.all([client, other, staff, admin].map(signIn))
  return { client, other, staff, admin, company, otherCompany }
}

/** Leaves a project as it was: cases first, then who they were about. */
export const disperse = async ({ client, other, staff, admin, company, otherCompany }) => {
  const service = owner()
  const companies = [company.id, otherCompany.id]
  ok(await service.from('cases').delete().in('client_id', companies))
  ok(await service.from('clients').delete().in('id', companies))
  for (const { id } of [client, other, staff, admin]) {
    ok(await service.auth.admin.deleteUser(id))
  }
}
