"""The bill of materials of what runs, as CycloneDX 1.6: `make sbom`.

Each package with version, package URL, licence, the digests of the files that its pin allows, and
who asks for whom. Libraries that a wheel brings inside stand under it with their own digest. Where
licences come from is in `licences`, what belongs to the set in `pins`.
"""

import json
import sys
import uuid
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from deploy.local.licences import licences
from deploy.local.pins import PINS, ROOMS, ROOT, Pin, check_pinned, graph, installed, read_pins
from sextant_shared import __version__
from sextant_shared.clock import system_clock, timestamp_s
from sextant_shared.errors import PlatformError

TO = ROOT / "var" / "sbom.json"
_ROOT_REF = f"sextant@{__version__}"
_LIBRARIES = (".so", ".dll", ".dylib")


def bill(pins: tuple[Pin, ...], made: str) -> dict[str, Any]:
    """Return the document for this environment; `made` is the time that it names.

    The serial number follows from the contents, so the same set has the same one.

    Raises:
        PlatformError: `E_STATE` when pins, packages and rooms do not agree, `E_POLICY` for a
            licence that is not allowed.
    """
    asked = graph()
    check_pinned(pins, asked)
    found = licences(pins)
    here = [pin for pin in pins if pin.is_here]
    refs = {pin.name: _purl(pin) for pin in here} | {
        room: f"{room}@{__version__}" for room in ROOMS
    }
    components = [_room(room, refs[room]) for room in ROOMS]
    components += [_package(pin, *found[pin.name]) for pin in here]
    dependencies = [{"ref": _ROOT_REF, "dependsOn": sorted(refs[room] for room in ROOMS)}]
    dependencies += [
        {"ref": refs[name], "dependsOn": sorted(refs[other] for other in others)}
        for name, others in sorted(asked.items())
    ]
    contents = json.dumps([components, dependencies], sort_keys=True)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_OID, contents).urn,
        "version": 1,
        "metadata": {
            "timestamp": made,
            "component": {
                "type": "application",
                "bom-ref": _ROOT_REF,
                "name": "sextant",
                "version": __version__,
            },
            "properties": [_property("python", ".".join(map(str, sys.version_info[:3])))],
        },
        "components": components,
        "dependencies": dependencies,
    }


def main() -> int:
    """Write the document; return the exit status."""
    try:
        document = bill(read_pins(PINS.read_text()), timestamp_s(system_clock()))
    except PlatformError as error:
        print(f"sbom: {error.detail}\nfix: {error.fix}", file=sys.stderr)
        return 1
    TO.parent.mkdir(exist_ok=True)
    TO.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    packages = len(document["components"]) - len(ROOMS)
    print(f"{TO.relative_to(ROOT)}: {packages} packages and {len(ROOMS)} rooms, CycloneDX 1.6")
    return 0


def _purl(pin: Pin) -> str:
    return f"pkg:pypi/{pin.name}@{pin.version}"


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": f"sextant:{name}", "value": value}


def _room(name: str, ref: str) -> dict[str, Any]:
    """Return one of our own packages; it comes from no index, so it has no package URL of one."""
    return {
        "type": "library",
        "bom-ref": ref,
        "name": name,
        "version": __version__,
        "description": installed(name).metadata["Summary"],
        "purl": f"pkg:generic/{ref}",
    }


def _package(pin: Pin, expression: str, where: str) -> dict[str, Any]:
    inside = sorted(_inside(pin.name), key=lambda one: str(one["name"]))
    return {
        "type": "library",
        "bom-ref": _purl(pin),
        "name": pin.name,
        "version": pin.version,
        "purl": _purl(pin),
        "scope": "required",
        "licenses": [{"expression": expression}],
        # One for each file that may be installed: which it was depends on machine and Python.
        "hashes": [_hash(digest) for digest in pin.digests],
        "properties": [_property("licence-read-in", where)],
        **({"components": inside} if inside else {}),
    }


def _inside(name: str) -> list[Mapping[str, Any]]:
    """Return the shared libraries that a wheel brings beside its package, in its folder `.libs`."""
    files = [file for file in installed(name).files or () if file.parts[0].endswith(".libs")]
    return [
        {
            "type": "library",
            "bom-ref": f"{name}#{file.name}",
            "name": file.name,
            "hashes": [_hash(sha256(Path(str(file.locate())).read_bytes()).hexdigest())],
        }
        for file in files
        if any(ending in file.name for ending in _LIBRARIES)
    ]


def _hash(digest: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": digest}


if __name__ == "__main__":
    sys.exit(main())
