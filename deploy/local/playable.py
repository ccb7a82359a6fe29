"""Turns what the chart renders into pods for `podman kube play`, and says what it changed.

It knows no room: pods come as they are but for the changes it prints, each for a word that Debian's
podman (4.3) does not know. What it cannot carry over it refuses: nothing is left out in silence.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]

WORKLOADS = ("Deployment", "StatefulSet")
# A pod's name is its name in podman's network, so a Service has nothing left to do; the others are
# about a cluster.
LEFT_OUT = ("Service", "ServiceAccount", "PodDisruptionBudget", "NetworkPolicy")
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


class NotPlayableError(ValueError):
    """Something that a pod alone cannot be; the message says what."""


class Played:
    """The pods of one workload: the one that begins, where there is one, and the one that stays."""

    def __init__(self, workload: Object) -> None:
        """Take a workload apart.

        Raises:
            NotPlayableError: for more than one replica.
        """
        spec = deepcopy(workload["spec"])
        self.name: str = workload["metadata"]["name"]
        self.changes: list[str] = [f"{workload['kind']}: its pod alone, under its name"]
        if spec.get("replicas", 1) != 1:
            raise NotPlayableError(f"{self.name}: {spec['replicas']} replicas are several pods")
        self._labels = spec["template"]["metadata"].get("labels", {})
        self._spec: Object = spec["template"]["spec"]
        self.claims = [self._claim(one) for one in spec.get("volumeClaimTemplates", [])]
        self._secrets()
        self.probes = list(self._probes())
        self.begins, self.stays = self._stages()

    def _claim(self, template: Object) -> Object:
        """Return the claim that a StatefulSet makes of a template, and mount it by its name."""
        name = template["metadata"]["name"]
        of_pod = f"{name}-{self.name}-0"
        volume = {"name": name, "persistentVolumeClaim": {"claimName": of_pod}}
        self._spec.setdefault("volumes", []).append(volume)
        self.changes.append(f"claim {name}: made beside the pod")
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": template["spec"]}
        return {**claim, "metadata": {"name": of_pod}}

    def _secrets(self) -> None:
        """Mount a Secret as a ConfigMap: podman 4.3 mounts its base64 as it stands."""
        for volume in self._spec.get("volumes", []):
            if "secret" in volume:
                volume["configMap"] = {"name": volume.pop("secret")["secretName"]}
                self.changes.append(f"secret {volume['name']}: mounted as a ConfigMap")

    def _containers(self) -> list[Object]:
        return [*self._spec.get("initContainers", []), *self._spec["containers"]]

    def _probes(self) -> Iterator[Object]:
        """Take probes out of the containers: without systemd nobody asks them but who plays."""
        for container in self._containers():
            ports = {one["name"]: one["containerPort"] for one in container.get("ports", [])}
            for kind in PROBES:
                if (probe := container.pop(kind, None)) is None:
                    continue
                self.changes.append(f"{container['name']}: its {kind} is asked by the command")
                yield {
                    "container": container["name"],
                    "kind": kind,
                    "seconds": probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3),
                    **_question(probe, ports),
                }

    def _stages(self) -> tuple[Object | None, Object]:
        """Split at a container that starts before others and stays (`restartPolicy: Always`)."""
        before: list[Object] = []
        beside: list[Object] = []
        between: list[Object] = []
        for container in self._spec.pop("initContainers", []):
            if container.pop("restartPolicy", None) == "Always":
                beside.append(container)
                self.changes.append(f"{container['name']}: starts with the others, not before")
            elif beside:
                between.append(container)
                self.changes.append(f"{container['name']}: ends in a pod of its own, played first")
            else:
                before.append(container)
        staying = [*beside, *self._spec["containers"]]
        if not between:
            return None, self._pod(staying, before, "Always")
        # Podman starts the network of a pod again after its init containers have ended, and
        # stumbles over its own ports; the pod that begins has none.
        self.changes += [f"{one['name']}: in the pod that is played first alone" for one in before]
        first = self._pod([*beside, *between], before, "OnFailure")
        return first, self._pod(staying, [], "Always")

    def _pod(self, containers: list[Object], before: list[Object], restart: str) -> Object:
        spec = {**deepcopy(self._spec), "containers": containers, "restartPolicy": restart}
        if before:
            spec["initContainers"] = before
        metadata = {"name": self.name, "labels": self._labels}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    @property
    def stay(self) -> list[str]:
        """Return the containers of the pod that stays, by the names that podman gives them."""
        return [f"{self.name}-{one['name']}" for one in self.stays["spec"]["containers"]]

    @property
    def ends(self) -> list[str]:
        """Return the containers that have to end before the pod that stays is played."""
        if self.begins is None:
            return []
        staying = {one["name"] for one in self.stays["spec"]["containers"]}
        return [
            one["name"] for one in self.begins["spec"]["containers"] if one["name"] not in staying
        ]


def _question(probe: Object, ports: Mapping[str, int]) -> Object:
    if "exec" in probe:
        return {"command": probe["exec"]["command"]}
    asked = probe["httpGet"]
    return {"path": asked["path"], "port": ports.get(asked["port"], asked["port"])}


def apart(documents: Sequence[Object]) -> tuple[list[Played], list[Object], list[str]]:
    """Return workloads to play, settings to give them, and what is left out.

    Raises:
        NotPlayableError: for a kind that is none of these.
    """
    played: list[Played] = []
    settings: list[Object] = []
    left: list[str] = []
    for one in documents:
        kind, name = one["kind"], one["metadata"]["name"]
        if kind in WORKLOADS:
            played.append(Played(one))
        elif kind == "ConfigMap":
            settings.append(one)
        elif kind in LEFT_OUT:
            left.append(f"{kind} {name}")
        else:
            raise NotPlayableError(f"{name}: nobody plays the kind {kind}")
    return played, settings, left


def given(name: str, folder: Path) -> Object:
    """Return the object of a folder's files that has to exist before, as an operator makes it."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    data = {path.name: path.read_text() for path in files}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def main(arguments: list[str]) -> int:
    """Write the pods of RENDERED into FOLDER; or with `given NAME FOLDER` print one object."""
    if arguments[0] == "given":
        _, name, folder = arguments
        print("---\n" + yaml.safe_dump(given(name, Path(folder))), end="")
        return 0
    rendered, pods = map(Path, arguments)
    documents = [one for one in yaml.safe_load_all(rendered.read_text()) if one]
    try:
        played, settings, left = apart(documents)
    except NotPlayableError as error:
        print(f"playable: {error}", file=sys.stderr)
        return 1
    pods.mkdir(parents=True, exist_ok=True)
    for one in played:
        claims = one.claims  # made by the stage that is played first
        for stage, pod in (("begins", one.begins), ("stays", one.stays)):
            if pod is not None:
                text = yaml.safe_dump_all([*settings, *claims, pod])
                (pods / f"{one.name}.{stage}.yaml").write_text(text)
                claims = []
        for file, names in (("ends", one.ends), ("stay", one.stay)):
            (pods / f"{one.name}.{file}").write_text("".join(f"{name}\n" for name in names))
        probes = "".join(f"{json.dumps(probe)}\n" for probe in one.probes)
        (pods / f"{one.name}.probes").write_text(probes)
        print(f"{one.name}\n" + "\n".join(f"  {change}" for change in one.changes))
    print("left out\n" + "\n".join(f"  {name}" for name in left))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
