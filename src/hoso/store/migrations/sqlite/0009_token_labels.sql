-- The labels that a token of the operator is narrowed to, apart by spaces; NULL: not narrowed.
ALTER TABLE access_token ADD COLUMN labels TEXT;
