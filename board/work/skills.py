"""The skills that packages ask for: a short fixed list, so that a filter finds what partners can give."""

SKILLS: dict[str, str] = {
    "analysis": "Requirements and concept",
    "design": "Design and usability",
    "accessibility": "Accessibility",
    "mobile": "App development",
    "web": "Web development",
    "backend": "Backend and interfaces",
    "data": "Data and maps",
    "testing": "Testing",
    "operation": "Operation",
    "security": "Data protection and security",
    "texts": "Texts and translation",
    "procurement": "Law and procurement",
}
"""Skill → the message id of the word people read."""
