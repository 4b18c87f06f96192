-- Whether Auth asks the access token hook: it notes when it answered, and Auth notes who signed in. A minute is left
-- between the two clocks.
with answered as (
  select to_timestamp(nullif(pg_sequence_last_value('casebase.hook_answered_at'), 0) / 1000.0) as at
),
signed_in as (
  select max(u.last_sign_in_at) as at from auth.users u
)
select 'error' as severity, 'the access token hook' as thing,
       case
         when answered.at is null
           then format('has never answered, and somebody signed in at %s: it is not switched on, and nobody is staff', signed_in.at)
         else format('answered at %s for the last time, and somebody signed in at %s: it is not switched on any more',
                     answered.at, signed_in.at)
       end as problem,
       'dashboard: Authentication > Hooks > Customize Access Token (JWT) Claims: schema casebase, function custom_access_token_hook'
         as mend,
       false as safe
from answered, signed_in
where signed_in.at > coalesce(answered.at, '-infinity') + interval '1 minute'

union all
select 'unknown', 'the access token hook', 'nobody has signed in yet, so it is not known whether Auth asks it',
       'a sign-in', false
from answered, signed_in
where answered.at is null
  and signed_in.at is null
