-- What happened to a repository besides its numbers; `at` is when a run noticed it, `detail` the name
-- it had before, empty where it has none or had it while it was private.
CREATE TABLE events (
    subject_id BIGINT NOT NULL REFERENCES subjects (id),
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (subject_id, at, kind)
) WITHOUT ROWID;

-- Since when something is gone was written down before; all else is unknown, and no event.
INSERT INTO events (subject_id, at, kind, detail)
SELECT id, gone_at, 'gone', '' FROM subjects WHERE gone_at IS NOT NULL;

-- NULL: nobody has asked GitHub yet.
ALTER TABLE subjects ADD COLUMN archived INTEGER;
