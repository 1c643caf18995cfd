-- For whom a citizen is guardian: the page asks by the guardian (kind 5). Few rows, so the index is small.
CREATE INDEX relation_guardian ON relation (grantee) WHERE kind = 5;
