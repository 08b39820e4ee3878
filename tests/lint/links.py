"""Links of the Markdown files: what a relative one names is there, with the heading behind its '#'; an absolute one leads to no made-up host;
and every page of docs/ is found by someone who begins at README.md."""
import os
import re
from urllib.parse import urlsplit

from tree import ROOT, finish

SKIPPED = re.compile(r"^(build.*|\.git|shared|subprojects)$")
MADE_UP = re.compile(r"(^|\.)(example|example\.(com|org|net)|invalid|test|localhost|local)$|^[\d.]+$|^\w+$")


def pages():
	"""Paths relative to the root."""
	for place, folders, names in os.walk(ROOT):
		folders[:] = [name for name in folders if not SKIPPED.match(name)]
		yield from (os.path.relpath(os.path.join(place, name), ROOT) for name in names if name.endswith(".md"))


def prose(path):
	"""The text without what is code: neither links nor headings are meant there."""
	with open(os.path.join(ROOT, path), encoding="utf-8") as f:
		text = re.sub(r"^(```|~~~).*?^\1$", "", f.read(), flags=re.M | re.S)
	return "\n".join("" if re.match(r"(    |\t)(?! *[-*])", line) else line for line in text.split("\n"))


def anchors(text):
	"""What headings are called in links: lower case, without punctuation, with hyphens for spaces; the second of a name gets -1."""
	found = {}
	for heading in re.findall(r"^#{1,6} +(.+?) *#*$", text, re.M):
		heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
		name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
		number = found.get(name, 0)
		found[name] = number + 1
		yield f"{name}-{number}" if number else name
	yield from re.findall(r'<a (?:id|name)="([^"]+)"', text)


def links(text):
	text = re.sub(r"`[^`\n]*`", "", text)
	yield from re.findall(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)", text)
	yield from re.findall(r"^\[[^\]]+\]:\s+(\S+)", text, re.M)
	yield from re.findall(r'(?:src|srcset|href)="([^"]+)"', text)
	yield from re.findall(r"<(https?://[^>\s]+)>", text)


def complaint(page, link):
	"""(what is wrong or None, the page that the link leads to or None)"""
	parts = urlsplit(link)
	if parts.scheme in ("http", "https"):
		return (f"{link} leads nowhere", None) if MADE_UP.search(parts.hostname or "") else (None, None)
	if parts.scheme or link.startswith("/"):
		return f"{link} is neither relative nor of the web", None
	target = os.path.normpath(os.path.join(os.path.dirname(page), parts.path)) if parts.path else page
	if target.startswith("..") or not os.path.exists(os.path.join(ROOT, target)):
		return f"{link} is not there", None
	if parts.fragment and (not target.endswith(".md") or parts.fragment not in anchors(prose(target))):
		return f"{link}: there is no such heading", target
	return None, target


complaints, leads_to = [], {}
for page in sorted(pages()):
	for link in links(prose(page)):
		what, target = complaint(page, link)
		complaints += [f"{page}: {what}"] if what else []
		leads_to.setdefault(page, set()).add(target)
if len(leads_to.get("README.md", ())) < 5:
	complaints.append("README.md: its links were not found")
found, waiting = set(), ["README.md"]
while waiting:
	page = waiting.pop()
	if page not in found:
		found.add(page)
		waiting += [t for t in leads_to.get(page, ()) if t]
complaints += [f"{page}: no link leads here from README.md" for page in sorted(pages()) if page.startswith("docs/") and page not in found]
finish("links", complaints)
