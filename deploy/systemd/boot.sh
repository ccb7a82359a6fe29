#!/usr/bin/env bash
# Boots a Debian machine in a container, installs Sextant on it by docs/install.md as it stands, kills,
# freezes and stops services under systemd; loses the machine, brings another one back by
# docs/operations/files-lost.md, and upgrades that by upgrade.md. Needs root and apt; about eight minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
. deploy/podman.sh
. deploy/systemd/machine.sh
alone "$0"
people=$work/boot-people backup=$work/boot-backup
end() { pod rm -f --ignore sextant-boot sextant-again > /dev/null 2>&1 || true; rm -rf "$people" "$backup"; }
trap end EXIT
end
install -d -m 0700 "$people" && install -d -m 0711 "$backup"
disks=(-v "$people:/media/people" -v "$backup:/media/backup")

say "a Debian root with systemd and Python, once"
base localhost/sextant-base systemd,systemd-sysv,python3-minimal,python3-venv,ca-certificates,chrony

say "wheels of the pins and of the rooms"
wheels requirements/recovery.txt

say "boot"
boot sextant-boot localhost/sextant-base "${disks[@]}"

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

say "a State runs a witness, and pins it: docs/witness.md"
page "docs/witness.md#Under systemd"
state "
sextant log policy /etc/sextant/witnesses.policy --home XAL
sextant submit /src/examples/kinds/S3_AND.json --home XAL --watch
sextant receipt witness \"\$(ls -t XAL/sent | head -n 1)\" --wait 60 --home XAL
"
check 60 "$(running witness)"
inside systemctl start backup-of-sextant

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
say "an auditor verifies the whole log, and copies it; a declaration comes after the backup"
state "
sextant log verify --home auditor
sextant submit /src/examples/kinds/NIL.json --home XAL --watch
sextant log mirror http://127.0.0.1:8001 mirror --home auditor
sleep 5 # ten times what a copy may take
"
say "the machine is lost"
pod kill --signal KILL sextant-boot > /dev/null
pod rm -f sextant-boot > /dev/null # and its disks
boot sextant-again localhost/sextant-base "${disks[@]}"
page "docs/install.md#Get it, check it" "docs/install.md#Program, users, units"
page docs/operations/files-lost.md
grep -A 8 -m 1 HONOURED "$work/page.log"
say "every receipt of the State verifies"
state "
for receipt in XAL/sent/*; do sextant receipt verify \"\$(basename \$receipt)\" --home XAL; done
"
for room in audit exchange declarations; do check 60 "$(running litestream@$room)"; done

upgrade=docs/operations/upgrade.md
say "$upgrade, with rooms in files"
page "$upgrade#Lay it down" "$upgrade#Rooms in files" "$upgrade#Look"
say "all of it holds"
