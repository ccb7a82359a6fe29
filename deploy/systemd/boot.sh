#!/usr/bin/env bash
# Boots a Debian machine in a container, installs Sextant on it by docs/install.md as it stands,
# kills, freezes and stops services under systemd, and upgrades by docs/operations/upgrade.md. Needs
# root and apt; about five minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
. deploy/podman.sh
. deploy/systemd/machine.sh
alone "$0"
trap 'pod rm -f sextant-boot > /dev/null 2>&1 || true' EXIT

say "a Debian root with systemd and Python, once"
base localhost/sextant-base systemd,systemd-sysv,python3-minimal,python3-venv,ca-certificates,chrony

say "wheels of the pins and of the rooms"
wheels

say "boot"
boot sextant-boot localhost/sextant-base

say "docs/install.md, each line as it stands"
page docs/install.md

say "a State declares"
inside sh -seu <<'END'
export PATH=/opt/sextant/bin:$PATH
cd /media/people
where="--exchange http://127.0.0.1:8002 --audit http://127.0.0.1:8001 --declarations http://127.0.0.1:8003"
sextant init --home XAL --party NA-XAL --client-id NA-XAL/submit-1 --trust /etc/sextant/trust.json $where
sextant keys generate --home XAL
sextant keys request --home XAL --party NA-XAL --name Alvania --out XAL.json
sextant keys countersign XAL.json --home REG-1
sextant keys enrol XAL.json --exchange http://127.0.0.1:8002 --client-id REG-1 --home REG-1
sextant submit /src/examples/kinds/S2_AND.json --home XAL --watch
END

restarted() { echo "[ \$(systemctl show -p NRestarts --value sextant-$1) -ge 1 ] && $(running "$1")"; }
signal() { inside sh -c "kill -$2 \$(systemctl show -p MainPID --value sextant-$1)"; }

say "the exchange is killed, and comes back"
signal exchange KILL
check 60 "$(restarted exchange)"
say "the log hangs, and systemd ends and starts it"
signal audit STOP
check 120 "$(restarted audit)"
inside journalctl --no-pager -q -u sextant-audit --grep 'Watchdog timeout'
say "everything is stopped in order, and started again"
inside systemctl stop sextant.target sextant-declarations sextant-exchange sextant-audit sextant-signer
check 60 "! systemctl -q list-units --state=failed 'sextant-*' | grep -q sextant"
inside systemctl start sextant.target
for room in signer audit exchange declarations; do check 60 "$(running $room)"; done
say "an auditor verifies the whole log"
inside sh -seu <<'END'
export PATH=/opt/sextant/bin:$PATH
cd /media/people
where="--exchange http://127.0.0.1:8002 --audit http://127.0.0.1:8001 --declarations http://127.0.0.1:8003"
sextant init --home auditor --party AUD --client-id auditor --trust /etc/sextant/trust.json $where
sextant log verify --home auditor
END
say "docs/operations/upgrade.md, each line as it stands"
page docs/operations/upgrade.md
say "all of it holds"
