"""The chart: what it renders is valid, confined, watched, and reaches only what it needs."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.debian import NoProgramError, run
from sextant_audit.settings import AuditSettings
from sextant_declarations.settings import DeclarationsSettings
from sextant_exchange.settings import ExchangeSettings
from sextant_shared.chassis.http import CONNECT_TIMEOUT_S
from sextant_shared.chassis.serving import GRACEFUL_SHUTDOWN_S
from sextant_shared.chassis.settings import ServiceSettings
from tests.support.charts import (
    CHART,
    EXAMPLES,
    documents,
    environment_of_image,
    helm,
    module,
    render,
)
from tests.support.vectors import ROOT

VALUES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))
WORKLOADS = ("Deployment", "StatefulSet", "Job")
SETTINGS: dict[str, type[ServiceSettings]] = {
    "AUDIT": AuditSettings,
    "EXCHANGE": ExchangeSettings,
    "DECLARATIONS": DeclarationsSettings,
}
pytestmark = pytest.mark.long
SECRETS = ("SECRET", "PASSWORD", "TOKEN=", "PRIVATE")


@cache
def rendered(values: str) -> str:
    return render(EXAMPLES / f"{values}.yaml")


def objects(values: str, *kinds: str) -> list[dict[str, Any]]:
    return [one for one in documents(rendered(values)) if not kinds or one["kind"] in kinds]


def pods(values: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return name, labels and specification of each pod."""
    found = []
    for one in objects(values, *WORKLOADS):
        template = one["spec"]["template"]
        found.append((one["metadata"]["name"], template["metadata"]["labels"], template["spec"]))
    return found


def containers(values: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{name}/{container['name']}", container)
        for name, _, pod in pods(values)
        for container in [*pod.get("initContainers", []), *pod["containers"]]
    ]


def claimed(values: str) -> list[dict[str, Any]]:
    return objects(values, "PersistentVolumeClaim")


def selects(policy: dict[str, Any], labels: dict[str, str]) -> bool:
    wanted = policy["spec"]["podSelector"]["matchLabels"]
    return bool(wanted.items() <= labels.items())


@pytest.mark.parametrize("values", VALUES)
def test_the_chart_is_valid_for_helm_and_for_kubernetes(values: str, tmp_path: Path) -> None:
    lint = [str(helm()), "lint", "--strict", str(CHART), "-f", str(EXAMPLES / f"{values}.yaml")]
    run(lint, environment={"HOME": str(tmp_path)})
    file = tmp_path / "rendered.yaml"
    file.write_text(rendered(values))
    module("kubernetes_validate", "--strict", file)


def test_a_misspelt_word_would_be_found(tmp_path: Path) -> None:
    file = tmp_path / "rendered.yaml"
    file.write_text(rendered("embedded").replace("readinessProbe", "readynessProbe"))
    with pytest.raises(NoProgramError, match="readynessProbe"):
        module("kubernetes_validate", "--strict", file)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["rooms.exchange.baseUrl=exchange.example"], "baseUrl"),
        (["rooms.exchange.replicas=2"], "replicas"),
        (["rooms.declarations.replicas=2"], "replicas"),
        (["rooms.exchange.replica=2"], "replica"),
        (["rooms.audit.settings.ORIGIN=https://log.example"], "ORIGIN"),
        (["rooms.exchange.settings.CRASH_AT=exchange.after_held"], "CRASH_AT"),
        (["rooms.exchange.settings.ENVIRONMENT=development"], "ENVIRONMENT"),
        (["rooms.audit.database.url=postgresql+psycopg://w:secret@db/log"], "url"),
        (["rooms.audit.database.url=postgresql+psycopg://w@db/log"], "readerUrl"),
        (["image.tag=latest"], "tag"),
        (["drainSeconds=-1"], "drainSeconds"),
    ],
)
def test_values_that_mislead_are_refused(words: list[str], complaint: str) -> None:
    options = [part for word in words for part in ("--set", word)]
    with pytest.raises(NoProgramError, match=complaint):
        render(EXAMPLES / "embedded.yaml", *options)


def test_values_that_are_missing_are_named_all_at_once(tmp_path: Path) -> None:
    empty = tmp_path / "empty.yaml"
    empty.write_text("{}\n")
    with pytest.raises(NoProgramError) as refused:
        render(empty)
    for room in ("audit", "exchange", "declarations"):
        assert f"/rooms/{room}/baseUrl" in str(refused.value)
    assert "ORIGIN" in str(refused.value)


@pytest.mark.parametrize("values", VALUES)
def test_no_pod_runs_as_root_or_knows_the_cluster(values: str) -> None:
    assert pods(values)
    for name, _, pod in pods(values):
        security = pod["securityContext"]
        assert security["runAsNonRoot"], name
        assert security["runAsUser"] > 10_000, name
        assert security["seccompProfile"]["type"] == "RuntimeDefault", name
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["terminationGracePeriodSeconds"] > 15 + GRACEFUL_SHUTDOWN_S, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod), name


@pytest.mark.parametrize("values", VALUES)
def test_an_answer_of_the_resolver_that_is_lost_costs_no_connection(values: str) -> None:
    for name, _, pod in pods(values):
        options = {one["name"]: one.get("value") for one in pod["dnsConfig"]["options"]}
        assert int(options["timeout"]) < CONNECT_TIMEOUT_S, name
        assert int(options["attempts"]) > 1, name


@pytest.mark.parametrize("values", VALUES)
def test_each_container_is_read_only_without_capabilities_and_within_limits(values: str) -> None:
    for name, container in containers(values):
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"], name
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"] == {"drop": ["ALL"]}, name
        assert {"cpu", "memory"} <= set(container["resources"]["limits"]), name
        assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
        tag = container["image"].rpartition(":")[2]
        assert tag[0].isdigit(), container["image"]


@pytest.mark.parametrize("values", VALUES)
def test_the_signer_is_another_user_and_the_log_reads_none_of_its_files(values: str) -> None:
    ((_, _, pod),) = [one for one in pods(values) if one[0].endswith("-audit")]
    signers = [one for one in pod["initContainers"] if one["image"].startswith("sextant-signer:")]
    logs = [
        one
        for one in [*pod["initContainers"], *pod["containers"]]
        if one["image"].startswith("sextant-audit:")
    ]
    assert signers
    assert logs
    users = {one["securityContext"]["runAsUser"] for one in signers}
    assert users == {10_002}
    mounted = {mount["name"] for one in logs for mount in one["volumeMounts"]}
    assert not {"signer", "signer-secret"} & mounted


@pytest.mark.parametrize("values", VALUES)
def test_each_service_has_three_probes_and_a_budget_of_disruptions(values: str) -> None:
    budgets = [
        one["spec"]["selector"]["matchLabels"] for one in objects(values, "PodDisruptionBudget")
    ]
    for one in objects(values, "Deployment", "StatefulSet"):
        template = one["spec"]["template"]
        (service,) = template["spec"]["containers"]
        assert service["startupProbe"]["httpGet"]["path"] == "/healthz"
        assert service["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert service["readinessProbe"]["httpGet"]["path"] == "/readyz"
        labels = template["metadata"]["labels"]
        assert any(wanted.items() <= labels.items() for wanted in budgets), one["metadata"]["name"]


@pytest.mark.parametrize("values", VALUES)
def test_every_pod_is_closed_but_for_the_edges_it_needs(values: str) -> None:
    policies = objects(values, "NetworkPolicy")
    for name, labels, _ in pods(values):
        of_pod = [policy for policy in policies if selects(policy, labels)]
        assert of_pod, name
        for policy in of_pod:
            assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"], name
    (log,) = [one for one in policies if one["metadata"]["name"].endswith("-sextant-audit")]
    askers = [
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for rule in log["spec"]["ingress"]
        for peer in rule["from"]
        if "podSelector" in peer
    ]
    assert sorted(askers) == ["declarations", "exchange"]


@pytest.mark.parametrize("values", VALUES)
def test_settings_are_ones_that_services_know_and_hold_no_secret(values: str) -> None:
    for one in objects(values, "ConfigMap"):
        for name in one["data"]:
            room, _, setting = name.removeprefix("SEXTANT_").partition("_")
            assert setting.lower() in SETTINGS[room].model_fields, name
            assert not any(word in name for word in SECRETS), name
    assert not objects(values, "Secret")


def test_tables_on_a_server_are_migrated_by_their_owner_alone() -> None:
    jobs = {one["metadata"]["name"].split("-")[2]: one for one in objects("postgresql", "Job")}
    assert set(jobs) == {"audit", "exchange", "declarations"}
    for room, job in jobs.items():
        assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
        (migrate,) = job["spec"]["template"]["spec"]["containers"]
        assert migrate["args"] == ["migrate"]
        given = {one["name"] for one in migrate["env"]}
        assert f"SEXTANT_{room.upper()}_DATABASE_OWNER_URL" in given
        assert not any("_S3_" in name for name in given), "its key is not mounted there"
    for one in objects("postgresql", "ConfigMap"):
        assert not any("OWNER" in name for name in one["data"])
    assert not objects("embedded", "Job")


@pytest.mark.parametrize("room", SETTINGS)
def test_each_room_and_its_migration_start_with_what_the_example_sets(
    room: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        name: value
        for one in objects("postgresql", "ConfigMap")
        for name, value in one["data"].items()
        if name.startswith(f"SEXTANT_{room}_")
    }
    (job,) = [
        one for one in objects("postgresql", "Job") if room.lower() in one["metadata"]["name"]
    ]
    (migrate,) = job["spec"]["template"]["spec"]["containers"]
    key = tmp_path / "credentials"
    key.write_text("[default]\naws_access_key_id = exchange\naws_secret_access_key = of a test\n")
    for given in (settings, {one["name"]: one["value"] for one in migrate["env"]}):
        of_image = environment_of_image(room.lower())
        for name, value in (of_image | given).items():
            monkeypatch.setenv(name, str(key) if "S3_CREDENTIALS" in name else value)
        found = SETTINGS[room]()
        assert found.environment == "production"
        for name in [*of_image, *given]:
            monkeypatch.delenv(name)


def test_two_exchanges_share_keys_of_details_and_a_bucket_and_nothing_else() -> None:
    (exchange,) = [
        one for one in objects("postgresql", "Deployment") if one["spec"]["replicas"] == 2
    ]
    pod = exchange["spec"]["template"]["spec"]
    volumes = {one["name"]: one for one in pod["volumes"]}
    shared = [name for name, one in volumes.items() if "persistentVolumeClaim" in one]
    assert shared == ["details"]
    claims = {one["metadata"]["name"]: one["spec"] for one in claimed("postgresql")}
    assert claims["trial-sextant-exchange-details"]["accessModes"] == ["ReadWriteMany"]
    assert "trial-sextant-exchange-data" not in claims
    (container,) = pod["containers"]
    places = {one["mountPath"]: one for one in container["volumeMounts"]}
    (settings,) = [
        one["data"]
        for one in objects("postgresql", "ConfigMap")
        if "SEXTANT_EXCHANGE_WORK_DIR" in one["data"]
    ]
    own = places[settings["SEXTANT_EXCHANGE_WORK_DIR"]]["name"]
    assert "emptyDir" in volumes[own]
    key = settings["SEXTANT_EXCHANGE_S3_CREDENTIALS_FILE"].rpartition("/")[0]
    assert "secret" in volumes[places[key]["name"]]


def test_declarations_on_a_server_end_before_their_successor_starts() -> None:
    (one,) = [
        one
        for one in objects("postgresql", "Deployment")
        if one["metadata"]["name"].endswith("declarations")
    ]
    assert one["spec"]["replicas"] == 1
    assert one["spec"]["strategy"] == {"type": "Recreate"}
    modes = {
        mode
        for claim in claimed("postgresql")
        if "declarations" in claim["metadata"]["name"]
        for mode in claim["spec"]["accessModes"]
    }
    assert modes == {"ReadWriteOnce"}


def test_two_processes_of_declarations_share_volumes_and_the_key_of_tokens() -> None:
    rendered = render(EXAMPLES / "postgresql.yaml", "--set", "rooms.declarations.replicas=2")
    ours = [one for one in documents(rendered) if one["metadata"]["name"].endswith("declarations")]
    kinds = {one["kind"]: one for one in ours}
    assert kinds["Deployment"]["spec"]["replicas"] == 2
    assert kinds["Deployment"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    pod = kinds["Deployment"]["spec"]["template"]["spec"]
    places = {one["mountPath"] for one in pod["containers"][0]["volumeMounts"]}
    key = kinds["ConfigMap"]["data"]["SEXTANT_DECLARATIONS_ISSUER_KEY_FILE"]
    assert key.rpartition("/")[0] in places
    claims = [
        one["spec"]["accessModes"]
        for one in documents(rendered)
        if one["kind"] == "PersistentVolumeClaim" and "declarations" in one["metadata"]["name"]
    ]
    assert claims == [["ReadWriteMany"]] * 2


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["rooms.declarations.database.officerUrl="], "officerUrl"),
        (["rooms.declarations.objectsSecret=objects"], "objectsSecret"),
        (["rooms.exchange.settings.WORK_DIR=/tmp"], "WORK_DIR"),
        (["rooms.declarations.settings.DATABASE_OFFICER_URL=x"], "DATABASE_OFFICER_URL"),
    ],
)
def test_values_that_mislead_on_a_server_are_refused(words: list[str], complaint: str) -> None:
    options = [part for word in words for part in ("--set", word)]
    with pytest.raises(NoProgramError, match=complaint):
        render(EXAMPLES / "postgresql.yaml", *options)


def test_a_room_on_a_server_may_be_several_pods_that_share_their_volumes() -> None:
    at = "postgresql+psycopg://{}@db.example/exchange?sslmode=verify-full"
    words = [
        f"rooms.exchange.database.{name}={at.format(role)}"
        for name, role in (("url", "writer"), ("readerUrl", "reader"), ("ownerUrl", "migrator"))
    ]
    options = [part for word in [*words, "rooms.exchange.replicas=3"] for part in ("--set", word)]
    found = documents(render(EXAMPLES / "embedded.yaml", *options))
    (exchange,) = [one for one in found if one["kind"] == "Deployment"]
    assert exchange["spec"]["replicas"] == 3
    claims = [one["spec"] for one in found if one["kind"] == "PersistentVolumeClaim"]
    assert [claim["accessModes"] for claim in claims] == [["ReadWriteMany"]] * 2


def test_the_chart_is_of_the_version_that_the_program_has() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    about = (ROOT / "shared" / "sextant_shared" / "__init__.py").read_text()
    assert f'__version__ = "{chart["appVersion"]}"' in about
