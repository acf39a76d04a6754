"""The pages that the law asks for: imprint, privacy, accessibility, licence. Their templates are in `texts`."""
