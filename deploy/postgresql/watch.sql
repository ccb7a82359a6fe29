-- What the server says of itself, as text for the node exporter's textfile collector. Asked each
-- minute by sextant-watch.service, as the server's user; what each number tells: docs/metrics.md.
SET default_transaction_read_only = on;
SET statement_timeout = '10s';
WITH place (now) AS (
  SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END
), told (name, tells, labels, value) AS (
  SELECT 'sextant_server_asked_time_seconds', 'POSIX time at which the server answered last', '',
    floor(extract(epoch FROM clock_timestamp()))
  UNION ALL
  SELECT 'sextant_server_commits_wait_ratio', '1 while each commit waits for a receiver, else 0', '',
    (current_setting('synchronous_standby_names') <> ''
      AND current_setting('synchronous_commit') NOT IN ('off', 'local'))::int
  UNION ALL
  SELECT 'sextant_server_receivers', 'receivers that confirm commits now', '', count(*)
    FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')
  UNION ALL
  -- A commit that waits is an answer that somebody waits for.
  SELECT 'sextant_server_commit_oldest_seconds', 'how long the oldest commit has waited for its receiver', '',
    coalesce(round(max(extract(epoch FROM clock_timestamp() - query_start)), 3), 0)
    FROM pg_stat_activity WHERE wait_event = 'SyncRep'
  UNION ALL
  SELECT 'sextant_server_slot_held_bytes', 'WAL that is kept for each slot', format('{slot="%s"}', slot_name),
    greatest(0, pg_wal_lsn_diff(now, restart_lsn))
    FROM pg_replication_slots, place WHERE restart_lsn IS NOT NULL
  UNION ALL
  SELECT 'sextant_server_wal_bytes', 'all WAL on the disk of the server', '', coalesce(sum(size), 0)
    FROM pg_ls_waldir()
  UNION ALL
  SELECT 'sextant_server_archive_failing_ratio', '1 while the newest attempt to archive a piece of WAL failed, else 0', '',
    coalesce(current_setting('archive_mode') <> 'off'
      AND last_failed_time > coalesce(last_archived_time, '-infinity'), false)::int
    FROM pg_stat_archiver
  UNION ALL
  SELECT 'sextant_server_archive_waiting', 'pieces of WAL that wait for the archive', '', count(*)
    FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready' AND current_setting('archive_mode') <> 'off'
)
SELECT CASE WHEN row_number() OVER (PARTITION BY name ORDER BY labels) = 1
    THEN format(E'# HELP %1$s %2$s\n# TYPE %1$s gauge\n', name, tells) ELSE '' END
  || format('%s%s %s', name, labels, value)
FROM told ORDER BY name, labels;
