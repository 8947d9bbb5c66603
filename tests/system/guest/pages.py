# SPDX-License-Identifier: MIT
"""The code blocks of a Markdown page. An HTML comment on the line before a block says where it is run:

<!-- other machine -->             on the other machine; without a comment, on the Pi
<!-- terminal 1 -->                in a terminal of its own, while the blocks after it are run; also with "other machine, "
<!-- not run: why -->              not at all
"""

import pathlib
import re
from dataclasses import dataclass

PLACES = {"other machine", "terminal 1"}


@dataclass
class Block:
    page: str
    line: int
    section: str  # the heading of level 2
    language: str
    text: str
    where: set
    reason: str  # why it is not run, or ""

    @property
    def name(self):
        return f"{self.page}:{self.line}"


def blocks(path):
    """All blocks of a page in order: fenced ones, and shell lines that are indented by four."""
    found, section, comment, fence = [], "", "", None
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if fence:
            if line == "```":
                found.append(block(path, fence, section, lines[fence:number - 1], comment))
                fence, comment = None, ""
        elif line.startswith("```"):
            fence = number
        elif line.startswith("<!-- "):
            comment = line.removeprefix("<!-- ").removesuffix(" -->")
        elif line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.strip():
            comment = ""
    return found


def block(path, line, section, text, comment):
    language = pathlib.Path(path).read_text(encoding="utf-8").splitlines()[line - 1].removeprefix("```")
    reason = re.match(r"not run: (.+)", comment)
    where = set(comment.split(", ")) if comment and not reason else set()
    if where - PLACES:
        raise ValueError(f"{path}:{line}: unknown marker '{comment}'")
    return Block(path.name, line, section, language, "\n".join(text), where, reason[1] if reason else "")
