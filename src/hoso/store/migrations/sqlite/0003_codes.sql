-- Citizen codes: hoso.identity.code says what they mean. A code stands as its 13 digits in one integer.

-- "counter": how many codes this node has given as the centre; "secret": which key they were made with;
-- "restored": when this database was last brought back from a backup.
CREATE TABLE code_mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

-- Leases this node gave out as the centre: the counters from `first` on.
CREATE TABLE code_grant (
  id TEXT PRIMARY KEY, facility TEXT NOT NULL, node TEXT NOT NULL, first INTEGER NOT NULL, number INTEGER NOT NULL,
  made INTEGER NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX code_grant_first ON code_grant (first);

-- Leases this node holds, and every code of which it knows the state (store/codes.py: STATES).
CREATE TABLE code_lease (
  id TEXT PRIMARY KEY, facility TEXT NOT NULL, node TEXT NOT NULL, number INTEGER NOT NULL, made INTEGER NOT NULL,
  expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE citizen_code (
  code INTEGER PRIMARY KEY, state INTEGER NOT NULL, changed INTEGER NOT NULL, lease TEXT, holder TEXT, signature BLOB
);
CREATE INDEX citizen_code_lease ON citizen_code (lease, state, code) WHERE lease IS NOT NULL;

-- `direct` is the decision, `surviving` where it leads in the end.
CREATE TABLE code_alias (
  old INTEGER PRIMARY KEY, direct INTEGER NOT NULL, surviving INTEGER NOT NULL, made INTEGER NOT NULL
);
CREATE INDEX code_alias_surviving ON code_alias (surviving);

-- Public keys of centres whose leases and cards are believed here.
CREATE TABLE code_key (public BLOB PRIMARY KEY, added INTEGER NOT NULL) WITHOUT ROWID;
