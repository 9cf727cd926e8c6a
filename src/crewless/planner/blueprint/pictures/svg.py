"""Three drawings as SVG text, without a library: they go into a page that needs no network."""

from html import escape

from crewless.planner.blueprint.model import Blueprint

_HUES = (212, 28, 145, 268, 350, 50, 185, 95, 310, 235)


def colours(blueprint: Blueprint) -> dict[str, str]:
    """Process to a CSS colour."""
    return {p.name: f"hsl({_HUES[i % len(_HUES)]} 52% 58%)" for i, p in enumerate(blueprint.processes)}


def plain(name: str) -> str:
    """A name as a person reads it."""
    return name.replace("_", " ")


def _open(width: float, height: float, name: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="{escape(name)}" font-family="system-ui,sans-serif">'
    )


def draw_plan(blueprint: Blueprint) -> str:
    """The floor from above, 1000 pixels wide; north is up."""
    layout, colour = blueprint.layout, colours(blueprint)
    s = 1000 / layout.width_m
    height = layout.depth_m * s
    process = {st.name: line.process for line in blueprint.lines for st in line.stations}
    load = {st.name: st.load_s / line.cycle_s for line in blueprint.lines for st in line.stations}
    out = [_open(1000, height + 30, "floor plan"), f'<rect width="1000" height="{height:.1f}" fill="#f4f2ee"/>']

    def rect(x: float, y: float, w: float, d: float, style: str, title: str = "") -> str:
        words = f"<title>{escape(title)}</title>" if title else ""
        return (
            f'<rect x="{x * s:.1f}" y="{height - (y + d) * s:.1f}" width="{w * s:.1f}" height="{d * s:.1f}" {style}>'
            f"{words}</rect>"
        )

    out += [rect(*a, 'fill="#dcd8d0"') for a in layout.aisles]
    out += [rect(*bad, 'fill="#b33" fill-opacity=".35"', "forbidden") for bad in blueprint.goal.forbidden]
    for p in layout.places:
        kind = process[p.station]
        style = f'class="st" data-p="{escape(kind)}" fill="{colour[kind]}" stroke="#fff" stroke-width="1"'
        out.append(rect(p.x_m, p.y_m, p.width_m, p.depth_m, style, f"{p.station}: {load[p.station]:.0%} of its cycle"))
        words = kind.replace("_", " ").split(" ")
        if p.width_m * s >= 62 and p.depth_m * s >= 34:
            x, y = (p.x_m + p.width_m / 2) * s, height - (p.y_m + p.depth_m / 2) * s
            number = p.station.rpartition("-")[2]
            lines = [*words, number]
            out += [
                f'<text x="{x:.1f}" y="{y + (i - len(lines) / 2 + 0.8) * 12:.1f}" font-size="11" fill="#1d1d1d" '
                f'text-anchor="middle" pointer-events="none">{escape(line)}</text>'
                for i, line in enumerate(lines)
            ]
    bar = 10 ** (len(str(int(layout.width_m / 4))) - 1)
    out.append(f'<path d="M4 {height + 12:.1f}h{bar * s:.1f}" stroke="#333" stroke-width="3"/>')
    out.append(f'<text x="{bar * s + 12:.1f}" y="{height + 17:.1f}" font-size="14" fill="#333">{bar} m</text></svg>')
    return "".join(out)


def draw_construction(blueprint: Blueprint) -> str:
    """A Gantt chart: a row for every process, its lines' steps on top of each other."""
    colour = colours(blueprint)
    of_line = {line.name: line.process for line in blueprint.lines}
    rows = list(dict.fromkeys(of_line[step.line] for step in blueprint.construction))
    end = max(step.end_h for step in blueprint.construction)
    left, width, row_height = 170, 820, 48
    height = len(rows) * row_height + 40
    out = [_open(1000, height, "construction")]
    step_h = nice(end / 8)
    tick = 0.0
    while tick <= end:
        x = left + tick / end * width
        out.append(f'<path d="M{x:.1f} 0V{height - 30}" stroke="#ddd"/>')
        out.append(
            f'<text x="{x:.1f}" y="{height - 12}" font-size="13" fill="#555" text-anchor="middle">{tick:g} h</text>'
        )
        tick += step_h
    opacity = {"foundation": 0.35, "install": 0.65, "commission": 1.0}
    for number, name in enumerate(rows):
        y = number * row_height
        out.append(f'<text x="4" y="{y + 26}" font-size="13" fill="#222">{escape(plain(name))}</text>')
        steps = [step for step in blueprint.construction if of_line[step.line] == name]
        phases = list(opacity)
        for step in steps:
            phase = step.name.split(" ")[0]
            x, w = left + step.start_h / end * width, max(0.8, (step.end_h - step.start_h) / end * width)
            lane = phases.index(phase) if phase in phases else 0
            out.append(
                f'<rect class="st" data-p="{escape(name)}" x="{x:.1f}" y="{y + 3 + lane * 14}" width="{w:.1f}" height="12" rx="1.5" fill="{colour[name]}" '
                f'fill-opacity="{opacity.get(phase, 1)}" stroke="#fff" stroke-width=".4"><title>{escape(step.name)}: '
                f"{step.start_h:.0f} to {step.end_h:.0f} h, {step.robots} robots</title></rect>"
            )
    return "".join(out) + "</svg>"


def nice(value: float) -> float:
    """1, 2 or 5 times a power of ten, not less than the value."""
    power = 1e-3
    while True:
        for m in (1, 2, 5):
            if m * power >= value:
                return m * power
        power *= 10


def draw_flow(blueprint: Blueprint) -> str:
    """A Sankey diagram of mass: bought parts at the left, shipped products at the right, tonnes a year."""
    colour = colours(blueprint)
    mass = {p.name: p.mass_kg / 1000 for p in blueprint.parts}
    flow = {f.part: f for f in blueprint.flows}
    made = {p.makes: p for p in blueprint.processes if p.makes in flow}
    depth: dict[str, int] = {}

    def level(part: str) -> int:
        if part not in depth:
            depth[part] = 1 + max((level(c) for c in made[part].consumes), default=-1) if part in made else 0
        return depth[part]

    for part in flow:
        level(part)
    links = [(c, p.makes, flow[p.makes].started * n * mass[c]) for p in made.values() for c, n in p.consumes.items()]
    size = {
        part: max(
            (f.made + f.bought + f.from_stock) * mass[part], sum(v for _, to, v in links if to == part)
        ) for part, f in flow.items()
    }  # fmt: skip
    columns = max(depth.values()) + 1
    stacks: list[list[str]] = [[] for _ in range(columns)]
    for part in sorted(flow, key=lambda one: -size[one]):
        stacks[depth[part]].append(part)
    # Each column is put in the order of what it feeds, or is fed by, so that bands cross less.
    rank = {part: i for stack in stacks for i, part in enumerate(stack)}
    for number in range(columns - 2, -1, -1):
        user = {a: b for a, b, _ in links}
        stacks[number].sort(key=lambda one: (rank.get(user.get(one, ""), 0), -size[one]))
        rank.update({part: i for i, part in enumerate(stacks[number])})
    gap = 24
    height = max(420, max(len(stack) for stack in stacks) * (gap + 4) + 200)
    scale = min((height - 20 - gap * len(stack)) / max(sum(size[p] for p in stack), 1e-9) for stack in stacks)
    step = 760 / max(1, columns - 1)
    at: dict[str, float] = {}
    out = [_open(1000, height, "material flow")]
    for stack in stacks:
        used = sum(max(2, size[p] * scale) + gap for p in stack)
        y = (height - used) / 2 + gap / 2
        for part in stack:
            at[part] = y
            y += max(2, size[part] * scale) + gap
    leave, enter = dict(at), dict(at)
    for a, b, tonne in sorted(links, key=lambda one: (at[one[0]], at[one[1]])):
        w = max(0.6, tonne * scale)
        x0, x1 = 20 + depth[a] * step + 12, 20 + depth[b] * step
        y0, y1, middle = leave[a] + w / 2, enter[b] + w / 2, (x0 + x1) / 2
        leave[a] += tonne * scale
        enter[b] += tonne * scale
        out.append(
            f'<path class="st" data-p="{escape(made[b].name)}" d="M{x0:.1f} {y0:.1f}C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}" fill="none" '
            f'stroke="{colour[made[b].name]}" stroke-opacity=".45" stroke-width="{w:.1f}">'
            f"<title>{escape(plain(a))} to {escape(plain(b))}: {tonne:,.0f} t a year</title></path>"
        )
    for part in flow:
        x, h = 20 + depth[part] * step, max(2, size[part] * scale)
        shade = colour[made[part].name] if part in made else "#777"
        out.append(f'<rect x="{x:.1f}" y="{at[part]:.1f}" width="12" height="{h:.1f}" fill="{shade}"/>')
        out.append(
            f'<text x="{x + 16:.1f}" y="{at[part] + h / 2 + 4:.1f}" font-size="12" fill="#222" stroke="#fff" '
            f'stroke-width="3" paint-order="stroke">{escape(plain(part))} {size[part]:,.0f} t</text>'
        )
    return "".join(out) + "</svg>"
