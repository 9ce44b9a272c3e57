"""Tests of check_pages.py: it finds what is wrong with a page, and nothing with a sound one."""

import pathlib
import shutil
import tempfile
import unittest

import check_pages

SOUND = """<!DOCTYPE html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-none'">
<meta name="viewport" content="width=device-width"></head><body style="margin:0"><p>A sound page.</p>
<figure id="chart-a" style="width:340px;margin:0"><svg class="chart" viewBox="0 0 340 100" width="340"><text x="10" y="40">one</text><text x="100" y="40">two</text></svg></figure></body></html>"""


@unittest.skipUnless(any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")), "there is no Chromium")
class Looking(unittest.TestCase):
    def faults(self, page: str) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "page.html"
            path.write_text(page, encoding="utf-8")
            return check_pages.check(check_pages.browser(), path)

    def assert_found(self, page: str, *words: str):
        found = self.faults(page)
        for word in words:
            self.assertTrue(any(word in fault for fault in found), f"{word} is not in {found}")

    def test_a_sound_page_has_no_faults(self):
        self.assertEqual(self.faults(SOUND), [])

    def test_text_that_covers_text_in_a_chart_and_beside_it_is_found(self):
        page = SOUND.replace('x="100"', 'x="20"').replace("<p>A", '<p style="margin:0 0 -1.1em">over</p><p style="margin:0">A')
        self.assert_found(page, 'chart-a "one" and "two"', '"over" and "A sound page."')

    def test_what_is_wider_than_a_telephone_is_found_there_and_not_on_a_desk(self):
        found = self.faults(SOUND.replace("<p>A", '<p style="width:600px;white-space:nowrap">wide</p><p>A'))
        self.assertTrue(any(fault.startswith("390 pixels") and "wider than the screen" in fault for fault in found), found)
        self.assertFalse(any(fault.startswith("1280 pixels") for fault in found), found)

    def test_text_outside_its_figure_and_letters_too_small_are_found(self):
        self.assert_found(SOUND.replace('x="10" y="40"', 'x="330" y="40"').replace('<text x="100"', '<text font-size="5" x="100"'), "leaves its figure", "too small")

    def test_what_the_policy_refuses_and_errors_of_programs_are_found(self):
        self.assert_found(SOUND.replace("</body>", "<script>alert(1)</script></body>"), "console")

    def test_what_loads_from_elsewhere_is_found(self):
        self.assert_found(SOUND.replace("</body>", '<img src="https://example.org/x.png"></body>'), "asks for something outside itself")


if __name__ == "__main__":
    unittest.main()
