"""People sign in by command: at the provider for development, with a browser of a few lines."""

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from typer.testing import CliRunner

from deploy.local.issuer import AUDIENCE, PEOPLE, TOKEN_LIFE_S, create_issuer
from sextant_client.cli import app as command
from sextant_client.cli import officer_sign_in
from sextant_client.home import Config, Home
from sextant_client.loopback import Loopback
from sextant_client.officers import officers_session
from sextant_client.people import Desk, Secrets, SignIn, bearer_of, forget, keep, load
from sextant_shared.chassis.people import Discovery, People
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.access import Role
from sextant_shared.protocol.people import Provider

URL = "http://127.0.0.1:9300"
BACK = "http://127.0.0.1:4711/signed-in"
OFFICER = PEOPLE[0]
SECRETS = Secrets("state", "nonce", "v" * 43)


@dataclass
class Town:
    """The provider for development, a clock, and a desk of its client."""

    now: list[float] = field(default_factory=lambda: [1_750_000_000.0])
    is_down: bool = False
    changed: dict[str, Any] = field(default_factory=dict)
    """Members of the discovery document that are others than the provider's."""

    def __post_init__(self) -> None:
        self.wire = httpx.ASGITransport(create_issuer(URL, {}, lambda: self.now[0]))
        self.desk = Desk(URL, clock=lambda: self.now[0], transport=httpx.MockTransport(self.ask))

    def ask(self, request: httpx.Request) -> httpx.Response:
        if self.is_down:
            raise httpx.ConnectError("nobody listens")
        found = asyncio.run(self._ask(request))
        answer = httpx.Response(found.status_code, headers=found.headers, content=found.content)
        if self.changed and "openid-configuration" in request.url.path:
            return httpx.Response(200, json=json.loads(answer.content) | self.changed)
        return answer

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncClient(transport=self.wire) as http:
            sent = {"headers": request.headers, "content": request.content}
            return await http.request(request.method, request.url, **sent)  # type: ignore[arg-type]

    def browse(self, address: str) -> str:
        """Choose a person, and return where the browser is sent back to."""
        request = httpx.Request("GET", f"{address}&person={OFFICER.sub}")
        return str(self.ask(request).headers["location"])

    def answer(self, address: str) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.browse(address)).query))

    def signed_in(self) -> SignIn:
        places = self.desk.endpoints()
        answer = self.answer(self.desk.address(places, SECRETS, BACK))
        return self.desk.redeem(places, SECRETS, BACK, answer)

    def principal(self, token: str) -> tuple[str, Role]:
        roles = {"sextant-officer": Role.OFFICER, "sextant-auditor": Role.AUDITOR}
        provider = Provider(
            issuer=URL, audience=AUDIENCE, role_claim="realm_access.roles", roles=roles
        )
        people = People(provider, Discovery(URL, self.wire), lambda: self.now[0], 300.0)
        asyncio.run(people.refresh())
        person = people.authenticate(token)
        return person.id, person.role


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    config = Config(
        v=1, party="SEC", client_id="officer", exchange="", audit="", declarations="https://s.test"
    )
    home.write_config(config)
    return home


Refused = Callable[[Town], object]


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ({"iss": "https://other.example"}, "another provider"),
        ({"iss": None}, "another provider"),
        (
            {"error": "access_denied", "error_description": "not\x1b[2J today"},
            "did not sign you in",
        ),
        ({"code": None}, "did not sign you in"),
        ({"code": "guessed"}, "gives no token"),
    ],
)
def test_an_answer_that_is_not_for_us_signs_nobody_in(
    town: Town, said: dict[str, str | None], detail: str
) -> None:
    places = town.desk.endpoints()
    answer = {**town.answer(town.desk.address(places, SECRETS, BACK)), **said}
    kept = {name: value for name, value in answer.items() if value is not None}
    with pytest.raises(PlatformError, match=detail) as raised:
        town.desk.redeem(places, SECRETS, BACK, kept)
    assert raised.value.code is Code.AUTH
    assert "sextant officer login" in raised.value.fix
    assert raised.value.received.isprintable()


def test_a_code_of_another_sign_in_is_not_taken(town: Town) -> None:
    places = town.desk.endpoints()
    answer = town.answer(town.desk.address(places, replace(SECRETS, nonce="theirs"), BACK))
    with pytest.raises(PlatformError, match="another sign-in"):
        town.desk.redeem(places, SECRETS, BACK, answer)
    answer = town.answer(town.desk.address(places, SECRETS, BACK))
    with pytest.raises(PlatformError, match="no token"):
        town.desk.redeem(places, replace(SECRETS, verifier="w" * 43), BACK, answer)


@pytest.mark.parametrize(
    ("changed", "detail"),
    [
        ({"issuer": "https://other.example"}, "another issuer"),
        ({"token_endpoint": "http://sso.example/token"}, "https"),
        ({"end_session_endpoint": "file:///etc"}, "https"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
        ({"authorization_endpoint": None}, "too little"),
    ],
)
def test_a_provider_that_cannot_be_trusted_is_not_asked_for_a_code(
    town: Town, changed: dict[str, Any], detail: str
) -> None:
    town.changed = changed
    with pytest.raises(PlatformError, match=detail):
        town.desk.endpoints()


def test_a_provider_elsewhere_is_reached_by_https_alone(town: Town) -> None:
    with pytest.raises(PlatformError, match="https"):
        replace(town.desk, issuer="http://sso.example").endpoints()


def test_the_token_goes_to_no_service_without_https(town: Town, home: Home) -> None:
    keep(home, town.signed_in())
    config = home.config()
    home.write_config(config.model_copy(update={"declarations": "http://sec.example"}))
    with pytest.raises(PlatformError, match="https"), officers_session(home):
        pass


def test_a_browser_with_another_state_is_turned_away_and_waiting_goes_on() -> None:
    with Loopback("right") as loopback:
        taken = loopback.take
        assert taken("/elsewhere?state=right&code=c")[0] is HTTPStatus.NOT_FOUND
        for query in ("", "state=wrong&code=c", "code=c", "state=right&code=a&code=b"):
            assert taken(f"/signed-in?{query}")[0] is HTTPStatus.BAD_REQUEST
        with pytest.raises(PlatformError, match="nobody signed in"):
            loopback.wait(0.01)
        assert taken("/signed-in?state=right&code=c")[0] is HTTPStatus.OK
        assert loopback.wait(0.01) == {"state": "right", "code": "c"}


def test_a_token_that_ends_is_renewed_once_and_kept(town: Town, home: Home) -> None:
    first = town.signed_in()
    keep(home, first)
    token = bearer_of(home, lambda _: town.desk)
    assert token is not None
    assert token() == first.access_token
    town.now[0] += TOKEN_LIFE_S
    renewed = token()
    assert renewed != first.access_token
    assert town.principal(renewed) == (f"oidc:{OFFICER.sub}", Role.OFFICER)
    kept = load(home)
    assert kept is not None
    assert kept.access_token == renewed
    with pytest.raises(PlatformError, match="has ended"):
        town.desk.renew(first)  # what renews serves once


def test_a_command_that_comes_second_takes_what_the_first_renewed(town: Town, home: Home) -> None:
    first = town.signed_in()
    keep(home, first)
    town.now[0] += TOKEN_LIFE_S
    renewed = town.desk.renew(first)

    class Late(Desk):
        def renew(self, signed_in: SignIn) -> SignIn:
            keep(home, renewed)  # the other command comes first
            return super().renew(signed_in)

    late = Late(URL, clock=town.desk.clock, transport=town.desk.transport)
    token = bearer_of(home, lambda _: late)
    assert token is not None
    assert token() == renewed.access_token


def test_a_sign_in_that_has_ended_says_so_and_what_to_do(town: Town, home: Home) -> None:
    keep(home, town.signed_in().model_copy(update={"refresh_token": None}))
    town.now[0] += TOKEN_LIFE_S
    token = bearer_of(home, lambda _: town.desk)
    assert token is not None
    with pytest.raises(PlatformError, match=f"sign-in of {OFFICER.name} has ended") as raised:
        token()
    assert "sextant officer login" in raised.value.fix
    forget(home)
    with pytest.raises(PlatformError, match="nobody is signed in"):
        token()


def test_who_is_signed_in_speaks_for_himself_and_the_key_stays_away(town: Town, home: Home) -> None:
    with pytest.raises(PlatformError, match="key"), officers_session(home):
        pass  # nobody is signed in, and this home has no key
    signed_in = town.signed_in()
    keep(home, signed_in.model_copy(update={"expires": 9_999_999_999}))
    with officers_session(home) as session:
        sent = session._headers("GET", "/v1/declarations")
    assert sent["Authorization"] == f"Bearer {signed_in.access_token}"
    assert "DPoP" not in sent


def test_one_signs_in_and_out_by_command(
    town: Town, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def browser(address: str) -> bool:
        seen.append(address)
        if "/authorize" in address:
            back = town.browse(address)
            threading.Thread(target=httpx.get, args=(back,), kwargs={"trust_env": False}).start()
        return True

    monkeypatch.setattr("webbrowser.open", browser)
    desk = partial(Desk, clock=town.desk.clock, transport=town.desk.transport)
    monkeypatch.setattr(officer_sign_in, "Desk", desk)
    run = partial(CliRunner().invoke, command)
    at = ["--home", str(home.path)]
    done = run(["officer", "login", "--issuer", URL, "--wait", "5", *at])
    assert done.exit_code == 0, done.output
    assert f"SIGNED IN  {OFFICER.name}" in done.output
    assert (home.path / "sign-in.json").stat().st_mode & 0o777 == 0o600
    assert OFFICER.sub in run(["officer", "whoami", *at]).output
    signed_in = load(home)
    assert signed_in is not None

    out = run(["officer", "logout", *at])
    assert f"SIGNED OUT  {OFFICER.name}" in out.output
    assert load(home) is None
    assert parse_qs(urlsplit(seen[-1]).query)["id_token_hint"] == [signed_in.id_token]
    with pytest.raises(PlatformError, match="has ended"):
        town.desk.renew(signed_in)
    assert "Nobody" in run(["officer", "logout", *at]).output


def test_signing_out_forgets_also_while_the_provider_is_away(
    town: Town, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(home, town.signed_in())
    town.is_down = True
    desk = partial(Desk, clock=town.desk.clock, transport=town.desk.transport)
    monkeypatch.setattr(officer_sign_in, "Desk", desk)
    done = CliRunner().invoke(command, ["officer", "logout", "--home", str(home.path)])
    assert load(home) is None
    assert "signed out here, but not at the provider" in str(done.exception)
