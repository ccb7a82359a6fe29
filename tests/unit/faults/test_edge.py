"""What an edge writes down, and what is wrong with what callers were told."""

from pathlib import Path

import pytest

from deploy.local.postgresql.server import PostgresqlServer
from tests.faults.edge import Answer, Edge, configured, rude
from tests.faults.grounds import FaultStack, Grounds
from tests.faults.leg import Meanwhile
from tests.faults.machinery import CannotRunError, Collector
from tests.faults.stores import only_large_ones_wait
from tests.support.edges import FOLDER

LARGE, SMALL = 300_000, 9_000


def answer(status: int, length: int = SMALL, retry_after: str = "", path: str = "") -> Answer:
    return Answer(10.0, "POST", path or "/v1/envelopes", status, length, retry_after)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([answer(201), answer(503, retry_after="2"), answer(422)], ""),
        ([answer(503)], "POST /v1/envelopes was answered 503, no Retry-After"),
        ([answer(429, retry_after="soon")], "POST /v1/envelopes was answered 429, no Retry-After"),
        ([answer(500, retry_after="2")], "POST /v1/envelopes was answered 500, no Retry-After"),
    ],
)
def test_who_is_refused_for_now_is_told_when_to_come_back(answers: list[Answer], said: str) -> None:
    assert rude(answers) == said


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([answer(503, LARGE, "5"), answer(201)], ""),
        ([answer(201, LARGE), answer(201)], "no large container was refused with Retry-After"),
        ([answer(503, LARGE, "5")], "no small container was taken meanwhile"),
        (
            [answer(503, LARGE, "5"), answer(201), answer(503, retry_after="5")],
            "a small container was answered 503",
        ),
        (
            [answer(503, LARGE, "5", "/v1/uploads"), answer(201)],
            "no large container was refused with Retry-After",
        ),
    ],
)
def test_while_the_store_is_away_only_large_containers_wait(
    tmp_path: Path, lines: list[Answer], said: str
) -> None:
    edge = Edge(Path("nginx"), tmp_path, 1)
    (tmp_path / "answers.jsonl").write_text(
        "".join(
            f'{{"at":{one.at},"method":"{one.method}","path":"{one.path}","status":{one.status},'
            f'"length":{one.length},"retry_after":"{one.retry_after}"}}\n'
            for one in [*lines, Answer(30.0, "POST", "/v1/envelopes", 503, SMALL, "")]
        )
    )
    assert only_large_ones_wait(grounds(tmp_path, edge), Meanwhile(5.0, 20.0, 1)) == said


def test_a_ground_without_an_edge_has_no_answers_and_says_so(tmp_path: Path) -> None:
    bare = grounds(tmp_path, None)
    assert bare.answers(0.0) == []
    with pytest.raises(CannotRunError, match="this ground has no edge"):
        _ = bare.edge


def test_the_edge_knows_the_exchanges_by_the_rules_that_are_shipped(tmp_path: Path) -> None:
    shipped = (FOLDER / "nginx" / "nginx.conf").read_text()
    written = configured(shipped, [7001, 7002], 7000, tmp_path)
    for line in (
        "server 127.0.0.1:7001 max_fails=1 fail_timeout=5s;",
        "server 127.0.0.1:7002 max_fails=1 fail_timeout=5s;",
        "listen 127.0.0.1:7000;",
        "client_max_body_size 117506056;",
        "include sextant/proxy.conf;",
    ):
        assert line in written
    with pytest.raises(ValueError, match="zip"):
        configured(shipped, [7001], 7000, tmp_path)


def grounds(folder: Path, edge: Edge | None) -> Grounds:
    server = PostgresqlServer(folder, folder)
    return Grounds(FaultStack(folder), server, Collector(), folder, own_edge=edge)
