"""What bandit finds is looked at: all of it has a reason, and no reason outlives its finding."""

from deploy.local.weaknesses import EXCEPTIONS, judged

FOUND = {
    "test_id": "B311",
    "filename": "./client/a.py",
    "line_number": 3,
    "issue_text": "not for secrets",
}


def test_a_finding_without_a_reason_is_told_with_its_place() -> None:
    assert judged([FOUND], {}) == ["client/a.py:3: B311 not for secrets"]


def test_a_reason_covers_one_kind_in_one_file() -> None:
    assert judged([FOUND], {("B311", "client/a.py"): "jitter"}) == []
    assert len(judged([FOUND], {("B311", "client/b.py"): "jitter"})) == 2


def test_a_reason_that_nothing_needs_is_told() -> None:
    (line,) = judged([], {("B311", "client/a.py"): "jitter"})
    assert "no longer found" in line


def test_every_exception_has_words() -> None:
    assert all(len(reason.split()) > 3 for reason in EXCEPTIONS.values())
