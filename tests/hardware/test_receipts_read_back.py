"""Receipts sent as bytes, put on paper by the virtual printer, and read by others: Tesseract, zxing-cpp and zbar."""

import io
import shutil
import subprocess
import unicodedata

import pytest
import zxingcpp
from PIL import Image, features

from hardware.escpos.decoder import Decoder
from hardware.escpos.encoder import encode
from hardware.escpos.interpreter import Interpreter
from hardware.escpos.models import MODELS
from hardware.escpos.paper import PrintedImage
from hardware.escpos.profile import profile_named
from hardware.receipt_document import Barcode, Cut, QrCode, ReceiptDocument, Text, name_and_amount

TESSERACT = shutil.which("tesseract")
ZBAR = shutil.which("zbarimg")
ENLARGED = 2  # readers want more pixels than a dot each
EDGE_DOTS = 30

LANGUAGES = {
    "eng": ["Whole milk one litre", "Thank you for your visit"],
    "deu": ["Käse, Öl und Süßigkeiten", "Vielen Dank für Ihren Einkauf"],
    "fra": ["Crème fraîche épaisse", "Merci de votre visite"],
    "spa": ["Piña, jamón y azúcar", "Gracias por su compra"],
    "pol": ["Żółty ser i śmietana", "Dziękujemy za zakupy"],
    "ces": ["Příliš žluťoučký kůň", "Děkujeme za nákup"],
    "lav": ["Ābolu sula un ķirbis", "Paldies par pirkumu"],
    "rus": ["Молоко цельное и хлеб", "Спасибо за покупку"],
    "ell": ["Γάλα φρέσκο και ψωμί", "Ευχαριστούμε πολύ"],
    "tur": ["Çay bardağı ve şeker", "Teşekkür ederiz"],
    "vie": ["Sữa tươi và bánh mì", "Cảm ơn quý khách"],
    "heb": ["חלב טרי ולחם", "תודה על הקנייה"],
    "ara": ["حليب طازج وخبز", "شكرا لزيارتكم"],
    "hin": ["ताज़ा दूध और रोटी", "आपका धन्यवाद"],
    "ben": ["তাজা দুধ এবং রুটি", "আপনাকে ধন্যবাদ"],
    "tam": ["புதிய பால் மற்றும் ரொட்டி", "நன்றி"],
    "tha": ["ข้าวและนม", "ขอบคุณที่ใช้บริการ"],
    "jpn": ["新鮮な牛乳とパン", "ありがとうございます"],
    "kor": ["신선한 우유와 빵", "감사합니다"],
    "chi_sim": ["新鲜牛奶和面包", "谢谢惠顾"],
}
IN_LETTERS = {
    "epson-tm-t20": {"eng", "deu", "fra", "spa", "pol", "ces", "lav", "rus", "ell", "tur"},
    "bixolon-srp-350": {"eng", "deu", "fra", "spa", "pol", "ces", "lav", "rus", "ell", "tur"},
    "citizen-ct-s310": {"eng", "deu", "fra", "spa", "pol", "ces", "rus", "tur"},
    "generic-58": {"eng", "deu", "fra", "spa", "pol", "ces", "rus"},
}


def installed_languages():
    if TESSERACT is None:
        return set()
    listed = subprocess.run([TESSERACT, "--list-langs"], capture_output=True, text=True, check=True).stdout
    return set(listed.splitlines())


INSTALLED = installed_languages()
_EACH_ON = 2
READ_ALOUD = [
    (language, list(IN_LETTERS)[(at + turn * len(IN_LETTERS) // _EACH_ON) % len(IN_LETTERS)])
    for at, language in enumerate(LANGUAGES)
    for turn in range(_EACH_ON)
]
"""Each language on two models, by turns. The encoding's tests try the letters of every model."""


def on_paper(model, *blocks):
    profile = profile_named(model)
    paper = Interpreter(profile.dots, profile.codecs)
    for token in Decoder().feed(encode(ReceiptDocument((*blocks, Cut())), profile)):
        paper.apply(token)
    receipt = paper.tear_off() or paper.receipts[-1]
    assert receipt.unknown == []
    return receipt


def photographed(receipt):
    picture = Image.open(io.BytesIO(receipt.png()))
    inside = picture.crop((EDGE_DOTS, EDGE_DOTS, picture.width - EDGE_DOTS, picture.height - EDGE_DOTS))
    return inside.resize((inside.width * ENLARGED, inside.height * ENLARGED), Image.Resampling.LANCZOS)


def read_by_tesseract(receipt, language, folder):
    photographed(receipt).save(folder / "receipt.png")
    command = [TESSERACT, folder / "receipt.png", "-", "-l", language, "--psm", "6"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [letters(line) for line in done.stdout.splitlines() if line.strip()]


def letters(text):
    """Without spaces and direction marks, which no paper shows."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(c for c in composed if not c.isspace() and unicodedata.category(c) != "Cf")


@pytest.mark.slow
@pytest.mark.parametrize(("language", "model"), READ_ALOUD)
def test_a_receipt_in_any_language_says_to_a_stranger_what_was_meant(language, model, tmp_path):
    if language not in INSTALLED:
        pytest.skip(f"needs Tesseract: apt-get install tesseract-ocr-{language.replace('_', '-')}")
    if language in ("ara", "heb") and not features.check("raqm"):
        pytest.skip("needs libfribidi: apt-get install libfribidi0")
    lines = LANGUAGES[language]
    receipt = on_paper(model, *(Text(line) for line in lines))
    drawn = [item for item in receipt.items if isinstance(item, PrintedImage)]
    assert (not drawn) == (language in IN_LETTERS[model])
    assert read_by_tesseract(receipt, language, tmp_path) == [letters(line) for line in lines]


@pytest.mark.skipif("deu" not in INSTALLED, reason="needs Tesseract: apt-get install tesseract-ocr-deu")
def test_names_and_amounts_stand_side_by_side_for_a_stranger_too(tmp_path):
    lines = [("Käse jung", "4,95"), ("Süße Brötchen", "12,40"), ("Summe", "17,35")]
    receipt = on_paper("epson-tm-t20", *(name_and_amount(name, amount) for name, amount in lines))
    assert read_by_tesseract(receipt, "deu", tmp_path) == [letters(name + amount) for name, amount in lines]


RECEIPT_NUMBER = "S01-T02-000123"
LINK = "https://shop.example/r/S01-T02-000123?h=9f8e7d6c5b4a"
SYMBOLS = (Barcode("code128", RECEIPT_NUMBER), Barcode("ean13", "4006381333931"), QrCode(LINK.encode()))
MEANT = {RECEIPT_NUMBER, "4006381333931", LINK}


@pytest.mark.parametrize("model", [*MODELS, "POS-5890"])
def test_barcodes_and_qr_codes_of_every_model_are_read_by_zxing(model):
    found = zxingcpp.read_barcodes(photographed(on_paper(model, *SYMBOLS)))
    assert {code.text for code in found} == MEANT


@pytest.mark.skipif(ZBAR is None, reason="needs zbar: apt-get install zbar-tools")
@pytest.mark.parametrize("model", [*MODELS, "POS-5890"])
def test_barcodes_and_qr_codes_of_every_model_are_read_by_zbar(model, tmp_path):
    photographed(on_paper(model, *SYMBOLS)).save(tmp_path / "receipt.png")
    done = subprocess.run(
        [ZBAR, "--quiet", "--raw", tmp_path / "receipt.png"], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == MEANT


def test_a_script_beside_latin_letters_is_drawn_in_two_fonts_and_nothing_is_lost(tmp_path):
    if not {"hin", "eng"} <= INSTALLED:
        pytest.skip("needs Tesseract: apt-get install tesseract-ocr-hin")
    receipt = on_paper("generic-80", Text("ताज़ा दूध Fresh Milk"))
    assert read_by_tesseract(receipt, "hin+eng", tmp_path) == [letters("ताज़ा दूध Fresh Milk")]
