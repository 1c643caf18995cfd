-- What the audit log says stays even for the role that serves: it gives up the rights that HoSo never needs, and triggers
-- refuse the rest. An owner can take rights back; docs/how-to/audit.md gives the tables to another one.
CREATE TRIGGER audit_node_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON audit_node EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_map_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON audit_map EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_checkpoint_stays BEFORE UPDATE OR TRUNCATE ON audit_checkpoint EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_cosignature_stays BEFORE TRUNCATE ON audit_cosignature EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_pending_stays BEFORE UPDATE OR TRUNCATE ON audit_pending EXECUTE FUNCTION audit_refuse();

REVOKE DELETE, TRUNCATE ON audit_event FROM CURRENT_USER;
REVOKE UPDATE, DELETE, TRUNCATE ON audit_seal, audit_node, audit_map FROM CURRENT_USER;
REVOKE UPDATE, TRUNCATE ON audit_checkpoint, audit_pending FROM CURRENT_USER;
REVOKE TRUNCATE ON audit_cosignature FROM CURRENT_USER;
