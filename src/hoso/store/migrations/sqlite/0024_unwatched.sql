-- A witness keeps what it knows of other logs in a folder of its own (access/audit/watch.py); nothing ever stood here.
DROP TABLE audit_watched;
