"""Dropbox, Google Drive and OneDrive as far as Tresen speaks to them: one folder of files, three ways to ask for it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, unquote, urlsplit

from db.storages import StorageKind
from integrations.clouds.grants import Service
from tests.integrations.clouds.servers import Anybody, Ask

CLIENT_ID, CLIENT_SECRET = "app-of-jana", "s3cret-of-the-app"
FOLDER = "application/vnd.google-apps.folder"


@dataclass
class Drives:
    """`refresh_token` is the one that works; `page` is how many entries come at once."""

    server: Anybody
    files: dict[str, bytes] = field(default_factory=dict)
    refresh_token: str = "refresh-1"
    rotates: bool = False
    verifier_hash: str = ""
    page: int = 2
    tokens: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.answers = self.answer

    def services(self) -> dict[StorageKind, Service]:
        base = self.server.origin
        token = f"{base}/token"
        return {
            StorageKind.DROPBOX: Service(
                authorize=f"{base}/authorize", token=token, api=f"{base}/dbx", content=f"{base}/dbxc"
            ),
            StorageKind.GDRIVE: Service(authorize=f"{base}/authorize", token=token, api=f"{base}/google", scope="read"),
            StorageKind.ONEDRIVE: Service(
                authorize=f"{base}/authorize", token=token, api=f"{base}/graph", scope="read"
            ),
        }

    def answer(self, ask: Ask) -> None:
        path = urlsplit(ask.path).path
        if path == "/token":
            return self._token(ask)
        if path.startswith("/link/"):
            assert "Authorization" not in ask.headers, "what leads elsewhere bears no token"
            return ask.say_part(self.files[unquote(path.removeprefix("/link/"))])
        if ask.headers.get("Authorization") != f"Bearer {self.tokens[-1] if self.tokens else ''}":
            return ask.say(401, b"{}")
        room = path.split("/")[1]
        return {"dbx": self._dropbox, "dbxc": self._dropbox_content, "google": self._google, "graph": self._graph}[
            room
        ](ask, path)

    def _token(self, ask: Ask) -> None:
        given = {name: values[0] for name, values in parse_qs(ask.body.decode()).items()}
        if (given["client_id"], given["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
            return ask.say(401, json.dumps({"error": "invalid_client"}).encode())
        if given["grant_type"] == "authorization_code":
            fits = hashlib.sha256(given["code_verifier"].encode()).hexdigest() == self.verifier_hash
            if given["code"] != "code-1" or not fits:
                return ask.say(400, json.dumps({"error": "invalid_grant", "error_description": "wrong code"}).encode())
        elif given["refresh_token"] != self.refresh_token:
            return ask.say(400, json.dumps({"error": "invalid_grant"}).encode())
        elif self.rotates:
            self.refresh_token += "x"
        self.tokens.append(f"access-{len(self.tokens)}")
        told = {"access_token": self.tokens[-1], "refresh_token": self.refresh_token, "expires_in": 3600}
        return ask.say(200, json.dumps(told).encode())

    def folders(self) -> set[str]:
        return {path.rpartition("/")[0] for path in self.files if "/" in path}

    def children(self, folder: str) -> list[str]:
        start = f"{folder}/" if folder else ""
        return [
            path for path in (*self.folders(), *self.files) if path.startswith(start) and "/" not in path[len(start) :]
        ]

    def rev(self, path: str) -> str:
        return hashlib.sha256(path.encode() + b"\0" + self.files[path]).hexdigest()[:20]

    # --- Dropbox

    def _dropbox(self, ask: Ask, path: str) -> None:
        given = json.loads(ask.body)
        if path.endswith("/list_folder/continue"):
            folder, _, start = given["cursor"].partition("@")
            return self._dropbox_page(ask, folder, int(start))
        place = given["path"].strip("/")
        if path.endswith("/list_folder"):
            if place and place not in self.folders():
                return ask.say(409, json.dumps({"error_summary": "path/not_found/.."}).encode())
            return self._dropbox_page(ask, place, 0)
        if place not in self.files and place not in self.folders():
            return ask.say(409, json.dumps({"error_summary": "path/not_found/."}).encode())
        return ask.say(200, json.dumps(self._dropbox_item(place)).encode())

    def _dropbox_page(self, ask: Ask, folder: str, start: int) -> None:
        paths = self.children(folder)
        told = {
            "entries": [self._dropbox_item(path) for path in paths[start : start + self.page]],
            "cursor": f"{folder}@{start + self.page}",
            "has_more": start + self.page < len(paths),
        }
        ask.say(200, json.dumps(told).encode())

    def _dropbox_item(self, path: str) -> dict[str, object]:
        name = path.rpartition("/")[2]
        if path not in self.files:
            return {".tag": "folder", "name": name, "id": f"id:{name}"}
        size, at = len(self.files[path]), "2026-11-28T10:00:00Z"
        return {".tag": "file", "name": name, "rev": self.rev(path), "size": size, "server_modified": at}

    def _dropbox_content(self, ask: Ask, _path: str) -> None:
        wanted = json.loads(ask.headers["Dropbox-API-Arg"])["path"]
        for path, content in self.files.items():
            if wanted == f"rev:{self.rev(path)}":
                return ask.say_part(content, Dropbox_API_Result=json.dumps({"rev": self.rev(path)}))
        return ask.say(409, json.dumps({"error_summary": "path/not_found/"}).encode())

    # --- Google

    def _google(self, ask: Ask, path: str) -> None:
        parts = path.split("/")
        if "revisions" in parts:
            place = bytes.fromhex(parts[3]).decode()
            if place in self.files and self.rev(place) == parts[5]:
                return ask.say_part(self.files[place])
            return ask.say(404, b"{}")
        query = {name: values[0] for name, values in parse_qs(urlsplit(ask.path).query).items()}
        match = re.fullmatch(r"'([^']*)' in parents and trashed = false(?: and name = '(.*)')?", query["q"], re.S)
        assert match, query["q"]
        folder = "" if match[1] == "root" else bytes.fromhex(match[1]).decode()
        paths = self.children(folder)
        if match[2] is not None:
            name = re.sub(r"\\(.)", r"\1", match[2])
            paths = [place for place in paths if place.rpartition("/")[2] == name]
        start = int(query.get("pageToken", "0"))
        told: dict[str, object] = {"files": [self._google_item(place) for place in paths[start : start + self.page]]}
        if start + self.page < len(paths):
            told["nextPageToken"] = str(start + self.page)
        return ask.say(200, json.dumps(told).encode())

    def _google_item(self, path: str) -> dict[str, object]:
        item: dict[str, object] = {"id": path.encode().hex(), "name": path.rpartition("/")[2]}
        if path not in self.files:
            return item | {"mimeType": FOLDER}
        kind, size = "application/pdf", str(len(self.files[path]))
        return item | {
            "mimeType": kind,
            "size": size,
            "headRevisionId": self.rev(path),
            "modifiedTime": "2026-11-28T10:00:00.000Z",
        }

    # --- Microsoft

    def _graph(self, ask: Ask, path: str) -> None:
        place = path.removeprefix("/graph/me/drive/root").removesuffix("/children")
        name = unquote(place.strip(":").removeprefix("/"))
        if path.endswith("/children"):
            if name and name not in self.folders():
                return ask.say(404, b"{}")
            start = int(parse_qs(urlsplit(ask.path).query).get("skip", ["0"])[0])
            paths = self.children(name)
            told: dict[str, object] = {"value": [self._graph_item(each) for each in paths[start : start + self.page]]}
            if start + self.page < len(paths):
                told["@odata.nextLink"] = f"{self.server.origin}{path}?skip={start + self.page}"
            return ask.say(200, json.dumps(told).encode())
        if name not in self.files and name not in self.folders():
            return ask.say(404, b"{}")
        return ask.say(200, json.dumps(self._graph_item(name)).encode())

    def _graph_item(self, path: str) -> dict[str, object]:
        item: dict[str, object] = {"id": path.encode().hex(), "name": path.rpartition("/")[2]}
        if path not in self.files:
            return item | {"folder": {}}
        return item | {
            "file": {},
            "size": len(self.files[path]),
            "cTag": self.rev(path),
            "lastModifiedDateTime": "2026-11-28T10:00:00Z",
            "@microsoft.graph.downloadUrl": f"{self.server.origin}/link/{quote(path, safe='')}",
        }
