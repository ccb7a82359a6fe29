#!/bin/sh
# What deploy/compose.yaml relies on in the image `postgres`: the first start makes the cluster with
# POSTGRES_INITDB_ARGS, sets the password of POSTGRES_PASSWORD_FILE, runs /docker-entrypoint-initdb.d in
# order over the socket alone, and then the server starts. Statements that fail end the start.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA"
  # Several words, on purpose.
  # shellcheck disable=SC2086
  initdb -D "$PGDATA" -U postgres --pwfile="$POSTGRES_PASSWORD_FILE" ${POSTGRES_INITDB_ARGS:-}
  pg_ctl -D "$PGDATA" -o "-c listen_addresses= -c unix_socket_directories=/var/run/postgresql" -w start
  PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
  export PGPASSWORD
  for file in /docker-entrypoint-initdb.d/*.sql; do
    psql -v ON_ERROR_STOP=1 -q -h /var/run/postgresql -U postgres -d postgres -f "$file"
  done
  unset PGPASSWORD
  pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec "$@" -D "$PGDATA" -c unix_socket_directories=/var/run/postgresql
