# Containers on a machine that has no engine, for `make boot` and `make images`; sourced, not run.
# Needs root and Debian's apt; what it mounts is gone with its namespace.
work=$PWD/var/containers python=$PWD/.venv/bin/python
rooms=(./shared ./services/audit ./services/exchange ./services/declarations ./client)
say() { printf '\n== %s\n' "$*"; }
pod() { podman --root "$work/storage" --runroot /run/sextant-containers --storage-driver overlay --log-level fatal "$@"; }

alone() { # SCRIPT ARGUMENTS...: install podman and go on in a namespace of mounts of its own
  if [[ -z ${SEXTANT_ALONE:-} ]]; then
    [[ $EUID -eq 0 ]] || { echo "must run as root"; exit 1; }
    local need=(podman crun catatonit mmdebstrap)
    dpkg -s "${need[@]}" > /dev/null 2>&1 || apt-get install -q -y --no-install-recommends "${need[@]}" > /dev/null
    mkdir -p "$work"
    exec 9> "$work/lock" # kept until the end: a second podman would take the first one's containers for dead
    flock -n 9 || { echo "another command with containers runs in this folder"; exit 1; }
    SEXTANT_ALONE=1 exec unshare --mount "$@"
  fi
  mount --make-rprivate /
  umount /sys/fs/cgroup/unified 2> /dev/null || true # crun refuses a mixture of both versions
  mount -t tmpfs tmpfs /run
  export CONTAINERS_CONF=$work/containers.conf
  cat > "$CONTAINERS_CONF" <<'END_OF_CONF'
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
runtime = "crun"
END_OF_CONF
}

base() { # IMAGE PACKAGES: a Debian root with packages, once for each list of them
  [[ $(pod image inspect --format '{{index .Labels "packages"}}' "$1" 2> /dev/null) == "$2" ]] && return
  local mirror
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
  rm -rf "$work/root"
  mmdebstrap --quiet --mode=root --variant=apt bookworm "$work/root" "$mirror" --include="$2"
  tar -C "$work/root" -c . | pod import --change "LABEL packages=$2" - "$1" > /dev/null
  rm -rf "$work/root"
}

pins() { # FILES...: the wheels that the pins name, into $work/wheels, each checked against its hash
  local file
  for file in "$@"; do
    "$python" -m pip download -q --disable-pip-version-check --require-hashes -r "$file" -d "$work/wheels"
  done
}
