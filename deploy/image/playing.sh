# How pods of the chart are played, filled and asked, for `make play`; sourced after rooms.sh. What is read
# here was written by deploy/local/playable.py into $pods: NAME is a workload's, POD that of one of its pods.

evaluation() { # STEP...
  pod run --rm --name sextant-evaluation --network sextant --read-only --cap-drop all --security-opt no-new-privileges --tmpfs /tmp \
    -v "$site:/site" -e EXCHANGE_URL="http://$release-sextant-exchange:8002" \
    -e AUDIT_URL="http://$release-sextant-audit:8001" -e HOME=/tmp \
    -e DECLARATIONS_URL="http://$release-sextant-declarations:8003" \
    --entrypoint /opt/sextant/share/evaluation.sh "localhost/sextant-client:$version" "$@"
}
lines() { mapfile -t "$2" < "$pods/$1"; } # FILE ARRAY
workload() { # POD: whose it is
  local name=$1
  [[ -e $pods/$name.probes ]] || name=${name%-*}
  echo "$name"
}
fill() { # SECRET FOLDER: a volume with the files as Kubernetes mounts a Secret for the group of a pod
  local at
  pod volume exists "$1" || pod volume create "$1" > /dev/null
  at=$(pod volume inspect --format '{{.Mountpoint}}' "$1")
  find "$2" -maxdepth 1 -type f -exec install -o 0 -g 10001 -m 0440 -t "$at" {} +
}
folder_of() { # SECRET: where an operator of a trial keeps it
  case $1 in
    sextant-signer) echo "$site/signer/secrets" ;;
    sextant-declarations-keys) echo "$site/declarations/keys" ;;
    sextant-*-migrator) echo "$logins/$(cut -d- -f2 <<< "$1")-migrator" ;;
    sextant-*-database) echo "$logins/$(cut -d- -f2 <<< "$1")" ;;
    sextant-*) echo "$site/${1#sextant-}/secrets" ;;
  esac
}
pins() { # ROOM: the ConfigMap that an operator makes, where the room has one
  [[ ! -d $site/$1/pins ]] || "$python" -m deploy.local.playable given "sextant-$1-pins" "$site/$1/pins"
}
play() { # POD STAGE
  local name secrets
  name=$(workload "$1")
  lines "$name.secrets" secrets
  for secret in "${secrets[@]}"; do fill "$secret" "$(folder_of "$secret")"; done
  { pins "${name#"$release-sextant-"}"; printf -- '---\n'; cat "$pods/$1.$2.yaml"; } > "$pods/now.yaml"
  pod kube play --network "sextant:alias=$name" "$pods/now.yaml" > "$work/played.log" 2>&1 || { cat "$work/played.log"; exit 1; }
}
down() { pod pod rm -f "$1" > /dev/null; } # POD, when its containers have ended
ended() { # NAME: wait until what has to end before others come has ended well, and take its pod away
  local names container status
  lines "$1.ends" names
  for container in "${names[@]}"; do
    for _ in {1..240}; do
      [[ $(pod inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$1-$container") == 'exited 0' ]] && break
      sleep 0.5
    done
    status=$(pod inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$1-$container")
    echo "$1: $container $status"
    [[ $status == 'exited 0' ]] || { pod logs "$1-$container" 2>&1 | tail -n 20; exit 1; }
  done
  pod pod stop -t 20 "$1" > /dev/null
  down "$1"
}
address() { pod inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' \
  "$(pod pod inspect --format '{{.InfraContainerID}}' "$1")"; }
field() { "$python" -c 'import json, sys; found = json.loads(sys.argv[1]).get(sys.argv[2], "")
print(*found if isinstance(found, list) else [found])' "$1" "$2"; }
asked() { # POD PROBE: ask until it is content, as long as Kubernetes would
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
start() { # POD: play it, and ask what Kubernetes asks
  local probes probe
  play "$1" stays
  lines "$(workload "$1").probes" probes
  for probe in "${probes[@]}"; do asked "$1" "$probe"; done
}
start_all() { # NAME
  local names one
  lines "$1.pods" names
  for one in "${names[@]}"; do start "$one"; done
}
confined() { # POD
  local containers container state process limit
  lines "$1.stay" containers
  for container in "${containers[@]}"; do
    container=$1-$container
    read -r state process limit <<< "$(pod inspect --format '{{.State.Status}} {{.State.Pid}} {{.HostConfig.Memory}}' "$container")"
    [[ $state == running ]] || { echo "play: $container is $state"; pod logs "$container" 2>&1 | tail -n 20; exit 1; }
    "$python" -m deploy.local.confined "$container" "$process"
    if pod exec "$container" touch /opt/sextant/x 2> /dev/null; then echo "play: its program can be written"; exit 1; fi
    ((limit > 0)) || { echo "play: no limit of memory"; exit 1; }
  done
}
kept_waiting() { # what made declarations wait, as they tell it
  local names one
  lines "$release-sextant-declarations.pods" names
  for one in "${names[@]}"; do
    pod logs "$one-declarations" 2>&1 | grep -E 'delivery\.|worker\.|the store failed|\.owed|\.defect' | sed "s/^/$one: /" || true
  done
}
drained() { # POD: SIGTERM, and it is unready at once and ends by itself
  local room=${1#"$release-sextant-"} name began=$SECONDS at grace stopping unready='' status
  name=$(workload "$1") room=${room%%-*}
  at=$(address "$1"):$(field "$(grep readiness "$pods/$name.probes")" port)
  grace=$(sed -n 's/^  terminationGracePeriodSeconds: //p' "$pods/$1.stays.yaml")
  pod stop -t "$grace" "$1-$room" > /dev/null &
  stopping=$!
  while kill -0 "$stopping" 2> /dev/null; do
    [[ $(curl -s -m 2 -o /dev/null -w '%{http_code}' "http://$at/readyz" || true) == 503 ]] && unready=yes
    sleep 0.3
  done
  status=$(pod inspect --format '{{.State.ExitCode}}' "$1-$room")
  echo "$1: unready ${unready:-never}, exit status $status after $((SECONDS - began)) s"
  [[ -n $unready && ($status == 0 || $status == 143) ]] || { pod logs "$1-$room" 2>&1 | tail -n 20; exit 1; }
  pod pod stop -t 20 "$1" > /dev/null
  down "$1"
}
