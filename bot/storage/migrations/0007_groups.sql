-- A group's name is kept in one spelling: `Docs` and ` docs ` were two groups beside `docs`.
-- (Only A to Z are lowered here, as the engine does it; the program lowers every letter it is given.)
INSERT INTO watches (guild_id, watch_group, subject_id)
    SELECT DISTINCT guild_id, lower(trim(watch_group)), subject_id FROM watches
    WHERE watch_group <> lower(trim(watch_group))
    ON CONFLICT DO NOTHING;
DELETE FROM watches WHERE watch_group <> lower(trim(watch_group));

-- Digests were one a group already, whatever its letters.
UPDATE digests SET watch_group = lower(trim(watch_group))
    WHERE watch_group <> lower(trim(watch_group));

-- Of two posts that are the same now the one under the right name is kept.
DELETE FROM outbox WHERE watch_group <> lower(trim(watch_group)) AND EXISTS (
    SELECT 1 FROM outbox o WHERE o.guild_id = outbox.guild_id AND o.due_at = outbox.due_at
    AND o.watch_group = lower(trim(outbox.watch_group)));
UPDATE outbox SET watch_group = lower(trim(watch_group))
    WHERE watch_group <> lower(trim(watch_group));

-- A warning that names the old spelling is told once more where its cause is still there.
DELETE FROM told WHERE warning <> lower(warning);
