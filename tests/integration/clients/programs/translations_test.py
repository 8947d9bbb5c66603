# SPDX-License-Identifier: MIT
"""The Korean pages against the English ones: the same headings by level, the same blocks, tables of the same size and the same links,
so that neither falls behind."""

import os
import pathlib
import re
import unittest

ROOT = pathlib.Path(os.path.abspath(f"{os.path.dirname(__file__)}/../../../.."))
# Words that read like a literal translation, and what a Korean reader expects.
STILTED = {"대화하기": "MQTT로 명령 보내고 받기", "작고 단단한": "가볍고 보안이 강화된", "사건": "이벤트", "유언 메시지": "유언(Last Will) 메시지",
           "노출은 명령이": "명령을 받은 뒤에 새로 촬영합니다", "스스로 찾습니다": "자동으로 등록됩니다(MQTT Discovery)",
           "접근 목록이 거부": "접근 제어(ACL)에서 거부됨", "보내는 중이": "전송 중", "멈춤": "중지됨"}
HANGUL = re.compile(r"[가-힣]")


def pages():
    """(English, Korean) of each translated page."""
    return [(ROOT / "README.md", ROOT / "README.ko.md")] + [
        (ROOT / "docs" / page.name, page) for page in sorted((ROOT / "docs" / "ko").glob("*.md"))]


def blocks(text):
    """Fenced blocks with the marker before them, and indented commands."""
    return re.findall(r"(?:^<!--[^\n]*-->\n)?^```[^\n]*\n.*?^```$|^    [^\n]+$", text, re.MULTILINE | re.DOTALL)


def prose(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def links(page, text):
    """Where the links of a page lead, as a translated page's English twin, without the heading; in any order."""
    targets = []
    for target in re.findall(r"\]\(([^)#]*)", prose(text)):
        if "://" not in target:
            path = os.path.relpath((page.parent / target).resolve() if target else page, ROOT)
            targets.append(re.sub(r"^docs/ko/", "docs/", path).replace("README.ko.md", "README.md"))
    return sorted(targets)


class Translations(unittest.TestCase):
    def each(self):
        for english, korean in pages():
            with self.subTest(str(korean.relative_to(ROOT))):
                yield english, korean, english.read_text(encoding="utf-8"), korean.read_text(encoding="utf-8")

    def test_what_a_student_needs_is_there(self):
        names = {page.name for _, page in pages()}
        self.assertLessEqual({"README.ko.md", "tutorial.md", "receivers.md", "viewer.md", "troubleshooting.md"}, names)

    def test_headings_have_the_same_levels(self):
        for _, _, english, korean in self.each():
            levels = [re.findall(r"^(#+) ", prose(text), re.MULTILINE) for text in (english, korean)]
            self.assertEqual(levels[1], levels[0])

    def test_blocks_are_the_same(self):
        for _, _, english, korean in self.each():
            self.assertEqual(blocks(korean), blocks(english))

    def test_tables_and_lists_are_as_long(self):
        for _, _, english, korean in self.each():
            for start in ("|", "- "):
                counts = [sum(line.startswith(start) for line in prose(text).splitlines()) for text in (english, korean)]
                self.assertEqual(counts[1], counts[0], f"lines that begin with {start}")

    def test_links_lead_to_the_same_pages(self):
        for english_page, korean_page, english, korean in self.each():
            self.assertEqual(links(korean_page, korean), links(english_page, english))

    def test_it_is_korean(self):
        for _, _, _, korean in self.each():
            for line in prose(korean).splitlines():
                if re.match(r"[^\W_`|*\[]{2}", line) and len(line) > 60:
                    self.assertRegex(line, HANGUL)

    def test_nothing_reads_like_a_literal_translation(self):
        texts = [page for _, page in pages()] + [ROOT / "scripts/clients/viewer/src/texts.js"]
        for page in texts:
            text = page.read_text(encoding="utf-8")
            found = [f"{words}: write {better}" for words, better in STILTED.items() if words in text]
            self.assertEqual(found, [], page.name)


if __name__ == "__main__":
    unittest.main()
