"""Whether letters are read as they stand: ``python -m benchmarks.sight_letters [--verbose] [--variant NAME]``.

Lines of known text in several languages, and the exact ones of an office (numbers, dates, addresses, case numbers), are
shown by a real Chromium in several fonts and sizes. A line is right when every character and every space is. Text of
scripts that the network does not know is right when it is marked as unread. CPU time is that of the whole process.
"""

import argparse
import html
import subprocess
import time
from typing import Any

import numpy as np

from benchmarks.perception import CHROMIUM, distance, screenshot
from benchmarks.report import report
from crewless.body.screen.display import Display
from crewless.core.errors import MissingTool
from crewless.core.messages import Observation
from crewless.perception.screen import ScreenPerception, frame_of

LINES: dict[str, tuple[str, ...]] = {
    "English": (
        "The parcel left the warehouse on Monday and has not arrived.",
        "Please refund the second charge on my card.",
        "I would like to change the address of order 48213.",
        "Could you tell me why my account was closed?",
        "Thank you for your patience, we will write again soon.",
        "Submit the form before noon; late entries are not counted.",
        "It's the customer's third call about this invoice.",
        "All fields marked with * are required (see below).",
        "Unassigned tickets: open, waiting, or closed?",
        "Illness leave for Lillian and Bill is filed in Hall 11.",
        "Save & continue | Cancel",
        'She said "no" and left - twice.',
    ),
    "exact": (
        "INV-2024-0O1", "PO-77431/B", "A0O1-5S8B", "A1B2C3D4E5", "-12.50", "1,234.56", "1.234,56", "-0,75 %", "$1,299.00",
        "€ 45,90", "£12.30", "¥1500", "2024-11-27", "27.11.2024", "11/27/2024", "14:05:09", "+49 30 901820",
        "mary.o-neil@larkspur.example", "j_smith99@mail.example.org", "https://example.org/t/42?q=a&b=c", "C:\\data\\in.csv",
        "/var/log/sys.log", "x = (a + b) * 3", "#48213", "12 kg", "100%", "v2.10.3-rc1", "10 x 20", "DE89 3704 0044 0532 0130 00",
        "user@host:~$ ls -la", "{\"id\": 7}", "[OK] <none>",
    ),
    "German": (
        "Überweisung für Größe und Maß: Straße 12, Köln", "Öffnungszeiten ändern", "Äpfel, Öl und Übung", "ß", "Fußgängerzone heißt Weißes Haus",
        "Kündigung bestätigen", "Rückgabe möglich", "GRÜSSE AUS MÜNCHEN",
    ),
    "French": (
        "Le colis a été livré à l'adresse où j'habite.", "Où est ma commande ? Ça ne va pas.", "Noël, être, cœur, garçon, naïve", "Élève reçu à l'hôtel",
        "Prénom et numéro de téléphone", "Déjà payé : 12,50 €",
    ),
    "Spanish": ("¿Dónde está mi pedido?", "¡Mañana llegará el paquete!", "Año nuevo, señor Núñez", "Información y dirección", "Contraseña incorrecta", "Teléfono móvil"),
    "Polish": ("Zażółć gęślą jaźń", "Łódź, Kraków, Gdańsk", "Proszę o zwrot pieniędzy", "Zamówienie nie dotarło", "Święto źródła", "Hasło i imię"),
    "Czech": ("Příliš žluťoučký kůň úpěl ďábelské ódy", "Číslo objednávky", "Zpět k přehledu", "Řešení je hotové", "Město Třebíč", "Šťastný den, Žaneta"),
    "Nordic": ("Blåbærsyltetøy på brød", "Ærø, Ålesund og Øresund", "Räksmörgås från Göteborg", "Hyvää päivää, Jyväskylä", "Þetta er góður staður", "Kjøp først, få rabatt"),
    "Turkish": ("İstanbul'da çalışıyorum", "Şifre ve kullanıcı adı", "Güncelleme gönderildi", "Iğdır ve Muş", "Ödeme başarılı", "Çıkış yap"),
    "Greek": ("Καλημέρα κόσμε", "Αριθμός παραγγελίας", "Η παραγγελία δεν έφτασε", "ΑΘΗΝΑ", "Αποθήκευση αλλαγών", "Ωραία λόγια"),
    "Chinese": ("请问我的包裹什么时候到？", "客户 工单 日期", "保存更改", "返回上一页", "订单号：48213", "中文界面，谢谢。"),
    "Cyrillic": ("Здравствуйте, где мой заказ?", "Сохранить изменения", "Номер заявки", "Москва и Киев", "Вернуться назад", "Оплата прошла"),
}  # fmt: skip
"""Own sentences and the usual pangrams."""

UNREAD = ("Greek", "Cyrillic")
FONTS = (("Liberation Sans", 13), ("Liberation Sans", 16), ("Liberation Serif", 16), ("DejaVu Sans", 14), ("DejaVu Serif", 18), ("Liberation Mono", 14))  # fmt: skip


def has_chinese_font() -> bool:
    """Whether this system can show Chinese."""
    try:
        return bool(
            subprocess.run(["fc-list", ":lang=zh", "family"], capture_output=True, text=True, check=True).stdout
        )
    except (OSError, subprocess.CalledProcessError):
        return False


def page_of(texts: tuple[str, ...], family: str, size: int) -> str:
    """A page with one line a paragraph."""
    rows = "".join(f"<p>{html.escape(text)}</p>" for text in texts)
    style = (
        f"body{{font:{size}px '{family}','WenQuanYi Micro Hei';margin:12px 24px}}p{{margin:0 0 8px;white-space:pre}}"
    )
    return f"<!doctype html><meta charset=utf-8><style>{style}</style>{rows}"


def shots() -> list[tuple[str, str, np.ndarray, list[tuple[str, float]]]]:
    """Language, font, picture, and each line's text with the y of its middle."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        raise MissingTool("no Chromium found", alternatives=["apt-get install chromium"])
    chinese = has_chinese_font()
    out = []
    with Display(1280, 800) as display, sync_playwright() as play:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-device-scale-factor=1"]
        browser = play.chromium.launch(
            executable_path=CHROMIUM, headless=False, env={**display.environment()}, args=flags
        )
        page = browser.new_page(viewport={"width": 1280, "height": 1100})
        for language, texts in LINES.items():
            if language == "Chinese" and not chinese:
                continue
            for family, size in FONTS:
                page.set_content(page_of(texts, family, size))
                middles = page.evaluate(
                    "[...document.querySelectorAll('p')].map(p=>{const r=p.getBoundingClientRect();return (r.top+r.bottom)/2})"
                )
                out.append((language, f"{family} {size}", screenshot(page), list(zip(texts, middles, strict=True))))
        browser.close()
    return out


def read_at(observation: Observation, y: float) -> str:
    """What was read in the row at a height."""
    row = [e for e in observation.elements if e.box.y0 - 3 <= y <= e.box.y1 + 3]
    return " ".join(e.text for e in sorted(row, key=lambda e: e.box.x0) if e.text)


def main() -> None:
    """Print and store the table, a row a language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="print every mistake")
    parser.add_argument("--variant", default="", help="added to the result's name")
    arguments = parser.parse_args()
    perception = ScreenPerception()
    pictures = shots()
    # What is compiled the first time is no cost of reading.
    for number, (_, _, rgb, _) in enumerate(pictures):
        perception.perceive(frame_of(rgb, index=-1 - 2 * number))
    rows: dict[str, dict[str, Any]] = {}
    for number, (language, font, rgb, truth) in enumerate(pictures):
        perception.reset()
        start_s = time.process_time()
        observation = perception.perceive(frame_of(rgb, index=2 * number))
        cpu_s = time.process_time() - start_s
        row = rows.setdefault(language, {"language": language, "lines": 0, "exact": 0, "characters": 0, "edits": 0, "words": 0, "cpu_ms": 0.0})  # fmt: skip
        row["cpu_ms"] += cpu_s * 1e3
        for text, y in truth:
            got = read_at(observation, y)
            row["lines"] += 1
            row["words"] += len(text.split())
            if language in UNREAD:
                right = not any(c.isalnum() for c in got)
                row["exact"] += right
            else:
                right = got == text
                row["exact"] += right
                row["characters"] += len(text)
                row["edits"] += distance(text, got)
            if arguments.verbose and not right:
                print(f"  {language}, {font}: {text!r} read as {got!r}")
    for row in rows.values():
        row |= {
            "exact_lines": row["exact"] / row["lines"],
            "cer": row["edits"] / row["characters"] if row["characters"] else None,
            "cpu_ms_per_line": row["cpu_ms"] / row["lines"],
            "cpu_ms_per_word": row["cpu_ms"] / row["words"],
        }
    columns = ("language", "lines", "exact_lines", "cer", "cpu_ms_per_line", "cpu_ms_per_word")
    fonts = ", ".join(f"{family} {size} px" for family, size in FONTS)
    notes = [f"fonts: {fonts}", f"{', '.join(UNREAD)}: right is a line of which nothing was taken for letters"]
    report("sight_letters", list(rows.values()), columns, notes, variant=arguments.variant)


if __name__ == "__main__":
    main()
