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
                        "volumeMounts": [
                            {"name": "secrets", "mountPath": "/run/secrets"},
                            {"name": "tmp", "mountPath": "/tmp"},
                        ],
                    }
                ],
                "volumes": [
                    {"name": "secrets", "secret": {"secretName": "signer"}},
                    {"name": "tmp", "emptyDir": {}},
                ],
            },
        },
        "volumeClaimTemplates": [
            {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
        ],
    },
}
SERVICE = {"kind": "Service", "metadata": {"name": "trial-audit"}}
CLAIM = {"kind": "PersistentVolumeClaim", "metadata": {"name": "trial-shared"}}
SETTINGS = {"kind": "ConfigMap", "metadata": {"name": "trial-audit"}, "data": {"A": "1"}}


def names(pod: dict[str, Any] | None, place: str = "containers") -> list[str]:
    return [one["name"] for one in pod["spec"].get(place, [])] if pod else []


def several(kind: str) -> dict[str, Any]:
    """Return what has two replicas and nothing before them."""
    found = deepcopy(LOG)
    found["kind"] = kind
    found["spec"]["replicas"] = 2
    del found["spec"]["template"]["spec"]["initContainers"]
    if kind == "Deployment":
        del found["spec"]["volumeClaimTemplates"]
    return found


def test_several_pods_that_keep_a_volume_each_are_refused() -> None:
    with pytest.raises(NotPlayableError, match="trial-audit: a StatefulSet of 2 replicas"):
        Played(several("StatefulSet"))


def test_replicas_are_numbered_pods_that_share_what_is_claimed_and_nothing_else() -> None:
    deployment = several("Deployment")
    shared = {"name": "data", "persistentVolumeClaim": {"claimName": "trial-audit-data"}}
    deployment["spec"]["template"]["spec"]["volumes"].append(shared)
    played = Played(deployment)
    assert [pod["metadata"]["name"] for pod in played.stays] == ["trial-audit-1", "trial-audit-2"]
    volumes = [{one["name"] for one in pod["spec"]["volumes"]} for pod in played.stays]
    assert volumes[0] & volumes[1] == {"secrets", "data"}
    for pod in played.stays:
        (container,) = pod["spec"]["containers"]
        mounted = {one["name"] for one in container["volumeMounts"]}
        assert mounted <= {one["name"] for one in pod["spec"]["volumes"]}


def test_a_job_is_a_pod_that_ends_before_others_come() -> None:
    job = deepcopy(LOG)
    job["kind"] = "Job"
    del job["spec"]["replicas"], job["spec"]["volumeClaimTemplates"]
    pod = job["spec"]["template"]["spec"]
    del pod["initContainers"]
    pod["restartPolicy"] = "Never"
    played = Played(job)
    assert played.stays == []
    assert played.begins is not None
    assert played.begins["spec"]["restartPolicy"] == "Never"
    assert played.ends == ["audit"]


def test_a_kind_that_nobody_plays_is_refused_and_not_left_out() -> None:
    daemons = {"kind": "DaemonSet", "metadata": {"name": "trial-all"}}
    with pytest.raises(NotPlayableError, match="trial-all: nobody plays the kind DaemonSet"):
        apart([LOG, daemons])


def test_what_a_pod_does_not_need_is_named() -> None:
    played, beside, left = apart([LOG, SERVICE, SETTINGS, CLAIM])
    assert [one.name for one in played] == ["trial-audit"]
    assert beside == [SETTINGS, CLAIM]
    assert left == ["Service trial-audit"]


def test_what_waits_for_a_sidecar_ends_in_a_pod_of_its_own_first() -> None:
    played = Played(LOG)
    assert names(played.begins) == ["signer", "log-begins"]
    assert names(played.begins, "initContainers") == ["signer-begins"]
    assert played.ends == ["log-begins"]
    (stays,) = played.stays
    assert names(stays) == ["signer", "audit"]
    assert names(stays, "initContainers") == []


def test_a_workload_without_a_sidecar_is_one_pod() -> None:
    plain = deepcopy(LOG)
    del plain["spec"]["template"]["spec"]["initContainers"]
    played = Played(plain)
    assert played.begins is None
    assert played.ends == []
    (stays,) = played.stays
    assert names(stays) == ["audit"]


def test_probes_are_handed_to_who_plays_with_the_patience_that_they_had() -> None:
    played = Played(LOG)
    socket, ready = played.probes
    assert socket["command"] == ["probe", "/socket"]
    assert socket["seconds"] == 120
    assert (ready["container"], ready["path"], ready["port"]) == ("audit", "/readyz", 8001)
    assert ready["seconds"] == 15
    assert "Probe" not in yaml.safe_dump(played.stays)


def test_no_port_is_published_on_the_machine_where_a_second_pod_could_not_have_it() -> None:
    assert "containerPort" not in yaml.safe_dump(Played(LOG).stays)


def test_a_claim_is_named_and_mounted_as_a_stateful_set_does() -> None:
    played = Played(LOG)
    (claim,) = played.claims
    assert claim["metadata"]["name"] == "data-trial-audit-0"
    volumes = {one["name"]: one for one in played.stays[0]["spec"]["volumes"]}
    assert volumes["data"]["persistentVolumeClaim"] == {"claimName": "data-trial-audit-0"}


def test_confinement_labels_and_the_rendered_object_are_left_as_they_are() -> None:
    before = deepcopy(LOG)
    played = Played(LOG)
    assert before == LOG
    (stays,) = played.stays
    assert stays["metadata"]["labels"] == {"component": "audit"}
    assert stays["spec"]["securityContext"] == {"runAsNonRoot": True}
    (container,) = [one for one in stays["spec"]["containers"] if one["name"] == "audit"]
    assert container["securityContext"] == {"readOnlyRootFilesystem": True}


def test_each_change_is_said() -> None:
    said = "\n".join(Played(LOG).changes)
    words = (
        "StatefulSet",
        "data",
        "secrets",
        "tmp",
        "readinessProbe",
        "signer: starts",
        "log-begins",
    )
    for word in words:
        assert word in said


def test_a_secret_is_a_volume_of_its_name_that_is_filled_before() -> None:
    played = Played(LOG)
    volumes = {one["name"]: one for one in played.stays[0]["spec"]["volumes"]}
    assert volumes["secrets"]["persistentVolumeClaim"] == {"claimName": "signer"}
    assert played.secrets == ["signer"]


def test_what_an_operator_gives_is_an_object_with_the_files_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "clients.json").write_text("of a test\n")
    assert given("pins", tmp_path)["data"] == {"clients.json": "of a test\n"}


def test_the_command_writes_stages_and_says_what_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rendered, pods = tmp_path / "rendered.yaml", tmp_path / "pods"
    rendered.write_text(yaml.safe_dump_all([SERVICE, SETTINGS, CLAIM, LOG]))
    assert main([str(rendered), str(pods)]) == 0
    for file, kinds in (
        ("claims", ["PersistentVolumeClaim"] * 2),  # once, whatever is played how often
        ("trial-audit.begins", ["ConfigMap", "Pod"]),
        ("trial-audit.stays", ["ConfigMap", "Pod"]),
    ):
        text = (pods / f"{file}.yaml").read_text()
        assert [one["kind"] for one in yaml.safe_load_all(text)] == kinds
    for file, lines in (
        ("ends", "log-begins\n"),
        ("pods", "trial-audit\n"),
        ("stay", "signer\naudit\n"),
        ("secrets", "signer\n"),
    ):
        assert (pods / f"trial-audit.{file}").read_text() == lines
    assert "left out\n  Service trial-audit" in capsys.readouterr().out
    rendered.write_text(yaml.safe_dump({"kind": "DaemonSet", "metadata": {"name": "all"}}))
    assert main([str(rendered), str(pods)]) == 1
    assert "all: nobody plays the kind DaemonSet" in capsys.readouterr().err
