"""One observation for each download, with the pieces that have left, however many were asked for.

Of what was noted before, the sums stay. A piece of its own is kept only where one transfer was whole: which of the
others overlap is of no more use, as an address lives for a day.

A file outlasts its storage, as downloads of it stay in the log.
"""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute("DROP TRIGGER download_observation_counts")
    op.execute("DROP INDEX ix_download_observation_download")
    op.execute("ALTER TABLE download_observation RENAME TO download_observation_before")
    op.execute(TABLE)
    op.execute(FILL)
    op.execute("DROP TABLE download_observation_before")
    op.create_index("ix_download_observation_download", "download_observation", ["download_id"], unique=True)
    op.execute(COUNTS.format(name="download_observation_insert_counts", event="INSERT", changed=FAILED))
    op.execute(COUNTS.format(name="download_observation_update_counts", event="UPDATE", changed=CHANGED))
    op.execute(FILE)
    op.execute(f"INSERT INTO file_after ({FILE_COLUMNS}) SELECT {FILE_COLUMNS} FROM file")
    op.execute("DROP TABLE file")
    op.execute("ALTER TABLE file_after RENAME TO file")
    for event in ("insert", "update", "delete"):
        op.execute(FILE_COUNTS.format(event=event))


TABLE = """
CREATE TABLE download_observation (
  id INTEGER NOT NULL,
  download_id INTEGER NOT NULL,
  at DATETIME NOT NULL,
  sent INTEGER NOT NULL,
  pieces JSON NOT NULL,
  covered INTEGER NOT NULL,
  finished BOOLEAN NOT NULL,
  failure TEXT NOT NULL,
  handed_off BOOLEAN NOT NULL,
  ip_prefix TEXT NOT NULL,
  CONSTRAINT pk_download_observation PRIMARY KEY (id),
  CONSTRAINT fk_download_observation_download_id_download FOREIGN KEY(download_id) REFERENCES download (id)
)
"""
FILL = """
INSERT INTO download_observation
  (id, download_id, at, sent, pieces, covered, finished, failure, handed_off, ip_prefix)
SELECT
  max(seen.id), seen.download_id, max(seen.at), sum(seen.sent),
  CASE WHEN max(seen.finished) THEN json_array(json_array(0, download.size)) ELSE '[]' END,
  CASE WHEN max(seen.finished) THEN download.size ELSE 0 END,
  max(seen.finished), max(seen.failure), max(seen.handed_off), max(seen.ip_prefix)
FROM download_observation_before AS seen JOIN download ON download.id = seen.download_id
GROUP BY seen.download_id
"""
# What is left on the order's page changes with a failure of ours, and with what leaves after one.
FAILED = "NEW.failure != ''"
CHANGED = "NEW.failure != OLD.failure OR (NEW.failure != '' AND NEW.covered != OLD.covered)"
COUNTS = """
CREATE TRIGGER {name} AFTER {event} ON download_observation WHEN {changed}
BEGIN
  UPDATE "order" SET version = version + 1 WHERE id = (SELECT order_id FROM download WHERE id = NEW.download_id);
END
"""
FILE = """
CREATE TABLE file_after (
  id INTEGER NOT NULL,
  storage_id INTEGER,
  path TEXT NOT NULL,
  name TEXT NOT NULL,
  size INTEGER NOT NULL,
  version TEXT NOT NULL,
  inspection JSON,
  checked_at DATETIME,
  missing_since DATETIME,
  CONSTRAINT pk_file PRIMARY KEY (id),
  CONSTRAINT fk_file_storage_id_storage FOREIGN KEY(storage_id) REFERENCES storage (id),
  CONSTRAINT uq_file_storage_id_path UNIQUE (storage_id, path)
)
"""
FILE_COLUMNS = "id, storage_id, path, name, size, version, inspection, checked_at, missing_since"
FILE_COUNTS = """
CREATE TRIGGER file_{event}_counts AFTER {event} ON file BEGIN UPDATE shop_version SET version = version + 1; END
"""
