"""Paths as the URIs that SARIF wants: relative to the top of the repository, whoever runs the check and from where."""

from __future__ import annotations

import os

from verifier.records import dataclass

ROOT_ID = "%SRCROOT%"
"""What CodeQL and its viewers call the top of the repository."""


@dataclass(frozen=True, slots=True)
class Repository:
    """`root` is the top of the repository and `here` the directory that paths are relative to, both absolute.

    What is known of the version that was checked goes with it: `url`, `revision` and `branch`, each perhaps empty.
    """

    root: str
    here: str
    url: str = ""
    revision: str = ""
    branch: str = ""

    def artifact(self, path: str) -> dict[str, str]:
        """An `artifactLocation`. A file outside the repository keeps its absolute path, as it has no other name."""
        from urllib.parse import quote

        whole = os.path.normpath(os.path.join(self.here, path))
        inside = whole.startswith(self.root.rstrip(os.sep) + os.sep)
        if not inside:
            return {"uri": "file://" + quote(whole.replace(os.sep, "/"))}
        return {"uri": quote(os.path.relpath(whole, self.root).replace(os.sep, "/")), "uriBaseId": ROOT_ID}
