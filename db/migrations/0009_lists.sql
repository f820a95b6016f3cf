-- Lists of everybody's, in the order in which administrators read them.
create index instances_by_creation on instances (created_at desc, id desc);

-- Administrators list everybody's tokens, the newest first; most sign-ins are browsers'.
create index tokens_of_all on sign_ins (created_at desc, id desc) where kind = 'token' and revoked_at is null;
