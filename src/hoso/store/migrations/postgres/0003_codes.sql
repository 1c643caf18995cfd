-- Citizen codes: hoso.identity.code says what they mean. A code stands as its 13 digits in one integer.

-- "counter": how many codes this node has given as the centre; "secret": which key they were made with;
-- "restored": when this database was last brought back from a backup.
CREATE TABLE code_mark (name text COLLATE "C" PRIMARY KEY, value bigint NOT NULL);

-- Leases this node gave out as the centre: the counters from `first` on.
CREATE TABLE code_grant (
  id text COLLATE "C" PRIMARY KEY, facility text COLLATE "C" NOT NULL, node text COLLATE "C" NOT NULL, first bigint NOT NULL, number bigint NOT NULL,
  made bigint NOT NULL, expires bigint NOT NULL
);
CREATE INDEX code_grant_first ON code_grant (first);

-- Leases this node holds, and every code of which it knows the state (store/codes.py: STATES).
CREATE TABLE code_lease (
  id text COLLATE "C" PRIMARY KEY, facility text COLLATE "C" NOT NULL, node text COLLATE "C" NOT NULL, number bigint NOT NULL, made bigint NOT NULL,
  expires bigint NOT NULL
);
CREATE TABLE citizen_code (
  code bigint PRIMARY KEY, state smallint NOT NULL, changed bigint NOT NULL, lease text COLLATE "C", holder text COLLATE "C", signature bytea
);
CREATE INDEX citizen_code_lease ON citizen_code (lease, state, code) WHERE lease IS NOT NULL;

-- `direct` is the decision, `surviving` where it leads in the end.
CREATE TABLE code_alias (
  old bigint PRIMARY KEY, direct bigint NOT NULL, surviving bigint NOT NULL, made bigint NOT NULL
);
CREATE INDEX code_alias_surviving ON code_alias (surviving);

-- Public keys of centres whose leases and cards are believed here.
CREATE TABLE code_key (public bytea PRIMARY KEY, added bigint NOT NULL);
