-- Lists of everybody's, in the order in which administrators read them.
create index instances_by_creation on instances (created_at desc, id desc);
