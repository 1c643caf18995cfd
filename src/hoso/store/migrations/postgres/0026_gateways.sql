-- Accounts of facilities at the gateway, and who is signed in there. Secrets are kept as digests only.
CREATE TABLE gateway_account (
  username TEXT COLLATE "C" PRIMARY KEY, facility TEXT COLLATE "C" NOT NULL, digest bytea NOT NULL,
  key TEXT COLLATE "C" NOT NULL, created bigint NOT NULL, revoked bigint
);
CREATE TABLE gateway_session (
  digest bytea PRIMARY KEY, second bytea NOT NULL, username TEXT COLLATE "C" NOT NULL, expires bigint NOT NULL
);
CREATE INDEX gateway_session_expires ON gateway_session (expires);
