"""A small web server of another origin, whose pages run a client library and tell what came of it."""

from __future__ import annotations

import functools
import http.server
import threading
from pathlib import Path

_PAGE = """<!doctype html><title>page</title><pre id="told"></pre>{head}
<script type="module">
const tell = (what) => {{
  document.getElementById("told").textContent = JSON.stringify(what);
  document.title = "told";
}};
(async () => {{
{script}
}})().then(tell, (error) => tell({{error: String(error) + error.stack}}));
</script>"""


class Pages:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        handler = functools.partial(_Quiet, directory=str(folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def library(self, name: str, folder: Path) -> None:
        """What is in the folder stands below /NAME."""
        if not (self.folder / name).exists():
            (self.folder / name).symlink_to(folder)

    def put(self, head: str, script: str) -> str:
        """The address of a page whose script runs as an async function."""
        name = f"{len(list(self.folder.iterdir()))}.html"
        (self.folder / name).write_text(_PAGE.format(head=head, script=script), "utf-8")
        return f"{self.origin}/{name}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def guess_type(self, path: object) -> str:
        return "text/javascript" if str(path).endswith("js") else "text/html"

    def log_message(self, format: str, *args: object) -> None:
        pass
