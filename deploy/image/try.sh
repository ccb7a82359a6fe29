#!/usr/bin/env bash
# Builds the image of every room without a network, runs each as a stranger would confine it, has a
# State declare through the containers, and stops them. Needs root and apt; about six minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
. deploy/podman.sh
. deploy/image/rooms.sh
alone "$0"
every=(audit signer exchange declarations witness client)
running=(witness declarations exchange audit signer)
site=$work/site
end() {
  for room in "${running[@]}"; do pod rm -f "sextant-$room" > /dev/null 2>&1 || true; done
  rm -rf "$site"
}
trap end EXIT
end

images "${every[@]}"

confined=(--network host --read-only --cap-drop all --security-opt no-new-privileges --tmpfs /tmp)
room() { # ROOM ARGUMENTS...: one container, as confined as it can be
  local name=$1 image
  shift
  image=localhost/sextant-$name:$version
  given=()
  case $name in
    audit) given=(-v "$site/state/audit:/var/lib/sextant" -v "$site/audit:/run/sextant:ro" -v "$site/sign:/run/sextant-sign"
      -e SEXTANT_AUDIT_ORIGIN=log.example/sextant -e SEXTANT_AUDIT_BASE_URL=http://127.0.0.1:8001
      -e SEXTANT_AUDIT_NOTE_AFTER_S=0) ;;
    signer) given=(-v "$site/state/signer:/var/lib/sextant" -v "$site/signer:/run/sextant:ro" -v "$site/sign:/run/sextant-sign"
      -e SEXTANT_SIGNER_ORIGIN=log.example/sextant) ;;
    exchange) given=(-v "$site/state/exchange:/var/lib/sextant" -v "$site/exchange:/run/sextant:ro"
      -e SEXTANT_EXCHANGE_BASE_URL=http://127.0.0.1:8002 -e SEXTANT_EXCHANGE_AUDIT_URL=http://127.0.0.1:8001) ;;
    declarations) given=(-v "$site/state/declarations:/var/lib/sextant" -v "$site/declarations:/run/sextant:ro"
      -e SEXTANT_DECLARATIONS_BASE_URL=http://127.0.0.1:8003 -e SEXTANT_DECLARATIONS_EXCHANGE_URL=http://127.0.0.1:8002
      -e SEXTANT_DECLARATIONS_EXCHANGE_CLIENT_ID=SEC/worker-1 -e SEXTANT_DECLARATIONS_AUDIT_URL=http://127.0.0.1:8001
      -e SEXTANT_DECLARATIONS_AUDIT_CLIENT_ID=secretariat) ;;
    witness) given=(-v "$site/state/witness:/var/lib/sextant" -v "$site/exchange/pins:/run/sextant:ro") ;;
  esac
  options=("${confined[@]}" "${given[@]}")
  if [[ ${1:-} == serve ]]; then
    pod run -d --name "sextant-$name" "${options[@]}" "$image" > /dev/null
  else
    pod run --rm "${options[@]}" "$image" "$@"
  fi
}
evaluation() { # STEP
  pod run --rm "${confined[@]}" -v "$site:/site" -e EXCHANGE_URL=http://127.0.0.1:8002 \
    -e AUDIT_URL=http://127.0.0.1:8001 -e DECLARATIONS_URL=http://127.0.0.1:8003 -e HOME=/tmp \
    --entrypoint /opt/sextant/share/evaluation.sh "localhost/sextant-client:$version" "$@"
}
healthy() { # ROOM: by the image's own check
  local began=$SECONDS
  for _ in {1..120}; do
    if pod healthcheck run "sextant-$1" > /dev/null 2>&1; then
      echo "$1 is healthy after $((SECONDS - began)) s"
      return
    fi
    sleep 0.5
  done
  echo "images: $1 never became healthy"
  pod logs "sextant-$1" | tail -n 20
  exit 1
}

say "folders, each for one user"
mkdir -p "$site"/{homes,sign} "$site"/{audit,exchange,declarations}/{secrets,pins} "$site"/declarations/keys \
  "$site"/signer/secrets "$site"/state/{audit,exchange,declarations,witness,signer}
chown -R 10001:10001 "$site"
chown -R 10002:10001 "$site/sign" "$site/state/signer"
chmod 0750 "$site/sign"

say "keys"
evaluation keys
say "the log begins: twice, and the second time nothing happens"
for _ in 1 2; do room signer init --once > /dev/null; done
room signer serve && healthy signer
room audit init --once > "$work/first.json"
room audit init --once > "$work/second.json"
cmp "$work/first.json" "$work/second.json"
room audit serve && healthy audit
say "pins"
evaluation pins
room exchange serve && healthy exchange
say "enrolment"
evaluation enrol
room declarations serve && healthy declarations
room witness init --name witness.xal.example/w1 --label XAL --log /run/sextant/log.json
room witness serve && healthy witness

say "how each process is confined"
for room in "${running[@]}"; do
  id=$(pod inspect --format '{{.State.Pid}}' "sextant-$room")
  "$python" -m deploy.local.confined "$room" "$id"
  if pod exec "sextant-$room" touch /opt/sextant/x 2> /dev/null; then echo "images: $room can write its program"; exit 1; fi
done

say "a State declares through the containers, and an auditor verifies the log"
evaluation try

say "SIGTERM, and each ends by itself"
for room in "${running[@]}"; do
  began=$SECONDS
  pod stop -t 30 "sextant-$room" > /dev/null
  status=$(pod inspect --format '{{.State.ExitCode}}' "sextant-$room")
  printf '%-13s exit status %s after %s s\n' "$room" "$status" $((SECONDS - began))
  [[ $status == 0 || $status == 143 ]] || { pod logs "sextant-$room" | tail -n 20; exit 1; }
  pod rm "sextant-$room" > /dev/null
done
say "all of it holds"
