from pathlib import Path

from orchestrator_site.databases import database_config

BASE = Path("/srv/project")


def test_a_relative_sqlite_file_counts_from_the_project_folder() -> None:
    assert database_config("sqlite:///db.sqlite3", base_dir=BASE)["NAME"] == f"{BASE}/db.sqlite3"
    assert database_config("sqlite:////data/x.db", base_dir=BASE)["NAME"] == "/data/x.db"


def test_sqlite_tests_use_a_file_of_their_own() -> None:
    config = database_config("sqlite:////data/x.db", base_dir=BASE)
    assert config["TEST"]["NAME"] == "/data/test_x.db"


def test_sqlite_takes_the_write_lock_when_a_transaction_begins() -> None:
    options = database_config("sqlite:///x.db", base_dir=BASE)["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"


def test_a_postgres_url_is_taken_apart() -> None:
    config = database_config("postgresql://u:p%40ss@db.example:5433/orders", base_dir=BASE)
    parts = [config[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")]
    assert parts == ["u", "p@ss", "db.example", 5433, "orders"]


def test_a_unix_socket_may_be_given_as_libpq_does() -> None:
    config = database_config("postgresql://u@/orders?host=%2Frun%2Fpg", base_dir=BASE)
    assert (config["HOST"], config["NAME"]) == ("/run/pg", "orders")
    assert "host" not in config["OPTIONS"]


def test_options_in_the_url_add_to_ours() -> None:
    options = database_config("postgresql://u@h/d?sslmode=require", base_dir=BASE)["OPTIONS"]
    assert options["sslmode"] == "require"
    assert options["keepalives"] == 1
