"""What the chart renders, as pods for podman: refused where it is more, else as it was."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.playable import NotPlayableError, Played, apart, given, main

PROBE = {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 5}
SOCKET = {"exec": {"command": ["probe", "/socket"]}, "periodSeconds": 2, "failureThreshold": 60}
LOG: dict[str, Any] = {
    "kind": "StatefulSet",
    "metadata": {"name": "trial-audit"},
    "spec": {
        "replicas": 1,
        "template": {
            "metadata": {"labels": {"component": "audit"}},
            "spec": {
                "securityContext": {"runAsNonRoot": True},
                "initContainers": [
                    {"name": "signer-begins", "args": ["init"]},
                    {"name": "signer", "restartPolicy": "Always", "startupProbe": SOCKET},
                    {"name": "log-begins", "args": ["init"]},
                ],
                "containers": [
                    {
                        "name": "audit",
                        "ports": [{"name": "http", "containerPort": 8001}],
                        "readinessProbe": PROBE,
                        "securityContext": {"readOnlyRootFilesystem": True},
                    }
                ],
                "volumes": [{"name": "secrets", "secret": {"secretName": "signer"}}],
            },
        },
        "volumeClaimTemplates": [
            {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
        ],
    },
}
SERVICE = {"kind": "Service", "metadata": {"name": "trial-audit"}}
SETTINGS = {"kind": "ConfigMap", "metadata": {"name": "trial-audit"}, "data": {"A": "1"}}


def names(pod: dict[str, Any] | None, place: str = "containers") -> list[str]:
    return [one["name"] for one in pod["spec"].get(place, [])] if pod else []


def test_two_replicas_are_refused() -> None:
    several = deepcopy(LOG)
    several["spec"]["replicas"] = 2
    with pytest.raises(NotPlayableError, match="trial-audit: 2 replicas"):
        Played(several)


def test_a_kind_that_nobody_plays_is_refused_and_not_left_out() -> None:
    job = {"kind": "Job", "metadata": {"name": "trial-migrate"}}
    with pytest.raises(NotPlayableError, match="trial-migrate: nobody plays the kind Job"):
        apart([LOG, job])


def test_what_a_pod_does_not_need_is_named() -> None:
    played, settings, left = apart([LOG, SERVICE, SETTINGS])
    assert [one.name for one in played] == ["trial-audit"]
    assert settings == [SETTINGS]
    assert left == ["Service trial-audit"]


def test_what_waits_for_a_sidecar_ends_in_a_pod_of_its_own_first() -> None:
    played = Played(LOG)
    assert names(played.begins) == ["signer", "log-begins"]
    assert names(played.begins, "initContainers") == ["signer-begins"]
    assert played.ends == ["log-begins"]
    assert names(played.stays) == ["signer", "audit"]
    assert names(played.stays, "initContainers") == []
    assert played.stay == ["trial-audit-signer", "trial-audit-audit"]


def test_a_workload_without_a_sidecar_is_one_pod() -> None:
    plain = deepcopy(LOG)
    del plain["spec"]["template"]["spec"]["initContainers"]
    played = Played(plain)
    assert played.begins is None
    assert played.ends == []
    assert names(played.stays) == ["audit"]


def test_probes_are_handed_to_who_plays_with_the_patience_that_they_had() -> None:
    played = Played(LOG)
    socket, ready = played.probes
    assert socket["command"] == ["probe", "/socket"]
    assert socket["seconds"] == 120
    assert (ready["container"], ready["path"], ready["port"]) == ("audit", "/readyz", 8001)
    assert ready["seconds"] == 15
    assert "Probe" not in yaml.safe_dump(played.stays)


def test_a_claim_is_named_and_mounted_as_a_stateful_set_does() -> None:
    played = Played(LOG)
    (claim,) = played.claims
    assert claim["metadata"]["name"] == "data-trial-audit-0"
    volumes = {one["name"]: one for one in played.stays["spec"]["volumes"]}
    assert volumes["data"]["persistentVolumeClaim"] == {"claimName": "data-trial-audit-0"}


def test_confinement_labels_and_the_rendered_object_are_left_as_they_are() -> None:
    before = deepcopy(LOG)
    played = Played(LOG)
    assert before == LOG
    assert played.stays["metadata"]["labels"] == {"component": "audit"}
    assert played.stays["spec"]["securityContext"] == {"runAsNonRoot": True}
    (container,) = [one for one in played.stays["spec"]["containers"] if one["name"] == "audit"]
    assert container["securityContext"] == {"readOnlyRootFilesystem": True}


def test_each_change_is_said() -> None:
    said = "\n".join(Played(LOG).changes)
    words = ("StatefulSet", "data", "secrets", "readinessProbe", "signer: starts", "log-begins")
    for word in words:
        assert word in said


def test_a_secret_is_mounted_by_its_name_as_what_podman_mounts_in_plain(tmp_path: Path) -> None:
    volumes = {one["name"]: one for one in Played(LOG).stays["spec"]["volumes"]}
    assert volumes["secrets"] == {"name": "secrets", "configMap": {"name": "signer"}}
    (tmp_path / "passphrase").write_text("of a test\n")
    assert given("signer", tmp_path)["data"] == {"passphrase": "of a test\n"}


def test_the_command_writes_stages_and_says_what_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rendered = tmp_path / "rendered.yaml"
    rendered.write_text(yaml.safe_dump_all([SERVICE, SETTINGS, LOG]))
    assert main([str(rendered), str(tmp_path / "pods")]) == 0
    for stage, kinds in (
        ("begins", ["ConfigMap", "PersistentVolumeClaim", "Pod"]),
        ("stays", ["ConfigMap", "Pod"]),  # it finds the claim that is there
    ):
        text = (tmp_path / "pods" / f"trial-audit.{stage}.yaml").read_text()
        assert [one["kind"] for one in yaml.safe_load_all(text)] == kinds
    assert (tmp_path / "pods" / "trial-audit.ends").read_text() == "log-begins\n"
    assert "left out\n  Service trial-audit" in capsys.readouterr().out
    rendered.write_text(yaml.safe_dump({"kind": "Job", "metadata": {"name": "migrate"}}))
    assert main([str(rendered), str(tmp_path / "pods")]) == 1
    assert "migrate" in capsys.readouterr().err
