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

WORKLOADS = ("Deployment", "StatefulSet", "Job")
GIVEN = ("ConfigMap", "PersistentVolumeClaim")
# A pod's name is its name in podman's network, so a Service has nothing left to do; the others are
# about a cluster.
LEFT_OUT = ("Service", "ServiceAccount", "PodDisruptionBudget", "NetworkPolicy")
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


class NotPlayableError(ValueError):
    """Something that a pod alone cannot be; the message says what."""


class Played:
    """The pods of one workload: one that ends, where there is one, and those that stay."""

    def __init__(self, workload: Object) -> None:
        """Take a workload apart.

        Raises:
            NotPlayableError: for several replicas of what keeps a volume for each.
        """
        spec = deepcopy(workload["spec"])
        kind: str = workload["kind"]
        self.name: str = workload["metadata"]["name"]
        self.pods = [self.name]
        self.changes: list[str] = [f"{kind}: its pod alone, under its name"]
        if (replicas := spec.get("replicas", 1)) != 1:
            if kind != "Deployment":
                raise NotPlayableError(f"{self.name}: a {kind} of {replicas} replicas")
            # Their common name is an alias in the network, as a Service has one.
            self.pods = [f"{self.name}-{number}" for number in range(1, replicas + 1)]
            self.changes = [f"{kind}: its pods alone, numbered"]
        self.secrets: list[str] = []
        self._labels = spec["template"]["metadata"].get("labels", {})
        self._spec: Object = spec["template"]["spec"]
        self.claims = [self._claim(one) for one in spec.get("volumeClaimTemplates", [])]
        self._volumes()
        self.probes = list(self._probes())
        self.begins: Object | None
        self.stays: list[Object]
        if kind == "Job":
            containers, policy = self._spec["containers"], self._spec.pop("restartPolicy")
            self.begins, self.stays = self._pod(self.name, containers, [], policy), []
        else:
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

    def _volumes(self) -> None:
        """Mount a Secret as a volume that is filled before: podman 4.3 mounts its base64 as it is.

        Who fills it gives the files the owner, group and mode that Kubernetes gives them.
        """
        for volume in self._spec.get("volumes", []):
            if "secret" in volume:
                secret = volume.pop("secret")["secretName"]
                volume["persistentVolumeClaim"] = {"claimName": secret}
                self.secrets.append(secret)
                self.changes.append(f"secret {volume['name']}: a volume that is filled before")
            if "emptyDir" in volume:
                self.changes.append(f"emptyDir {volume['name']}: named after its pod")

    def _containers(self) -> list[Object]:
        return [*self._spec.get("initContainers", []), *self._spec["containers"]]

    def _probes(self) -> Iterator[Object]:
        """Take probes out of the containers: without systemd nobody asks them but who plays."""
        for container in self._containers():
            # Podman 4.3 publishes on the machine what a container names, and two pods cannot.
            opened = container.pop("ports", [])
            ports = {one["name"]: one["containerPort"] for one in opened}
            self.changes += [f"{container['name']}: port {name} is not named" for name in ports]
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

    def _stages(self) -> tuple[Object | None, list[Object]]:
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
            return None, [self._pod(name, staying, before, "Always") for name in self.pods]
        # Podman starts the network of a pod again after its init containers: who stays has none.
        self.changes += [f"{one['name']}: in the pod that is played first alone" for one in before]
        first = self._pod(self.name, [*beside, *between], before, "OnFailure")
        return first, [self._pod(name, staying, [], "Always") for name in self.pods]

    def _pod(
        self, name: str, containers: list[Object], before: list[Object], restart: str
    ) -> Object:
        spec = {
            **deepcopy(self._spec),
            "containers": deepcopy(containers),
            "restartPolicy": restart,
        }
        if before:
            spec["initContainers"] = deepcopy(before)
        _keep_apart(spec, name)
        metadata = {"name": name, "labels": self._labels}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    @property
    def ends(self) -> list[str]:
        """Return the containers that have to end before a pod that stays is played."""
        if self.begins is None:
            return []
        staying = {one["name"] for pod in self.stays for one in pod["spec"]["containers"]}
        return [
            one["name"] for one in self.begins["spec"]["containers"] if one["name"] not in staying
        ]


def _keep_apart(spec: Object, pod: str) -> None:
    """Name what lives as long as a pod after it: podman 4.3 gives one to all who name it alike."""
    names = {one["name"]: f"{pod}-{one['name']}" for one in spec["volumes"] if "emptyDir" in one}
    mounts = [
        mount
        for container in [*spec.get("initContainers", []), *spec["containers"]]
        for mount in container.get("volumeMounts", [])
    ]
    for one in [*spec["volumes"], *mounts]:
        one["name"] = names.get(one["name"], one["name"])


def _question(probe: Object, ports: Mapping[str, int]) -> Object:
    if "exec" in probe:
        return {"command": probe["exec"]["command"]}
    asked = probe["httpGet"]
    return {"path": asked["path"], "port": ports.get(asked["port"], asked["port"])}


def apart(documents: Sequence[Object]) -> tuple[list[Played], list[Object], list[str]]:
    """Return workloads to play, settings and claims to give them, and what is left out.

    Raises:
        NotPlayableError: for a kind that is none of these.
    """
    played: list[Played] = []
    given: list[Object] = []
    left: list[str] = []
    for one in documents:
        kind, name = one["kind"], one["metadata"]["name"]
        if kind in WORKLOADS:
            played.append(Played(one))
        elif kind in GIVEN:
            given.append(one)
        elif kind in LEFT_OUT:
            left.append(f"{kind} {name}")
        else:
            raise NotPlayableError(f"{name}: nobody plays the kind {kind}")
    return played, given, left


def given(name: str, folder: Path) -> Object:
    """Return the object of a folder's files that has to exist before, as an operator makes it."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    data = {path.name: path.read_text() for path in files}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def write(played: Sequence[Played], given: Sequence[Object], pods: Path) -> None:
    """Write what is played, file by file: claims once, then pods, each with all settings."""
    settings = [one for one in given if one["kind"] == "ConfigMap"]
    claims = [one for one in given if one not in settings]
    claims += [claim for one in played for claim in one.claims]
    (pods / "claims.yaml").write_text(yaml.safe_dump_all(claims))
    for one in played:
        stages = [] if one.begins is None else [("begins", one.begins)]
        for stage, pod in [*stages, *(("stays", pod) for pod in one.stays)]:
            text = yaml.safe_dump_all([*settings, pod])
            (pods / f"{pod['metadata']['name']}.{stage}.yaml").write_text(text)
        for pod in one.stays:
            staying = [each["name"] for each in pod["spec"]["containers"]]
            _lines(pods / f"{pod['metadata']['name']}.stay", staying)
        _lines(pods / f"{one.name}.pods", [pod["metadata"]["name"] for pod in one.stays])
        _lines(pods / f"{one.name}.ends", one.ends)
        _lines(pods / f"{one.name}.secrets", one.secrets)
        _lines(pods / f"{one.name}.probes", [json.dumps(probe) for probe in one.probes])


def _lines(file: Path, lines: Sequence[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines))


def main(arguments: list[str]) -> int:
    """Write the pods of RENDERED into FOLDER; or with `given NAME FOLDER` print one object."""
    if arguments[0] == "given":
        _, name, folder = arguments
        print("---\n" + yaml.safe_dump(given(name, Path(folder))), end="")
        return 0
    rendered, pods = map(Path, arguments)
    documents = [one for one in yaml.safe_load_all(rendered.read_text()) if one]
    try:
        played, beside, left = apart(documents)
    except NotPlayableError as error:
        print(f"playable: {error}", file=sys.stderr)
        return 1
    pods.mkdir(parents=True, exist_ok=True)
    write(played, beside, pods)
    for one in played:
        print(f"{one.name}\n" + "\n".join(f"  {change}" for change in one.changes))
    print("left out\n" + "\n".join(f"  {name}" for name in left))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
