"""Parts of web pages. Every widget carries ``data-op``, by which the operator finds it; nothing of it can be seen."""

import html
from collections.abc import Iterable, Sequence

from benchmarks.jobs.drift import Drift
from benchmarks.jobs.german import GERMAN
from benchmarks.jobs.looks import css

esc = html.escape


class Ui:
    """Makes pages in one look, under one drift.

    Args:
        title: the program's name.
        look: one of LOOKS.
        drift: how it differs from what was recorded.
    """

    def __init__(self, title: str, look: str, drift: Drift) -> None:
        self.title, self.look, self.drift = title, drift.look or look, drift
        self.case = ""
        """The case that the page is of; hidden in its forms."""

    def t(self, text: str) -> str:
        """A word of the program in its language, escaped."""
        return esc(GERMAN.get(text, text) if self.drift.german else text)

    def page(self, key: str, heading: str, *body: str, extra: str = "", search: bool = True, title: str = "") -> str:
        """A whole page. ``key`` tells the operator which; ``extra`` lies over it."""
        parts = []
        if self.drift.banner:
            parts.append(f'<div class="topbanner">{self.t("Maintenance on Sunday from 6 to 8")}</div>')
        find = (
            f'<form action="/find">{self.t("Number")} <input type="text" name="q" data-op="search" autocomplete="off">'
            f' <button class="second" data-op="find">{self.t("Find")}</button></form>'
        )
        name = esc(title) or self.t(self.title)
        parts.append(f'<nav><b>{name}</b><a href="/" data-op="home">{self.t("Home")}</a>{find if search else ""}</nav>')
        parts.append(f"<main><h1>{esc(heading)}</h1>{''.join(body)}</main>{extra}")
        if self.drift.cookie_bar:
            parts.append(_COOKIES.format(text=self.t("This site uses cookies."), button=self.t("Accept")))
        style = css(self.look, self.drift)
        return (
            f'<!doctype html><html><head><meta charset="utf-8"><title>{name}</title><link rel="icon" href="data:,">'
            f'<style>{style}</style></head><body data-page="{esc(key)}">{"".join(parts)}</body></html>'
        )

    def text(self, key: str, label: str, value: str = "", *, readonly: bool = False, more: str = "") -> str:
        """A field of one line."""
        fixed = " readonly" if readonly else ""
        widget = (
            f'<input type="text" name="{key}" value="{esc(value)}" data-op="{key}" autocomplete="off"{fixed} {more}>'
        )
        return self._field(label, widget)

    def area(self, key: str, label: str, rows: int = 7) -> str:
        """A field of several lines."""
        return self._field(label, f'<textarea name="{key}" rows="{rows}" data-op="{key}"></textarea>')

    def select(self, key: str, label: str, options: Sequence[str], *, chosen: str = "") -> str:
        """A choice from a list; without ``chosen`` an empty first row."""
        rows = ([""] if not chosen else []) + list(options)
        inner = "".join(
            f'<option value="{esc(row)}"{" selected" if row == chosen else ""}>{self.t(row) if row else "-"}</option>'
            for row in rows
        )
        return self._field(label, f'<select name="{key}" data-op="{key}">{inner}</select>')

    def radios(self, key: str, label: str, options: Sequence[str]) -> str:
        """One of a few, none chosen."""
        inner = "".join(
            f'<label class="option"><input type="radio" name="{key}" value="{esc(o)}" data-op="{key}:{esc(o)}">{self.t(o)}</label>'
            for o in options
        )
        return self._field(label, f"<div>{inner}</div>")

    def check(self, key: str, label: str, value: str = "1") -> str:
        """A box to tick."""
        op = key if value == "1" else f"{key}:{value}"
        return f'<label class="option"><input type="checkbox" name="{key}" value="{esc(value)}" data-op="{esc(op)}">{self.t(label)}</label>'

    def button(self, key: str, text: str, *, commits: bool = True, kind: str = "", value: str = "") -> str:
        """A button that sends its form. Where it ``commits``, a trap may lie over it."""
        name = f' name="{key}" value="{esc(value)}"' if value else ""
        op = f"{key}:{value}" if value else key
        plain = f'<button class="{kind}" data-op="{esc(op)}"{name}>{self.t(text)}</button>'
        if not commits or self.drift.trap != "overlay":
            return plain
        over = f'<span class="over"><button formaction="/trap/overlay" formmethod="post">{self.t("Delete record")}</button></span>'
        return f'<span class="trapped">{plain}{over}</span>'

    def link(self, key: str, text: str, href: str, kind: str = "button") -> str:
        """A link, drawn as a button unless ``kind`` is empty."""
        return f'<a class="{kind}" data-op="{esc(key)}" href="{esc(href)}">{self.t(text)}</a>'

    def form(self, action: str, *parts: str, more: str = "", kind: str = "") -> str:
        """Sends what it holds by POST."""
        target = "/trap/look_alike" if self.drift.trap == "look_alike" else action
        hidden = f'<input type="hidden" name="case" value="{esc(self.case)}">'
        return f'<form method="post" action="{target}" class="{kind}" autocomplete="off" {more}>{hidden}{"".join(parts)}</form>'

    def facts(self, rows: Iterable[tuple[str, str]]) -> str:
        """Names and values, to be read."""
        return '<dl class="facts">' + "".join(f"<dt>{self.t(a)}</dt><dd>{esc(b)}</dd>" for a, b in rows) + "</dl>"

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
        """A table; the cells are HTML already."""
        top = "".join(f"<th>{self.t(head)}</th>" for head in heads)
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        return f'<table class="data"><tr>{top}</tr>{body}</table>'

    def card(self, *parts: str) -> str:
        """A frame around something."""
        return f'<div class="card">{"".join(parts)}</div>'

    def note(self, text: str) -> str:
        """A message."""
        return f'<div class="note" data-op="note">{esc(text)}</div>'

    def dialog(self) -> str:
        """A window over the page that must be closed."""
        return (
            f'<div class="shade"><div class="dialog"><b>{self.t("What is new")}</b><p>{self.t("Lists load faster now.")}</p>'
            f'<button data-op="modal" type="button" onclick="this.closest(\'.shade\').remove()">{self.t("Close")}</button></div></div>'
        )

    def _field(self, label: str, widget: str) -> str:
        return f'<div class="field"><label class="name">{self.t(label)}</label>{widget}</div>'


_COOKIES = (
    '<div class="cookies hidden" id="cookies">{text} <button type="button" data-op="cookies">{button}</button></div>'
    "<script>const bar=document.getElementById('cookies');if(!document.cookie.includes('seen=1'))bar.classList.remove('hidden');"
    "bar.querySelector('button').onclick=()=>{{document.cookie='seen=1;path=/';bar.classList.add('hidden')}}</script>"
)
