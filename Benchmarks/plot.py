"""Lines over logarithmic axes as a small SVG, laid out the same for the same figures."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 320, 70, 20, 40, 45
COLOURS = ["#0b5fa5", "#b3421b", "#2c7a3f", "#7a3f92"]


def powers(values):
    """The powers of ten that enclose positive values."""
    low = math.floor(math.log10(min(values)))
    high = math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def draw(series, columns):
    """The columns of a series over its first one."""
    lines = []
    for name in columns:
        place = series.columns.index(name)
        lines.append((name, [(point[0], point[place]) for point in series.points if point[0] and point[place]]))
    xs = [x for _, points in lines for x, _ in points]
    ys = [y for _, points in lines for _, y in points]
    x_low, x_high = math.log2(min(xs)), max(math.log2(max(xs)), math.log2(min(xs)) + 1)
    y_low, y_high = powers(ys)

    def across(x):
        return LEFT + (math.log2(x) - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)

    def down(y):
        return HEIGHT - BOTTOM - (math.log10(y) - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
    for power in range(y_low, y_high + 1):
        y = down(10.0**power)
        parts.append(f'<path d="M{LEFT} {y:.0f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{10.0**power:g}</text>')
    for x in sorted(set(xs)):
        parts.append(f'<text x="{across(x):.0f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x:,}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) // 2}" y="{HEIGHT - 8}" text-anchor="middle">'
                 f'{escape(series.columns[0])}</text>')
    for number, (name, points) in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        way = "L".join(f"{across(x):.0f} {down(y):.0f}" for x, y in points)
        parts.append(f'<path d="M{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across(x):.0f}" cy="{down(y):.0f}" r="3" fill="{colour}"/>' for x, y in points]
        parts.append(f'<text x="{LEFT}" y="{14 + 14 * number}" fill="{colour}">{escape(name)}</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"
