"""A state graph as SVG: a column of spots for each distance from the start, the current schedule drawn over it."""

from __future__ import annotations

from itertools import pairwise

from verifier.evidence.exhibit import Exhibit
from verifier.evidence.picture import Arrow, Picture
from verifier.report.html.markup import Markup, tag
from verifier.report.html.shown import Shown
from verifier.report.lines import number

Point = tuple[int, int]
RADIUS, MARGIN, ROW = 9, 26, 26
SWEEPS = 6
"""How often the columns are sorted by their neighbours, there and back."""
MARKS = {"start": "start", "done": "everybody has returned", "stuck": "nobody can move", "fails": "the step fails"}


def graphs(exhibit: Exhibit, schedules: list[Shown]) -> Markup | None:
    """The section with every picture; the first is shown until a schedule of another one is chosen."""
    if not exhibit.pictures:
        return None
    figures = [_figure(n, p, schedules) for n, p in enumerate(exhibit.pictures)]
    return tag("section", tag("h2", "State graph"), figures, id="graph")


def _figure(n: int, picture: Picture, schedules: list[Shown]) -> Markup:
    kind = "" if picture.lowering == "abstract" else f" ({picture.lowering})"
    size = f"{number(picture.states, 'state')}, {number(picture.steps, 'step')}{kind}. " if picture.states else ""
    words = picture.folded or f"{size}Every state is a spot, every step an arrow."
    if not picture.spots:
        return tag("figure", tag("figcaption", picture.folded), class_="graph", data_picture=n)
    return tag(
        "figure",
        tag("figcaption", words, _legend(picture)),
        tag("div", _svg(n, picture, schedules), class_="scroll", tabindex=0, role="region", aria_label="State graph"),
        tag("p", class_="spot-says", aria_live="off"),
        class_="graph",
        data_picture=n,
        hidden=n > 0,
    )


def _legend(picture: Picture) -> Markup:
    used = {s.mark for s in picture.spots}
    items = [tag("span", tag("i", class_=f"key {m}"), words) for m, words in MARKS.items() if m in used]
    path = tag("span", tag("i", class_="key on"), "the schedule") if picture.paths else None
    return tag("span", items, path, class_="legend")


def _svg(n: int, picture: Picture, schedules: list[Shown]) -> Markup:
    at, width, height = layout(picture)
    first = next((p for s in schedules for name, p in picture.paths if name == s.trace.path), ())
    on = set(first)
    steps = set(pairwise(first))
    arrows = [_arrow(n, a, at, (a.source, a.target) in steps) for a in picture.arrows]
    spots = [_spot(i, picture, at[i], i in on) for i in range(len(picture.spots))]
    words = f"State graph of {number(len(picture.spots), 'spot')} and {number(len(picture.arrows), 'arrow')}. "
    words += "Hover over a spot to see where goroutines stand; the current schedule is in the timeline above."
    size: dict[str, int | str] = {"width": width, "height": height, "viewBox": f"0 0 {width} {height}"}
    return tag("svg", _heads(n), tag("g", arrows), tag("g", spots), role="img", aria_label=words, **size)


def _heads(n: int) -> Markup:
    return tag(
        "defs",
        [
            tag(
                "marker",
                tag("path", d="M0,0 L7,3 L0,6 z"),
                id=f"head-{n}{kind}",
                class_=f"head{kind}",
                markerWidth=7,
                markerHeight=6,
                refX=7,
                refY=3,
                orient="auto",
                markerUnits="userSpaceOnUse",
            )
            for kind in ("", "-on")
        ],
    )


def layout(picture: Picture) -> tuple[list[Point], int, int]:
    """Where each spot is, and the size of the drawing. The same for the same picture, on every machine."""
    columns: dict[int, list[int]] = {}
    for n, spot in enumerate(picture.spots):
        columns.setdefault(spot.depth, []).append(n)
    _sort(columns, picture.arrows)
    deepest = max(columns)
    tallest = max(map(len, columns.values()))
    wide = min(max(1040 // max(deepest, 1), 44), 96)
    at: list[Point] = [(0, 0)] * len(picture.spots)
    for depth, spots in columns.items():
        for n, spot_number in enumerate(spots):
            at[spot_number] = (MARGIN + wide * depth, MARGIN + ROW * n + ROW * (tallest - len(spots)) // 2)
    return at, 2 * MARGIN + wide * deepest, 2 * MARGIN + ROW * (tallest - 1) + 8


def _sort(columns: dict[int, list[int]], arrows: tuple[Arrow, ...]) -> None:
    """Bring spots beside their neighbours, column by column (Sugiyama's barycentres); ties stay as they were."""
    near: dict[int, list[int]] = {}
    for a in arrows:
        near.setdefault(a.source, []).append(a.target)
        near.setdefault(a.target, []).append(a.source)
    depth = {n: d for d, spots in columns.items() for n in spots}
    for sweep in range(SWEEPS):
        order = sorted(columns) if sweep % 2 == 0 else sorted(columns, reverse=True)
        side = -1 if sweep % 2 == 0 else 1
        for d in order:
            others = columns.get(d + side, [])
            # Heights from the middle: columns are drawn centred.
            height = {n: 2 * i - len(others) for i, n in enumerate(others)}
            own = {n: 2 * i - len(columns[d]) for i, n in enumerate(columns[d])}
            middle: dict[int, float] = {}
            for n in columns[d]:
                heights = [height[m] for m in near.get(n, ()) if depth[m] == d + side]
                middle[n] = sum(heights) / len(heights) if heights else own[n]
            columns[d].sort(key=lambda n, middle=middle: middle[n])  # type: ignore[misc]


def _arrow(n: int, arrow: Arrow, at: list[Point], on: bool) -> Markup:
    return tag(
        "g",
        tag("title", "\n".join(arrow.says)),
        tag(
            "path",
            d=_curve(at[arrow.source], at[arrow.target]),
            marker_end=f"url(#head-{n}{'-on' if on else ''})",
        ),
        class_="arrow on" if on else "arrow",
        data_arrow=f"{arrow.source}-{arrow.target}",
    )


def _curve(a: Point, b: Point) -> str:
    """From the rim of one spot to that of the other: straight on to the right, in a bow back or up and down."""
    (ax, ay), (bx, by) = a, b
    if a == b:
        return f"M{ax - 5},{ay - 8} C{ax - 16},{ay - 24} {ax + 16},{ay - 24} {ax + 5},{ay - 8}"
    if bx > ax:
        bend = (bx - ax) // 2
        return f"M{ax + RADIUS},{ay} C{ax + bend},{ay} {bx - bend},{by} {bx - RADIUS - 1},{by}"
    if bx == ax:
        side = RADIUS + 10
        return f"M{ax + RADIUS},{ay} C{ax + side},{ay} {bx + side},{by} {bx + RADIUS + 1},{by}"
    below = max(ay, by) + ROW
    return f"M{ax},{ay + RADIUS} C{ax},{below} {bx},{below} {bx},{by + RADIUS + 1}"


def _spot(n: int, picture: Picture, at: Point, on: bool) -> Markup:
    spot = picture.spots[n]
    many = "" if spot.states == 1 else f"{spot.states:,} states\n"
    state = f"{MARKS[spot.mark]}\n" if spot.mark else ""
    classes = " ".join(c for c in ("spot", spot.mark, "on" if on else "") if c)
    x, y = at
    return tag(
        "g",
        tag("title", state + many + "\n".join(spot.says)),
        tag("circle", cx=x, cy=y, r=RADIUS if on else RADIUS - 3),
        tag("text", x=x, y=y + 3, class_="step"),
        class_=classes,
        data_spot=n,
    )
