"""pgBackRest of Debian's next release, for servers that are newer than this Debian's knows.

It is unpacked into `var/` with its own libraries, and called through its own loader: nothing is
installed. Which version it is moves with that release; apt checks its signature, as always.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from deploy.local.debian import NoProgramError, run
from tests.support.vectors import ROOT

UNPACKED = ROOT / "var" / "pgbackrest-next"
_TOOL = "usr/bin/pgbackrest"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_PATIENCE_S = 300  # lists of a whole release, then thirty megabytes
_CALL = """#!/bin/sh
# It calls itself again by argument 0, so this is what it finds there.
exec {loader} --argv0 "$0" --library-path {libraries} {tool} "$@"
"""


def next_pgbackrest() -> Path:
    """Return the folder of the program, unpacking it once.

    Raises:
        NoProgramError: with what stands in the way.
    """
    if not UNPACKED.exists():
        partial = UNPACKED.with_name(f"{UNPACKED.name}.{os.getpid()}")
        try:
            _unpack(partial)
            with suppress(OSError):  # another worker of this test run was faster
                partial.rename(UNPACKED)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return UNPACKED / "bin"


def _unpack(folder: Path) -> None:
    work, root = folder / "apt", folder / "root"
    for name in ("lists/partial", "cache/archives/partial"):
        (work / name).mkdir(parents=True)
    (work / "status").touch()  # as if nothing were installed: all its libraries come along
    mirror = run(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"])
    sites = [site for site in mirror.splitlines() if site.endswith("/debian")]
    if not sites:
        raise NoProgramError("apt knows no mirror of Debian")
    source = f"deb [signed-by={_KEYRING}] {sites[0]} testing main\n"
    (work / "sources.list").write_text(source)
    places = {
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "APT::Sandbox::User": "root",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
    }
    options = [part for name, value in places.items() for part in ("-o", f"{name}={value}")]
    download = ["install", "-y", "--no-install-recommends", "--download-only", "pgbackrest"]
    for command in (["update"], download):
        run(["apt-get", "-q", *options, *command], patience_s=_PATIENCE_S)
    for package in sorted((work / "cache/archives").glob("*.deb")):
        run(["dpkg-deb", "-x", str(package), str(root)])
    shutil.rmtree(work)
    loaders = sorted(root.glob("usr/lib/*/ld-linux-*.so.*"))
    if not loaders or not (root / _TOOL).exists():
        raise NoProgramError("Debian's next release holds no pgBackRest for this machine")
    place = UNPACKED / "root" / loaders[0].relative_to(root)
    tool = UNPACKED / "root" / _TOOL
    call = folder / "bin" / "pgbackrest"
    call.parent.mkdir()
    call.write_text(_CALL.format(loader=place, libraries=place.parent, tool=tool))
    call.chmod(0o755)
