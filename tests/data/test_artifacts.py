import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from weijing.configs.codebook import Codebook
from weijing.configs.errors import UserError
from weijing.data.artifacts import (
    atomic_write,
    is_current,
    make_manifest,
    manifest_path,
    read_manifest,
    sha256_file,
    text_hash,
    write_json,
    write_manifest,
)


def test_an_exception_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail() -> None:
        with atomic_write(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_new_file_follows_the_umask_and_a_link_stays_a_link(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "deep" / "a") as temporary:
        temporary.write_text("x")
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "deep" / "a").stat().st_mode & 0o777 == 0o666 & ~umask
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "deep" / "a")
    with atomic_write(link) as temporary:
        temporary.write_text("y")
    assert link.is_symlink()
    assert (tmp_path / "deep" / "a").read_text() == "y"


def test_where_nothing_can_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"), atomic_write(tmp_path / "file" / "b"):
        pass


def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom weijing.data.artifacts import write_json\n"
        "i = 0\nwhile True:\n    i += 1\n    write_json(sys.argv[1], [i] * 20000)\n    print(flush=True)\n"
    )
    path = tmp_path / "x.json"
    for delay in (0.0, 0.013, 0.029):
        writer = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout
        writer.stdout.readline()
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        numbers = json.loads(path.read_text())
        assert len(numbers) == 20000
        assert len(set(numbers)) == 1


def test_what_killed_writers_left_is_removed_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "报告.json"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with atomic_write(path) as temporary:
        process, rest = temporary.name.rsplit("-", 2)[-2:]
        assert process == str(os.getpid())
        beginning = temporary.name.removesuffix(f"{process}-{rest}")
        left = [tmp_path / f"{beginning}{p}-{rest}" for p in (ended.pid, 10**30)]
        other = [tmp_path / f".other{beginning}{ended.pid}-{rest}", tmp_path / f"{beginning}x-{rest}"]
        elsewhere = tmp_path / f".报告.json.{ended.pid}-{rest}"
        for file in (*left, *other, elsewhere):
            file.write_text("half")
        write_json(path, 1)
        assert temporary.exists(), "it is still being written"
        temporary.write_text("2")
    assert [f.exists() for f in left] == [False, True]
    assert all(f.exists() for f in (*other, elsewhere))


def test_folders_pipes_and_devices_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    for name, message in (("folder.jsonl", "is a folder"), ("pipe", "no regular file"), ("null", "no regular file")):
        with pytest.raises(UserError, match=message), atomic_write(tmp_path / name):
            pass
    assert sorted(os.listdir(tmp_path)) == ["folder.jsonl", "null", "pipe"]


def test_names_of_any_length_and_kind(tmp_path: Path) -> None:
    write_json(tmp_path / ("微" * 80), 1)
    for name in ("x" * 300, "微" * 100, "a\0b"):
        with pytest.raises(UserError, match="cannot be written"):
            write_json(tmp_path / name, 1)


def test_hashes() -> None:
    assert len(text_hash("微信")) == 16
    assert text_hash("\ud800") != text_hash("\ud801")


def test_manifest_round_trip_and_currency(tmp_path: Path, codebook: Codebook) -> None:
    source, out = tmp_path / "in.txt", tmp_path / "x.parquet"
    source.write_text("in")
    out.write_text("out")
    settings = {"n": 3, "pair": (1, 2), "where": Path("a")}
    manifest = make_manifest("step", inputs={"in": source}, settings=settings, seed=7, codebook=codebook)
    path = write_manifest(out, manifest)
    assert path == tmp_path / "x.parquet.manifest.json" == manifest_path(out)
    read = read_manifest(path)
    assert read.outputs == {"x.parquet": sha256_file(out)}
    assert read.versions["python"]
    assert read.codebook == {"name": "tiny", "version": "1", "hash": read.codebook["hash"]} if read.codebook else 0

    def current(**changes: object) -> bool:
        given = {"inputs": {"in": source}, "settings": settings, "seed": 7, "codebook": codebook, **changes}
        return is_current(path, given.pop("inputs"), given.pop("settings"), **given)  # type: ignore[arg-type]

    assert current()
    assert not current(settings={"n": 4})
    assert not current(seed=8)
    assert not current(codebook=None)
    source.write_text("in 2")
    assert not current()
    source.write_text("in")
    assert current()
    out.write_text("changed")
    assert not current()
    out.unlink()
    assert not current()
    assert not is_current(tmp_path / "none.json", {}, {})


def test_a_folder_has_its_manifest_inside(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "a").write_text("a")
    (folder / "sub" / "b").write_text("b")
    path = write_manifest(folder, make_manifest("train"))
    assert path == folder / "manifest.json"
    assert sorted(read_manifest(path).outputs) == ["a", "sub/b"]
    assert is_current(path, {}, {})
    write_manifest(folder, make_manifest("train"))
    assert sorted(read_manifest(path).outputs) == ["a", "sub/b"]


def test_json_with_half_a_character_is_written(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"a": "微信"})
    assert "微信" in (tmp_path / "a.json").read_text("utf-8")
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", float("nan"))
