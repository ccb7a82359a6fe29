"""The edges' files say the same as the services' settings, and as each other."""

import json
import re
from typing import Any

import pytest

from sextant_exchange.settings import ExchangeSettings
from sextant_shared.chassis.settings import ServiceSettings
from sextant_shared.errors import Code
from sextant_shared.models.envelope import MAX_MANIFEST_BYTES
from sextant_shared.protocol.manifest import PREFIX_SIZE
from sextant_shared.protocol.problems import TABLE
from tests.support.vectors import ROOT

NGINX = ROOT / "deploy" / "edge" / "nginx"
ENVOY = (ROOT / "deploy" / "edge" / "envoy.yaml").read_text()
LIMITS = (NGINX / "sextant" / "limits.conf").read_text()
SERVICE = (NGINX / "sextant" / "service.conf").read_text()
PROBLEMS = (NGINX / "sextant" / "problems.conf").read_text()


def default(name: str, model: type[ServiceSettings] = ServiceSettings) -> Any:
    """Return a setting's default."""
    return model.model_fields[name].default


CONTAINER = PREFIX_SIZE + MAX_MANIFEST_BYTES + default("max_body_bytes", ExchangeSettings)


@pytest.mark.parametrize(
    ("setting", "nginx", "envoy"),
    [
        (
            "requests_per_s",
            "zone=requests:20m rate=([0-9]+)r/s",
            "10000, tokens_per_fill: ([0-9]+)",
        ),
        ("request_burst", "zone=requests burst=([0-9]+) nodelay", "max_tokens: ([0-9]{5})"),
        (
            "strangers_per_s",
            "zone=strangers:10m rate=([0-9]+)r/s",
            "200, tokens_per_fill: ([0-9]+)",
        ),
        ("stranger_burst", "zone=strangers burst=([0-9]+)", "max_tokens: ([0-9]{3}),"),
        ("head_timeout_s", "client_header_timeout ([0-9]+)s", "request_headers_timeout: ([0-9]+)s"),
        ("keep_alive_s", "keepalive_timeout ([0-9]+)s", "idle_timeout: ([0-9]+)s  .*KEEP_ALIVE_S"),
        ("body_read_timeout_s", "client_body_timeout ([0-9]+)s", ""),
        ("max_connections_per_address", "limit_conn connections ([0-9]+)", ""),
        ("max_connections", "", "max_active_downstream_connections: ([0-9]+)"),
    ],
)
def test_a_bound_is_the_services_own(setting: str, nginx: str, envoy: str) -> None:
    found = re.findall(nginx, LIMITS + SERVICE) if nginx else []
    found += re.findall(envoy, ENVOY) if envoy else []
    assert {float(number) for number in found} == {float(default(setting))}
    assert len(found) >= bool(nginx) + bool(envoy)


def test_heads_and_bodies_may_be_as_long_as_the_services_take_them() -> None:
    count, size = map(int, re.findall(r"large_client_header_buffers (\d+) (\d+)k", LIMITS)[0])
    assert count * size << 10 == default("max_head_bytes")
    assert re.findall(r"max_request_headers_kb: (\d+)", ENVOY)[0] == str(count * size)
    main = (NGINX / "nginx.conf").read_text()
    json_bytes = default("max_json_bytes")
    assert re.findall(r"client_max_body_size (\d+m?);", main) == [
        str(CONTAINER),
        *[f"{json_bytes >> 20}m"] * 2,
    ]
    over = [int(number) - 1 for number in re.findall(r"range_match: {start: (\d+)", ENVOY)]
    assert over == [CONTAINER, json_bytes, json_bytes]


def test_both_edges_give_the_same_documents_and_each_is_of_the_table() -> None:
    ours = [json.loads(text) for text in re.findall(r"return \d+ '({.*})';", PROBLEMS)]
    theirs = [json.loads(text) for text in re.findall(r"inline_string: '({.*})'", ENVOY)]
    # Envoy alone keeps the beginning of a body for another process, and may have too little of it.
    assert (len(ours), len(theirs)) == (11, 12)
    for document in ours + theirs:
        code = Code(document["code"])
        assert (document["title"], document["type"]) == (TABLE[code].title, f"urn:dxe:error:{code}")
        assert document["detail"]
        assert document["fix"]


def test_every_file_that_nginx_includes_is_there() -> None:
    files = [NGINX / "nginx.conf", *(NGINX / "sextant").glob("*.conf")]
    named = {name for path in files for name in re.findall(r"include (\S+);", path.read_text())}
    assert named == {f"sextant/{path.name}" for path in files[1:]}


def test_mutual_tls_is_off_as_shipped_and_on_by_one_line() -> None:
    switch = (NGINX / "sextant" / "client-certificates.conf").read_text()
    assert re.findall(r"^ssl_verify_client (\w+);", switch, re.MULTILINE) == ["off"]
    assert ENVOY.count("require_client_certificate: false") == 1
