-- Who is whose: views of the link ledger (Linkage records) and of the Patients, which can be worked out again from both.

-- A golden Patient: one person under one citizen code. `merged`: the person this one was found to be.
CREATE TABLE person (rid bigint PRIMARY KEY, code TEXT NOT NULL UNIQUE, merged bigint);

-- The person (number of a golden Patient) that a source Patient, or a person merged away, belongs to.
CREATE TABLE member (record bigint PRIMARY KEY, person bigint NOT NULL);
CREATE INDEX member_person ON member (person, record);

-- What a human said can never be: this record does not belong to that person.
CREATE TABLE apart (
  record bigint NOT NULL, person bigint NOT NULL,
  PRIMARY KEY (record, person)
);
CREATE INDEX apart_person ON apart (person, record);

-- What a newcomer is compared with. `packed`: see identity/match/packed.py; `flips`: how often the record turned into
-- somebody else.
CREATE TABLE match_record (record bigint PRIMARY KEY, flips integer NOT NULL, packed bytea NOT NULL);

-- Where to look for it. `key` is a 64-bit hash of some of what is known of a person; see identity/match/keys.py.
CREATE TABLE match_key (key bigint NOT NULL, record bigint NOT NULL, PRIMARY KEY (key, record));
CREATE INDEX match_key_record ON match_key (record);
