-- SMART Health Links (access/healthlinks): a sealed summary that a citizen shares, and who opened it. Times are milliseconds.

-- `digest` is of the secret in the address; the key that opens `content` stands in the link alone and is nowhere here.
-- `wrong` counts wrong passcodes, those that are being looked at included. `content` goes when nobody can open it any more.
CREATE TABLE health_link (
  id TEXT COLLATE "C" PRIMARY KEY, patient bigint NOT NULL, digest bytea NOT NULL UNIQUE, label TEXT NOT NULL, types TEXT NOT NULL,
  made bigint NOT NULL, expires bigint NOT NULL, uses bigint NOT NULL, used bigint NOT NULL,
  salt bytea, passcode bytea, wrong bigint NOT NULL, revoked bigint, content bytea
);
CREATE INDEX health_link_patient ON health_link (patient, made);

-- `ticket`: digest of the address of a file that was not in the answer itself, until it is fetched.
CREATE TABLE health_link_opening (
  link TEXT COLLATE "C" NOT NULL, number bigint NOT NULL, time bigint NOT NULL, recipient TEXT NOT NULL, place TEXT NOT NULL,
  outcome TEXT NOT NULL, ticket bytea,
  PRIMARY KEY (link, number)
);
CREATE INDEX health_link_ticket ON health_link_opening (ticket) WHERE ticket IS NOT NULL;
