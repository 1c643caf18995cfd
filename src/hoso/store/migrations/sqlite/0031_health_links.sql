-- SMART Health Links (access/healthlinks): a sealed summary that a citizen shares, and who opened it. Times are milliseconds.

-- `digest` is of the secret in the address; the key that opens `content` stands in the link alone and is nowhere here.
-- `wrong` counts wrong passcodes, those that are being looked at included. `content` goes when nobody can open it any more.
CREATE TABLE health_link (
  id TEXT PRIMARY KEY, patient INTEGER NOT NULL, digest BLOB NOT NULL UNIQUE, label TEXT NOT NULL, types TEXT NOT NULL,
  made INTEGER NOT NULL, expires INTEGER NOT NULL, uses INTEGER NOT NULL, used INTEGER NOT NULL,
  salt BLOB, passcode BLOB, wrong INTEGER NOT NULL, revoked INTEGER, content BLOB
);
CREATE INDEX health_link_patient ON health_link (patient, made);

-- `ticket`: digest of the address of a file that was not in the answer itself, until it is fetched.
CREATE TABLE health_link_opening (
  link TEXT NOT NULL, number INTEGER NOT NULL, time INTEGER NOT NULL, recipient TEXT NOT NULL, place TEXT NOT NULL,
  outcome TEXT NOT NULL, ticket BLOB,
  PRIMARY KEY (link, number)
) WITHOUT ROWID;
CREATE INDEX health_link_ticket ON health_link_opening (ticket) WHERE ticket IS NOT NULL;
