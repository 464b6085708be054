from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from weijing.configs.codebook import Codebook
from weijing.configs.errors import UserError
from weijing.inference.classify import classify
from weijing.inference.predictions import read_predictions, schema, write_predictions
from weijing.models.checkpoint import model_hash
from weijing.models.coding import Coder

SIMPLIFIED = "今天下午天气晴朗。派出所通过微信公众号受理群众举报，民警在微信群里回复居民的问题。市里召开了一次会议。"
TRADITIONAL = "警方透過微信公眾號受理市民舉報，警員在微信群組內回覆居民的問題。市政府今天召開了一次會議，討論治安工作。"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("input")
    (place / "a.txt").write_text(SIMPLIFIED, encoding="utf-8")
    (place / "b.txt").write_bytes((SIMPLIFIED * 3).encode("gb18030"))
    (place / "c.txt").write_bytes((TRADITIONAL * 3).encode("big5"))
    (place / "d.txt").write_bytes(b"")
    (place / "e.txt").write_bytes(bytes(range(256)) * 20)
    (place / "f.exe").write_bytes(b"MZ\x00\x01")
    rows = [
        {"id": "=cmd|' /C calc'!A0", "text": "一。"},
        {"id": "自己的号", "text": "二。"},
        {"id": "＋３", "text": "三。"},
    ]
    (place / "g.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows) + "{broken\n", encoding="utf-8")
    return place


DESIGN = [
    "id", "relevant", "relevant_prob", "functions", "functions_prob", "depth", "depth_prob", "abstain", "evidence",
    "reprint_group", "n_windows", "chars_unread", "model", "codebook_version",
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_a_folder_of_all_sorts(
    suffix: str, folder: Path, bundled_model: Path, bundled: Codebook, tmp_path: Path
) -> None:
    out = tmp_path / f"codes{suffix}"
    seen: list[tuple[int, int]] = []
    done = classify([folder], bundled_model, out, progress=lambda n, of: seen.append((n, of)))
    assert (done.n_input, done.n_coded) == (10, 6)
    assert len(done.rejected) == 4
    assert seen[-1] == (6, 6)
    listed = [json.loads(line) for line in done.rejected_path.read_text(encoding="utf-8").splitlines()]  # type: ignore[union-attr]
    assert [(r.where, r.reason) for r in done.rejected] == [(r["where"], r["reason"]) for r in listed]
    reasons = {Path(r.where.split("#")[0].rsplit(":", 1)[0]).name[:5]: r.reason for r in done.rejected}
    assert "empty" in reasons["d.txt"]
    assert "no text" in reasons["e.txt"] or "bytes" in reasons["e.txt"]
    assert "type .exe" in reasons["f.exe"]
    assert not done.synthetic
    assert (tmp_path / f"codes{suffix}.manifest.json").exists()

    if suffix == ".csv":
        with open(out, encoding="utf-8-sig", newline="") as file:
            rows: list[Any] = list(csv.DictReader(file))
        ids = [r["id"] for r in rows]
        assert "'=cmd|' /C calc'!A0" in ids
        assert "'＋３" in ids or "'+3" in ids or "＋３" not in ids
        for row in rows:
            assert all(cell[:1] not in ("=", "+", "@", "\t", "\r") for cell in row.values())
            json.loads(row["evidence"])
            assert list(json.loads(row["functions_prob"])) == bundled.variable("functions").label_ids
    else:
        rows = read_predictions(out)
        assert [r["id"] for r in rows if not r["id"].startswith("input")] == ["=cmd|' /C calc'!A0", "自己的号", "＋３"]
        for row in rows:
            assert len(row["depth_prob"]) == 5
            assert sum(row["depth_prob"]) == pytest.approx(1, abs=1e-4)
            assert list(row["functions_prob"]) == bundled.variable("functions").label_ids
            assert 0 <= row["relevant_prob"] <= 1
            assert row["chars_unread"] == 0
            assert row["model"] == model_hash(bundled_model)
            assert row["codebook_version"] == bundled.version
            if row["relevant"]:
                assert row["functions"]
            else:
                assert row["functions"] is None
                assert row["depth"] is None
    assert len(rows) == 6
    assert set(DESIGN) <= set(rows[0])
    assert [n for n in rows[0] if n in DESIGN] == DESIGN
    assert list(rows[0]) == schema(bundled).names
    if suffix == ".parquet":
        assert pq.read_schema(out).equals(schema(bundled))

    with pytest.raises(UserError, match="--force"):
        classify([folder], bundled_model, out)
    again = classify([folder], bundled_model, out, force=True)
    assert again.n_coded == 6


def test_the_three_formats_say_the_same(folder: Path, bundled_model: Path, bundled: Codebook, tmp_path: Path) -> None:
    for suffix in (".jsonl", ".parquet", ".csv"):
        classify([folder], bundled_model, tmp_path / f"x{suffix}")
    lines, table = read_predictions(tmp_path / "x.jsonl"), read_predictions(tmp_path / "x.parquet")
    with open(tmp_path / "x.csv", encoding="utf-8-sig", newline="") as file:
        cells = list(csv.DictReader(file))
    for line, row, cell in zip(lines, table, cells, strict=True):
        assert cell["id"].removeprefix("'") == line["id"] == row["id"]
        for name in ("relevant", "functions", "depth", "abstain", "n_windows", "reprint_group", "unknown_chars"):
            assert line[name] == row[name]
        assert line["relevant_prob"] == pytest.approx(row["relevant_prob"], abs=1e-6)
        assert line["depth_prob"] == pytest.approx(row["depth_prob"], abs=1e-6)
        assert cell["functions"] == "|".join(line["functions"] or [])
        for a, b in zip(line["evidence"], row["evidence"], strict=True):
            assert {k: v for k, v in a.items() if k != "weight"} == {k: v for k, v in b.items() if k != "weight"}
    # Lists of what was rejected do not overwrite each other.
    assert len(list(tmp_path.glob("*rejected.jsonl"))) == 3


def test_a_second_codebook_end_to_end(toy_model: Path, toy: Any, strikes: Codebook, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(
        "".join(json.dumps({"id": r.id, "text": r.text}, ensure_ascii=False) + "\n" for r in toy.reports),
        encoding="utf-8",
    )
    done = classify([source], toy_model, tmp_path / "out.parquet")
    assert done.synthetic
    assert done.rejected_path is None
    rows = read_predictions(tmp_path / "out.parquet")
    assert list(rows[0]) == schema(strikes).names
    by_id = {r["id"]: r for r in rows}
    texts = {r.id: r.text for r in toy.reports}
    gold = {(c.report_id, c.variable): c.value for c in toy.codes}
    right = [by_id[r][v] == value for (r, v), value in gold.items()]
    assert sum(right) / len(right) > 0.95
    for row in rows:
        for e in row["evidence"]:
            assert e["variable"] in {v.id for v in strikes.learned}
            assert e["start"] is None or texts[row["id"]][e["start"] : e["end"]] == e["text"]
    assert sum(done.counts["is_protest"].values()) == len(rows)


@pytest.mark.parametrize(("out", "why"), [("x.txt", "endings"), ("x", "endings"), ("there.jsonl", "exists")])
def test_a_bad_output_is_refused_before_any_work(out: str, why: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "there.jsonl").write_text("mine")
    with pytest.raises(UserError, match=why):
        classify([folder], tmp_path / "no model", tmp_path / out)
    assert (tmp_path / "there.jsonl").read_text() == "mine"


def test_nothing_to_code_is_an_error_that_says_why(bundled_model: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(UserError, match=r"empty\.txt.*is empty"):
        classify([tmp_path], bundled_model, tmp_path / "out.jsonl")
    with pytest.raises(UserError, match="no such file"):
        classify([tmp_path / "nowhere"], bundled_model, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


def test_no_half_of_a_file_is_left_by_a_failure(strikes: Codebook, tmp_path: Path) -> None:
    def rows() -> Any:
        yield dict.fromkeys(schema(strikes).names)
        raise RuntimeError("stop")

    for suffix in (".jsonl", ".csv", ".parquet"):
        with pytest.raises(RuntimeError):
            write_predictions(tmp_path / f"x{suffix}", rows(), strikes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["evidence", "model", "abstain", "sector_prob"])
def test_columns_of_one_name_are_refused(name: str, strikes: Codebook, tmp_path: Path) -> None:
    data = strikes.model_dump(mode="json", exclude_defaults=True)
    data["constraints"] = []
    data["variables"][3]["id"] = name
    with pytest.raises(UserError, match=name):
        write_predictions(tmp_path / "x.jsonl", [], Codebook.model_validate(data))


def test_predictions_that_cannot_be_read_are_one_line(tmp_path: Path) -> None:
    for name, content in (("x.jsonl", b"{"), ("y.parquet", b"PAR1"), ("z.jsonl", b"\xff")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=name):
            read_predictions(tmp_path / name)


def test_order_and_chunks_do_not_matter(bundled_model: Path) -> None:
    coder = Coder.load(bundled_model)
    texts = [SIMPLIFIED * (1 + i % 3) + str(i) for i in range(7)]
    together = coder.code(texts)
    backwards = coder.code(texts[::-1])[::-1]
    assert [c.values for c in together] == [c.values for c in backwards]
    assert [c.n_windows for c in together] == [c.n_windows for c in backwards]


def test_a_prevalence_moves_the_gate_and_nothing_else(toy_model: Path, toy: Any, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(
        "".join(json.dumps({"id": r.id, "text": r.text}, ensure_ascii=False) + "\n" for r in toy.reports),
        encoding="utf-8",
    )
    learned = Coder.load(toy_model).calibration.prevalence["is_protest"]

    def run(name: str, prevalence: Any) -> tuple[Any, list[dict[str, Any]]]:
        done = classify([source], toy_model, tmp_path / name, prevalence=prevalence)
        return done, read_predictions(tmp_path / name)

    plain, rows = run("a.jsonl", None)
    assert plain.prevalence is None
    _, same = run("b.jsonl", learned)
    rare, fewer = run("c.jsonl", 0.01)
    found, _ = run("d.jsonl", "estimate")
    for a, b, c in zip(rows, same, fewer, strict=True):
        assert a["is_protest_prob"] == pytest.approx(b["is_protest_prob"], abs=1e-4)
        assert c["is_protest_prob"] <= a["is_protest_prob"]
        assert a["sector_prob"] == c["sector_prob"]
        p = a["is_protest_prob"]
        odds = p / max(1 - p, 1e-9) * (0.01 / 0.99) / (learned / (1 - learned))
        if 1e-4 < p < 1 - 1e-4:
            assert c["is_protest_prob"] == pytest.approx(odds / (1 + odds), rel=0.05, abs=1e-4)
    assert rare.counts["is_protest"].get("true", 0) <= plain.counts["is_protest"]["true"]
    share = sum(bool(c.value) for c in toy.codes if c.variable == "is_protest") / len(toy.reports)
    assert found.prevalence == pytest.approx(share, abs=0.1)
    manifest = json.loads((tmp_path / "d.jsonl.manifest.json").read_text(encoding="utf-8"))
    assert manifest["settings"]["prevalence"] == pytest.approx(found.prevalence)
    for bad in (0, 1, 1.5, float("nan")):
        with pytest.raises(UserError, match="between 0 and 1"):
            run("e.jsonl", bad)


def test_a_file_that_is_read_is_never_written_over(toy_model: Path, tmp_path: Path) -> None:
    source = tmp_path / "x.jsonl"
    source.write_text('{"id": "a", "text": "工人集体拉起横幅抗议。"}\n', encoding="utf-8")
    before = source.read_bytes()
    with pytest.raises(UserError, match="one of the files to be read"):
        classify([source], toy_model, source, force=True)
    with pytest.raises(UserError, match="one of the files to be read"):
        classify([tmp_path], toy_model, source, force=True)
    assert source.read_bytes() == before


def test_a_failing_run_leaves_predictions_and_their_list_alone(toy_model: Path, tmp_path: Path) -> None:
    source, empty, out = tmp_path / "x.jsonl", tmp_path / "empty.txt", tmp_path / "o.jsonl"
    source.write_text('{"id": "a", "text": "工人集体拉起横幅抗议。"}\n{broken\n', encoding="utf-8")
    empty.write_text("", encoding="utf-8")
    rejected = classify([source], toy_model, out).rejected_path
    assert rejected
    before = rejected.read_bytes(), out.read_bytes()
    with pytest.raises(UserError, match="no report to code"):
        classify([empty], toy_model, out, force=True)
    assert (rejected.read_bytes(), out.read_bytes()) == before
