"""An index is a function of its source; damage, other versions and wrong requests get one line."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from vocabularies import CONCEPTS, obo, omop

from openbioner_batch.cli.main import main
from openbioner_batch.concepts import index_file
from openbioner_batch.concepts.building import build_vocabulary
from openbioner_batch.concepts.index import Vocabulary
from openbioner_batch.errors import UsageError


def test_the_same_source_gives_the_same_bytes(tmp_path: Path, index: Path) -> None:
    built = build_vocabulary(str(obo(tmp_path)), str(tmp_path / "again.vocab"))
    assert (tmp_path / "again.vocab").read_bytes() == index.read_bytes()
    assert built.about["digest"] == Vocabulary(str(index)).digest
    assert sorted(file.name for file in tmp_path.iterdir()) == ["again.vocab", "x.obo"]


def test_the_digest_tells_any_change(tmp_path: Path, index: Path) -> None:
    path = obo(tmp_path)
    path.write_text(path.read_text().replace("2026-01-01", "2026-02-01"))
    built = build_vocabulary(str(path), str(tmp_path / "new.vocab"))
    assert built.about["digest"] != Vocabulary(str(index)).digest
    assert built.about["version"] == "x/2026-02-01"


def test_an_index_gives_back_what_went_in(vocabulary: Vocabulary) -> None:
    for number, (id, (name, synonyms, parents)) in enumerate(CONCEPTS.items()):
        assert vocabulary.id(number) == id
        assert vocabulary.preferred(number) == name
        assert [vocabulary.name(at) for at in vocabulary.names_of(number)] == [name, *synonyms]
        assert [vocabulary.id(parent) for parent in vocabulary.parents(number)] == parents
    assert {vocabulary.name(at) for at in range(vocabulary.names) if vocabulary.is_short(at)} == {"RCY"}
    assert vocabulary.fingerprint()["format"] == "obo"


def test_roots_take_what_is_below_them(tmp_path: Path) -> None:
    built = build_vocabulary(str(obo(tmp_path)), str(tmp_path / "x.vocab"), roots=["X:2"])
    assert built.about["concepts"] == 2
    with pytest.raises(UsageError, match="--root X:8: the vocabulary has no such concept"):
        build_vocabulary(str(obo(tmp_path)), str(tmp_path / "x.vocab"), roots=["X:8"])


def test_what_is_no_index_or_damaged_is_said(tmp_path: Path, index: Path) -> None:
    with pytest.raises(UsageError, match="vocabulary build"):
        Vocabulary(str(obo(tmp_path)))
    with pytest.raises(UsageError, match="cannot be read"):
        Vocabulary(str(tmp_path / "missing.vocab"))
    whole = index.read_bytes()
    copy = tmp_path / "copy.vocab"
    for size in (0, 5, 100, len(whole) - 1):
        copy.write_bytes(whole[:size])
        with pytest.raises(UsageError):
            Vocabulary(str(copy))
    copy.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
    with pytest.raises(UsageError, match="is damaged"):
        index_file.check(str(copy))
    (length,) = struct.unpack("<Q", whole[:8])
    header = json.loads(whole[8 : 8 + length])
    about = json.loads(header["__metadata__"]["openbioner_batch.vocabulary"])
    changed = whole[8 : 8 + length].replace(b'\\"index\\": %d' % about["index"], b'\\"index\\": 9')
    assert len(changed) == length
    copy.write_bytes(whole[:8] + changed + whole[8 + length :])
    with pytest.raises(UsageError, match=rf"another version.*vocabulary build x.obo --output {copy}`"):
        Vocabulary(str(copy))


def test_commands(tmp_path: Path) -> None:
    def run(*arguments: object, code: int = 0) -> str:
        result = CliRunner().invoke(main, ["vocabulary", *map(str, arguments)])
        assert result.exit_code == code, result.output
        return result.output

    target = tmp_path / "x.vocab"
    assert "7 concepts with 15 names, obo, version x/2026-01-01" in run("build", obo(tmp_path), "--output", target)
    assert run("find", target, "renal cysts", "nonsense") == (
        "renal cysts:\n  X:3  Renal cyst  0.990\nnonsense: nothing is sure\n"
    )
    assert "ancestors.parquet: 14 rows" in run("tables", target, "--output", tmp_path / "tables")
    assert pq.read_table(tmp_path / "tables/concepts.parquet").num_rows == 7
    ancestors = pq.read_table(tmp_path / "tables/ancestors.parquet").to_pylist()
    assert [(row["ancestor"], row["distance"]) for row in ancestors if row["id"] == "X:3"] == [
        *(("X:3", 0), ("X:2", 1), ("X:1", 2))
    ]
    assert pq.read_table(tmp_path / "tables/names.parquet").num_rows == 15
    table = omop(tmp_path)
    assert "7 concepts" in run("build", table, "--output", target, "--only", "domain_id=Condition")
    assert "gives no concepts" in run("build", table, "--output", target, "--only", "domain_id=Drug", code=2)
    assert "--only is 'domain'" in run("build", table, "--output", target, "--only", "domain", code=2)
    assert "--only x" in run("build", table, "--output", target, "--only", "x=y", code=2)
    assert "is the vocabulary itself" in run("build", obo(tmp_path), "--output", tmp_path / "x.obo", code=2)
    assert "cannot be written" in run("build", obo(tmp_path), "--output", tmp_path / "no/x.vocab", code=2)
    assert "umls" in run("build", "--help")
