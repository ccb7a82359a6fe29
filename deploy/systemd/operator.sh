#!/usr/bin/env bash
# A new operator's way by the pages alone: an empty Debian gets all rooms on PostgreSQL with two
# exchanges behind an edge, dashboards, alerts, traces and backups; it is lost; a second machine gets everything
# back. States come by the edge's names alone. Needs root and apt; about ten minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
. deploy/podman.sh
. deploy/systemd/machine.sh
alone "$0"
people=$work/people backup=$work/backup
end() { pod rm -f --ignore sextant-first sextant-second > /dev/null 2>&1 || true; rm -rf "$people" "$backup"; }
trap end EXIT
end
install -d -m 0700 "$people" && install -d -m 0711 "$backup"
disks=(-v "$people:/media/people" -v "$backup:/media/backup")
server=docs/operations/server.md
keys=docs/operations/machine-keys.md
upgrade=docs/operations/upgrade.md
back=docs/operations/server-lost.md
install=docs/install.md

say "a Debian root with the packages of the page, once"
base localhost/sextant-whole systemd,systemd-sysv,python3-minimal,python3-venv,ca-certificates,openssl,procps,curl,chrony,nginx-light,postgresql-15,pgbackrest,prometheus,prometheus-alertmanager,prometheus-node-exporter

say "wheels of the pins and of the rooms"
wheels requirements/recovery.txt

services=(signer audit exchange exchange@8012 declarations)
ready() { for room in "${services[@]}"; do check 60 "$(running "$room")"; done; }
dashboards() { # the first answers and rules come within a minute
  check 90 "/opt/sextant/bin/python /opt/sextant/deploy/monitoring/answers.py"
  page "$server#What the dashboard asks"
  grep -v '^+' "$work/page.log"
  check 60 "curl -sf '127.0.0.1:9090/api/v1/query?query=sextant_backup_log_size' | grep -q __name__"
  # The sign of life reaches Alertmanager within a minute, for somebody elsewhere to miss.
  check 120 "amtool --alertmanager.url=http://127.0.0.1:9093 alert query Watchdog --receiver=heartbeat | grep -q Watchdog"
  # The timer asks each minute, Prometheus four times: a receiver confirms commits, and they wait for it.
  check 120 "curl -sf '127.0.0.1:9090/api/v1/query?query=sextant_server_receivers==sextant_server_commits_wait_ratio' | grep -q '\"1\"'"
}

drawn() { # the newest declaration, through all services; the State's own spans begin it
  page "$server#One declaration, drawn"
  grep -v '^+' "$work/page.log"
  inside sh -seu <<'END'
export PATH=/opt/sextant/bin:$PATH
id=$(grep -ho '"dxe.envelope.id": "[^"]*' /var/log/sextant/declarations/*.jsonl | cut -d '"' -f 4 | sort | tail -n 1)
sextant ops trace "$id" --from /var/log/sextant --from /media/people/XAL/traces.jsonl --json | python -c '
import json, sys
told = json.load(sys.stdin)
services = {span["service"] for span in told["spans"]}
assert services == {"client", "exchange", "audit", "declarations"}, services
assert len(told["traces"]) == 1, told["traces"]'
[ "$(stat -c %a /var/log/sextant/*/ | sort -u)" = 700 ]
END
}

say "an empty machine"
boot sextant-first localhost/sextant-whole "${disks[@]}"
inside pg_dropcluster --stop 15 main # of the base's own packages
began=$SECONDS
say "$server, with $install where it says so"
page "$install#Get it, check it" "$install#Program, users, units" "$install#Keys and pins" "$install#Settings" \
  "$server#The server" "$server#The edge" "$server#Its databases" \
  "$install#The log begins" "$install#Exchange, Secretariat, declarations" "$server#Two exchanges" "$server#Names and certificates" \
  "$server#Watch" "$server#Backups" "$server#The disk of the backups" "$server#The auditor's copy"
grep '"issuer"' "$work/page.log" # each service by its name
ready
echo "from an empty machine to services with dashboards and a first backup: $((SECONDS - began)) s"

say "a State declares through the edge, whichever exchange is away"
where="--exchange https://exchange.example --audit https://log.example --declarations https://declarations.example"
state "
sextant init --home XAL --party NA-XAL --client-id NA-XAL/submit-1 --trust trust.json --ca-file authority.pem $where --trace-file XAL/traces.jsonl
sextant keys generate --home XAL
sextant keys generate --home XAL --use seal --kem K2 # what is answered to class C3
sextant keys request --home XAL --party NA-XAL --name Alvania --out XAL.json
sextant keys countersign XAL.json --home REG-1
sextant keys enrol XAL.json --home REG-1
sextant doctor --home XAL
"
inside systemctl stop sextant-exchange
state "sextant submit /src/examples/kinds/S2_AND.json --home XAL --watch"
inside systemctl start sextant-exchange && inside systemctl stop sextant-exchange@8012
state "sextant submit /src/examples/kinds/S3_AND.json --home XAL --watch"
inside systemctl start sextant-exchange@8012
say "$keys: each is changed, and the State declares again"
page "$keys"
ready
state "sextant submit /src/examples/kinds/S2_PAST_CW.json --home XAL --watch"
say "$upgrade: a new version, one process after the other, and the State declares meanwhile"
page "$upgrade#Lay it down"
state "sextant submit /src/examples/kinds/S3_PAST_CW.json --home XAL --watch && touch /tmp/meanwhile" > /dev/null &
page "$upgrade#Rooms on a server" "$upgrade#Look"
check 60 "test -e /tmp/meanwhile"
ready
say "the night's backup, and the week's look at it"
inside systemctl start backup-of-sextant
page "$server#Each week"
grep -A 5 '^Backup' "$work/page.log"
say "every question of the dashboard has an answer, and Prometheus knows of the backup"
dashboards
say "one declaration, drawn"
drawn

say "an auditor follows the log at home; declarations come in after the backup, and the machine is lost"
state "sextant log mirror https://log.example mirror --home auditor --follow --interval 1 > /dev/null 2>&1 &"
state 'for kind in A3_CW A5_CLOSURE NIL; do sextant submit /src/examples/kinds/$kind.json --home XAL; done'
lost=$SECONDS
pod kill --signal KILL sextant-first > /dev/null
pod rm -f sextant-first > /dev/null # and its disks

say "another machine"
boot sextant-second localhost/sextant-whole "${disks[@]}"
inside pg_dropcluster --stop 15 main
page "$install#Get it, check it" "$install#Program, users, units" "$server#The server" "$server#The edge"
there=$SECONDS
echo "booted, installed: $((there - lost)) s"
page "$back"
grep -A 8 -m 1 HONOURED "$work/page.log"
echo "from there to services that were looked at: $((SECONDS - there)) s"

say "every receipt of the State verifies, and it declares again"
state "
for receipt in XAL/sent/*; do sextant receipt verify \"\$(basename \$receipt)\" --home XAL; done
sextant submit /src/examples/kinds/ACW_DISCOVERY.json --home XAL --watch
"
echo "from the loss to the next receipt: $((SECONDS - lost)) s"

say "the second machine is as the first was"
page "$server#Two exchanges" "$server#Watch" "$server#The disk of the backups" "$server#The auditor's copy"
ready
dashboards
drawn
say "all of it holds"
