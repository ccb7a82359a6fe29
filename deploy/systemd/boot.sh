#!/usr/bin/env bash
# Boots a Debian machine in a container, installs Sextant on it by docs/install.md as it stands,
# kills, freezes and stops services under systemd, and upgrades by docs/operations/upgrade.md. Needs
# root and apt; about five minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$PWD/var/boot python=$PWD/.venv/bin/python
rooms=(./shared ./services/audit ./services/exchange ./services/declarations ./client)

if [[ -z ${SEXTANT_BOOT_INSIDE:-} ]]; then
  [[ $EUID -eq 0 ]] || { echo "boot: must run as root"; exit 1; }
  need=(podman crun catatonit mmdebstrap)
  apt-get install -q -y --no-install-recommends "${need[@]}" > /dev/null
  mkdir -p "$work"
  # A namespace of its own: what is mounted here for containers is gone with it.
  SEXTANT_BOOT_INSIDE=1 exec unshare --mount "$0"
fi

mount --make-rprivate /
umount /sys/fs/cgroup/unified 2> /dev/null || true # crun refuses a mixture of both versions
mount -t tmpfs tmpfs /run
export CONTAINERS_CONF=$work/containers.conf
cat > "$CONTAINERS_CONF" <<'END'
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
runtime = "crun"
END
pod() { podman --root "$work/storage" --runroot /run/sextant-boot --storage-driver overlay "$@"; }
inside() { pod exec -i sextant-boot "$@"; }
say() { printf '\n== %s\n' "$*"; }
trap 'pod rm -f sextant-boot > /dev/null 2>&1 || true' EXIT

if ! pod image exists localhost/sextant-base; then
  say "a Debian root with systemd and Python, once"
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
  rm -rf "$work/root"
  mmdebstrap --quiet --mode=root --variant=apt bookworm "$work/root" "$mirror" \
    --include=systemd,systemd-sysv,python3-minimal,python3-venv,ca-certificates
  tar -C "$work/root" -c . | pod import - localhost/sextant-base > /dev/null
  rm -rf "$work/root"
fi

say "wheels of the pins and of the rooms"
"$python" -m pip download -q --require-hashes -r requirements/run.txt -d "$work/wheels"
rm -f "$work"/wheels/sextant_*
"$python" -m pip wheel -q --no-deps --no-build-isolation -w "$work/wheels" "${rooms[@]}"

say "boot"
pod run -d --name sextant-boot --systemd=always --privileged --network=none \
  -v "$work/wheels:/wheels:ro" localhost/sextant-base /sbin/init > /dev/null
for _ in {1..30}; do inside systemctl is-system-running 2> /dev/null && break || sleep 1; done
inside mount --make-rshared / # a container's is private; credentials are mounted and handed on
git ls-files -z deploy docs requirements examples | tar -c --null -T - | inside sh -c 'mkdir /src && tar -x -C /src'

page() { # FILE: run its blocks of commands as they stand, but for where packages come from
  "$python" - "$1" > "$work/page.sh" <<'END'
import pathlib, re, sys

blocks = re.findall(r"```sh\n(.*?)```", pathlib.Path(sys.argv[1]).read_text(), re.DOTALL)
rooms = "./shared ./services/audit ./services/exchange ./services/declarations ./client"
text = "\n".join(blocks).replace(rooms, "/wheels/sextant_*.whl")
text = re.sub(r"(?m)^apt-get .*$", "# its packages are in the base", text)
print("set -eux\nexport PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels\ncd /src\n" + text)
END
  inside sh -s < "$work/page.sh" > "$work/page.log" 2>&1 || { tail -n 20 "$work/page.log"; exit 1; }
}

say "docs/install.md, each line as it stands"
page docs/install.md

say "a State declares"
inside sh -seu <<'END'
export PATH=/opt/sextant/bin:$PATH
cd /etc/sextant/homes
where="--exchange http://127.0.0.1:8002 --audit http://127.0.0.1:8001 --declarations http://127.0.0.1:8003"
sextant init --home XAL --party NA-XAL --client-id NA-XAL/submit-1 --trust /etc/sextant/trust.json $where
sextant keys generate --home XAL
sextant keys request --home XAL --party NA-XAL --name Alvania --out XAL.json
sextant keys countersign XAL.json --home REG-1
sextant keys enrol XAL.json --exchange http://127.0.0.1:8002 --client-id REG-1 --home REG-1
sextant submit /src/examples/kinds/S2_AND.json --home XAL --watch
END

check() { # SECONDS WORDS...: wait until a shell command inside succeeds
  local patience=$1; shift
  for ((i = 0; i < patience; i++)); do inside sh -c "$*" > /dev/null 2>&1 && return; sleep 1; done
  echo "boot: never came true: $*"; inside journalctl --no-pager -u 'sextant-*' -n 40; exit 1
}
running() { echo "[ \$(systemctl show -p ActiveState --value sextant-$1) = active ]"; }
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
cd /etc/sextant/homes
where="--exchange http://127.0.0.1:8002 --audit http://127.0.0.1:8001 --declarations http://127.0.0.1:8003"
sextant init --home auditor --party AUD --client-id auditor --trust /etc/sextant/trust.json $where
sextant log verify --home auditor
END
say "docs/operations/upgrade.md, each line as it stands"
page docs/operations/upgrade.md
say "all of it holds"
