//! The people of `supabase/seed.sql` are the cast's: `docs/access.md` has what each of them is.

use super::*;

/// As the page's table of people says it.
const PEOPLE: &str = "
    select format('| %s | %s |',
      coalesce(s.display_name, m.display_name),
      concat_ws(', and ',
        case when s.is_admin then 'admin' else 'staff, scope ' || s.scope end
          || coalesce(': ' || (select string_agg(d.name, ', ') from staff_departments sd
                               join departments d on d.id = sd.department_id where sd.user_id = u.id), ''),
        'member of ' || c.name))
    from auth.users u
    left join staff_members s on s.user_id = u.id
    left join client_members m on m.user_id = u.id
    left join clients c on c.id = m.client_id
    where lower(coalesce(s.display_name, m.display_name)) || '@example.com' = u.email";

#[tokio::test]
async fn has_people_who_are_what_they_are_everywhere() {
    let _alone = ALONE.lock().await;
    let mut admin = connect("DATABASE_ADMIN_URL").await;
    let mut transaction = admin.begin().await.expect("a transaction");
    let seed = std::fs::read_to_string(repository_path("supabase/seed.sql")).expect("UTF-8");
    run(&mut transaction, "set local role postgres").await;
    run(&mut transaction, seed).await;
    run(&mut transaction, "reset role").await;
    let people = texts(&mut transaction, PEOPLE).await;
    transaction.rollback().await.expect("nothing of it stays");

    let page = std::fs::read_to_string(repository_path("docs/access.md")).expect("the page");
    let cast = page.lines().map(str::to_owned).collect();
    assert_eq!(people.len(), 5, "{people:?}");
    let others: Vec<_> = people.difference(&cast).collect();
    assert!(others.is_empty(), "not as the page has them: {others:?}");
}
