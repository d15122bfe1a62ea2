"""Which members each form-js component may have, and the words of the project's own properties."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_COMMON = "type id label description conditional layout properties readonly disabled"
_FIELD = f"{_COMMON} key defaultValue validate"
_CHOICE = f"{_FIELD} values valuesKey valuesExpression"
_CONTAINER = f"{_COMMON} path components showOutline verticalAlignment"
_DATE_AND_TIME = "subtype dateLabel timeLabel timeInterval timeSerializingFormat use24h disallowPassedDates"
_REPEATED = "isRepeating allowAddRemove defaultRepetitions disableCollapse nonCollapsedItems"

MEMBERS: dict[str, frozenset[str]] = {
    "textfield": _words(f"{_FIELD} appearance"),
    "textarea": _words(_FIELD),
    "number": _words(f"{_FIELD} appearance decimalDigits increment serializeToString"),
    "checkbox": _words(_FIELD),
    "radio": _words(_CHOICE),
    "select": _words(f"{_CHOICE} searchable"),
    "checklist": _words(_CHOICE),
    "taglist": _words(f"{_CHOICE} searchable"),
    "datetime": _words(f"{_FIELD} {_DATE_AND_TIME}"),
    "filepicker": _words(f"{_FIELD} multiple accept"),
    "expression": _words(f"{_FIELD} expression computeOn"),
    "group": _words(_CONTAINER),
    "dynamiclist": _words(f"{_CONTAINER} {_REPEATED}"),
    "text": _words(f"{_COMMON} text"),
    "html": _words(f"{_COMMON} content"),
    "table": _words(f"{_COMMON} dataSource rowCount columns columnsExpression"),
    "documentPreview": _words(f"{_COMMON} title dataSource maxHeight"),
    "image": _words(f"{_COMMON} source alt"),
    "button": _words(f"{_COMMON} action"),
    "separator": _words(_COMMON),
    "spacer": _words(f"{_COMMON} height"),
}

ROOT_MEMBERS = _words(
    "type id schemaVersion versionTag executionPlatform executionPlatformVersion exporter components $schema "
    "properties name"
)

VALIDATE_MEMBERS: dict[str, frozenset[str]] = {
    "textfield": _words("required minLength maxLength pattern patternErrorMessage validationType"),
    "textarea": _words("required minLength maxLength"),
    "number": _words("required min max"),
}
REQUIRED_ONLY = frozenset({"required"})
INNER_MEMBERS = {
    "conditional": _words("hide"),
    "layout": _words("row columns"),
    "appearance": _words("prefixAdorner suffixAdorner"),
}
OPTION_MEMBERS = _words("label value")

OWN_PROPERTIES = _words(
    "autocomplete errorLabel step width sensitivity about maxRows minRows why needsConsent earliest latest refusedWhen"
)
DAY_LIMITS = ("earliest", "latest")
WIDTHS = (2, 3, 4, 5, 10, 20)
ERROR_CODES = _words(
    "required too_short too_long wrong_pattern not_an_email not_a_phone not_a_number too_many_decimals "
    "not_a_step too_small too_large not_an_option not_a_date in_the_past too_early too_late not_on_the_interval too_many_rows "
    "too_few_rows not_writable unknown_field not_text not_a_list not_true_or_false not_an_object "
    "not_taken file_too_many file_unknown file_empty file_infected file_wrong_kind file_too_large file_not_taken"
)

AUTOCOMPLETE_TOKENS = _words(
    "off name honorific-prefix given-name additional-name family-name honorific-suffix nickname "
    "organization-title username organization street-address address-line1 address-line2 address-line3 "
    "address-level4 address-level3 address-level2 address-level1 country country-name postal-code language "
    "bday bday-day bday-month bday-year sex url photo tel tel-country-code tel-national tel-area-code "
    "tel-local tel-extension email impp one-time-code"
)

RESERVED_NAMES = _words("constructor prototype typename this parent i csrf_token")
FEEL_WORDS = _words(
    "and between else every external false for function if in instance null of or return satisfies some "
    "then true not"
)

MAX_COMPONENTS = 200
MAX_LEVELS = 5
MAX_ROWS = 50
