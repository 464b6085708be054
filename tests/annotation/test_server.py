"""What is thrown away when a first start was cut short, and what never."""

import sqlite3
from contextlib import closing
from pathlib import Path

from weijing.annotation.server import half_made


def made(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as database, database:
        for statement in statements:
            database.execute(statement)
    return path


def test_a_database_without_users_holds_nothing(tmp_path: Path) -> None:
    users = "CREATE TABLE htx_user (id INTEGER)"
    assert half_made(made(tmp_path / "a", "CREATE TABLE django_migrations (id INTEGER)"))
    assert half_made(made(tmp_path / "b", users))
    assert not half_made(made(tmp_path / "c", users, "INSERT INTO htx_user VALUES (1)"))


def test_what_cannot_be_read_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"no database" * 1000)
    assert not half_made(tmp_path / "a")
    assert not half_made(tmp_path / "b")
    assert not (tmp_path / "b").exists()
    with closing(sqlite3.connect(made(tmp_path / "c", "CREATE TABLE htx_user (id INTEGER)"))) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert not half_made(tmp_path / "c")
