"""What shops call a unit, as a code of UN/ECE Recommendation 20.

"STK" is a code, too, and means a stick of cigarettes: no validator says so.
"""

_WORDS = {
    "H87": "st st. stk stk. stück stuck stueck pc pcs pc. pcs. piece pieces each ea item items",
    "KGM": "kg kilo kilogramm kilogram kilograms",
    "GRM": "g gr gramm gram grams",
    "TNE": "t tonne tonnen tonnes",
    "MTR": "m lfm meter metre metres meters",
    "CMT": "cm zentimeter centimetre centimetres",
    "MMT": "mm millimeter millimetre millimetres",
    "KMT": "km kilometer kilometre kilometres",
    "MTK": "m² m2 qm quadratmeter sqm",
    "MTQ": "m³ m3 cbm kubikmeter",
    "LTR": "l ltr liter litre litres liters",
    "MLT": "ml milliliter millilitre millilitres",
    "HUR": "h std std. stunde stunden hour hours hr hrs",
    "MIN": "min min. minute minuten minutes",
    "DAY": "tag tage day days",
    "WEE": "woche wochen week weeks",
    "MON": "monat monate month months",
    "ANN": "jahr jahre year years",
    "PR": "paar paare pair pairs",
    "DZN": "dutzend dozen dozens",
    "SET": "set sets satz sätze",
}
_CODES = {word: code for code, words in _WORDS.items() for word in words.split()}
_PIECE, _ONE = "H87", "C62"


def unit_code(word: str) -> str:
    """BT-130: pieces for no word at all, "one" for a word that nobody here knows."""
    return _CODES.get(word.strip().lower(), _ONE) if word.strip() else _PIECE
