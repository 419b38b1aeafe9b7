-- 1: a follow of its owner brought it, and takes it along when it ends; NULL: somebody named it.
ALTER TABLE watches ADD COLUMN followed INTEGER;

-- What was watched beside a follow until now: nobody wrote down what that brought, but it was most.
UPDATE watches SET followed = 1 WHERE EXISTS (
    SELECT 1 FROM follows f, subjects s WHERE s.id = watches.subject_id
    AND f.guild_id = watches.guild_id AND f.watch_group = watches.watch_group
    AND lower(substr(s.full_name, 1, length(f.owner) + 1)) = lower(f.owner) || '/');

-- Since when GitHub forbids to read it, NULL if it does not: who may not know of it is told it is gone.
ALTER TABLE subjects ADD COLUMN forbidden_at BIGINT;
