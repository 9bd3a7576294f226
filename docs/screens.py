"""The screenshots of docs/html.md, taken in Chromium: `python docs/screens.py`, and look at them."""

from __future__ import annotations

import base64
import os
import shutil
import struct
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
SCREENS = ROOT / "docs" / "screens"
WIDE, NARROW = 1120, 400
LARGEST = 150_000
"""Bytes of a picture: everybody who clones the repository gets them all."""

SHOTS = (
    ("race", "models/double-checked-locking.yaml", "", WIDE, "light", "#schedules"),
    ("deadlock", "models/rwmutex-recursive-rlock.yaml", "", WIDE, "light", "#schedules"),
    (
        "linearizability",
        "models/linearizable/rwmutex-unchecked.yaml",
        "Home ArrowRight ArrowRight ArrowRight ArrowRight ArrowRight",
        WIDE,
        "dark",
        "#schedules",
    ),
    ("proof", "models/rwmutex.yaml", "", WIDE, "light", "#coverage"),
    ("narrow", "models/rwmutex-recursive-rlock.yaml", "", NARROW, "dark", ".strip"),
)
"""Name, model, keys pressed, width, colours, and the element with which the picture ends."""


def main() -> int:
    """Take them all; with a name only that one."""
    browser = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
    if browser is None:
        print("no Chromium on this machine (apt-get install chromium)", file=sys.stderr)
        return 1
    SCREENS.mkdir(exist_ok=True)
    os.chdir(ROOT)
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        for name, size in _taken(browser, Path(folder), [s for s in SHOTS if not wanted or s[0] in wanted]):
            print(f"docs/screens/{name}.png  {size:,} bytes{'  TOO LARGE' if size > LARGEST else ''}")
    return 0


def _taken(browser: str, folder: Path, shots: list[tuple[str, str, str, int, str, str]]) -> Iterator[tuple[str, int]]:
    from playwright.sync_api import sync_playwright

    from verifier.cli import main as verify

    with sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        for name, model, keys, width, colours, last in shots:
            page = folder / f"{name}.html"
            verify([model, "--format", "html", "-o", str(page)])
            view: Any = {"width": width, "height": 900}
            opened = chromium.new_context(viewport=view, color_scheme=colours, offline=True).new_page()
            opened.goto(page.as_uri())
            for key in keys.split():
                opened.keyboard.press(key)
            box = opened.locator(last).first.bounding_box()
            assert box is not None
            clip: Any = {"x": 0, "y": 0, "width": width, "height": box["y"] + box["height"] + 24}
            target = SCREENS / f"{name}.png"
            target.write_bytes(_small(chromium, opened.screenshot(full_page=True, clip=clip)))
            yield name, target.stat().st_size
        chromium.close()


FEW = """async (picture) => {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob());
  const { width, height } = image;
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const pixels = new Uint32Array(canvas.getImageData(0, 0, width, height).data.buffer);
  const used = new Map();
  for (const p of pixels) used.set(p, (used.get(p) || 0) + 1);
  const palette = [...used].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, 200).map(([p]) => p);
  const parts = (p) => [p & 255, (p >> 8) & 255, (p >> 16) & 255];
  const far = (p, q) => parts(p).reduce((sum, v, n) => sum + (v - parts(q)[n]) ** 2, 0);
  const near = new Map();
  const nearest = (p) => palette.reduce((best, q, n) => far(p, q) < far(p, palette[best]) ? n : best, 0);
  for (const p of used.keys()) near.set(p, nearest(p));
  let text = "";
  for (const p of pixels) text += String.fromCharCode(near.get(p));
  return { width, height, palette: palette.map(parts).flat(), indices: btoa(text) };
}"""


def _small(chromium: Any, picture: bytes) -> bytes:
    """A PNG in its 200 most frequent colours, which takes half the room."""
    page = chromium.new_page()
    made = page.evaluate(FEW, base64.b64encode(picture).decode())
    page.close()
    width, height, indices = made["width"], made["height"], base64.b64decode(made["indices"])
    rows = b"".join(b"\0" + indices[n * width : (n + 1) * width] for n in range(height))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", bytes(made["palette"])),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    chunks = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


if __name__ == "__main__":
    sys.exit(main())
