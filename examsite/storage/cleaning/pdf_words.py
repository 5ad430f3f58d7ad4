"""What of a PDF may stay: the keys that drawing a page needs. A key that no list names is left out."""

from __future__ import annotations

from typing import Final

#: Entries of the dictionaries under a page.
# Source: ISO 32000-1, the tables of clauses 7.4 (filters), 7.7 (pages), 7.10 (functions), 8 (graphics), 9 (text),
# 11 (transparency), 12.3 (outlines), 12.5 (annotations).
KEYS: Final = frozenset(
    {
        *("/Type", "/Subtype", "/Length", "/Filter", "/DecodeParms", "/F", "/Predictor", "/Colors", "/Columns"),
        *("/BitsPerComponent", "/EarlyChange", "/K", "/EndOfLine", "/EncodedByteAlign", "/Rows", "/EndOfBlock"),
        *("/BlackIs1", "/DamagedRowsBeforeError", "/JBIG2Globals", "/ColorTransform", "/Pages", "/Outlines"),
        *("/PageLabels", "/PageMode", "/Nums", "/Limits", "/St", "/S", "/Parent", "/Kids", "/Count", "/Resources"),
        *("/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox", "/Rotate", "/UserUnit", "/Contents", "/Group"),
        *("/Annots", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/XObject", "/Font", "/ProcSet"),
        *("/FunctionType", "/Domain", "/Range", "/Size", "/BitsPerSample", "/Order", "/Encode", "/Decode", "/C0"),
        *("/C1", "/N", "/Functions", "/Bounds", "/Function", "/LW", "/LC", "/LJ", "/ML", "/D", "/RI", "/OP", "/op"),
        *("/OPM", "/BG", "/BG2", "/UCR", "/UCR2", "/TR", "/TR2", "/HT", "/FL", "/SM", "/SA", "/BM", "/SMask", "/CA"),
        *("/ca", "/AIS", "/TK", "/HalftoneType", "/Frequency", "/Angle", "/SpotFunction", "/AccurateScreens"),
        *("/Width", "/Height", "/Width2", "/Height2", "/Xsquare", "/Ysquare", "/TransferFunction", "/Default"),
        *("/WhitePoint", "/BlackPoint", "/Gamma", "/Matrix", "/Alternate", "/Process", "/Components", "/Colorants"),
        *("/MixingHints", "/Solidities", "/DotGain", "/PrintingOrder", "/PatternType", "/PaintType", "/TilingType"),
        *("/BBox", "/XStep", "/YStep", "/ShadingType", "/Background", "/AntiAlias", "/Coords", "/Extend"),
        *("/BitsPerCoordinate", "/BitsPerFlag", "/VerticesPerRow", "/Intent", "/ImageMask", "/Mask", "/Interpolate"),
        *("/SMaskInData", "/Matte", "/FormType", "/I", "/CS", "/G", "/BC", "/TR", "/BaseFont", "/FirstChar"),
        *("/LastChar", "/Widths", "/FontDescriptor", "/Encoding", "/ToUnicode", "/FontBBox", "/FontMatrix"),
        *("/CharProcs", "/BaseEncoding", "/Differences", "/CIDSystemInfo", "/Registry", "/Ordering", "/Supplement"),
        *("/DW", "/W", "/DW2", "/W2", "/CIDToGIDMap", "/DescendantFonts", "/CMapName", "/WMode", "/UseCMap"),
        *("/FontName", "/FontStretch", "/FontWeight", "/Flags", "/ItalicAngle", "/Ascent", "/Descent", "/Leading"),
        *("/CapHeight", "/XHeight", "/StemV", "/StemH", "/AvgWidth", "/MaxWidth", "/MissingWidth", "/FontFile"),
        *("/FontFile2", "/FontFile3", "/CIDSet", "/Length1", "/Length2", "/Length3", "/Style", "/Panose"),
        *("/Title", "/Prev", "/Next", "/First", "/Last", "/Dest", "/A", "/C", "/Rect", "/AP", "/AS", "/R", "/IC"),
        *("/Border", "/BS", "/BE", "/QuadPoints", "/InkList", "/L", "/LE", "/Vertices", "/H", "/Lang"),
    }
)
#: Entries whose own entries are names that a page gives; the names are given anew.
RESOURCE_MAPS: Final = ("/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/XObject", "/Font")
#: Entries whose own entries are names that the drawing itself needs.
OTHER_MAPS: Final = frozenset({"/CharProcs", "/Colorants", "/Solidities", "/DotGain", "/N", "/R", "/D"})
#: The words that the tables of characters are known by.
COLLECTIONS: Final = frozenset({"Adobe", "Identity", "UCS", "Japan1", "GB1", "CNS1", "Korea1", "KR"})
#: Names that every program knows and that stay as they are.
BUILT_IN: Final = frozenset(
    {
        *("/DeviceGray", "/DeviceRGB", "/DeviceCMYK", "/Pattern", "/DefaultGray", "/DefaultRGB", "/DefaultCMYK"),
        *("/G", "/RGB", "/CMYK", "/I", "/Indexed"),
    }
)
#: Entries of a picture that stands among the drawing orders, with their short names.
INLINE_KEYS: Final = {
    **{"/BitsPerComponent": "/BPC", "/ColorSpace": "/CS", "/Decode": "/D", "/DecodeParms": "/DP", "/Filter": "/F"},
    **{"/Height": "/H", "/ImageMask": "/IM", "/Interpolate": "/I", "/Width": "/W"},
}
