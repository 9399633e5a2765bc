"""Who may import whom: the table of docs/architecture.md, read from the sources."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "webinar"
SHARED = {"clock", "config", "config_accounts", "errors", "text"}
MAY_IMPORT = {
    "models": {"extensions", "models"},
    "domain": {"models", "extensions", "domain"},
    "rendering": {"models", "rendering"},
    "adapters": {"adapters"},
    "jobs": {"domain", "rendering", "adapters", "extensions", "models", "jobs"},
    "web": {"domain", "rendering", "adapters", "jobs", "extensions", "models", "web"},
    "commands": {"domain", "rendering", "adapters", "jobs", "extensions", "models", "commands"}
    | {"__version__", "settings_of"},
    "demo": {"domain", "rendering", "adapters", "jobs", "extensions", "models", "demo"}
    | {"create_app", "settings_of"},
}
FLASK_FREE = ("models", "domain", "adapters", "rendering")

# Inside the domain calls go one way: a module may use those to its right, never to its left.
ORDER = (
    {"inbox_replies", "inbox_bounces", "inbox_delegations"},
    {"inbox"},
    {"overview", "series", "talks", "mailings", "mail_acts"},
    {"reminders", "reminder_plans"},
    {"deputies", "acceptances"},
    {"admissions"},
    {"office_acts", "waiting_list"},
    {"side_changes", "questions"},
    {"standing", "personal"},
    {"lapsed_signups"},
    {"signups"},
    {"participation"},
    {"askings"},
    {"notices"},
    {"registrations", "invitations"},
    {"mail"},
)


def sources(layer: str) -> list[Path]:
    return sorted((ROOT / layer).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """The dotted names that the file imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("layer", MAY_IMPORT)
def test_layer_imports_only_what_it_may(layer: str) -> None:
    allowed = MAY_IMPORT[layer] | SHARED
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(layer)
        for name in imports(path)
        if name.startswith("webinar.") and name.split(".")[1] not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("layer", FLASK_FREE)
def test_layer_knows_no_request(layer: str) -> None:
    """Flask-SQLAlchemy, Flask-Mail's transport and Flask-Security's mixin are not the request."""
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(layer)
        for name in imports(path)
        if name.split(".")[0] in ("flask", "werkzeug", "flask_wtf", "wtforms", "gunicorn")
    ]
    assert wrong == []


def test_domain_calls_go_one_way() -> None:
    wrong = []
    for place, names in enumerate(ORDER):
        above = set().union(*ORDER[:place])
        for name in sorted(names):
            found = imports(ROOT / "domain" / f"{name}.py")
            used = {item.split(".")[2] for item in found if item.startswith("webinar.domain.")}
            wrong += [f"{name} uses {left}" for left in sorted(used & above)]
    assert wrong == []


def test_nothing_but_the_command_line_imports_the_sample_setup() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if path.relative_to(ROOT).parts[0] not in ("demo", "cli.py")
        and any(name.startswith("webinar.demo") for name in imports(path))
    ]
    assert wrong == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []
