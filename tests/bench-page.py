#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that a page of ovs-stt-bench and its pictures are well-formed, do
nothing but show themselves, and need nothing from elsewhere.  Prints the text,
a line for each block; for each picture the alternative text, the words in the
picture, and how many variants of it there are.
"""

import base64
import html.parser
import re
import sys
import xml.etree.ElementTree

VOID = {"img", "meta", "source"}
KNOWN = VOID | {
    "body", "caption", "code", "dd", "dl", "dt", "figcaption", "figure", "h1",
    "h2", "h3", "head", "html", "li", "main", "p", "picture", "pre", "section",
    "style", "table", "tbody", "td", "th", "thead", "title", "tr", "ul", "div"}
ATTRIBUTES = {
    "alt", "aria-label", "charset", "class", "colspan", "content",
    "http-equiv", "lang", "media", "name", "role", "scope", "src", "srcset",
    "tabindex"}
BLOCKS = {"caption", "dd", "dt", "h1", "h2", "h3", "li", "p", "pre", "title",
          "tr"}
SVG = "data:image/svg+xml;base64,"


def picture(uri):
    """Returns the words in a picture, having checked it."""
    if not uri.startswith(SVG):
        sys.exit("not within the page: " + uri[:60])
    svg = xml.etree.ElementTree.fromstring(
        base64.b64decode(uri[len(SVG):], validate=True))
    words = []
    for element in svg.iter():
        tag = element.tag.rsplit("}")[-1]
        if tag not in ("svg", "defs", "style", "clipPath", "g", "path", "rect",
                       "text", "use"):
            sys.exit("a picture has <%s>" % tag)
        for name, value in element.items():
            if re.search(r"on\w+$", name) or (name.endswith("href")
                                              and value[0] != "#"):
                sys.exit("a picture has %s=%s" % (name, value))
        if tag == "text":
            words.append(element.text)
    return words


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open = []
        self.lines = []
        self.text = ""
        self.variants = []

    def handle_decl(self, decl):
        if decl != "DOCTYPE html":
            sys.exit("declares " + decl)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag not in KNOWN or len(attributes) != len(attrs):
            sys.exit("unexpected: " + self.get_starttag_text())
        for name, value in attrs:
            if name not in ATTRIBUTES or value is None:
                sys.exit("attribute %s: %s" % (name, self.get_starttag_text()))
            if name in ("src", "srcset"):
                self.variants.append(picture(value))
        if tag == "html" and attributes.get("lang") != "en":
            sys.exit("the language is missing")
        if tag == "img":
            self.lines.append("img: %s | %s | %d variants" % (
                attributes["alt"], " ".join(self.variants[-1]),
                len(self.variants)))
            self.variants = []
        if tag not in VOID:
            self.open.append(tag)
        if tag in BLOCKS:
            self.text = ""

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            sys.exit("</%s> at %d:%d" % (tag, *self.getpos()))
        if tag in BLOCKS:
            self.lines.append("%s: %s" % (tag, self.text.rstrip(" |")))
        elif tag in ("td", "th"):
            self.text += " | "

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            if re.search(r"url|@import", data):
                sys.exit("a style that loads something")
        elif data.strip():
            if not BLOCKS & set(self.open):
                sys.exit("text in no block: " + data)
            self.text += " ".join(data.split())

    def close(self):
        super().close()
        if self.open:
            sys.exit("not closed: " + " ".join(self.open))


def main():
    page = Page()
    with open(sys.argv[1], encoding="utf-8") as file:
        page.feed(file.read())
    page.close()
    print("\n".join(page.lines).replace("\u00a0", " "))


if __name__ == "__main__":
    main()
