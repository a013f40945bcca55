"""The results of scripts/bench as Markdown, JSON and SVG."""

import dataclasses
import json
from xml.sax.saxutils import escape


@dataclasses.dataclass
class Result:
    """One case: its value in each variant, and how far base repeats itself."""

    case: str
    topic: str
    unit: str
    values: dict
    again: float


def by_topic(results):
    topics = {}
    for result in results:
        topics.setdefault(result.topic, []).append(result)
    return topics.items()


def columns(results):
    """Every variant of these results, in the order of the table of cases."""
    found = {}
    for result in results:
        found.update(dict.fromkeys(result.values))
    order = {"base": 0, "off": 1, "off-again": 2, "on": 3}
    return sorted(found, key=lambda name: order.get(name, 4))


def change(value, base):
    return f"{(value - base) / base:+.2%}".replace("%", " %").replace(
        "-0.00", "0.00").replace("+0.00", "0.00")


def table(rows):
    """Pads the columns, so that the source is readable as well."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]

    def line(row):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width)
                  for cell, width in zip(row[1:], widths[1:])]
        return f"| {' | '.join(cells)} |"

    rule = ["-" * widths[0]]
    rule += ["-" * (width - 1) + ":" for width in widths[1:]]
    return "\n".join([line(rows[0]), line(rule), *map(line, rows[1:])]) + "\n"


def markdown(results):
    out = []
    for topic, group in by_topic(results):
        names = columns(group)
        head = ["case", "unit", "base", "A/A"]
        for name in names[1:]:
            head += [name, "Δ"]
        rows = [head]
        for result in group:
            base = result.values["base"]
            row = [result.case, result.unit, f"{base:,}", f"{result.again:g}"]
            for name in names[1:]:
                value = result.values.get(name)
                row += (["–", "–"] if value is None else
                        [f"{value:,}", change(value, base)])
            rows.append(row)
        out.append(f"### {topic}\n\n{table(rows)}")
    return "\n".join(out)


def notes(command, qemu, machine, compiler, release, scatter):
    return f"""
`{command}`: {release}, compiled by {compiler}.
Base is the unpatched kernel; off, off-again and on are the patched one, with the
topic's feature off, off after it was on, and on; any other column is a peer on the
unpatched kernel. A/A: a second boot of base, minus the first. Δ: against base.

Counted by {qemu}:
`{machine}`.
Each figure is the cheapest of nine rounds in one boot; the median round costs
up to {scatter:.2%} more. Instructions see no caches, no locks and no
parallelism: Documentation/benchmarks.md says how to read them.
"""


def wall_markdown(rows):
    if not rows:
        return ""
    lines = [["case", "variant", "time/base", "lowest", "highest", "pairs"]]
    lines += [[row["case"], row["variant"], f"{row['value']:.3f}",
               f"{row['lowest']:.3f}", f"{row['highest']:.3f}",
               str(row["pairs"])] for row in rows]
    return (f"\n### Wall-clock time, {rows[0]['accel']} (secondary)\n\n"
            f"{table(lines)}")


def json_rows(rows):
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    return f"[\n{lines}\n]\n" if rows else "[]\n"


# Bars: each case against its own base, for the cases differ a hundredfold.
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .topic { font-weight: 600; font-size: 15px }
  .small { font-size: 12px; fill: #59636e }
  .base { fill: #8c959f } .off { fill: #54aeff } .on { fill: #2da44e }
  .peer { fill: #bf8700 } .rule { stroke: #d1d9e0 }
  .page { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 }
    .base { fill: #656c76 } .off { fill: #1f6feb } .on { fill: #3fb950 }
    .peer { fill: #d29922 } .rule { stroke: #3d444d } .page { fill: #0d1117 }
  }
"""
LEFT, FULL, RIGHT = 210, 420, 180
BAR, GAP = 14, 12


def svg(results):
    body, y = [], 34

    def text(x, at, words, kind="", anchor="start"):
        body.append(f'<text x="{x}" y="{at}" class="{kind}" '
                    f'text-anchor="{anchor}">{escape(words)}</text>')

    text(16, y, "Instructions, as a share of the unpatched kernel", "topic")
    for topic, group in by_topic(results):
        y += 34
        text(16, y, topic, "topic")
        y += 8
        body.append(f'<path class="rule" d="M16 {y}H{LEFT + FULL + RIGHT}"/>')
        y += GAP
        for result in group:
            base = result.values["base"]
            names = columns([result])
            text(16, y + 12, result.case)
            text(16, y + 27, result.unit, "small")
            for name in names:
                value = result.values[name]
                share = value / base
                kind = name if name in ("base", "off", "on") else (
                    "off" if name == "off-again" else "peer")
                width = max(1, round(min(share, 1.25) * FULL / 1.25))
                body.append(f'<rect class="{kind}" x="{LEFT}" y="{y}" '
                            f'width="{width}" height="{BAR}" rx="2"/>')
                label = f"{name} {value:,}"
                if name != "base":
                    label += f" ({share:.1%})"
                text(LEFT + width + 8, y + 12, label, "small")
                y += BAR + 3
            y += GAP
    width, height = LEFT + FULL + RIGHT + 16, y + 8
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}">\n'
            f"<style>{STYLE}</style>\n"
            f'<rect class="page" width="{width}" height="{height}"/>\n'
            + "\n".join(body) + "\n</svg>\n")
