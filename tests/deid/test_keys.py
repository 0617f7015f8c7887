"""Keys: made once, found again, and never shown."""

from __future__ import annotations

import base64
import copy
import hmac
import logging
import pickle
import stat
import uuid
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from openbioner_batch.cli.main import main
from openbioner_batch.deid.keys import VARIABLE, Key, encode, load_key, require_key
from openbioner_batch.deid.scope import Scope
from openbioner_batch.errors import UsageError

SECRET = bytes(range(32))


def test_keygen_writes_a_key_for_its_owner_alone_and_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "key"
    done = CliRunner().invoke(main, ["keygen", str(path)])
    assert done.exit_code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = path.read_text()
    assert len(base64.b64decode(written)) == 32
    assert written.strip() not in done.output
    again = CliRunner().invoke(main, ["keygen", str(path)])
    assert again.exit_code == 2
    assert "exists" in again.output
    assert path.read_text() == written


def test_keygen_makes_another_key_each_time(tmp_path: Path) -> None:
    for name in "ab":
        assert CliRunner().invoke(main, ["keygen", str(tmp_path / name)]).exit_code == 0
    assert (tmp_path / "a").read_text() != (tmp_path / "b").read_text()


@pytest.mark.parametrize(
    "text",
    [
        SECRET.hex(),
        SECRET.hex().upper() + "\n",
        base64.b64encode(SECRET).decode(),
        base64.urlsafe_b64encode(SECRET).decode(),
    ],
)
def test_a_key_is_the_same_in_base64_and_hexadecimal_from_a_file_and_the_environment(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = Key(SECRET).check_value
    (tmp_path / "key").write_text(text)
    from_file = load_key(tmp_path / "key")
    monkeypatch.setenv(VARIABLE, text)
    from_environment = load_key()
    assert from_file is not None
    assert from_environment is not None
    assert from_file.check_value == from_environment.check_value == expected
    assert Key(bytes(32)).check_value != expected


def test_without_file_and_variable_there_is_no_key_and_the_refusal_says_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert load_key() is None
    with pytest.raises(UsageError, match=r"policy surrogate needs a key: `openbioner-batch keygen PATH`"):
        require_key(None, "policy surrogate")


@pytest.mark.parametrize("content", ["c2hvcnQ=", "not base64!", "00ff00ff", ""])
def test_what_is_too_short_or_no_key_is_refused_without_being_told(content: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(content)
    with pytest.raises(UsageError) as refused:
        load_key(tmp_path / "key")
    assert not content or content not in str(refused.value)


def test_a_file_that_is_missing_or_binary_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe" * 20)
    for name in ("missing", "binary"):
        with pytest.raises(UsageError, match=name):
            load_key(tmp_path / name)


def test_a_file_that_others_may_read_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "key"
    path.write_text(SECRET.hex())
    path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        load_key(path)
    assert "chmod 600" in caplog.text
    assert SECRET.hex() not in caplog.text
    caplog.clear()
    path.chmod(0o600)
    load_key(path)
    assert not caplog.text


@pytest.mark.parametrize("secretive", [Key(SECRET), Scope.for_patient(Key(SECRET), "7")])
def test_key_and_scope_show_nothing_and_refuse_to_be_sent(secretive: object) -> None:
    assert repr(secretive) in ("<Key>", "<Scope>")
    assert str(SECRET) not in f"{secretive} {secretive!r}"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="never pickled"):
            pickle.dumps(secretive, protocol)
    with pytest.raises(TypeError):
        copy.copy(secretive)


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_different_parts_never_share_an_encoding(one: list[str], other: list[str]) -> None:
    assert (encode(*one) == encode(*other)) == (one == other)


@given(st.text(), st.text())
def test_a_scopes_choices_are_hmac_sha_256_of_its_secret(patient: str, part: str) -> None:
    scope = Scope.for_patient(Key(SECRET), patient)
    secret = hmac.digest(SECRET, encode("scope", "patient", patient), "sha256")
    assert scope.bytes("purpose", part) == hmac.digest(secret, encode("purpose", part), "sha256")


def test_hashes_differ_by_kind_value_and_key_and_uuids_are_proper_ones() -> None:
    key, other = Key(SECRET), Key(SECRET[::-1])
    hashes = {key.hashed("a", "1"), key.hashed("a", "2"), key.hashed("b", "1"), other.hashed("a", "1")}
    assert len(hashes) == 4
    made = uuid.UUID(key.hashed_uuid("a", "1"))
    assert (made.version, made.variant) == (8, uuid.RFC_4122)


def test_the_alphabet_is_permuted_without_a_letter_in_its_place_and_shifts_are_whole_weeks_within_a_year() -> None:
    shifts = []
    for patient in range(3000):
        scope = Scope.for_patient(Key(SECRET), str(patient))
        assert sorted(scope.alphabet.values()) == sorted(scope.alphabet)
        assert all(letter != other for letter, other in scope.alphabet.items())
        shifts.append(scope.shift_days)
    assert {days % 7 for days in shifts} == {0}
    assert set(shifts) == {7 * weeks for weeks in range(-51, 52) if weeks}
    # 3,000 draws of 102: about 29 each; 70 would be seven standard deviations off.
    assert max(map(shifts.count, set(shifts))) < 70
