"""check-links.py DOCS: pages that SUMMARY.md lacks, and links to pages that do not exist."""

import pathlib
import re
import sys

docs = pathlib.Path(sys.argv[1])
problems = []
listed = set(re.findall(r"\(([\w./-]+\.md)\)", (docs / "SUMMARY.md").read_text()))
for page in sorted(docs.glob("*.md")):
    if page.name != "SUMMARY.md" and page.name not in listed:
        problems.append(f"SUMMARY.md lacks {page.name}")
    for target in re.findall(r"\]\(([^)#]+\.md)[^)]*\)", page.read_text()):
        if not target.startswith("http") and not (docs / target).exists():
            problems.append(f"{page.name} links to {target}, which does not exist")
if problems:
    sys.exit("\n".join(problems))
