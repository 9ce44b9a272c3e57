#!/usr/bin/env python3
"""Opens pages in headless Chromium and looks at them as a reader would: Scripts/check_pages.py PAGE.html ...

Every page is opened 1280 and 390 pixels wide, in light and dark. Errors of the console, text that covers text or leaves its
figure, anything wider than the screen, letters too small to read, marks that show nothing when focused: each is a failure.
It is printed, too.
"""

import base64
import hashlib
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

WIDTHS = (1280, 390)
SCHEMES = {"light": "1", "dark": "0"}

# Runs inside the page and reports to the one around it.
LOOK = r"""
addEventListener('load', function () {
  var faults = [], root = document.documentElement, wide = root.clientWidth;
  function fault(kind, what) { if (faults.length < 40) faults.push(kind + ': ' + what); }
  // Corners of a text, turned ones included.
  function corners(text) {
    var box = text.getBBox(), matrix = text.getScreenCTM();
    return [[0, 0], [1, 0], [1, 1], [0, 1]].map(function (c) {
      // Letters rarely fill the line: its upper and lower fifth may touch.
      var p = new DOMPoint(box.x + c[0] * box.width, box.y + box.height * (0.2 + 0.6 * c[1])).matrixTransform(matrix);
      return [p.x, p.y];
    });
  }
  function apart(a, b) {
    return [a, b].some(function (shape) {
      return shape.some(function (p, i) {
        var q = shape[(i + 1) % 4], normal = [q[1] - p[1], p[0] - q[0]];
        var length = Math.hypot(normal[0], normal[1]) || 1;
        function spread(points) {
          var along = points.map(function (r) { return (r[0] * normal[0] + r[1] * normal[1]) / length; });
          return [Math.min.apply(null, along), Math.max.apply(null, along)];
        }
        var s = spread(a), t = spread(b);
        return s[1] <= t[0] + 0.5 || t[1] <= s[0] + 0.5;
      });
    });
  }
  document.querySelectorAll('svg.chart').forEach(function (chart) {
    if (!chart.getClientRects().length) return;
    var figure = chart.closest('figure').getBoundingClientRect(), id = chart.closest('figure').id;
    var texts = Array.from(chart.querySelectorAll('text')).map(function (text) {
      return { text: text.textContent, shape: corners(text), size: parseFloat(getComputedStyle(text).fontSize) * Math.hypot(text.getScreenCTM().a, text.getScreenCTM().b) };
    });
    texts.forEach(function (one, i) {
      one.shape.forEach(function (p) {
        if (p[0] < figure.left + 1 || p[0] > figure.right - 1 || p[1] < figure.top || p[1] > figure.bottom) fault('leaves its figure', id + ' "' + one.text + '"');
      });
      if (one.size < 8.5) fault('too small', id + ' "' + one.text + '" ' + one.size.toFixed(1) + ' pixels');
      for (var j = i + 1; j < texts.length; j++) if (!apart(one.shape, texts[j].shape)) fault('text covers text', id + ' "' + one.text + '" and "' + texts[j].text + '"');
    });
  });

  // Lines of text outside the charts, first as the page opens and then with all its tables opened.
  function look(when) {
    var walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), boxes = [], node;
    if (root.scrollWidth > wide) fault('wider than the screen', root.scrollWidth + ' of ' + wide + ' pixels' + when);
    while ((node = walker.nextNode())) {
      var parent = node.parentElement, closed = parent.closest('details:not([open])');
      if (!node.textContent.trim() || parent.closest('svg,script,style') || (closed && !parent.closest('summary'))) continue;
      var range = document.createRange();
      range.selectNodeContents(node);
      var frame = parent.closest('.scroll'), edge = frame && frame.getBoundingClientRect();
      Array.from(range.getClientRects()).forEach(function (box) {
        // Of a table that scrolls a reader sees what its frame shows.
        if (edge) box = new DOMRect(Math.max(box.left, edge.left), box.top, Math.min(box.right, edge.right) - Math.max(box.left, edge.left), box.height);
        if (box.width > 1 && box.height > 1) boxes.push({ box: box, text: node.textContent.trim().slice(0, 40), scrolls: !!frame });
      });
    }
    boxes.sort(function (a, b) { return a.box.top - b.box.top; });
    boxes.forEach(function (one, i) {
      if (!one.scrolls && one.box.right > wide + 1) fault('leaves the screen', '"' + one.text + '"' + when);
      for (var j = i + 1; j < boxes.length && boxes[j].box.top < one.box.bottom; j++) {
        var a = one.box, b = boxes[j].box, inset = Math.min(a.height, b.height) * 0.25;
        if (a.left + 1 < b.right && b.left + 1 < a.right && a.top + inset < b.bottom - inset && b.top + inset < a.bottom - inset)
          fault('text covers text', '"' + one.text + '" and "' + boxes[j].text + '"' + when);
      }
    });
  }
  look('');

  // The keyboard reaches a mark, and the next one.
  var chart = Array.from(document.querySelectorAll('svg.chart')).find(function (c) { return c.getClientRects().length && c.querySelectorAll('.mark').length > 1; });
  if (chart) {
    var marks = chart.querySelectorAll('.mark'), tip = document.querySelector('.tip');
    marks[0].focus();
    if (document.activeElement !== marks[0]) fault('keyboard', 'the first mark takes no focus');
    if (!tip || tip.hidden || !tip.textContent) fault('keyboard', 'a focused mark shows no tip');
    marks[0].dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
    if (document.activeElement !== marks[1]) fault('keyboard', 'an arrow does not lead to the next mark');
    marks[1].blur();
  }
  document.querySelectorAll('details').forEach(function (details) { details.open = true; });
  look(', tables open');
  parent.postMessage(JSON.stringify(faults), '*');
});
"""

AROUND = """<!DOCTYPE html><body style="margin:0"><iframe src="page.html" width="{width}" height="900" style="border:0"></iframe><pre id="faults"></pre>
<script>addEventListener('message', function (event) {{ document.getElementById('faults').textContent = event.data; }});</script>"""


def browser() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    sys.exit("error: there is no Chromium; install the package chromium")


def with_look(page: str) -> str:
    """The page with the script above in it, which its own policy has to name."""
    digest = base64.b64encode(hashlib.sha256(LOOK.encode()).digest()).decode()
    allowed = page.replace("script-src '", f"script-src 'sha256-{digest}' '", 1)
    assert allowed != page, "the page has no content security policy"
    return allowed.replace("</body>", f"<script>{LOOK}</script></body>", 1)


def run(program: str, folder: str, *arguments: str) -> subprocess.CompletedProcess:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--allow-file-access-from-files", f"--user-data-dir={folder}/profile",
             "--enable-logging=stderr", "--hide-scrollbars"]
    return subprocess.run([program, *flags, *arguments], capture_output=True, text=True, timeout=120)


def console(errors: str) -> list[str]:
    return [line.split("CONSOLE", 1)[1] for line in errors.splitlines() if "CONSOLE" in line]


def check(program: str, path: pathlib.Path) -> list[str]:
    page = path.read_text(encoding="utf-8")
    faults = []
    if urls := re.findall(r"""(?:src|href)\s*=\s*["'](?!#|data:)([^"']*)""", page) + re.findall(r"url\((?!#)[^)]*\)|@import[^;]*", page):
        faults.append(f"asks for something outside itself: {urls[0]}")
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "page.html").write_text(with_look(page), encoding="utf-8")
        for width in WIDTHS:
            (pathlib.Path(folder) / "around.html").write_text(AROUND.format(width=width), encoding="utf-8")
            for scheme, number in SCHEMES.items():
                done = run(program, folder, f"--blink-settings=preferredColorScheme={number}", f"--window-size={max(width, 500)},900", "--virtual-time-budget=4000",
                           "--dump-dom", f"file://{folder}/around.html")
                found = re.search(r'<pre id="faults">(.*?)</pre>', done.stdout, re.S)
                told = json.loads(html.unescape(found.group(1))) if found and found.group(1) else ["the page did not report: it was not opened"]
                faults += [f"{width} pixels, {scheme}: {fault}" for fault in told + [f"console{line}" for line in console(done.stderr)]]
        printed = pathlib.Path(folder) / "page.pdf"
        done = run(program, folder, "--no-pdf-header-footer", f"--print-to-pdf={printed}", f"file://{path.resolve()}")
        if not printed.exists() or not printed.read_bytes().startswith(b"%PDF"):
            faults.append("it cannot be printed")
        faults += [f"printed: console{line}" for line in console(done.stderr)]
    return faults


def main() -> int:
    paths = [pathlib.Path(name) for name in sys.argv[1:]]
    if not paths:
        sys.exit(__doc__)
    program, bad = browser(), 0
    for path in paths:
        faults = check(program, path)
        print(f"{path}: {'sound' if not faults else f'{len(faults)} faults'}, {path.stat().st_size / 1e6:.2f} MB")
        for fault in faults:
            print(f"  {fault}")
        bad += bool(faults)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
