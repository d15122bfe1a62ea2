"""Sets of Unicode characters as regular expressions name them: categories, blocks, names, case variants."""

from __future__ import annotations

import itertools
import sys
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

Ranges = tuple[tuple[int, int], ...]
"""Sorted, disjoint, inclusive ranges of code points."""

LAST: Final = sys.maxunicode
EVERYTHING: Final[Ranges] = ((0, LAST),)
_LAST_CASED = 0x1E943
_SMALL = 3000


def union(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return the ranges sorted and joined."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            if high > joined[-1][1]:
                joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return tuple(joined)


def complement(ranges: Ranges) -> Ranges:
    """Return every other character."""
    rest: list[tuple[int, int]] = []
    start = 0
    for low, high in ranges:
        if low > start:
            rest.append((start, low - 1))
        start = high + 1
    if start <= LAST:
        rest.append((start, LAST))
    return tuple(rest)


def difference(ranges: Ranges, without: Ranges) -> Ranges:
    """Return the characters of ``ranges`` that are not in ``without``."""
    return complement(union((*complement(ranges), *without)))


SPACE: Final[Ranges] = ((0x09, 0x0A), (0x0D, 0x0D), (0x20, 0x20))
NAME_START: Final[Ranges] = union(
    (
        (0x3A, 0x3A), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x2FF),
        (0x370, 0x37D), (0x37F, 0x1FFF), (0x200C, 0x200D), (0x2070, 0x218F), (0x2C00, 0x2FEF),
        (0x3001, 0xD7FF), (0xF900, 0xFDCF), (0xFDF0, 0xFFFD), (0x10000, 0xEFFFF),
    )
)  # fmt: skip
NAME: Final[Ranges] = union(
    (*NAME_START, (0x2D, 0x2E), (0x30, 0x39), (0xB7, 0xB7), (0x300, 0x36F), (0x203F, 0x2040))
)


_CATEGORIES: Final = frozenset(
    group[0] + minor
    for group in ("Lultmo", "Mnce", "Ndlo", "Pcdseifo", "Smcko", "Zslp", "Ccfson")
    for minor in ("", *group[1:])
)
_SCANNED: Final = (range(0x40000), range(0xE0000, 0xE1000))
_UNSCANNED: Final = (
    ("Cn", (0x40000, 0xDFFFF)), ("Cn", (0xE1000, 0xEFFFF)), ("Co", (0xF0000, 0xFFFFD)),
    ("Cn", (0xFFFFE, 0xFFFFF)), ("Co", (0x100000, 0x10FFFD)), ("Cn", (0x10FFFE, LAST)),
)  # fmt: skip


@lru_cache(maxsize=1)
def _categories() -> dict[str, Ranges]:
    """Return the ranges of each two-letter general category, read once from Python's Unicode data.

    Planes 4 to 13 are unassigned and 15 and 16 private, so only the others are looked at.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for points in _SCANNED:
        point = points.start
        for name, run in itertools.groupby(map(unicodedata.category, map(chr, points))):
            length = sum(1 for _ in run)
            found.setdefault(name, []).append((point, point + length - 1))
            point += length
    for name, pair in _UNSCANNED:
        found.setdefault(name, []).append(pair)
    return {name: union(ranges) for name, ranges in found.items()}


@lru_cache(maxsize=100)
def category(name: str) -> Ranges | None:
    """Return the characters of a general category such as ``L`` or ``Lu``, None if there is none such."""
    if name not in _CATEGORIES:
        return None
    members = [ranges for key, ranges in _categories().items() if name in (key, key[0])]
    return union(pair for ranges in members for pair in ranges)


@lru_cache(maxsize=1)
def digits() -> Ranges:
    r"""Return the characters of ``\d``: decimal digits of every script."""
    return category("Nd") or ()


@lru_cache(maxsize=1)
def word() -> Ranges:
    r"""Return the characters of ``\w``: all but punctuation, separators and others."""
    others = [category(name) or () for name in ("P", "Z", "C")]
    return complement(union(pair for ranges in others for pair in ranges))


@lru_cache(maxsize=1)
def _variants() -> dict[int, frozenset[int]]:
    """Return for each character that has case variants all of them, itself included."""
    families: dict[int, set[int]] = {}
    for point in range(_LAST_CASED + 1):
        char = chr(point)
        for other in {char.lower(), char.upper()}:
            if other == char or len(other) != 1:
                continue
            family = families.get(point, {point}) | families.get(ord(other), {ord(other)})
            families.update(dict.fromkeys(family, family))
    return {point: frozenset(family) for point, family in families.items()}


def variants(point: int) -> frozenset[int]:
    """Return the character and its case variants."""
    return _variants().get(point, frozenset((point,)))


def with_case_variants(ranges: Ranges) -> Ranges:
    """Return the characters of ``ranges`` and all their case variants."""
    table = _variants()
    more: list[tuple[int, int]] = list(ranges)
    for low, high in ranges:
        points = range(low, high + 1) if high - low < _SMALL else [p for p in table if low <= p <= high]
        more.extend((v, v) for point in points for v in table.get(point, ()))
    return union(more)


def block(name: str) -> Ranges | None:
    """Return the characters of a Unicode block by its name without spaces, such as ``BasicLatin``."""
    return _BLOCKS.get(name)


def _blocks(text: str) -> dict[str, Ranges]:
    table: dict[str, Ranges] = {}
    for entry in text.split():
        names, low, high = entry.split(":")
        for name in names.split("|"):
            table[name] = (*table.get(name, ()), (int(low, 16), int(high, 16)))
    return table


_BLOCKS: Final = _blocks("""
BasicLatin:0:7F Latin-1Supplement:80:FF LatinExtended-A:100:17F LatinExtended-B:180:24F IPAExtensions:250:2AF
SpacingModifierLetters:2B0:2FF CombiningDiacriticalMarks:300:36F GreekandCoptic|Greek:370:3FF Cyrillic:400:4FF
CyrillicSupplement|CyrillicSupplementary:500:52F Armenian:530:58F Hebrew:590:5FF Arabic:600:6FF Syriac:700:74F
ArabicSupplement:750:77F Thaana:780:7BF NKo:7C0:7FF Samaritan:800:83F Mandaic:840:85F SyriacSupplement:860:86F
ArabicExtended-B:870:89F ArabicExtended-A:8A0:8FF Devanagari:900:97F Bengali:980:9FF Gurmukhi:A00:A7F
Gujarati:A80:AFF Oriya:B00:B7F Tamil:B80:BFF Telugu:C00:C7F Kannada:C80:CFF Malayalam:D00:D7F Sinhala:D80:DFF
Thai:E00:E7F Lao:E80:EFF Tibetan:F00:FFF Myanmar:1000:109F Georgian:10A0:10FF HangulJamo:1100:11FF
Ethiopic:1200:137F EthiopicSupplement:1380:139F Cherokee:13A0:13FF
UnifiedCanadianAboriginalSyllabics:1400:167F Ogham:1680:169F Runic:16A0:16FF Tagalog:1700:171F
Hanunoo:1720:173F Buhid:1740:175F Tagbanwa:1760:177F Khmer:1780:17FF Mongolian:1800:18AF
UnifiedCanadianAboriginalSyllabicsExtended:18B0:18FF Limbu:1900:194F TaiLe:1950:197F NewTaiLue:1980:19DF
KhmerSymbols:19E0:19FF Buginese:1A00:1A1F TaiTham:1A20:1AAF CombiningDiacriticalMarksExtended:1AB0:1AFF
Balinese:1B00:1B7F Sundanese:1B80:1BBF Batak:1BC0:1BFF Lepcha:1C00:1C4F OlChiki:1C50:1C7F
CyrillicExtended-C:1C80:1C8F GeorgianExtended:1C90:1CBF SundaneseSupplement:1CC0:1CCF
VedicExtensions:1CD0:1CFF PhoneticExtensions:1D00:1D7F PhoneticExtensionsSupplement:1D80:1DBF
CombiningDiacriticalMarksSupplement:1DC0:1DFF
LatinExtendedAdditional:1E00:1EFF GreekExtended:1F00:1FFF GeneralPunctuation:2000:206F
SuperscriptsandSubscripts:2070:209F CurrencySymbols:20A0:20CF
CombiningDiacriticalMarksforSymbols|CombiningMarksforSymbols:20D0:20FF LetterlikeSymbols:2100:214F
NumberForms:2150:218F Arrows:2190:21FF MathematicalOperators:2200:22FF MiscellaneousTechnical:2300:23FF
ControlPictures:2400:243F OpticalCharacterRecognition:2440:245F EnclosedAlphanumerics:2460:24FF
BoxDrawing:2500:257F BlockElements:2580:259F GeometricShapes:25A0:25FF MiscellaneousSymbols:2600:26FF
Dingbats:2700:27BF MiscellaneousMathematicalSymbols-A:27C0:27EF SupplementalArrows-A:27F0:27FF
BraillePatterns:2800:28FF SupplementalArrows-B:2900:297F MiscellaneousMathematicalSymbols-B:2980:29FF
SupplementalMathematicalOperators:2A00:2AFF MiscellaneousSymbolsandArrows:2B00:2BFF Glagolitic:2C00:2C5F
LatinExtended-C:2C60:2C7F Coptic:2C80:2CFF GeorgianSupplement:2D00:2D2F Tifinagh:2D30:2D7F
EthiopicExtended:2D80:2DDF CyrillicExtended-A:2DE0:2DFF SupplementalPunctuation:2E00:2E7F
CJKRadicalsSupplement:2E80:2EFF KangxiRadicals:2F00:2FDF IdeographicDescriptionCharacters:2FF0:2FFF
CJKSymbolsandPunctuation:3000:303F Hiragana:3040:309F Katakana:30A0:30FF Bopomofo:3100:312F
HangulCompatibilityJamo:3130:318F Kanbun:3190:319F BopomofoExtended:31A0:31BF CJKStrokes:31C0:31EF
KatakanaPhoneticExtensions:31F0:31FF EnclosedCJKLettersandMonths:3200:32FF CJKCompatibility:3300:33FF
CJKUnifiedIdeographsExtensionA:3400:4DBF YijingHexagramSymbols:4DC0:4DFF CJKUnifiedIdeographs:4E00:9FFF
YiSyllables:A000:A48F YiRadicals:A490:A4CF Lisu:A4D0:A4FF Vai:A500:A63F CyrillicExtended-B:A640:A69F
Bamum:A6A0:A6FF ModifierToneLetters:A700:A71F LatinExtended-D:A720:A7FF SylotiNagri:A800:A82F
CommonIndicNumberForms:A830:A83F Phags-pa:A840:A87F Saurashtra:A880:A8DF DevanagariExtended:A8E0:A8FF
KayahLi:A900:A92F Rejang:A930:A95F HangulJamoExtended-A:A960:A97F Javanese:A980:A9DF
MyanmarExtended-B:A9E0:A9FF Cham:AA00:AA5F MyanmarExtended-A:AA60:AA7F TaiViet:AA80:AADF
MeeteiMayekExtensions:AAE0:AAFF EthiopicExtended-A:AB00:AB2F LatinExtended-E:AB30:AB6F
CherokeeSupplement:AB70:ABBF MeeteiMayek:ABC0:ABFF HangulSyllables:AC00:D7AF HangulJamoExtended-B:D7B0:D7FF
HighSurrogates:D800:DB7F HighPrivateUseSurrogates:DB80:DBFF LowSurrogates:DC00:DFFF
PrivateUseArea|PrivateUse:E000:F8FF CJKCompatibilityIdeographs:F900:FAFF AlphabeticPresentationForms:FB00:FB4F
ArabicPresentationForms-A:FB50:FDFF VariationSelectors:FE00:FE0F VerticalForms:FE10:FE1F
CombiningHalfMarks:FE20:FE2F CJKCompatibilityForms:FE30:FE4F SmallFormVariants:FE50:FE6F
ArabicPresentationForms-B:FE70:FEFF HalfwidthandFullwidthForms:FF00:FFEF Specials:FFF0:FFFF
LinearBSyllabary:10000:1007F LinearBIdeograms:10080:100FF AegeanNumbers:10100:1013F
AncientGreekNumbers:10140:1018F AncientSymbols:10190:101CF OldItalic:10300:1032F Gothic:10330:1034F
Ugaritic:10380:1039F OldPersian:103A0:103DF Deseret:10400:1044F Shavian:10450:1047F Osmanya:10480:104AF
CypriotSyllabary:10800:1083F Cuneiform:12000:123FF EgyptianHieroglyphs:13000:1342F
ByzantineMusicalSymbols:1D000:1D0FF MusicalSymbols:1D100:1D1FF AncientGreekMusicalNotation:1D200:1D24F
TaiXuanJingSymbols:1D300:1D35F MathematicalAlphanumericSymbols:1D400:1D7FF MahjongTiles:1F000:1F02F
DominoTiles:1F030:1F09F PlayingCards:1F0A0:1F0FF EnclosedAlphanumericSupplement:1F100:1F1FF
EnclosedIdeographicSupplement:1F200:1F2FF MiscellaneousSymbolsandPictographs:1F300:1F5FF Emoticons:1F600:1F64F
TransportandMapSymbols:1F680:1F6FF SupplementalSymbolsandPictographs:1F900:1F9FF
CJKUnifiedIdeographsExtensionB:20000:2A6DF CJKUnifiedIdeographsExtensionC:2A700:2B73F
CJKUnifiedIdeographsExtensionD:2B740:2B81F CJKCompatibilityIdeographsSupplement:2F800:2FA1F Tags:E0000:E007F
VariationSelectorsSupplement:E0100:E01EF SupplementaryPrivateUseArea-A:F0000:FFFFF
SupplementaryPrivateUseArea-B:100000:10FFFF PrivateUse:F0000:10FFFF
""")
