"""State in one SQLite file: accounts, entities, their history, and the log of what was done."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from sandbox.entities import FIELDS, MONEY_FIELDS, Account, Entity, Kind, Platform, Source

SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS account (
  platform TEXT, id TEXT, name TEXT NOT NULL, currency TEXT NOT NULL, timezone TEXT NOT NULL,
  token TEXT NOT NULL, extra TEXT NOT NULL, PRIMARY KEY (platform, id));
CREATE TABLE IF NOT EXISTS entity (
  position INTEGER PRIMARY KEY, platform TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
  account_id TEXT NOT NULL, parent_id TEXT NOT NULL, budget_id TEXT NOT NULL, name TEXT NOT NULL,
  status TEXT NOT NULL, daily_budget TEXT, lifetime_budget TEXT, bid TEXT,
  bid_strategy TEXT NOT NULL, created_at REAL NOT NULL, extra TEXT NOT NULL,
  UNIQUE (platform, kind, id));
CREATE INDEX IF NOT EXISTS entity_account ON entity (platform, account_id, kind, position);
CREATE TABLE IF NOT EXISTS history (
  platform TEXT NOT NULL, account_id TEXT NOT NULL, kind TEXT NOT NULL, entity_id TEXT NOT NULL,
  field TEXT NOT NULL, value TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS history_account ON history (platform, account_id);
CREATE TABLE IF NOT EXISTS call (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, platform TEXT NOT NULL, method TEXT NOT NULL,
  path TEXT NOT NULL, params TEXT NOT NULL, status INTEGER NOT NULL, fault TEXT NOT NULL,
  committed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS effect (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, call_id INTEGER, platform TEXT NOT NULL,
  account_id TEXT NOT NULL, kind TEXT NOT NULL, entity_id TEXT NOT NULL, field TEXT NOT NULL,
  old TEXT NOT NULL, new TEXT NOT NULL, source TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS effect_entity ON effect (platform, entity_id, at);
CREATE TABLE IF NOT EXISTS fault (
  id INTEGER PRIMARY KEY, rule TEXT NOT NULL, matched INTEGER NOT NULL, fired INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS usage (
  platform TEXT, account_id TEXT, score REAL NOT NULL, at REAL NOT NULL,
  blocked_until REAL NOT NULL, PRIMARY KEY (platform, account_id));
CREATE TABLE IF NOT EXISTS budget_block (
  platform TEXT, entity_id TEXT, until REAL NOT NULL, PRIMARY KEY (platform, entity_id));
CREATE TABLE IF NOT EXISTS scheduled (
  id INTEGER PRIMARY KEY, platform TEXT NOT NULL, kind TEXT NOT NULL, entity_id TEXT NOT NULL,
  field TEXT NOT NULL, value TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS report (
  id INTEGER PRIMARY KEY, account_id TEXT NOT NULL, path TEXT NOT NULL, params TEXT NOT NULL,
  polls INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS crm_object (
  platform TEXT NOT NULL, account_id TEXT, kind TEXT, id TEXT, created_ms INTEGER NOT NULL,
  archived INTEGER NOT NULL, merged_into TEXT NOT NULL, PRIMARY KEY (account_id, kind, id));
CREATE TABLE IF NOT EXISTS crm_value (
  platform TEXT NOT NULL, account_id TEXT NOT NULL, kind TEXT NOT NULL, object_id TEXT NOT NULL,
  name TEXT NOT NULL, value TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS crm_value_object ON crm_value (account_id, kind, object_id, at);
CREATE TABLE IF NOT EXISTS crm_link (
  platform TEXT NOT NULL, account_id TEXT, deal TEXT, contact TEXT,
  PRIMARY KEY (account_id, deal, contact));
CREATE TABLE IF NOT EXISTS crm_event (
  id INTEGER PRIMARY KEY, account_id TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS crm_call (
  account_id TEXT NOT NULL, at INTEGER NOT NULL, is_search INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS conversion_event (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, platform TEXT NOT NULL, dataset TEXT NOT NULL,
  name TEXT NOT NULL, event_id TEXT NOT NULL, payload TEXT NOT NULL,
  is_repetition INTEGER NOT NULL, request_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS message (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, platform TEXT NOT NULL, account_id TEXT NOT NULL,
  message_id TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL, nth INTEGER NOT NULL,
  content TEXT NOT NULL, raw BLOB, call_id INTEGER);
CREATE INDEX IF NOT EXISTS message_call ON message (call_id) WHERE call_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS message_provider_id ON message (platform, message_id);
CREATE INDEX IF NOT EXISTS message_recipient ON message (platform, account_id, recipient);
CREATE TABLE IF NOT EXISTS message_event (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, platform TEXT NOT NULL, account_id TEXT NOT NULL,
  recipient TEXT NOT NULL, message INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL,
  delivered INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS message_event_message ON message_event (message, at);
CREATE INDEX IF NOT EXISTS message_event_waiting
  ON message_event (platform, account_id, at) WHERE NOT delivered;
CREATE INDEX IF NOT EXISTS message_event_recipient ON message_event (recipient, kind);
CREATE TABLE IF NOT EXISTS imap_seen (message INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS conversation (
  platform TEXT, account_id TEXT, ours TEXT, person TEXT, last_inbound REAL NOT NULL,
  opted_out INTEGER NOT NULL, PRIMARY KEY (platform, account_id, ours, person));
CREATE TABLE IF NOT EXISTS webhook (
  platform TEXT, account_id TEXT, url TEXT NOT NULL, PRIMARY KEY (platform, account_id));
CREATE TABLE IF NOT EXISTS told_later (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, platform TEXT NOT NULL, account_id TEXT NOT NULL,
  body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS told_later_account ON told_later (platform, account_id, at);
CREATE TABLE IF NOT EXISTS social_item (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, network TEXT NOT NULL, account_id TEXT NOT NULL,
  kind TEXT NOT NULL, item_id TEXT NOT NULL, parent TEXT NOT NULL, author TEXT NOT NULL,
  content TEXT NOT NULL, UNIQUE (network, item_id));
CREATE INDEX IF NOT EXISTS social_item_account ON social_item (network, account_id, kind, at);
CREATE INDEX IF NOT EXISTS social_item_parent ON social_item (network, parent, at);
CREATE TABLE IF NOT EXISTS kept_answer (
  platform TEXT, account_id TEXT, name TEXT, fingerprint TEXT NOT NULL, answer TEXT NOT NULL,
  at REAL NOT NULL, PRIMARY KEY (platform, account_id, name));
"""
TABLES = (
    *("setting", "account", "entity", "history", "call", "effect", "fault", "usage"),
    *("budget_block", "scheduled", "report"),
    *("crm_object", "crm_value", "crm_link", "crm_event", "crm_call"),
    *("conversion_event", "social_item", "imap_seen"),
    *("message", "message_event", "conversation", "kept_answer", "told_later", "webhook"),
)
OF_AN_ACCOUNT = (
    *("entity", "history", "usage", "crm_object", "crm_value", "crm_link"),
    *("message", "message_event", "conversation", "kept_answer", "told_later", "webhook"),
)


class Store:
    """All reads and writes; the caller holds `lock` for as long as one request takes."""

    def __init__(self, path: Path | str) -> None:
        if str(path) != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        # A killed sandbox keeps every commit; only a power cut could lose the last ones.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)
        self.call_id: int | None = None
        #: Moves whenever history may have been taken back or replaced: caches of it are void.
        self.generation = 0

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._db.close()

    def query(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Rows of a statement."""
        return self._db.execute(sql, values).fetchall()

    def execute(self, sql: str, *values: object) -> int:
        """Run a statement; the id of the row it added."""
        return self._db.execute(sql, values).lastrowid or 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything inside, or nothing when it raises."""
        with self.lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                self.generation += 1
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def savepoint(self, name: str) -> Iterator[Savepoint]:
        """Undo what is inside when it raises or when `keep` is set to false."""
        self._db.execute(f"SAVEPOINT {name}")
        point = Savepoint()
        try:
            yield point
        except BaseException:
            self._end(name, keep=False)
            raise
        self._end(name, keep=point.keep)

    def _end(self, name: str, *, keep: bool) -> None:
        if not keep:
            self._db.execute(f"ROLLBACK TO {name}")
            self.generation += 1
        self._db.execute(f"RELEASE {name}")

    # Clock and settings

    def setting(self, name: str, default: str = "") -> str:
        """Return one stored setting."""
        rows = self.query("SELECT value FROM setting WHERE name = ?", name)
        return str(rows[0]["value"]) if rows else default

    def set_setting(self, name: str, value: str) -> None:
        """Store one setting."""
        self.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", name, value)

    def now(self) -> float:
        """Sandbox time in unix seconds: frozen where a clock was set, else real plus offset."""
        frozen = self.setting("clock_frozen")
        if frozen:
            return float(frozen)
        return time.time() + float(self.setting("clock_offset_s", "0"))

    @property
    def is_frozen(self) -> bool:
        """Whether somebody has set the clock, which stands since."""
        return bool(self.setting("clock_frozen"))

    @property
    def seed(self) -> int:
        """The seed of every random choice."""
        return int(self.setting("seed", "7"))

    # Accounts and entities

    def account(self, platform: Platform, account_id: str) -> Account | None:
        """Return one account, or nothing."""
        rows = self.query(
            "SELECT * FROM account WHERE platform = ? AND id = ?", platform, account_id
        )
        return _account(rows[0]) if rows else None

    def accounts(self, platform: Platform | None = None) -> list[Account]:
        """Return all accounts, or those of one platform."""
        rows = self.query(
            "SELECT * FROM account WHERE ?1 IS NULL OR platform = ?1 ORDER BY platform, id",
            platform,
        )
        return [_account(row) for row in rows]

    def entity(self, platform: Platform, entity_id: str, kind: Kind | None = None) -> Entity | None:
        """Return one entity by its platform id, or nothing."""
        rows = self.query(
            "SELECT * FROM entity WHERE platform = ?1 AND id = ?2 AND (?3 IS NULL OR kind = ?3)",
            *(platform, entity_id, kind),
        )
        return _entity(rows[0]) if rows else None

    def entities(self, account: Account, kind: Kind | None = None) -> list[Entity]:
        """Return an account's entities in the order they were made."""
        rows = self.query(
            "SELECT * FROM entity WHERE platform = ?1 AND account_id = ?2"
            " AND (?3 IS NULL OR kind = ?3) ORDER BY position",
            *(account.platform, account.id, kind),
        )
        return [_entity(row) for row in rows]

    def add_account(self, account: Account) -> None:
        """Put an account in, in place of one with the same id and all that belonged to it."""
        self.generation += 1
        for table in OF_AN_ACCOUNT:
            self.execute(
                f"DELETE FROM {table} WHERE platform = ? AND account_id = ?",  # noqa: S608  # constant names
                *(account.platform, account.id),
            )
        values = (account.name, account.currency, account.timezone, account.token)
        self.execute(
            "INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(account.platform, account.id, *values, json.dumps(account.extra)),
        )

    def add_entity(self, entity: Entity) -> None:
        """Put a new entity in; its history starts with it."""
        self.execute(
            "INSERT INTO entity VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(entity.platform, entity.kind, entity.id, entity.account_id, entity.parent_id),
            *(entity.budget_id, entity.name, entity.status),
            *(_amount_text(getattr(entity, name)) for name in MONEY_FIELDS),
            *(entity.bid_strategy, entity.created_at, json.dumps(entity.extra)),
        )
        for name in ("status", "daily_budget", "lifetime_budget"):
            self._add_history(entity, name, entity.created_at)

    def change(
        self, entity: Entity, changes: Mapping[str, object], source: Source, now: float
    ) -> None:
        """Write fields of an entity; one effect per field, also where the value stays the same."""
        for name, value in changes.items():
            if name not in FIELDS:
                raise ValueError(f"{name!r} cannot be changed; these can: {', '.join(FIELDS)}")
            old = entity.value(name)
            setattr(entity, name, value)
            self.record_effect(entity, name, old, entity.value(name), source, now)
            self._add_history(entity, name, now)
        self.save(entity)

    def save(self, entity: Entity) -> None:
        """Write an entity back as it is."""
        self.execute(
            "UPDATE entity SET name = ?, status = ?, daily_budget = ?, lifetime_budget = ?,"
            " bid = ?, bid_strategy = ?, extra = ? WHERE platform = ? AND kind = ? AND id = ?",
            *(entity.name, entity.status),
            *(_amount_text(getattr(entity, name)) for name in MONEY_FIELDS),
            *(entity.bid_strategy, json.dumps(entity.extra)),
            *(entity.platform, entity.kind, entity.id),
        )

    def record_effect(  # one row of the log
        self, entity: Entity, field: str, old: str, new: str, source: Source, now: float
    ) -> None:
        """Log that a field was written."""
        call_id = self.call_id if source == "api" else None
        self.execute(
            "INSERT INTO effect VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(now, call_id, entity.platform, entity.account_id, entity.kind, entity.id),
            *(field, old, new, source),
        )

    def _add_history(self, entity: Entity, name: str, at: float) -> None:
        self.execute(
            "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(entity.platform, entity.account_id, entity.kind, entity.id),
            *(name, entity.value(name), at),
        )

    # Changes that take effect later

    def schedule(self, entity: Entity, field: str, value: Decimal, at: float) -> None:
        """Keep a change for later, in place of one already kept for the same field."""
        key = (entity.platform, entity.kind, entity.id, field)
        self.execute(
            "DELETE FROM scheduled WHERE platform = ? AND kind = ? AND entity_id = ? AND field = ?",
            *key,
        )
        self.execute("INSERT INTO scheduled VALUES (NULL, ?, ?, ?, ?, ?, ?)", *key, str(value), at)

    def scheduled(self, entity: Entity, field: str) -> Decimal | None:
        """Return what a field is to become later, or nothing."""
        rows = self.query(
            "SELECT value FROM scheduled WHERE platform = ? AND kind = ? AND entity_id = ?"
            " AND field = ?",
            *(entity.platform, entity.kind, entity.id, field),
        )
        return Decimal(rows[0]["value"]) if rows else None

    def apply_scheduled(self, now: float) -> None:
        """Carry out the changes whose time has come, as of that time."""
        for row in self.query("SELECT * FROM scheduled WHERE at <= ? ORDER BY at, id", now):
            entity = self.entity(row["platform"], row["entity_id"], row["kind"])
            if entity is not None:
                self.change(entity, {row["field"]: Decimal(row["value"])}, "schedule", row["at"])
            self.execute("DELETE FROM scheduled WHERE id = ?", row["id"])

    def reset(self) -> None:
        """Forget everything."""
        self.generation += 1
        for table in TABLES:
            self.execute(f"DELETE FROM {table}")  # noqa: S608  # constant names


class Savepoint:
    """Whether what happens inside a savepoint stays."""

    def __init__(self) -> None:
        self.keep = True


def _account(row: sqlite3.Row) -> Account:
    return Account(
        **{name: row[name] for name in ("platform", "id", "name", "currency", "timezone", "token")},
        extra=json.loads(row["extra"]),
    )


def _entity(row: sqlite3.Row) -> Entity:
    return Entity(
        platform=row["platform"],
        kind=row["kind"],
        id=row["id"],
        account_id=row["account_id"],
        parent_id=row["parent_id"],
        budget_id=row["budget_id"],
        name=row["name"],
        status=row["status"],
        daily_budget=_amount(row["daily_budget"]),
        lifetime_budget=_amount(row["lifetime_budget"]),
        bid=_amount(row["bid"]),
        bid_strategy=row["bid_strategy"],
        created_at=row["created_at"],
        extra=json.loads(row["extra"]),
    )


def _amount(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None


def _amount_text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
