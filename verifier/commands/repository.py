"""Which repository a run is in: where its top is, and what CI says of the version it has checked out."""

from __future__ import annotations

import os

from verifier.report.uris import Repository


def repository() -> Repository:
    """The repository around the working directory; outside of any, the directory is its own top."""
    here = os.getcwd()
    url, revision, branch = _named()
    return Repository(_top(here), here, url, revision, branch)


def _top(here: str) -> str:
    """The nearest directory above that has a `.git`, which is a file in a worktree. No `git` is started for that."""
    at = here
    while not os.path.exists(os.path.join(at, ".git")):
        above = os.path.dirname(at)
        if above == at:
            return here
        at = above
    return at


def _named() -> tuple[str, str, str]:
    """Address, revision and branch, as GitHub Actions and GitLab CI say them; empty outside of both."""
    seen = os.environ
    if seen.get("GITHUB_REPOSITORY") and seen.get("GITHUB_SERVER_URL"):
        url = f"{seen['GITHUB_SERVER_URL']}/{seen['GITHUB_REPOSITORY']}"
        return url, seen.get("GITHUB_SHA", ""), seen.get("GITHUB_REF", "")
    return seen.get("CI_PROJECT_URL", ""), seen.get("CI_COMMIT_SHA", ""), seen.get("CI_COMMIT_REF_NAME", "")
