# One image per room, built in a namespace that has no network, for `make images` and `make play`;
# sourced after podman.sh.
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' shared/sextant_shared/__init__.py)

build() { # ROOM: in a network namespace that has nothing, not even loopback
  unshare --net podman --root "$work/storage" --runroot /run/sextant-containers --storage-driver overlay \
    build -q --format docker --isolation chroot --network host \
    --ulimit nofile=4096:4096 --ulimit nproc=4096:4096 --ignorefile .dockerignore \
    -v "$work/wheels:/pins:ro" --build-arg PIP_NO_INDEX=1 --build-arg PIP_FIND_LINKS=/pins \
    --build-arg BASE=localhost/sextant-python --build-arg "ROOM=$1" --build-arg "VERSION=$version" \
    --build-arg "REVISION=$(git rev-parse HEAD)" --layers \
    -f deploy/image/Dockerfile -t "localhost/sextant-$1:$version" . > /dev/null
}

images() { # ROOMS...
  local room began size
  say "a Debian root with Python, once"
  base localhost/sextant-python python3-minimal,python3-venv,ca-certificates
  say "wheels of the pins"
  pins requirements/run.txt requirements/image.txt
  say "one image per room"
  for room in "$@"; do
    began=$SECONDS
    build "$room"
    size=$(pod image inspect --format '{{.Size}}' "localhost/sextant-$room:$version")
    printf '%-13s %4d MB  %3d s\n' "$room" $((size / 1000000)) $((SECONDS - began))
  done
}
