"""The colours of the console, one row a token: light, dark, high contrast. Nothing else names a colour."""

SCHEMES = ("light", "dark", "contrast")

COLOURS: dict[str, tuple[str, str, str]] = {
    "window": ("#F2F3F5", "#15171B", "#000000"),
    "nav": ("#F7F8F9", "#191C21", "#000000"),
    "page": ("#FFFFFF", "#1E2127", "#000000"),
    "raised": ("#F7F8F9", "#252930", "#000000"),
    "hover": ("#EDEFF2", "#2B2F37", "#1F1F1F"),
    "pressed": ("#E3E6EA", "#343943", "#333333"),
    "line": ("#E0E3E8", "#333942", "#FFFFFF"),
    "edge": ("#868D98", "#767F8C", "#FFFFFF"),
    "text": ("#1A1E25", "#E7E9EC", "#FFFFFF"),
    "muted": ("#555D69", "#A9B0BB", "#FFFFFF"),
    "faint": ("#868D98", "#767F8C", "#3FF23F"),
    "accent": ("#1F5FC9", "#2F6AD6", "#1AEBFF"),
    "accent-hover": ("#1950AC", "#3872D8", "#7FF3FF"),
    "accent-press": ("#14418D", "#2559B8", "#00B8CC"),
    "on-accent": ("#FFFFFF", "#FFFFFF", "#000000"),
    "link": ("#1F5FC9", "#8CB4FF", "#FFFF00"),
    "soft": ("#E9F0FB", "#22324F", "#000000"),
    "sel": ("#DDE8FA", "#263F6B", "#1AEBFF"),
    "sel-text": ("#10151D", "#F3F5F8", "#000000"),
    "sel-idle": ("#E7EAEE", "#2F343D", "#333333"),
    "good": ("#15764A", "#5FCB92", "#6CFF9A"),
    "good-icon": ("#1A8453", "#5FCB92", "#6CFF9A"),
    "good-bg": ("#E7F4EC", "#1B3528", "#000000"),
    "notice": ("#8A5800", "#E3B457", "#FFD84D"),
    "notice-icon": ("#B86E00", "#E3B457", "#FFD84D"),
    "notice-bg": ("#FBF1DA", "#392F18", "#000000"),
    "bad": ("#BC2B2B", "#FF8F89", "#FF9C96"),
    "bad-icon": ("#CF3535", "#FF8F89", "#FF9C96"),
    "bad-bg": ("#FCEBEA", "#422526", "#000000"),
    "off": ("#5B6370", "#A9B0BB", "#FFFFFF"),
    "off-icon": ("#6B7380", "#A9B0BB", "#FFFFFF"),
    "off-bg": ("#EEF0F3", "#2C3038", "#000000"),
}

ENDPOINT_WINDOW: dict[str, str] = {
    "title-bar": "#FFFFFF",
    "title-text": "#000000",
    "title-icon": "#3D3D3D",
    "frame": "#9A9A9A",
    "heading": "#FFFF00",
    "heading-text": "#000000",
    "heading-rule": "#777777",
    "logo": "#3D3D3D",
    "body": "#F0F0F0",
    "text": "#000000",
    "field": "#FFFFFF",
    "field-edge": "#7A7A7A",
    "focus": "#0067C0",
    "selected-text": "#FFFFFF",
    "button": "#FDFDFD",
    "button-edge": "#ADADAD",
    "button-default": "#F3F9FE",
    "button-pressed": "#E6E6E6",
    "button-off": "#F5F5F5",
    "button-off-text": "#838383",
    "status-pending": "#696969",
    "status-approved": "#228B22",
    "status-denied": "#FF0000",
    "status-text": "#FFFFFF",
    "error": "#FF0000",
    "mark": "#1F5FC9",
}
"""The window of the endpoint, which looks as on an endpoint in every scheme: the one exception from the tokens above.

Heading, logo, body and status are the vendor's own (Yellow, DimGray, ForestGreen, Red); the rest is what Windows draws
around them, and `mark` is the console's own, around a text that is edited.
"""

S4, S8, S12, S16, S24, S32 = 4, 8, 12, 16, 24, 32
"""Steps of space in device-independent pixels."""

ROLES: dict[str, tuple[float, int]] = {
    "body": (1.0, 400),
    "strong": (1.0, 600),
    "field": (1.0, 500),
    "caption": (0.9, 400),
    "muted": (1.0, 400),
    "section": (1.15, 600),
    "title": (1.5, 600),
    "code": (0.9, 400),
}
"""Size of a role in times of the system's size, and its weight."""

FIXED_FAMILIES = ("Cascadia Mono", "Consolas", "Noto Sans Mono", "DejaVu Sans Mono")
