-- The certificate a token is bound to, by its x5t#S256 (RFC 8705); NULL for a token that counts on any connection.
ALTER TABLE access_token ADD COLUMN certificate TEXT;
