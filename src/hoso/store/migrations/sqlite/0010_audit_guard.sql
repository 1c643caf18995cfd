-- What is made of the audit log's events stays as they do; an emptied event keeps its row (docs/explanation/audit.md).
CREATE TRIGGER audit_node_stays BEFORE DELETE ON audit_node BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_node_unchanged BEFORE UPDATE ON audit_node BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_map_stays BEFORE DELETE ON audit_map BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_map_unchanged BEFORE UPDATE ON audit_map BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_checkpoint_unchanged BEFORE UPDATE ON audit_checkpoint
  BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
-- INSERT OR REPLACE deletes without a trigger's knowing, unless these refuse a place that is taken.
CREATE TRIGGER audit_event_new BEFORE INSERT ON audit_event WHEN EXISTS (SELECT 1 FROM audit_event WHERE id = NEW.id)
  BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
CREATE TRIGGER audit_seal_new BEFORE INSERT ON audit_seal WHEN EXISTS (SELECT 1 FROM audit_seal WHERE seq = NEW.seq)
  BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
