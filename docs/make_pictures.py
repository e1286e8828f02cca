"""Make the pictures of the docs from the demo's results: `make pictures`, after `make repro`. Needs chromium."""

import io
import shutil
import sys
from pathlib import Path
from typing import Any

IMAGES = Path("docs/images")
RESULTS = Path("results/demo")
WIDTH, HEIGHT = 1100, 760  # pixels of a screenshot
COLOURS = 128  # of a picture's palette, which keeps files small
SECTIONS = {"page": "answer", "page_results": "results", "page_data": "data"}  # picture -> section of the page


def main() -> None:
    """Write docs/images/*.png."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("google-chrome")
    report = RESULTS / "report.html"
    if found is None or not report.exists():
        sys.exit("install chromium (Debian: apt-get install chromium), and run `make repro` first")
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(report.resolve().as_uri())
        for name, section in SECTIONS.items():
            page.evaluate("id => document.getElementById(id).scrollIntoView()", section)
            page.wait_for_timeout(500)
            write_small(page.screenshot(), name)
        browser.close()
    write_small(pitch(), "notebook_pitch")


def pitch() -> bytes:
    """Draw the pitch and the words of one utterance, as the notebook on looking at a corpus does."""
    import matplotlib

    matplotlib.use("agg")
    import crossmodal as cm

    steps = cm.features("prosody", corpus="demo").sequence("ana-01").droplevel("end")
    words = cm.features("text", corpus="demo").sequence("ana-01").reset_index()
    axis = steps["f0_hz"].plot(figsize=(9, 2.6), xlabel="s", ylabel="Hz", title="ana-01: pitch and words")
    for word in words.itertuples():
        axis.annotate(word.text, (word.start, 0.02), xycoords=("data", "axes fraction"), rotation=60)
    buffer = io.BytesIO()
    axis.figure.savefig(buffer, dpi=100, bbox_inches="tight")
    return buffer.getvalue()


def write_small(png: bytes, name: str) -> None:
    """Write a screenshot with a palette."""
    from PIL import Image

    picture: Any = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS)
    picture.save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
