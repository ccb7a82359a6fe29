from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.notes import (
    MAX_SIGNATURES,
    CheckpointBody,
    Note,
    NoteSignature,
    VerifierKey,
    format_checkpoint_body,
    format_note,
    format_vkey,
    parse_checkpoint_body,
    parse_note,
    parse_vkey,
)

# The examples of C2SP signed-note and tlog-checkpoint.
POEM = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONr"
    "MouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)
SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhc"
    "yv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)
LINE = "— a AAAAAAA=\n"
ROOT = b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("text\n", id="no signatures"),
        pytest.param("text\n\n", id="no signature lines"),
        pytest.param(f"text\n{LINE}", id="no blank line"),
        pytest.param(f"\n\n{LINE}", id="empty text"),
        pytest.param(f"text\n\n{LINE[:-1]}", id="no final newline"),
        pytest.param(f"text\n\n{LINE}\n", id="blank line at the end"),
        pytest.param(f"text\n\n{LINE}more\n", id="a line that is no signature"),
        pytest.param("text\n\n- a AAAAAAA=\n", id="a hyphen for the em dash"),
        pytest.param("text\n\n—  AAAAAAA=\n", id="no name"),
        pytest.param("text\n\n— a+b AAAAAAA=\n", id="a plus in the name"),
        pytest.param("text\n\n— a\u2003b AAAAAAA=\n", id="a space of another script"),
        pytest.param("text\n\n— a  AAAAAAA=\n", id="two spaces"),
        pytest.param("text\n\n— a AAAAAAA\n", id="base64 without padding"),
        pytest.param("text\n\n— a AAAAAAB=\n", id="base64 with stray bits"),
        pytest.param("text\n\n— a AAAA_AA=\n", id="base64 of the other alphabet"),
        pytest.param("text\n\n— a AAAAAA==\n", id="no byte of signature"),
        pytest.param(f"te\txt\n\n{LINE}", id="a tab"),
        pytest.param(f"text\r\n\n{LINE}", id="a carriage return"),
        pytest.param(f"text\x00\n\n{LINE}", id="a null byte"),
        pytest.param(f"text\ud800\n\n{LINE}", id="a lone surrogate"),
        pytest.param(f"text\n\n{LINE * (MAX_SIGNATURES + 1)}", id="too many signatures"),
    ],
)
def test_a_note_that_is_not_well_formed_is_refused(text: str) -> None:
    with pytest.raises(PlatformError) as caught:
        parse_note(text)
    assert caught.value.code is Code.MALFORMED


def test_a_note_without_end_is_refused_before_it_is_read() -> None:
    with pytest.raises(PlatformError, match="E_TOO_LARGE"):
        parse_note("x" * 600_000)


@pytest.mark.parametrize("text", [POEM, SOFA, f"a\n\n{LINE * 16}"])
def test_a_note_formats_back_to_the_same_text(text: str) -> None:
    assert format_note(parse_note(text)) == text


def test_the_text_ends_at_the_last_blank_line() -> None:
    note = parse_note(POEM)
    assert note.text.endswith("sole:\n\ned è subito sera.\n")
    assert note.signatures[0].name == "quasimodo.example/salvatore"
    assert note.signatures[0].key_id.hex() == "367ba04b"
    assert len(note.signatures[0].signature) == 64


@pytest.mark.parametrize(
    "note",
    [
        Note("no newline", (NoteSignature("a", bytes(4), b"s"),)),
        Note("text\n", ()),
        Note("text\n", (NoteSignature("a b", bytes(4), b"s"),)),
        Note("text\n", (NoteSignature("a", bytes(3), b"ss"),)),
        Note("text\n", (NoteSignature("a" * 256, bytes(4), b"s"),)),
    ],
)
def test_what_could_not_be_read_back_is_never_written(note: Note) -> None:
    with pytest.raises(PlatformError):
        format_note(note)


@given(st.text(max_size=60))
def test_any_text_is_a_note_or_a_refusal(text: str) -> None:
    for candidate in (text, f"{text}\n{LINE}", f"text\n\n— {text}\n"):
        try:
            note = parse_note(candidate)
        except PlatformError:
            continue
        assert format_note(note) == candidate


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        "name+0000000g+AQ==",
        "name+00000000+",
        "name+00000000+AQ==",
        "+00000000+AQEB",
        "na me+00000000+AQEB",
        "name+0000000+AQEB",
    ],
)
def test_a_verifier_key_that_is_not_well_formed_is_refused(text: str) -> None:
    with pytest.raises(PlatformError) as caught:
        parse_vkey(text)
    assert caught.value.code is Code.MALFORMED


def test_a_verifier_key_whose_id_is_of_another_key_is_refused() -> None:
    text = format_vkey(VerifierKey("example.com/log", 1, bytes(32)))
    name, key_id, material = text.split("+", 2)
    with pytest.raises(PlatformError, match="E_KEY"):
        parse_vkey(f"{name}x+{key_id}+{material}")


def test_verifier_keys_of_others_are_read() -> None:
    # sum.golang.org, the first public log with this key form.
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    key = parse_vkey(text)
    assert (key.name, key.type, key.key_id.hex()) == ("sum.golang.org", 1, "033de0ae")
    assert format_vkey(key) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(f"origin\n1\n{ROOT}", id="no final newline"),
        pytest.param(f"origin\n{ROOT}\n", id="no size"),
        pytest.param(f"\n1\n{ROOT}\n", id="empty origin"),
        pytest.param(f"origin\n01\n{ROOT}\n", id="leading zero"),
        pytest.param(f"origin\n+1\n{ROOT}\n", id="a sign"),
        pytest.param(f"origin\n\u0661\n{ROOT}\n", id="digits of another script"),
        pytest.param(f"origin\n1 \n{ROOT}\n", id="a blank"),
        pytest.param(f"origin\n{2**63}\n{ROOT}\n", id="a size beyond 2^63 - 1"),
        pytest.param("origin\n1\nAAAA\n", id="a short root"),
        pytest.param(f"origin\n1\n{ROOT[:-1]}\n", id="a root without padding"),
        pytest.param(f"origin\n1\n{ROOT}\n\n", id="an empty extension line"),
    ],
)
def test_a_checkpoint_that_is_not_well_formed_is_refused(text: str) -> None:
    with pytest.raises(PlatformError) as caught:
        parse_checkpoint_body(text)
    assert caught.value.code is Code.MALFORMED


@pytest.mark.parametrize(
    "body",
    [
        CheckpointBody("", 1, bytes(32)),
        CheckpointBody("a\nb", 1, bytes(32)),
        CheckpointBody("a", -1, bytes(32)),
        CheckpointBody("a", 1, bytes(31)),
    ],
)
def test_a_head_that_could_not_be_read_back_is_never_written(body: CheckpointBody) -> None:
    with pytest.raises(PlatformError):
        format_checkpoint_body(body)


def test_a_checkpoint_reads_back_with_its_extension_lines() -> None:
    text = parse_note(SOFA).text
    body = parse_checkpoint_body(text)
    assert (body.origin, body.size) == ("example.com/behind-the-sofa", 20852163)
    assert body.root == b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    assert format_checkpoint_body(body) == text
    extended = CheckpointBody(body.origin, 0, body.root, ("one", "two"))
    assert parse_checkpoint_body(format_checkpoint_body(extended)) == extended
