-- Administrators list everybody's tokens, the newest first; most sign-ins are browsers'.
create index tokens_of_all on sign_ins (created_at desc, id desc) where kind = 'token' and revoked_at is null;
