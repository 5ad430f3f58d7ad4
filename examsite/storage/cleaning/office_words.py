"""What of an Office file may stay: namespaces, relations, settings, names of fonts and styles; what goes by name."""

from __future__ import annotations

import re
from typing import Final

W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MC: Final = "http://schemas.openxmlformats.org/markup-compatibility/2006"
PACKAGE_RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
CONTENT_TYPES: Final = "http://schemas.openxmlformats.org/package/2006/content-types"

_KNOWN_SPACES: Final = re.compile(
    r"http://schemas\.openxmlformats\.org/(wordprocessingml|presentationml|drawingml|officeDocument|markup-compat"
    r"ibility|schemaLibrary)/[\w/]+"
    r"|http://purl\.oclc\.org/ooxml/(wordprocessingml|presentationml|drawingml|officeDocument)/[\w/]+"
    r"|http://schemas\.microsoft\.com/office/(word|powerpoint|drawing)/20\d\d(/\d\d?)*/\w+(/\w+)*"
    r"|urn:schemas-microsoft-com:(vml|office:office|office:word|office:powerpoint)"
    r"|http://www\.w3\.org/XML/1998/namespace"
)

_MAIN: Final = "application/vnd.openxmlformats-officedocument."
MAIN_TYPES: Final = {
    "docx": _MAIN + "wordprocessingml.document.main+xml",
    "pptx": _MAIN + "presentationml.presentation.main+xml",
}
MAIN_PARTS: Final = {"docx": "word/document.xml", "pptx": "ppt/presentation.xml"}

#: Relations that stay, with the kind of the part behind them. People, remarks, notes, properties, templates, printers,
#: thumbnails, tables behind charts, sounds, fonts and everything from outside are not among them.
PART_TYPES: Final = {
    "styles": _MAIN + "wordprocessingml.styles+xml",
    "numbering": _MAIN + "wordprocessingml.numbering+xml",
    "settings": _MAIN + "wordprocessingml.settings+xml",
    "footnotes": _MAIN + "wordprocessingml.footnotes+xml",
    "endnotes": _MAIN + "wordprocessingml.endnotes+xml",
    "header": _MAIN + "wordprocessingml.header+xml",
    "footer": _MAIN + "wordprocessingml.footer+xml",
    "theme": _MAIN + "theme+xml",
    "chart": _MAIN + "drawingml.chart+xml",
    "diagramData": _MAIN + "drawingml.diagramData+xml",
    "diagramLayout": _MAIN + "drawingml.diagramLayout+xml",
    "diagramQuickStyle": _MAIN + "drawingml.diagramStyle+xml",
    "diagramColors": _MAIN + "drawingml.diagramColors+xml",
    "slide": _MAIN + "presentationml.slide+xml",
    "slideLayout": _MAIN + "presentationml.slideLayout+xml",
    "slideMaster": _MAIN + "presentationml.slideMaster+xml",
    "tableStyles": _MAIN + "presentationml.tableStyles+xml",
}
#: Relations that a part has without naming them in its text.
UNNAMED: Final = {"styles", "numbering", "settings", "theme", "footnotes", "endnotes", "slideLayout", "tableStyles"}

#: Elements that go with all they hold, whatever their namespace.
GONE: Final = {
    *("extLst", "commentRangeStart", "commentRangeEnd", "commentReference", "annotationRef", "proofErr"),
    *("permStart", "permEnd", "custDataLst", "tags", "timing", "transition", "hlinkClick", "hlinkHover"),
    *("hlinkMouseOver", "externalData", "userShapes", "printSettings", "pivotSource", "pivotFmts", "snd", "audioFile"),
    *("wavAudioFile", "videoFile", "quickTimeFile", "audioCd", "notesMasterIdLst", "handoutMasterIdLst", "custShowLst"),
    *("embeddedFontLst", "modifyVerifier", "photoAlbum", "controls", "control", "OLEObject", "oleObj", "altChunk"),
    *("subDoc", "ffData", "fldData", "smartTagPr", "customXmlPr", "sdtPr", "sdtEndPr", "smartTags"),
    *("moveFromRangeStart", "moveFromRangeEnd", "moveToRangeStart", "moveToRangeEnd", "divId", "aliases", "nsid"),
    *("tmpl", "rsids", "customXmlInsRangeStart", "customXmlInsRangeEnd", "customXmlDelRangeStart", "attachedSchema"),
    *("customXmlDelRangeEnd", "customXmlMoveFromRangeStart", "customXmlMoveFromRangeEnd", "conflictIns", "conflictDel"),
    *("customXmlMoveToRangeStart", "customXmlMoveToRangeEnd", "cellIns", "cellDel", "cellMerge", "tblGridChange"),
    *("numberingChange", "rPrChange", "pPrChange", "sectPrChange", "tblPrChange", "tcPrChange", "trPrChange"),
    *("tblPrExChange", "contentPart", "creationId", "modId", "sectionLst"),
}
#: Elements of a text that go although others of that name stay.
GONE_IN_WORD: Final = {"del", "moveFrom", "dataBinding", "name", "docVars", "legacy"}
UNWRAPPED: Final = {"ins", "moveTo", "sdt", "sdtContent", "smartTag", "customXml", "hyperlink", "dir", "bdo"}

ATTRIBUTES_GONE: Final = {
    *("author", "initials", "date", "dateUtc", "userId", "providerId", "paraId", "textId", "durableId", "descr"),
    *("title", "alt", "tooltip", "tgtFrame", "docLocation", "macro", "textlink", "href", "matchingName", "userDrawn"),
    *("tplc", "editId", "anchorId", "userName", "lastEdited", "ed", "edGrp", "publishMoreInfo", "link"),
    *("displacedByCustomXml", "contentType", "cryptProviderType", "hashData", "saltData", "spinCount", "algorithmName"),
}

SETTINGS_KEPT: Final = {
    *("defaultTabStop", "evenAndOddHeaders", "mirrorMargins", "gutterAtTop", "autoHyphenation", "hyphenationZone"),
    *("characterSpacingControl", "footnotePr", "endnotePr", "compat", "themeFontLang", "clrSchemeMapping"),
    *("decimalSymbol", "listSeparator", "displayBackgroundShape"),
}
COMPATIBILITY_KEPT: Final = {"compatibilityMode"}

#: Fields whose words come from the person, the file or the machine.
TELLING_FIELDS: Final = {
    *("AUTHOR", "LASTSAVEDBY", "USERNAME", "USERINITIALS", "USERADDRESS", "FILENAME", "DOCPROPERTY", "DOCVARIABLE"),
    *("TEMPLATE", "COMMENTS", "INFO", "KEYWORDS", "SUBJECT", "TITLE", "MERGEFIELD", "REVNUM", "CREATEDATE"),
    *("SAVEDATE", "PRINTDATE", "EDITTIME", "BIBLIOGRAPHY", "CITATION", "DATABASE", "AUTOTEXT", "GLOSSARY"),
}
SAFE_FIELD: Final = re.compile(r"\s*(PAGE|NUMPAGES|SECTIONPAGES)(\s+\\\*\s*(MERGEFORMAT|Arabic|roman|ROMAN))*\s*")

#: Fonts that everybody has: their names tell nothing.
COMMON_FONTS: Final = {
    *(
        "Times New Roman",
        "Arial",
        "Calibri",
        "Calibri Light",
        "Cambria",
        "Cambria Math",
        "Tahoma",
        "Verdana",
        "Georgia",
    ),
    *("Courier New", "Symbol", "Wingdings", "Wingdings 2", "Wingdings 3", "Webdings", "Segoe UI", "Consolas"),
    *("Aptos", "Aptos Display", "Candara", "Constantia", "Corbel", "Garamond", "Century Gothic", "Palatino Linotype"),
    *("Book Antiqua", "Bookman Old Style", "Trebuchet MS", "Helvetica", "Roboto", "Open Sans", "Liberation Serif"),
    *("Liberation Sans", "DejaVu Sans", "Noto Sans", "Noto Serif", ".VnTime", ".VnTimeH", ".VnArial", ".VnArialH"),
    *("VNI-Times", "VNI-Helve", "MS Mincho", "MS Gothic", "SimSun", "Batang", "Yu Mincho", "Yu Gothic", "MS PGothic"),
    *("MS Sans Serif", "Be Vietnam Pro", "Source Serif 4", "Montserrat", "Lato", ""),
}
COMMON_STYLE: Final = re.compile(
    r"normal|heading [1-9]|toc [1-9]|toc heading|title|subtitle|list paragraph|list bullet( [2-5])?"
    r"|list number( [2-5])?|table grid|normal table|table normal|body text( [23])?|body text indent( [23])?"
    r"|header|footer|footnote text|footnote reference|endnote text|endnote reference|hyperlink|followedhyperlink"
    r"|default paragraph font|no list|strong|emphasis|quote|intense quote|caption|no spacing|normal \(web\)"
    r"|page number|balloon text|table of figures",
    re.I,
)


def is_known_space(space: str | None) -> bool:
    """Whether a namespace belongs to the formats; an unknown one may be somebody's own."""
    return not space or _KNOWN_SPACES.fullmatch(space) is not None
