# Debian machines that are booted in containers, for `make boot` and `make operator`; sourced after
# deploy/podman.sh, not run.
inside() { pod exec -i "$machine" "$@"; }

wheels() { # what the pins name and the rooms as they stand here, into $work/wheels
  pins requirements/run.txt "$@"
  rm -f "$work"/wheels/sextant_*
  "$python" -m pip wheel -q --no-deps --no-build-isolation -w "$work/wheels" "${rooms[@]}"
}

boot() { # NAME IMAGE OPTIONS...: a machine of that name; commands go to it from now on
  machine=$1
  local image=$2
  shift 2
  pod run -d --name "$machine" --systemd=always --privileged --network=none \
    -v "$work/wheels:/wheels:ro" "$@" "$image" /sbin/init > /dev/null
  # Degraded: a package whose program is not set up yet, as on any machine.
  for _ in {1..30}; do [[ $(inside systemctl is-system-running 2> /dev/null) =~ running|degraded ]] && break || sleep 1; done
  inside mount --make-rshared / # a container's is private; credentials are mounted and handed on
  # What somebody carries there: the program, and its digest.
  git ls-files -z deploy docs requirements examples | tar -c --null -T - --transform 's,^,sextant/,' > "$work/sextant.tar"
  (cd "$work" && sha256sum sextant.tar) | inside sh -c 'mkdir -p /media/people && cat > /media/people/sextant.tar.sha256'
  inside sh -c 'cat > /media/people/sextant.tar' < "$work/sextant.tar"
}

page() { # PLACES...: run the blocks of commands of FILE or FILE#HEADING as they stand, in one shell
  "$python" - "$@" > "$work/page.sh" <<'END_OF_SCRIPT'
import pathlib, re, sys

text = ""
for place in sys.argv[1:]:
    file, _, heading = place.partition("#")
    page = pathlib.Path(file).read_text()
    sections = {each.partition("\n")[0]: each for each in re.split(r"(?m)^## ", page)}
    if heading and heading not in sections:
        sys.exit(f"{file} has no section {heading}")
    text += sections[heading] if heading else page
commands = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
rooms = "./shared ./services/audit ./services/exchange ./services/declarations ./client"
commands = commands.replace(rooms, "/wheels/sextant_*.whl")
commands = re.sub(r"(?m)^apt-get .*$", "# its packages are in the base", commands)
print("set -eux\nexport PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels PATH=/opt/sextant/bin:$PATH\nmkdir -p /src && cd /src\n" + commands)
END_OF_SCRIPT
  inside sh -s < "$work/page.sh" > "$work/page.log" 2>&1 || { tail -n 25 "$work/page.log"; exit 1; }
}

state() { # what a State or an auditor types, on a machine of its own
  inside sh -seu <<END
export PATH=/opt/sextant/bin:\$PATH
cd /media/people
$*
END
}

check() { # SECONDS WORDS...: wait until a shell command inside succeeds
  local patience=$1; shift
  for ((i = 0; i < patience; i++)); do inside sh -c "$*" > /dev/null 2>&1 && return; sleep 1; done
  echo "never came true on $machine: $*"; inside journalctl --no-pager -u 'sextant-*' -n 40; exit 1
}
running() { echo "[ \$(systemctl show -p ActiveState --value sextant-$1) = active ]"; }
