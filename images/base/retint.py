"""Makes the ASCI theme out of GTK's own Adwaita: the cheapest theme to load by far, in this project's colours."""

import colorsys
import re
import subprocess
import sys

LIBRARY = "/usr/lib/x86_64-linux-gnu/libgtk-3.so.0"
RESOURCE = "/org/gtk/libgtk/theme/Adwaita/"
TEAL_HUE = 182 / 360


def retint(match: re.Match[str]) -> str:
    """Warm greys become cool ones, blue becomes teal; lightness stays, and with it every contrast."""
    digits = match.group(1)
    red, green, blue = (int(digits[i : i + 2], 16) for i in (0, 2, 4))
    hue, light, saturation = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    if max(red, green, blue) - min(red, green, blue) < 24:
        return f"#{blue:02x}{green:02x}{red:02x}" if red > blue else match.group(0)
    if 0.55 < hue < 0.65:
        light = light * 0.62 if light < 0.6 else light
        colour = colorsys.hls_to_rgb(TEAL_HUE, light, min(saturation, 0.45))
        return "#" + "".join(f"{round(part * 255):02x}" for part in colour)
    return match.group(0)


def without_backdrop(css: str) -> str:
    """
    Drops what a window looks like while another one has the keyboard. It is a third of the theme, read by every program
    at its start, and it repaints whole windows, over the network, at each change of focus. The title bar still tells.
    """

    def keep(match: re.Match[str]) -> str:
        selectors = [part for part in match.group(1).split(",") if ":backdrop" not in part]
        return ",".join(selectors) + match.group(2) if selectors else ""

    return re.sub(r"([^{}@;]+)(\{[^{}]*\})", keep, css)


def main(source: str, extra: str) -> None:
    css = subprocess.run(
        ["gresource", "extract", LIBRARY, RESOURCE + source], check=True, capture_output=True, text=True
    ).stdout
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = without_backdrop(css)
    css = re.sub(r"#([0-9a-fA-F]{6})\b", retint, css)
    css = css.replace('url("assets/', f'url("resource://{RESOURCE}assets/')
    with open(extra, encoding="utf-8") as file:
        sys.stdout.write(css + file.read())


main(*sys.argv[1:])
